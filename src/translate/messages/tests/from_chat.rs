//! Requests of OpenAI's Chat Completions, as Anthropic gets them.

use serde_json::{Value, json};

use super::super::super::{ClientApi, ProviderApi, request};
use super::{assert_valid, told};

/// Returns what is sent for a request of OpenAI's, and what is lost.
fn sent(body: &str) -> (Value, Vec<String>) {
    let apis = (ClientApi::Chat, ProviderApi::Messages);
    let sent = request(apis, body.as_bytes(), false, ("claude-sonnet-4-5", 4096)).unwrap();
    let body = serde_json::from_str(&sent.body).unwrap();
    if !sent.losses.is_refused() {
        assert_valid(&body);
    }
    (body, told(&sent.losses))
}

#[test]
fn recorded_requests_of_real_sdks_become_valid_ones() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/requests");
    let mut whole = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = std::fs::read(file.unwrap().path()).unwrap();
        let file: Value = serde_json::from_slice(&file).unwrap();
        let expect = &file["expect"];
        if expect["format"] != "openai-chat" || file["body_text"].is_null() {
            continue;
        }
        let (sent, lost) = sent(file["body_text"].as_str().unwrap());
        whole += u32::from(lost.is_empty());
        if lost.iter().any(|line| line.starts_with('!')) {
            continue;
        }
        let name = &file["name"];
        assert_eq!(sent["stream"].as_bool().unwrap_or(false), expect["stream"] == true, "{name}");
        assert_eq!(sent["tools"].is_array(), expect["has_tools"] == true, "{name}");
        if let Some(limit) = expect["max_output_tokens"].as_u64() {
            assert_eq!(sent["max_tokens"], limit, "{name}");
        }
        let text = sent.to_string();
        assert_eq!(text.contains("\"type\":\"image\""), expect["has_images"] == true, "{name}");
    }
    assert!(whole > 30, "{whole}");
}

#[test]
fn what_others_got_wrong_is_right() {
    let body = json!({"model": "gpt", "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a"},
        {"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        ]},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "t", "arguments": ""}},
            {"id": "c2", "type": "function", "function": {"name": "t", "arguments": "{\"a\": 1}"}},
        ]},
        {"role": "tool", "tool_call_id": "c1", "content": "r1"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {"role": "user", "content": "b"},
    ], "tools": [{"type": "function", "function": {"name": "t"}}]});
    let (sent, lost) = sent(&body.to_string());
    assert!(lost.is_empty(), "{lost:?}");
    let text = |text: &str| json!({"type": "text", "text": text});
    let wanted = json!([
        {"role": "user", "content": [text("a"), {"type": "image", "source":
            {"type": "base64", "media_type": "image/png", "data": "aGk="}}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "c1", "name": "t", "input": {}},
            {"type": "tool_use", "id": "c2", "name": "t", "input": {"a": 1}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": [text("r1")]},
            {"type": "tool_result", "tool_use_id": "c2"},
            text("b"),
        ]},
    ]);
    assert_eq!(sent["messages"], wanted);
    assert_eq!(sent["system"], json!([text("s")]));
    assert_eq!(sent["max_tokens"], 4096);
    assert_eq!(sent["tools"][0]["input_schema"], json!({"type": "object", "properties": {}}));
}

#[test]
fn tools_that_are_no_functions_are_refused() {
    let body = json!({"model": "gpt", "messages": [{"role": "user", "content": "a"}],
        "tools": [{"type": "custom", "custom": {"name": "t"}}]});
    let (_, lost) = sent(&body.to_string());
    assert!(
        lost.iter().any(|line| line.starts_with("!tools[0]") && line.contains("custom")),
        "{lost:?}"
    );
}
