//! What is counted of translated attempts: their answers are read as the provider sends them.

use super::*;
use crate::frames::frame;

const EVENTS: &str = "text/event-stream";
const FRAMES: &str = "application/vnd.amazon.eventstream";
const JSON: &str = "application/json";

/// What an OpenAI provider streams.
const CHUNKS: &str = concat!(
    "data: {\"id\":\"c\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"id\":\"c\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hé\"}}]}\n\n",
    "data: {\"id\":\"c\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c\",\"model\":\"gpt\",\"choices\":[],\"usage\":{\"prompt_tokens\":41,\"completion_tokens\":17,\"total_tokens\":58}}\n\n",
    "data: [DONE]\n\n",
);

/// Returns what Bedrock streams.
fn converse() -> Vec<u8> {
    let event = |name: &str, data: &str| {
        let headers = [(":event-type", name), (":content-type", JSON), (":message-type", "event")];
        frame(&headers, data.as_bytes())
    };
    [
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hé"}}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event(
            "metadata",
            r#"{"usage":{"inputTokens":41,"outputTokens":17,"totalTokens":58},"metrics":{"latencyMs":9}}"#,
        ),
    ]
    .concat()
}

/// A proxy whose model `m` is served by these deployments, in this order.
fn with_order(candidates: &[&str], further: &Value) -> Proxy {
    let mut with = json!({
        "providers": {"open": {"cluster": "open"},
                      "bedrock": {"cluster": "bedrock", "api": "bedrock"},
                      "anthropic": {"cluster": "anthropic", "api": "anthropic"}},
        "deployments": {"gpt": {"provider": "open", "model": "gpt"},
                        "bedrock": {"provider": "bedrock", "model": "nova"},
                        "claude": {"provider": "anthropic", "model": "claude"}},
        "models": {"m": {"candidates": candidates}},
    });
    for (key, value) in further.as_object().unwrap() {
        with[key] = value.clone();
    }
    Proxy::new(with)
}

impl Proxy {
    fn attempts_of(&self, deployment: &str, outcome: &str) -> u64 {
        let labels = format!("deployment=.{deployment};.outcome=.{outcome};");
        self.host.counted(&format!("pointsman.attempts.{labels}"))
    }

    /// Returns how many attempts were counted, whatever they came to.
    fn all_attempts(&self) -> u64 {
        let metrics = self.host.metrics.borrow();
        let attempts = metrics.iter().filter(|(_, name, _)| name.starts_with("pointsman.attempts"));
        attempts.flat_map(|(_, _, values)| values).sum()
    }

    /// Returns the tokens that a provider has reported: of the prompt, and of the answer.
    fn tokens(&self, deployment: &str) -> [u64; 2] {
        ["input", "output"].map(|direction| {
            let labels =
                format!("deployment=.{deployment};.direction=.{direction};.source=.provider;");
            self.host.counted(&format!("pointsman.tokens.{labels}"))
        })
    }

    fn has_asked_again(&self) -> bool {
        self.host.received("x-llm-retry").is_some()
    }

    /// Has the router end the request that was sent with `router`, as the last attempt has been answered.
    fn end(&self, mut router: Stream, status: u16) {
        self.host.begin_answer(&mut router, status, &[], true);
        self.host.done(router, None);
    }
}

/// Has a stream of the first provider read, cut into pieces. Nothing of it may count as a failure.
fn streamed(candidates: &[&str], path: &str, hello: &str, (kind, stream): (&str, &[u8])) -> String {
    let body = hello.replace("\"m\"", "\"m\",\"stream\":true");
    let mut whole = None;
    for piece in [stream.len(), 100, 7, 1] {
        let proxy = with_order(candidates, &json!({}));
        let router = proxy.send(path, &body, &[]);
        let (mut attempt, _) = proxy.attempt(&body, 11);
        let pieces: Vec<_> = stream.chunks(piece).collect();
        let got = proxy.answer(&mut attempt, 200, kind, &pieces);
        proxy.host.done(attempt, None);
        let first = candidates[0];
        assert!(!proxy.has_asked_again(), "pieces of {piece}");
        proxy.end(router, 200);
        assert_eq!(proxy.host.received(":status").as_deref(), Some("200"));
        assert_eq!((proxy.attempts_of(first, "success"), proxy.all_attempts()), (1, 1));
        assert_eq!(proxy.tokens(first), [41, 17], "pieces of {piece}");
        assert_eq!(proxy.host.shared.record(first).total.failures, 0);
        let served = "pointsman.requests.model=.m;.route=.none;.verdict=.served;.code=.2xx;";
        assert_eq!(proxy.host.counted(served), 1);
        assert_eq!(*whole.get_or_insert(got.clone()), got, "pieces of {piece}");
    }
    whole.unwrap()
}

#[test]
fn the_frames_of_the_first_provider_are_read_as_frames() {
    let stream = converse();
    let got = streamed(&["bedrock", "gpt"], CHAT, HELLO_CHAT, (FRAMES, &stream));
    assert!(got.contains("\"content\":\"Hé\"") && got.ends_with("data: [DONE]\n\n"), "{got}");
}

#[test]
fn the_chunks_of_the_first_provider_are_read_as_chunks() {
    let stream = (EVENTS, CHUNKS.as_bytes());
    let got = streamed(&["gpt", "claude"], MESSAGES, HELLO_MESSAGES, stream);
    assert!(got.contains("\"text\":\"Hé\"") && got.contains("event: message_stop"), "{got}");
}

#[test]
fn a_whole_answer_is_counted_as_the_provider_has_sent_it() {
    for piece in [1, 9, MESSAGE.len()] {
        let proxy = with_order(&["claude", "gpt"], &json!({}));
        let router = proxy.send(CHAT, HELLO_CHAT, &[]);
        let (mut attempt, _) = proxy.attempt(HELLO_CHAT, 11);
        let pieces: Vec<_> = MESSAGE.as_bytes().chunks(piece).collect();
        let got = of(&proxy.answer(&mut attempt, 200, JSON, &pieces));
        proxy.host.done(attempt, None);
        assert!(!proxy.has_asked_again());
        proxy.end(router, 200);
        assert_eq!(got["choices"][0]["message"]["content"], "Hi.");
        assert_eq!(proxy.tokens("claude"), [9, 3], "pieces of {piece}");
        assert_eq!((proxy.attempts_of("claude", "success"), proxy.all_attempts()), (1, 1));
    }
}

#[test]
fn an_error_in_a_stream_before_content_is_tried_elsewhere() {
    let error =
        "data: {\"error\":{\"message\":\"x\",\"type\":\"overloaded_error\",\"code\":503}}\n\n";
    let body = HELLO_MESSAGES.replace("\"m\"", "\"m\",\"stream\":true");
    let proxy = with_order(&["gpt", "claude"], &json!({}));
    proxy.send(MESSAGES, &body, &[]);
    let (mut attempt, _) = proxy.attempt(&body, 11);
    proxy.host.begin_answer(&mut attempt, 200, &[("content-type", EVENTS)], false);
    assert!(proxy.host.holds_answer());
    proxy.host.answer_piece(&mut attempt, error.as_bytes(), false);
    assert!(proxy.has_asked_again());
    assert!(!proxy.host.holds_answer(), "Envoy sees it at once");
    proxy.host.done(attempt, None);
    assert_eq!(proxy.attempts_of("gpt", "server"), 1);
    assert_eq!(of(&proxy.attempt(&body, 11).1)["model"], "claude");
}

#[test]
fn what_the_body_of_an_error_says_decides() {
    let quota = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let limit = r#"{"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}}"#;
    let long = r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
    for (status, error, outcome) in
        [(429, quota, "quota"), (429, limit, "rate_limit"), (400, long, "context_window")]
    {
        for piece in [error.len(), 10] {
            let own = json!({"open": {"cluster": "open", "credential": {"env": "OWN_KEY"}},
                             "anthropic": {"cluster": "anthropic", "api": "anthropic"}});
            let deployments = json!({"gpt": {"provider": "open", "model": "gpt"},
                                     "claude": {"provider": "anthropic", "model": "claude"}});
            let with = json!({"providers": own, "deployments": deployments});
            let proxy = with_order(&["gpt", "claude"], &with);
            proxy.send(MESSAGES, HELLO_MESSAGES, &[]);
            let (mut attempt, _) = proxy.attempt(HELLO_MESSAGES, 11);
            let length = error.len().to_string();
            let head = [("content-type", JSON), ("content-length", length.as_str())];
            proxy.host.begin_answer(&mut attempt, status, &head, false);
            let pieces: Vec<_> = error.as_bytes().chunks(piece).collect();
            for (at, piece) in pieces.iter().enumerate() {
                proxy.host.answer_piece(&mut attempt, piece, at + 1 == pieces.len());
            }
            assert!(proxy.has_asked_again(), "{error}");
            proxy.host.done(attempt, None);
            assert_eq!(
                (proxy.attempts_of("gpt", outcome), proxy.all_attempts()),
                (1, 1),
                "{error}"
            );
        }
    }
}

#[test]
fn a_failure_of_the_head_does_not_wait_for_its_body() {
    let proxy = with_order(&["claude", "gpt"], &json!({}));
    proxy.send(CHAT, HELLO_CHAT, &[]);
    let (mut attempt, _) = proxy.attempt(HELLO_CHAT, 11);
    // Its length is not announced, so it may never end.
    proxy.host.begin_answer(&mut attempt, 503, &[("content-type", JSON)], false);
    assert!(proxy.has_asked_again());
    assert!(!proxy.host.holds_answer());
    proxy.host.done(attempt, None);
    assert_eq!(proxy.attempts_of("claude", "server"), 1);
}
