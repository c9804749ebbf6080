//! Where instructions go.

use serde_json::json;

use super::{request, rewritten};

#[test]
fn instructions_before_the_conversation_are_no_loss() {
    let body = request(&json!({"system": "a", "messages": [
        {"role": "system", "content": [{"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]},
        {"role": "system", "content": " "},
        {"role": "user", "content": "hi"},
    ]}));
    let (sent, lost, _) = rewritten(&body, "claude-opus-4-8", |_| {});
    assert!(lost.is_empty());
    let wanted = json!([
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}},
    ]);
    assert_eq!(sent["system"], wanted);
    assert_eq!(sent["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn instructions_within_the_conversation_go_before_it_in_their_order() {
    let body = request(&json!({"system": "a", "messages": [
        {"role": "user", "content": "hi"},
        {"role": "system", "content": "b"},
        {"role": "user", "content": "there"},
        {"role": "assistant", "content": "hello"},
        {"role": "user", "content": "you"},
        {"role": "system", "content": "c"},
    ]}));
    let (sent, lost, _) = rewritten(&body, "claude-opus-4-8", |_| {});
    assert_eq!(lost, ["system messages are moved before the conversation"]);
    let words: Vec<_> =
        sent["system"].as_array().unwrap().iter().map(|block| block["text"].clone()).collect();
    assert_eq!(words, ["a", "b", "c"]);
    let roles: Vec<_> =
        sent["messages"].as_array().unwrap().iter().map(|turn| turn["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
}

#[test]
fn without_instructions_there_is_no_member() {
    for system in [json!(null), json!(""), json!("  "), json!([])] {
        let (sent, lost, _) = rewritten(&request(&json!({"system": system})), "m", |_| {});
        assert_eq!(sent.get("system"), None);
        assert!(lost.is_empty());
    }
}
