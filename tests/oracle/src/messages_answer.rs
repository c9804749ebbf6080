//! Makes answers of Messages, and the streams that say the same.

use serde_json::{Value, json};

use crate::chat_answer::pieces;
use crate::dice::Dice;

/// Returns a whole answer.
pub(crate) fn messages_answer(dice: &mut Dice) -> Value {
    let mut content = Vec::new();
    for _ in 0..if dice.one_in(4) { dice.number(1..=2) } else { 0 } {
        content
            .push(json!({"type": "thinking", "thinking": dice.words(), "signature": "EqQBCg=="}));
    }
    if dice.one_in(12) {
        content.push(json!({"type": "redacted_thinking", "data": "AAAA"}));
    }
    content.extend(dice.list(0..=2, |dice| json!({"type": "text", "text": dice.words()})));
    let mut reasons = vec!["end_turn", "max_tokens", "stop_sequence", "refusal", "pause_turn"];
    reasons.push("model_context_window_exceeded");
    if dice.one_in(3) {
        for at in 0..dice.number(1..=3) {
            let name = dice.pick(&["get_weather", "search-2", "a"]);
            let input = dice.object(2);
            content.push(json!({"type": "tool_use", "id": format!("toolu_{at}"), "name": name, "input": input}));
        }
        reasons = vec!["tool_use"];
    }
    let reason = if dice.one_in(2) { reasons[0] } else { dice.pick(&reasons) };
    let sequence = if reason == "stop_sequence" { json!("END") } else { Value::Null };
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": content,
        "stop_reason": reason, "stop_sequence": sequence, "usage": usage(dice),
    })
}

fn usage(dice: &mut Dice) -> Value {
    let mut usage =
        json!({"input_tokens": dice.number(1..=900), "output_tokens": dice.number(5..=90)});
    if dice.one_in(2) {
        usage["cache_read_input_tokens"] = json!(dice.number(0..=50));
        usage["cache_creation_input_tokens"] = json!(dice.number(0..=50));
    }
    if dice.one_in(4) {
        usage["output_tokens_details"] = json!({"thinking_tokens": dice.number(0..=5)});
    }
    usage
}

/// Returns the events of a stream that says the same as a whole answer.
pub(crate) fn messages_stream(dice: &mut Dice, answer: &Value) -> Vec<Value> {
    let mut message = answer.clone();
    message["content"] = json!([]);
    message["stop_reason"] = Value::Null;
    message["stop_sequence"] = Value::Null;
    message["usage"]["output_tokens"] = json!(1);
    let mut events = vec![json!({"type": "message_start", "message": message})];
    for (index, block) in answer["content"].as_array().unwrap().iter().enumerate() {
        let mut deltas = Vec::new();
        let mut start = block.clone();
        let (kind, key) = match block["type"].as_str().unwrap() {
            "text" => ("text_delta", "text"),
            "thinking" => ("thinking_delta", "thinking"),
            "tool_use" => ("input_json_delta", "partial_json"),
            _ => ("", "data"),
        };
        if kind == "input_json_delta" {
            start["input"] = json!({});
            // Without members, some streams have no piece, others have them all.
            let has_any = block["input"] != json!({}) || dice.one_in(2);
            let text = if has_any { block["input"].to_string() } else { String::new() };
            deltas.extend(
                pieces(dice, &text).into_iter().map(|piece| json!({"type": kind, key: piece})),
            );
        } else if !kind.is_empty() {
            start[key] = json!("");
            let text = block[key].as_str().unwrap();
            deltas.extend(
                pieces(dice, text).into_iter().map(|piece| json!({"type": kind, key: piece})),
            );
        }
        if kind == "thinking_delta" {
            start["signature"] = json!("");
            deltas.push(json!({"type": "signature_delta", "signature": block["signature"]}));
        }
        events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        if dice.one_in(6) {
            events.push(json!({"type": "ping"}));
        }
        let deltas = deltas.into_iter();
        events.extend(
            deltas.map(
                |delta| json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let end =
        json!({"stop_reason": answer["stop_reason"], "stop_sequence": answer["stop_sequence"]});
    let mut usage = json!({"output_tokens": answer["usage"]["output_tokens"]});
    if dice.one_in(2) {
        usage = answer["usage"].clone();
    }
    events.push(json!({"type": "message_delta", "delta": end, "usage": usage}));
    events.push(json!({"type": "message_stop"}));
    events
}
