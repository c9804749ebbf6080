//! What Anthropic's API demands of a request's form (<https://platform.claude.com/docs/en/api/messages/create>).

use serde_json::Value;

/// Asserts that the API would not refuse a request for its form.
pub(super) fn assert_valid(body: &Value) {
    assert!(body["max_tokens"].as_u64().is_some_and(|limit| limit > 0), "{body}");
    for block in list(&body["system"]) {
        assert_visible(block, body);
    }
    let turns = list(&body["messages"]);
    for (at, turn) in turns.iter().enumerate() {
        let is_user = at % 2 == 0;
        assert_eq!(turn["role"], if is_user { "user" } else { "assistant" }, "{body}");
        let blocks = list(&turn["content"]);
        assert!(!blocks.is_empty(), "{body}");
        let is_result = |block: &&Value| block["type"] == "tool_result";
        let results: Vec<_> = blocks.iter().filter(is_result).collect();
        assert!(blocks.iter().take(results.len()).all(|block| is_result(&block)), "{body}");
        for block in blocks {
            assert_block(block, is_user, body);
        }
    }
    assert!(turns.len() % 2 == 1, "{body}");
    let has_calls = body["messages"].to_string().contains(r#""type":"tool_use""#);
    let tools = list(&body["tools"]);
    assert!(!has_calls || !tools.is_empty(), "{body}");
    assert!(body.get("tool_choice").is_none() || !tools.is_empty(), "{body}");
    for tool in tools {
        assert_name(&tool["name"], 128, body);
        assert_eq!(tool["input_schema"]["type"], "object", "{body}");
    }
    for stop in list(&body["stop_sequences"]) {
        assert!(!stop.as_str().unwrap().trim().is_empty(), "{body}");
    }
    assert!(body.to_string().matches("\"cache_control\"").count() <= 4, "{body}");
    if let Some(budget) = body["thinking"]["budget_tokens"].as_u64() {
        assert!(budget >= 1024 && budget < body["max_tokens"].as_u64().unwrap(), "{body}");
        assert!(body.get("temperature").is_none() && body.get("top_k").is_none(), "{body}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn assert_visible(block: &Value, body: &Value) {
    assert_eq!(block["type"], "text", "{body}");
    assert!(!block["text"].as_str().unwrap().trim().is_empty(), "{body}");
}

fn assert_name(name: &Value, longest: usize, body: &Value) {
    let name = name.as_str().unwrap();
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let is_short = (1..=longest).contains(&name.len());
    assert!(is_short && name.chars().all(is_plain), "{name} in {body}");
}

fn assert_block(block: &Value, is_user: bool, body: &Value) {
    match (block["type"].as_str().unwrap(), is_user) {
        ("text", _) => assert_visible(block, body),
        ("image" | "document", true) => assert!(block["source"]["type"].is_string(), "{body}"),
        ("tool_use", false) => {
            assert_name(&block["id"], 64, body);
            assert_name(&block["name"], 128, body);
            assert!(block["input"].is_object(), "{body}");
        }
        ("tool_result", true) => {
            assert_name(&block["tool_use_id"], 64, body);
            for part in list(&block["content"]) {
                assert_block(part, true, body);
            }
        }
        (kind, _) => panic!("{kind} in {body}"),
    }
}
