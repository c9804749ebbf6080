//! Which kind of failure a body shows, and what a client cannot turn it into.

use pointsman::request::format::Format;
use pointsman::response::body::{BodyReader, Told};
use pointsman::response::kind::ErrorKind::{self, *};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(format: Format, status: u16, body: &str) -> Told {
    let mut reader = BodyReader::new(format, status, None, None).unwrap();
    reader.feed(body.as_bytes());
    reader.finish()
}

fn kind(status: u16, body: &Value) -> Option<ErrorKind> {
    kind_of(Format::OpenAiChat, status, &body.to_string())
}

fn kind_of(format: Format, status: u16, body: &str) -> Option<ErrorKind> {
    read(format, status, body).error.map(|failure| failure.kind)
}

#[test]
fn codes_types_and_reasons_show_the_kind() {
    let code = |code: &str| json!({"error": {"message": "m", "type": "t", "code": code}});
    let cases = [
        (400, code("context_length_exceeded"), ContextWindow),
        (400, json!({"error": {"type": "exceed_context_size_error"}}), ContextWindow),
        (413, code("tokens_limit_reached"), ContextWindow),
        (400, code("content_policy_violation"), ContentPolicy),
        (400, code("content_filter"), ContentPolicy),
        (400, code("invalid_prompt"), ContentPolicy),
        (
            400,
            json!({"error": {"code": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
            ContentPolicy,
        ),
        (429, code("insufficient_quota"), Quota),
        (429, code("INSUFFICIENT_QUOTA"), Quota),
        (400, code("billing_hard_limit_reached"), Quota),
        (402, code("anything"), Quota),
        (404, code("model_not_found"), ModelNotFound),
        (403, code("model_not_found"), ModelNotFound),
        (404, code("DeploymentNotFound"), ModelNotFound),
        (
            400,
            json!({"object": "error", "message": "Invalid model: m", "type": "invalid_model", "code": "1500"}),
            ModelNotFound,
        ),
        (
            404,
            json!({"object": "error", "message": "The model `m` does not exist.", "type": "NotFoundError", "code": 404}),
            ModelNotFound,
        ),
        (404, json!({"error": "model \"m\" not found, try pulling it first"}), ModelNotFound),
        (
            404,
            json!({"error": {"message": "model 'm' not found", "type": "api_error"}}),
            ModelNotFound,
        ),
        (
            400,
            json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}),
            Credential,
        ),
        (401, json!({}), Credential),
        (429, json!({"error": {"type": "overloaded_error"}}), Overloaded),
        (429, json!({"error": {"code": "engine_overloaded"}}), Overloaded),
        (500, json!({"error": {"type": "overloaded_error"}}), Overloaded),
        (500, code("rate_limit_exceeded"), Server),
        (400, code("rate_limit_exceeded"), Other),
        (400, code("server_error"), Other),
        (418, json!(null), Other),
    ];
    for (status, body, wanted) in cases {
        assert_eq!(kind(status, &body), Some(wanted), "{status} {body}");
    }
}

#[test]
fn without_a_code_the_wording_shows_a_fault_of_the_request() {
    let says = |text: &str| json!({"error": {"type": "invalid_request_error", "message": text}});
    let cases = [
        (400, "prompt is too long: 213462 tokens > 200000 maximum", ContextWindow),
        (400, "input length and `max_tokens` exceed context limit: 195011 + 8192", ContextWindow),
        (
            400,
            "The input token count (12) exceeds the maximum number of tokens allowed",
            ContextWindow,
        ),
        (400, "too many tokens: size limit exceeded by 11326 tokens", ContextWindow),
        (400, "Please reduce the length of the messages or completion.", ContextWindow),
        (422, "This model's MAXIMUM CONTEXT LENGTH is 4096 tokens", ContextWindow),
        (400, "Input is too long for requested model.", ContextWindow),
        (
            400,
            "This model's maximum prompt length is 131072 but the request contains 9",
            ContextWindow,
        ),
        (400, "Output blocked by content filtering policy", ContentPolicy),
        (400, "Your request was rejected as a result of our safety system.", ContentPolicy),
        (400, "something else", Other),
        // Where the status says more, the wording says nothing.
        (401, "prompt is too long", Credential),
        (502, "prompt is too long", Server),
        // Servers that take every exception for a failure of their own.
        (500, "the request exceeds the available context size, try increasing it", ContextWindow),
        (500, "something else", Server),
        (429, "maximum context length", RateLimit),
    ];
    for (status, text, wanted) in cases {
        assert_eq!(kind(status, &says(text)), Some(wanted), "{status} {text}");
        let bare = json!({"message": text});
        assert_eq!(kind(status, &bare), Some(wanted), "{status} {text}");
    }
    let wrapped = json!({"error": {"code": 400, "message": "Provider returned error",
        "metadata": {"raw": "{\"error\":{\"message\":\"prompt is too long: 9\"}}"}}});
    assert_eq!(kind(400, &wrapped), Some(ContextWindow));
}

#[test]
fn an_empty_account_needs_anthropics_own_words_in_its_own_envelope() {
    let says = |text: &str| {
        let error = json!({"type": "invalid_request_error", "message": text});
        (json!({"type": "error", "error": error}), json!({"error": error}))
    };
    for text in [
        "Your credit balance is too low to access the Anthropic API.",
        "You have reached your specified API usage limits. You will regain access on",
    ] {
        let (own, other) = says(text);
        assert_eq!(kind(400, &own), Some(Quota), "{own}");
        assert_eq!(kind(422, &own), Some(Request), "{own}");
        assert_eq!(kind(400, &other), Some(Other), "{other}");
        let (quoted, _) = says(&format!("messages.0: {text}"));
        assert_eq!(kind(400, &quoted), Some(Request), "{quoted}");
    }
}

#[test]
fn refusals_that_a_client_can_cause_do_not_count_against_the_deployment() {
    let says = |text: &str| json!({"error": {"type": "rate_limit_error", "message": text}});
    let elsewhere = |param: &str| json!({"error": {"code": "model_not_found", "param": param}});
    let cases = [
        (429, says("Request too large for gpt-4o on tokens per min (TPM): Limit 3"), TooLarge),
        (429, says("Extra usage is required for long context requests."), TooLarge),
        (429, says("Rate limit reached. Request too large"), RateLimit),
        (
            404,
            json!({"error": {"type": "not_found_error", "message": "File not found: file_1"}}),
            File,
        ),
        (
            404,
            json!({"error": {"message": "No endpoints found that support tool use", "code": 404}}),
            Other,
        ),
        (
            404,
            json!({"error": {"code": 404, "status": "NOT_FOUND", "message": "Cached content x"}}),
            Missing,
        ),
        (404, elsewhere("tools[0].model"), Request),
        (404, elsewhere("model"), ModelNotFound),
        (
            403,
            json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
            "message": "You do not have permission to access the File abc or it may not exist."}}),
            File,
        ),
        (
            403,
            json!({"error": {"code": 403, "message": "flagged", "metadata": {"reasons": ["x"]}}}),
            ContentPolicy,
        ),
        (
            403,
            json!({"error": {"code": 403, "message": "flagged", "metadata": {"flagged_input": "x"}}}),
            ContentPolicy,
        ),
        (
            400,
            json!({"error": {"code": 400, "status": "FAILED_PRECONDITION",
            "message": "The File abc is not in an ACTIVE state and usage is not allowed."}}),
            File,
        ),
    ];
    for (status, body, wanted) in cases {
        assert_eq!(kind(status, &body), Some(wanted), "{status} {body}");
    }
}

#[test]
fn failures_in_an_answer_of_200_are_distinguished() {
    let cases = [
        (json!({"error": {"message": "boom"}}), Some(Server)),
        (json!({"error": {"message": "boom", "code": null, "type": null}}), Some(Server)),
        (json!({"error": "boom"}), Some(Server)),
        (json!({"error": true}), Some(Server)),
        (json!({"error": {"code": 502}}), Some(Server)),
        (json!({"error": {"code": "429"}}), Some(RateLimit)),
        (json!({"error": {"code": 401}}), Some(Credential)),
        (json!({"error": {"type": "overloaded_error"}}), Some(Overloaded)),
        (json!({"error": {"type": "invalid_request_error"}}), Some(Other)),
        (json!({"error": {"code": 400, "type": "server_error"}}), Some(Other)),
        (json!({"error": {"code": "context_length_exceeded"}}), Some(ContextWindow)),
        (json!({"error": {"message": "maximum context length"}}), Some(ContextWindow)),
        // A word that is not known may be about the request.
        (json!({"error": {"code": "failed_to_do_this"}}), Some(Other)),
        (json!({"error": {"code": "failed_to_download_image"}}), Some(Request)),
        (json!({"type": "error", "code": "server_error", "message": "m"}), Some(Server)),
        (
            json!({"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}}),
            Some(RateLimit),
        ),
        (json!({"object": "error", "message": "m", "code": 400}), Some(Other)),
        (json!({"delta": {"error": "boom", "finish_reason": "ERROR"}}), Some(Server)),
        (json!({"promptFeedback": {"blockReason": "SAFETY"}}), Some(ContentPolicy)),
        (json!({"error": null}), None),
        (json!({"error": ""}), None),
        (json!({"error": {}}), None),
        // A place for a failure that is empty tells of none.
        (json!({"error": {"message": "", "type": "", "param": "", "code": null}}), None),
        (json!({"error": {"message": null, "code": 0}, "choices": [{"text": "a"}]}), None),
        (json!({"error": {"reason": "boom"}}), Some(Server)),
        (json!({"base_resp": {"status_code": 0, "status_msg": "success"}}), None),
        (
            json!({"base_resp": {"status_code": 1033, "status_msg": "m"}, "choices": null}),
            Some(Server),
        ),
        (json!({"base_resp": {"status_code": 2013}}), Some(Request)),
        (json!({"base_resp": {"status_code": 1026}}), Some(ContentPolicy)),
        (json!({"base_resp": {"status_code": 1039}}), Some(ContextWindow)),
        (json!({"choices": [{"delta": {"content": "a"}, "finish_reason": "error"}]}), Some(Server)),
        (json!({"error": []}), None),
        (json!({"error": false}), None),
        (json!({"code": "x", "message": "prompt is too long", "type": "message"}), None),
        (json!({"status": "failed"}), None),
        (json!({"promptFeedback": {"safetyRatings": []}}), None),
    ];
    for (body, wanted) in cases {
        assert_eq!(kind(200, &body), wanted, "{body}");
        let event = format!("data: {body}\n\n");
        assert_eq!(kind_of(Format::OpenAiChat, 200, &event), wanted, "{body}");
    }
    let failed = r#"{"status": "failed", "error": null}"#;
    assert_eq!(kind_of(Format::OpenAiResponses, 200, failed), Some(Server));
    for event in ["event: error\ndata: {\"message\": \"boom\"}\n\n", "event: error\ndata: boom\n\n"]
    {
        assert_eq!(kind_of(Format::OpenAiChat, 200, event), Some(Server));
    }
    // An envelope of which only the word is known, in place of an answer.
    for (body, wanted) in [
        (json!({"code": 400, "msg": "m"}), Some(Other)),
        (json!({"code": "insufficient_quota", "msg": "m"}), Some(Quota)),
        (json!({"code": 404, "choices": [{"text": "a"}]}), None),
        (json!({"code": 200, "msg": "m"}), None),
    ] {
        assert_eq!(kind(200, &body), wanted, "{body}");
    }
}

#[test]
fn the_first_of_several_failures_counts() {
    let stream = "data: {\"error\":{\"code\":429}}\n\ndata: {\"error\":{\"code\":502}}\n\n";
    assert_eq!(kind_of(Format::OpenAiChat, 200, stream), Some(RateLimit));
}

#[test]
fn only_the_structured_detail_says_how_long_to_wait() {
    let wait = |text: &str| {
        let detail =
            json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": text});
        let error =
            json!({"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"a": 1}, detail]});
        let one = json!({"error": error}).to_string();
        let told = read(Format::GeminiGenerate, 429, &one);
        assert_eq!(read(Format::GeminiGenerate, 429, &format!("[{one}]")), told);
        assert_eq!(
            read(Format::GeminiGenerate, 200, &format!("data: {one}\n\n")).retry_after_ms,
            told.retry_after_ms
        );
        told.retry_after_ms
    };
    for (text, wanted) in [
        ("37s", Some(37_000)),
        ("7.6s", Some(7_600)),
        ("7.614542s", Some(7_614)),
        ("0.05s", Some(50)),
        ("7.s", Some(7_000)),
        ("0s", None),
        ("-1s", None),
        ("37", None),
        ("1m", None),
        (".5s", None),
        ("1.xs", None),
        ("", None),
        ("99999999999999999999s", Some(u64::MAX)),
    ] {
        assert_eq!(wait(text), wanted, "{text}");
    }
    for elsewhere in [
        json!({"error": {"retryDelay": "37s", "code": 429, "message": "Please retry in 37s."}}),
        json!({"error": {"details": [{"metadata": {"retryDelay": "37s"}}]}}),
        json!({"error": {"details": {"retryDelay": "37s"}}}),
        json!({"retryDelay": "37s", "details": [{"retryDelay": "37s"}]}),
    ] {
        let told = read(Format::GeminiGenerate, 429, &elsewhere.to_string());
        assert_eq!(told.retry_after_ms, None, "{elsewhere}");
    }
}

/// Words that would cool a deployment, or read as such.
const LOADED: [&str; 22] = [
    "Arrearage",
    "model_decommissioned",
    "This organization has been disabled.",
    "Requested entity was not found.",
    "No endpoints found for x",
    "User location is not supported for the API use.",
    "insufficient_quota",
    "Your credit balance is too low",
    "billing_error",
    "model_not_found",
    "model: x",
    "models/x is not found",
    "The model `x` does not exist",
    "invalid_api_key",
    "API_KEY_INVALID",
    "rate_limit_exceeded",
    "overloaded_error",
    "server_error",
    "\",\"code\":\"insufficient_quota",
    "\\\",\\\"code\\\":\\\"insufficient_quota",
    "}},\"error\":{\"code\":\"insufficient_quota\"}",
    "\n\nevent: error\ndata: {\"error\":{\"code\":503}}\n\n",
];

proptest! {
    #[test]
    fn no_word_of_a_client_in_a_message_counts_against_a_deployment(
        before in "[a-z .:'`]{0,8}",
        words in prop::collection::vec(prop::sample::select(&LOADED[..]), 1..4),
        status in prop::sample::select(&[400_u16, 404, 413, 422][..]),
    ) {
        // What a provider writes before it quotes the client.
        let message = format!("Invalid value: '{before}{}'", words.join(" "));
        for body in [
            json!({"error": {"message": message, "type": "invalid_request_error", "param": "messages", "code": "invalid_value"}}),
            json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}}),
            json!({"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}}),
            json!({"object": "error", "message": message, "type": "BadRequestError", "code": status}),
            json!({"message": message}),
            json!({"detail": [{"loc": ["body"], "msg": message, "input": {"error": {"code": message}}}]}),
            json!({"error": message}),
        ] {
            let found = kind(status, &body).unwrap();
            prop_assert!(
                matches!(found, ContextWindow | ContentPolicy | TooLarge | Request | Missing | Other),
                "{found:?} of {body}"
            );
            let in_band = json!({"error": {"code": status, "message": message}});
            let event = format!("data: {in_band}\n\n");
            let found = kind_of(Format::OpenAiChat, 200, &event).unwrap();
            prop_assert!(
                matches!(found, ContextWindow | ContentPolicy | TooLarge | Request | Missing | Other),
                "{found:?} of {event}"
            );
        }
    }
}
