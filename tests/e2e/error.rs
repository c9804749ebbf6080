//! Errors that this filter answers itself, in the client's dialect.

use serde_json::{Value, json};

use crate::group::OPEN;
use crate::harness::{ask, chat};

#[track_caller]
fn has_openai_shape(error: &Value, kind: &str, code: &str) {
    let error = &error["error"];
    assert_eq!(error["type"], kind, "{error}");
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error}");
    assert!(error.as_object().unwrap().contains_key("param"), "{error}");
}

#[track_caller]
fn has_anthropic_shape(error: &Value, kind: &str) {
    assert_eq!(error["type"], "error", "{error}");
    assert_eq!(error["error"]["type"], kind, "{error}");
    assert!(
        error["error"]["message"].as_str().is_some_and(|message| message.len() > 10),
        "{error}"
    );
    assert!(error["error"].get("code").is_none(), "{error}");
}

#[test]
fn an_unknown_model_is_404() {
    let reply = ask(&OPEN).model("gpt-nil").send();
    let error = reply.refused(404);
    has_openai_shape(&error, "invalid_request_error", "model_not_found");
    assert!(error["error"]["message"].as_str().unwrap().contains("gpt-nil"));
    assert!(reply.header("content-type").unwrap().starts_with("application/json"));
}

#[test]
fn a_missing_model_is_400() {
    for body in [json!({"messages": []}), json!({}), json!({"metadata": {"model": "plain"}})] {
        let error = ask(&OPEN).json(&body).send().refused(400);
        has_openai_shape(&error, "invalid_request_error", "missing_model");
    }
}

#[test]
fn anthropic_clients_get_their_own_dialect() {
    let path = "/v1/messages";
    let error = ask(&OPEN).path(path).json(&chat("claude-nil", "Hello")).send().refused(404);
    has_anthropic_shape(&error, "not_found_error");
    let error = ask(&OPEN).path(path).json(&json!({"messages": []})).send().refused(400);
    has_anthropic_shape(&error, "invalid_request_error");
    let error = ask(&OPEN).path(path).body("{").send().refused(400);
    has_anthropic_shape(&error, "invalid_request_error");
    let error = ask(&OPEN).path(path).body(vec![b' '; 17 << 20]).send().refused(413);
    has_anthropic_shape(&error, "request_too_large");
}

#[test]
fn deployments_are_not_models_unless_allowed() {
    for model in ["b1", "up-b1", "beta:up-b1", "plain ", "PLAIN", ""] {
        let reply = ask(&OPEN).model(model).send();
        assert!(reply.status.is_client_error(), "{model}: {reply:#?}");
        reply.refused(reply.status.as_u16());
    }
}

#[test]
fn errors_name_no_internals() {
    let error = ask(&OPEN).model("gpt-nil").send().refused(404).to_string();
    for internal in ["cluster", "alpha", "up-", "sk-", "beta"] {
        assert!(!error.contains(internal), "{error}");
    }
}

#[test]
fn a_name_that_needs_escaping_is_escaped() {
    let name = "no \"such\"\n\u{0}model\\ü🚂";
    let error = ask(&OPEN).model(name).send().refused(404);
    has_openai_shape(&error, "invalid_request_error", "model_not_found");
}

#[test]
fn a_name_too_long_to_be_one_is_not_sent_back() {
    let reply = ask(&OPEN).model(&"x".repeat(100_000)).send();
    has_openai_shape(&reply.refused(400), "invalid_request_error", "invalid_body");
    assert!(reply.body.unwrap().len() < 1000);
}

#[test]
fn errors_of_providers_pass_as_they_are() {
    let body = r#"{"error":{"message":"theirs"}}"#;
    for status in ["400", "422", "404"] {
        let reply = ask(&OPEN)
            .model("odd")
            .header("x-mock-status", status)
            .header("x-mock-body", body)
            .header("x-mock-header", "x-theirs: kept")
            .send();
        assert_eq!(reply.status.as_str(), status);
        assert_eq!(reply.body.as_deref(), Some(body.as_bytes()));
        assert_eq!(reply.header("x-theirs"), Some("kept"));
        assert_eq!(reply.header("x-llm-deployment"), Some("odd"));
    }
}
