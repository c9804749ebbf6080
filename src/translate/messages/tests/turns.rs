//! The order of turns and blocks that the API demands.

use serde_json::{Value, json};

use super::super::super::conversation::{
    BlockContent, ContentBlock, MediaSource, TalkTurn, ToolInput, TurnRole,
};
use super::super::super::text::JsonText;
use super::{request, rewritten, talk};

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// Returns the messages that are sent for these, and what is lost.
fn sent(messages: &Value) -> (Value, Vec<String>) {
    let (sent, lost, _) = rewritten(&talk(messages), "claude-sonnet-4-5", |_| {});
    (sent["messages"].clone(), lost)
}

#[test]
fn neighbours_of_one_role_are_one_turn() {
    let (sent, lost) = sent(&json!([
        {"role": "user", "content": "a"},
        {"role": "user", "content": [text("b")]},
        {"role": "assistant", "content": "c"},
        {"role": "assistant", "content": "d"},
        {"role": "user", "content": "e"},
    ]));
    assert!(lost.is_empty());
    let wanted = json!([
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [text("c"), text("d")]},
        {"role": "user", "content": [text("e")]},
    ]);
    assert_eq!(sent, wanted);
}

#[test]
fn empty_texts_and_turns_are_left_out() {
    let (sent, lost) = sent(&json!([
        {"role": "user", "content": [text("a"), text(""), text(" \n\t "), text("\u{a0}")]},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": [text("b")]},
        {"role": "assistant", "content": [text(" "), {"type": "tool_use", "id": "i", "name": "t", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "i", "content": ""}]},
    ]));
    assert!(lost.is_empty());
    let wanted = json!([
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "i", "name": "t", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "i"}]},
    ]);
    assert_eq!(sent, wanted);
}

#[test]
fn results_come_first_and_directly_after_their_calls() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "t", "input": {}});
    let result =
        |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": [text("r")]});
    let (sent, _) = sent(&json!([
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [call("1")]},
        {"role": "assistant", "content": [call("2")]},
        {"role": "user", "content": [text("b"), result("1")]},
        {"role": "system", "content": "c"},
        {"role": "user", "content": [text("d"), result("2")]},
    ]));
    let wanted = json!([
        {"role": "user", "content": [text("a")]},
        {"role": "assistant", "content": [call("1"), call("2")]},
        {"role": "user", "content": [result("1"), result("2"), text("b"), text("d")]},
    ]);
    assert_eq!(sent, wanted);
}

#[test]
fn a_conversation_begins_and_ends_with_the_user() {
    let rows = [
        (json!([]), "!messages have no user message, which the provider does not accept"),
        (
            json!([{"role": "system", "content": "a"}]),
            "!messages have no user message, which the provider does not accept",
        ),
        (
            json!([{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]),
            "!messages begin with an assistant message, which the provider does not accept",
        ),
        (
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]),
            "!messages end with an assistant message, which the provider does not accept",
        ),
    ];
    for (messages, wanted) in rows {
        assert_eq!(sent(&messages).1, [wanted], "{messages}");
    }
}

#[test]
fn thinking_is_never_sent() {
    let (sent, lost) = sent(&json!([
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "t", "signature": "gAAAAB"},
            {"type": "thinking", "thinking": "t"},
            {"type": "redacted_thinking", "data": "d"},
            text("b"),
        ]},
        {"role": "user", "content": "c"},
    ]));
    assert_eq!(lost, ["messages have thinking that Anthropic has not signed"]);
    assert_eq!(sent[1], json!({"role": "assistant", "content": [text("b")]}));
}

#[test]
fn names_and_ids_that_do_not_fit_change_everywhere() {
    let odd = "files.read now";
    let body = request(&json!({
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "functions.look:0", "name": odd, "input": {}},
                {"type": "tool_use", "id": "functions.look:1", "name": "b".repeat(129), "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "functions.look:0", "content": "r"},
                {"type": "tool_result", "tool_use_id": "functions.look:1", "content": "r"},
            ]},
        ],
        "tools": [
            {"name": odd, "input_schema": {"type": "object"}},
            {"name": "b".repeat(129), "input_schema": {"type": "object"}},
            {"name": "b".repeat(128), "input_schema": {"type": "object"}},
        ],
        "tool_choice": {"type": "tool", "name": odd},
    }));
    let (sent, lost, renamed) = rewritten(&body, "claude-sonnet-4-5", |_| {});
    assert!(lost.is_empty());
    let fits = |name: &Value, longest: usize| {
        let name = name.as_str().unwrap();
        let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
        assert!(name.len() <= longest && name.chars().all(is_plain), "{name}");
        name.to_owned()
    };
    let short = fits(&sent["tools"][0]["name"], 128);
    assert_eq!(sent["tool_choice"]["name"], *short);
    assert_eq!(sent["messages"][1]["content"][0]["name"], *short);
    assert_eq!(sent["tools"][1]["name"], sent["messages"][1]["content"][1]["name"]);
    assert_eq!(sent["tools"][2]["name"], "b".repeat(128));
    assert!(renamed[&short] == odd && renamed.len() == 2, "{renamed:?}");
    for at in 0..2 {
        let call = fits(&sent["messages"][1]["content"][at]["id"], 64);
        assert_eq!(sent["messages"][2]["content"][at]["tool_use_id"], call);
    }
    assert_ne!(sent["messages"][1]["content"][0]["id"], sent["messages"][1]["content"][1]["id"]);
}

#[test]
fn tools_of_the_past_are_declared_and_may_not_be_called() {
    let (sent, lost, _) = rewritten(
        &talk(&json!([
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "t", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "r"}]},
        ])),
        "claude-sonnet-4-5",
        |_| {},
    );
    assert!(lost.is_empty());
    let schema = json!({"type": "object", "properties": {}});
    assert_eq!(sent["tools"], json!([{"name": "t", "input_schema": schema}]));
    assert_eq!(sent["tool_choice"], json!({"type": "none"}));
}

#[test]
fn blocks_of_other_clients_are_written_or_refused() {
    let add = |role: TurnRole, content: BlockContent<'static>| {
        let (sent, lost, _) = rewritten(&request(&json!({})), "claude-sonnet-4-5", |read| {
            read.turns.insert(1, TalkTurn { role, blocks: vec![ContentBlock::of(content)] });
            let blocks = vec![ContentBlock::of(BlockContent::Text(JsonText::of("end")))];
            read.turns.push(TalkTurn { role: TurnRole::User, blocks });
        });
        (sent["messages"][1]["content"][0].clone(), sent["messages"][0]["content"][1].clone(), lost)
    };
    let base64 = |kind: &'static str| MediaSource::Base64 {
        media_type: JsonText::of(kind),
        data: JsonText::of("aGk="),
    };
    let image = |kind: &'static str, detail: Option<&'static str>| BlockContent::Image {
        source: base64(kind),
        detail: detail.map(JsonText::of),
    };
    let (said, _, lost) = add(TurnRole::Assistant, BlockContent::Refusal(JsonText::of("no")));
    assert_eq!((said, lost.len()), (text("no"), 0));
    let input = ToolInput::Unescaped("{\"a\": 1}".into());
    let (id, name) = (JsonText::of("i"), JsonText::of("t"));
    let call = BlockContent::ToolCall { id, name, input, signature: None };
    let (call, _, lost) = add(TurnRole::Assistant, call);
    assert_eq!(call, json!({"type": "tool_use", "id": "i", "name": "t", "input": {"a": 1}}));
    assert!(lost.is_empty());
    let (_, shown, lost) = add(TurnRole::User, image("image/jpg", Some("auto")));
    assert_eq!(shown["source"]["media_type"], "image/jpeg");
    assert!(lost.is_empty());
    let (_, shown, lost) = add(TurnRole::User, image("image/png", Some("low")));
    assert_eq!(shown["type"], "image");
    assert_eq!(lost, ["detail of an image has no counterpart"]);
    let refused = [
        (
            TurnRole::User,
            image("image/tiff", None),
            "!an image is of type \"image/tiff\", which Anthropic refuses",
        ),
        (
            TurnRole::User,
            BlockContent::Audio(base64("audio/wav")),
            "!messages have audio in the user's turn, which Anthropic does not accept",
        ),
        (
            TurnRole::Assistant,
            image("image/png", None),
            "!messages have an image in the model's turn, which Anthropic does not accept",
        ),
        (
            TurnRole::System,
            image("image/png", None),
            "!messages have an image in instructions, which Anthropic does not accept",
        ),
        (
            TurnRole::User,
            BlockContent::Document { source: base64("text/csv"), name: None },
            "!a document is of type \"text/csv\"; Anthropic accepts only application/pdf as base64",
        ),
    ];
    for (role, content, wanted) in refused {
        let (.., lost) = add(role, content);
        assert!(lost.contains(&wanted.to_owned()), "{lost:?}");
    }
}

#[test]
fn a_fifth_mark_is_left_out() {
    let mark = json!({"type": "ephemeral"});
    let block = json!({"type": "text", "text": "a", "cache_control": mark});
    let (sent, lost) = sent(&json!([{"role": "user", "content": vec![block; 5]}]));
    assert_eq!(
        lost,
        ["cache_control is set in more than 4 places, the most that Anthropic accepts"]
    );
    assert_eq!(sent[0]["content"][3]["cache_control"], mark);
    assert_eq!(sent[0]["content"][4], text("a"));
}
