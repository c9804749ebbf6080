//! The translation as the page asks for it.
//!
//! The tests run natively and as wasm32 code, which the page runs.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use playground::translate;
use serde_json::{Value, json};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Returns what the page gets for a question.
fn told(asked: &Value) -> Value {
    serde_json::from_str(&translate(&asked.to_string())).expect("JSON")
}

/// Asks for the translation of a request of Messages for a provider that speaks Chat Completions.
fn request(document: &str) -> Value {
    told(&json!({
        "from": "anthropic-messages", "to": "openai-chat", "what": "request", "model": "gpt-5",
        "document": document,
    }))
}

#[test]
fn a_request_is_translated_and_losses_are_told() {
    let told = request(
        r#"{"model": "m", "max_tokens": 9, "top_k": 5, "messages": [{"role": "user", "content": "Hi"}]}"#,
    );
    let text = r#"{"model":"gpt-5","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":9}"#;
    assert_eq!((told["text"].as_str(), &told["is_refused"]), (Some(text), &json!(false)));
    let lost = json!([{"what": "dropped", "place": "top_k", "why": "has no counterpart"}]);
    assert_eq!((&told["losses"], &told["unlisted"]), (&lost, &json!(0)));
}

#[test]
fn a_refused_request_says_so() {
    let told = request(r#"{"max_tokens": 9, "messages": [], "mcp_servers": [{"url": "x"}]}"#);
    assert_eq!(told["is_refused"], true);
    let places =
        told["losses"].as_array().expect("a list").iter().map(|loss| loss["place"].clone());
    assert!(places.clone().any(|place| place == "mcp_servers"), "{told}");
}

#[test]
fn answers_errors_and_streams_are_translated_back() {
    let back = |what: &str, status: u64, document: &str| {
        let told = told(&json!({
            "from": "anthropic-messages", "to": "openai-chat", "what": what, "status": status,
            "model": "gpt-5", "now_s": 1_700_000_000, "document": document,
        }));
        told["text"].as_str().expect("a text").to_owned()
    };
    let answer = back(
        "answer",
        200,
        r#"{"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}"#,
    );
    assert!(answer.contains(r#""content":[{"type":"text","text":"Hi"}]"#), "{answer}");
    let error = back("answer", 429, r#"{"error": {"message": "no"}}"#);
    assert_eq!(error, r#"{"error":{"message":"no","type":"rate_limit_error"},"type":"error"}"#);
    let stream = back(
        "stream",
        200,
        "data: {\"choices\": [{\"delta\": {\"content\": \"Hi\"}}]}\n\ndata: [DONE]\n\n",
    );
    assert!(stream.contains("event: content_block_delta"), "{stream}");
    assert!(stream.contains("event: message_stop"), "{stream}");
}

#[test]
fn what_cannot_be_translated_is_a_problem() {
    let problem = |from: &str, to: &str, document: &str| {
        told(&json!({"from": from, "to": to, "document": document}))["problem"].clone()
    };
    assert_eq!(
        problem("gemini-generate", "openai-chat", "{}"),
        "requests of gemini-generate are not translated"
    );
    assert_eq!(problem("", "openai-chat", "{}"), "this request is not translated");
    assert_eq!(
        problem("openai-chat", "cohere-chat", "{}"),
        "nothing is translated for cohere-chat"
    );
    let same = "the client and the provider use the same API, so there is nothing to translate; name another format";
    assert_eq!(problem("openai-chat", "openai-chat", "{}"), same);
    assert_eq!(problem("openai-chat", "gemini-generate", "{"), "it is not JSON");
    let status = json!({
        "from": "openai-chat", "to": "gemini-generate", "what": "answer", "status": 99_999, "document": "{}",
    });
    assert_eq!(told(&status)["problem"], "99999 is not an HTTP status");
    assert!(
        serde_json::from_str::<Value>(&translate("nonsense")).expect("JSON")["problem"].is_string()
    );
}
