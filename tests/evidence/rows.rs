//! A row for each wording that users have met: what it comes to.

use serde_json::{Value, json};

use super::{Blame, KeyOwner, Outcome, RequestProfile, Weight, answered};

const PROXYS: RequestProfile = RequestProfile { key: KeyOwner::Proxy, may_name_others: false };

/// A refusal, and what it comes to: outcome, who is to blame, whether another deployment is
/// tried, weight.
type Row = (u16, Value, Outcome, Blame, bool, Weight);

fn message(text: &str) -> Value {
    json!({"error": {"message": text, "type": "invalid_request_error", "param": null, "code": null}})
}

fn code(code: &str) -> Value {
    json!({"error": {"message": "m", "type": "invalid_request_error", "code": code}})
}

fn anthropic(text: &str) -> Value {
    json!({"type": "error", "error": {"type": "invalid_request_error", "message": text}})
}

fn google(status: &str, text: &str) -> Value {
    json!({"error": {"code": 400, "status": status, "message": text}})
}

#[track_caller]
fn check(rows: &[Row]) {
    for (status, body, outcome, blame, try_next, weight) in rows {
        let report = answered(*status, Some(&body.to_string()), None, PROXYS);
        let evidence = report.evidence;
        assert_eq!(
            (report.outcome, evidence.blame, evidence.try_next, evidence.weight),
            (*outcome, *blame, *try_next, *weight),
            "{status} {body}"
        );
    }
}

#[test]
fn a_request_that_is_too_long_goes_to_a_longer_window() {
    let long = |status, body| {
        (status, body, Outcome::ContextWindow, Blame::Request, true, Weight::Nothing)
    };
    check(&[
        long(400, message("Range of input length should be [1, 98304]")),
        long(
            400,
            message(
                "Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)",
            ),
        ),
        long(
            400,
            message(
                "Input length 131393 exceeds the maximum allowed input length of 131040 tokens.",
            ),
        ),
        long(400, code("model_max_prompt_tokens_exceeded")),
        long(
            400,
            message(
                "The decoder prompt (length 9000) is longer than the maximum model length of 8192. Make sure that",
            ),
        ),
        long(
            422,
            json!({"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000", "error_type": "validation"}),
        ),
        long(
            424,
            message(
                "Received client error (422): `inputs` tokens + `max_new_tokens` must be <= 4096",
            ),
        ),
        long(
            400,
            message(
                "This model's maximum context length is 8192 tokens. However, you requested 9000",
            ),
        ),
        long(400, anthropic("prompt is too long: 213462 tokens > 200000 maximum")),
        long(
            413,
            json!({"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}),
        ),
        long(413, json!({})),
    ]);
    let bare = answered(413, None, None, PROXYS);
    assert_eq!((bare.outcome, bare.evidence.try_next), (Outcome::ContextWindow, true));
}

#[test]
fn a_model_that_is_gone_is_tried_elsewhere_and_suspected() {
    let gone = |status, body| (status, body, Outcome::NotFound, Blame::Model, true, Weight::Weak);
    check(&[
        gone(400, code("model_decommissioned")),
        gone(404, code("model_decommissioned")),
        gone(
            400,
            json!({"object": "error", "message": "Invalid model: m", "type": "invalid_model", "code": "1500"}),
        ),
        gone(400, code("unknown_model")),
        gone(
            404,
            json!({"error": {"message": "No endpoints found for mistralai/m.", "code": 404}}),
        ),
        gone(
            404,
            json!({"error": {"code": 404, "status": "NOT_FOUND", "message": "Requested entity was not found."}}),
        ),
        gone(404, code("model_not_found")),
        gone(404, json!({"detail": "Not Found"})),
        gone(405, json!({})),
        gone(410, json!({"detail": "The model has reached its end of life on 2026-01-01"})),
        gone(400, message("The provided model identifier is invalid.")),
    ]);
    let header = Some("ModelErrorException:http://internal.amazon.com/coral/");
    let failed = answered(424, Some(r#"{"message":"x"}"#), header, PROXYS);
    assert_eq!((failed.outcome, failed.evidence.weight), (Outcome::NotFound, Weight::Weak));
    let failed = answered(424, Some("{}"), None, PROXYS);
    assert_eq!((failed.outcome, failed.evidence.weight), (Outcome::Server, Weight::Weak));
}

#[test]
fn an_account_that_is_refused_trips_at_once() {
    let empty = |status, body| (status, body, Outcome::Quota, Blame::Account, true, Weight::Trip);
    check(&[
        empty(
            400,
            json!({"error": {"code": "Arrearage", "type": "Arrearage", "message": "Access denied"}}),
        ),
        empty(403, json!({"code": "Arrearage", "message": "Access denied"})),
        empty(429, code("insufficient_quota")),
        empty(400, code("insufficient_quota")),
        empty(400, anthropic("This organization has been disabled.")),
        empty(
            400,
            anthropic(
                "You have reached your specified workspace API usage limits. You will regain access on 2026-12-01.",
            ),
        ),
        empty(
            400,
            google("FAILED_PRECONDITION", "User location is not supported for the API use."),
        ),
        empty(402, json!({})),
    ]);
    let key = |status, body| (status, body, Outcome::Auth, Blame::Credential, true, Weight::Trip);
    check(&[
        key(401, json!({})),
        key(401, code("invalid_api_key")),
        key(403, code("invalid_api_key")),
        key(
            400,
            json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}),
        ),
    ]);
    let right = |status, body| (status, body, Outcome::Auth, Blame::Credential, true, Weight::Weak);
    check(&[
        right(403, json!({})),
        right(403, json!({"type": "error", "error": {"type": "permission_error", "message": "m"}})),
        right(403, google("PERMISSION_DENIED", "The caller does not have permission")),
    ]);
}

#[test]
fn state_of_another_account_is_left_out_where_that_is_possible() {
    let state = |status, body| (status, body, Outcome::Client, Blame::State, true, Weight::Nothing);
    let openai = json!({"error": {
        "message": "The encrypted content gAAA...DQ== could not be verified.",
        "type": "invalid_request_error", "param": null, "code": "invalid_encrypted_content"
    }});
    check(&[
        state(400, openai),
        state(400, message("The encrypted content for item rs_1 could not be verified.")),
        state(400, anthropic("messages.1.content.0: Invalid `signature` in `thinking` block")),
        state(400, anthropic("messages.23.content.2: Invalid `data` in `redacted_thinking` block")),
        state(
            400,
            google(
                "INVALID_ARGUMENT",
                "Unable to submit request because Thought signature is not valid.. Learn more: \
                 https://cloud.google.com",
            ),
        ),
        state(400, google("INVALID_ARGUMENT", "Corrupted thought signature.")),
    ]);
}

#[test]
fn a_mistake_that_every_provider_would_name_stays_the_clients() {
    let wrong =
        |status, body| (status, body, Outcome::Client, Blame::Request, false, Weight::Nothing);
    check(&[
        wrong(422, json!({"detail": [{"loc": ["body", "messages"], "msg": "Field required"}]})),
        wrong(400, json!({"error": {"message": "m", "param": "temperature", "code": null}})),
        wrong(400, code("invalid_value")),
        wrong(400, code("image_too_large")),
        wrong(
            400,
            anthropic(
                "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6 > 5",
            ),
        ),
        wrong(400, anthropic("messages: at least one message is required")),
        wrong(400, message("Invalid value: 'developr'. Supported values are: 'system'")),
        wrong(
            400,
            message("Unsupported parameter: 'max_tokens' is not supported with this model."),
        ),
        wrong(
            400,
            google(
                "INVALID_ARGUMENT",
                "Invalid JSON payload received. Unknown name \"x\": Cannot find field.",
            ),
        ),
        wrong(
            404,
            json!({"error": {"type": "not_found_error", "message": "File not found: file_1"}}),
        ),
        wrong(404, json!({"error": {"code": "model_not_found", "param": "tools[0].model"}})),
        wrong(400, code("previous_response_not_found")),
    ]);
}

#[test]
fn what_only_this_deployment_refuses_is_tried_elsewhere_without_counting() {
    let other = |status, body, blame| (status, body, Outcome::Client, blame, true, Weight::Nothing);
    check(&[
        other(400, message("Something brand new"), Blame::Unknown),
        other(400, code("brand_new"), Blame::Unknown),
        other(409, json!({}), Blame::Unknown),
        other(
            404,
            json!({"error": {"message": "No endpoints found that support tool use.", "code": 404}}),
            Blame::Unknown,
        ),
        other(
            429,
            message("Request too large for gpt-4o on tokens per min (TPM): Limit 30000"),
            Blame::Request,
        ),
        other(
            402,
            json!({"error": {"code": 402, "message": "This request requires more credits, or fewer max_tokens. You requested"}}),
            Blame::Request,
        ),
    ]);
}
