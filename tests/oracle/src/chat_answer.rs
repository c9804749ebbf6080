//! Makes answers of Chat Completions, and the streams that say the same.

use serde_json::{Value, json};

use crate::dice::Dice;

/// Returns a whole answer.
pub(crate) fn chat_answer(dice: &mut Dice) -> Value {
    let mut message = json!({"role": "assistant", "content": null});
    let mut finish = "stop";
    if dice.one_in(4) {
        message["reasoning_content"] = json!(dice.words());
    }
    if !dice.one_in(4) {
        message["content"] = json!(dice.text());
    }
    if dice.one_in(3) {
        message["tool_calls"] = Value::Array(dice.list(1..=3, call));
        number_calls(&mut message);
        finish = dice.pick(&["tool_calls", "tool_calls", "stop"]);
    } else if dice.one_in(12) {
        message["refusal"] = json!(dice.words());
        message["content"] = Value::Null;
    } else {
        finish = dice.pick(&["stop", "stop", "length", "content_filter"]);
    }
    let mut answer = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-x",
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
    });
    if !dice.one_in(8) {
        answer["usage"] = usage(dice);
    }
    answer
}

fn call(dice: &mut Dice) -> Value {
    let arguments = match dice.number(0..=7) {
        0 => String::new(),
        1 => "{}".to_owned(),
        _ => dice.object(2).to_string(),
    };
    let name = dice.pick(&["get_weather", "search-2", "a"]);
    json!({"id": "call_", "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn number_calls(message: &mut Value) {
    for (at, call) in message["tool_calls"].as_array_mut().unwrap().iter_mut().enumerate() {
        call["id"] = json!(format!("call_{at}"));
    }
}

fn usage(dice: &mut Dice) -> Value {
    let (cached, input) = (dice.number(0..=50), dice.number(100..=900));
    let (reasoning, output) = (dice.number(0..=5), dice.number(5..=90));
    let mut usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
    if dice.one_in(2) {
        usage["prompt_tokens_details"] = json!({"cached_tokens": cached});
    }
    if dice.one_in(2) {
        usage["completion_tokens_details"] = json!({"reasoning_tokens": reasoning});
    }
    usage
}

/// Returns the chunks of a stream that says the same as a whole answer.
pub(crate) fn chat_stream(dice: &mut Dice, answer: &Value) -> Vec<Value> {
    let choice = &answer["choices"][0];
    let message = &choice["message"];
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    for key in ["reasoning_content", "content", "refusal"] {
        let text = message[key].as_str().unwrap_or_default();
        deltas.extend(pieces(dice, text).into_iter().map(|piece| json!({key: piece})));
    }
    let mut late = Vec::new();
    for (at, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let mut function = call["function"].clone();
        let arguments = function["arguments"].as_str().unwrap().to_owned();
        // Some send a call as a whole.
        let is_whole = dice.one_in(4);
        if !is_whole {
            function["arguments"] = json!("");
        }
        let first =
            json!({"index": at, "id": call["id"], "type": "function", "function": function});
        deltas.push(json!({"tool_calls": [first]}));
        if !is_whole {
            let pieces = pieces(dice, &arguments).into_iter();
            let pieces = pieces.map(
                |piece| json!({"tool_calls": [{"index": at, "function": {"arguments": piece}}]}),
            );
            deltas.extend(pieces);
        }
        if dice.one_in(20) {
            // An empty piece, after others have begun.
            late.push(json!({"tool_calls": [{"index": at, "function": {"arguments": ""}}]}));
        }
    }
    deltas.extend(late);
    let wrapped = |delta: Value, finish: Value| {
        json!({
            "id": answer["id"], "object": "chat.completion.chunk", "created": 1, "model": answer["model"],
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
        })
    };
    let mut chunks: Vec<_> = deltas.into_iter().map(|delta| wrapped(delta, Value::Null)).collect();
    chunks.push(wrapped(json!({}), choice["finish_reason"].clone()));
    if let Some(usage) = answer.get("usage") {
        let mut chunk = wrapped(json!({}), Value::Null);
        chunk["choices"] = json!([]);
        chunk["usage"] = usage.clone();
        chunks.push(chunk);
    }
    chunks
}

/// Returns a text in pieces between characters.
pub(crate) fn pieces(dice: &mut Dice, text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for char in text.chars() {
        piece.push(char);
        if dice.one_in(6) {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}
