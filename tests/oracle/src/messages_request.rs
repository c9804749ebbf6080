//! Makes requests of Anthropic's Messages.

use serde_json::{Value, json};

use crate::dice::Dice;

/// Returns a request for that model.
pub(crate) fn messages_request(dice: &mut Dice, model: &str) -> Value {
    let mut request =
        json!({"model": model, "max_tokens": dice.pick(&[1, 500, 1024, 4096, 20_000])});
    match dice.number(0..=3) {
        0 => request["system"] = json!(dice.text()),
        1 => request["system"] = Value::Array(dice.list(1..=3, text)),
        _ => {}
    }
    request["messages"] = Value::Array(messages(dice));
    if dice.one_in(2) {
        request["tools"] = Value::Array(dice.list(1..=3, tool));
        tool_choice(dice, &mut request);
    }
    settings(dice, &mut request);
    request
}

fn messages(dice: &mut Dice) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut results = Vec::new();
    for number in 0..dice.number(1..=3) {
        let mut user = json!({"role": "user"});
        let mut blocks = std::mem::take(&mut results);
        if blocks.is_empty() && dice.one_in(2) {
            user["content"] = json!(dice.words());
        } else {
            if blocks.is_empty() || dice.one_in(3) {
                blocks.extend(dice.list(1..=3, block));
            }
            user["content"] = Value::Array(blocks);
        }
        messages.push(user);
        if dice.one_in(12) {
            messages.push(json!({"role": "system", "content": format!("From turn {number} on: {}", dice.words())}));
        }
        let (turn, answers) = assistant(dice, number);
        messages.push(turn);
        results = answers;
    }
    if !results.is_empty() {
        messages.push(json!({"role": "user", "content": results}));
    } else if !dice.one_in(12) {
        messages.push(json!({"role": "user", "content": dice.words()}));
    }
    messages
}

fn text(dice: &mut Dice) -> Value {
    let mut block = json!({"type": "text", "text": dice.words()});
    if dice.one_in(8) {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
    block
}

fn block(dice: &mut Dice) -> Value {
    match dice.number(0..=9) {
        0 | 1 => image(dice),
        2 => {
            let mut block = json!({"type": "document"});
            block["source"] = match dice.number(0..=3) {
                0 => json!({"type": "text", "media_type": "text/plain", "data": dice.words()}),
                1 if dice.one_in(3) => json!({"type": "url", "url": "https://example.com/a.pdf"}),
                _ => {
                    json!({"type": "base64", "media_type": "application/pdf", "data": dice.base64()})
                }
            };
            if dice.one_in(2) {
                block["title"] = json!(dice.words());
            }
            block
        }
        _ => text(dice),
    }
}

fn image(dice: &mut Dice) -> Value {
    let source = if dice.one_in(3) {
        json!({"type": "url", "url": "https://example.com/a.png"})
    } else {
        json!({"type": "base64", "media_type": "image/png", "data": dice.base64()})
    };
    json!({"type": "image", "source": source})
}

/// Returns a turn of the model's, and the results of the tools that it has called.
fn assistant(dice: &mut Dice, number: u64) -> (Value, Vec<Value>) {
    let mut blocks = Vec::new();
    let mut results = Vec::new();
    if dice.one_in(6) {
        let signature = dice.pick(&["EqQBCg==", ""]);
        blocks.push(json!({"type": "thinking", "thinking": dice.words(), "signature": signature}));
    }
    if dice.one_in(12) {
        blocks.push(json!({"type": "redacted_thinking", "data": "AAAA"}));
    }
    blocks.extend(dice.list(0..=2, |dice| json!({"type": "text", "text": dice.words()})));
    if dice.one_in(2) || blocks.is_empty() {
        for at in 0..dice.number(1..=3) {
            let id = format!(
                "toolu_{number}_{at}{}",
                if dice.one_in(12) { "x".repeat(60) } else { String::new() }
            );
            let input = dice.object(2);
            blocks.push(json!({"type": "tool_use", "id": id, "name": name(dice), "input": input}));
            results.push(result(dice, &id));
        }
    }
    if dice.one_in(4) {
        results.reverse();
    }
    let is_text = blocks.len() == 1 && blocks[0]["type"] == "text";
    let content =
        if is_text && dice.one_in(2) { blocks[0]["text"].clone() } else { Value::Array(blocks) };
    (json!({"role": "assistant", "content": content}), results)
}

fn result(dice: &mut Dice, id: &str) -> Value {
    let mut result = json!({"type": "tool_result", "tool_use_id": id});
    match dice.number(0..=5) {
        0 => {}
        1..=3 => result["content"] = json!(dice.text()),
        _ => {
            result["content"] = Value::Array(
                dice.list(0..=3, |dice| if dice.one_in(6) { image(dice) } else { text(dice) }),
            );
        }
    }
    if dice.one_in(4) {
        result["is_error"] = json!(dice.one_in(2));
    }
    result
}

fn name(dice: &mut Dice) -> String {
    let name = dice.pick(&["get_weather", "search-2", "a", "Z_z"]);
    if dice.one_in(15) { name.repeat(64).chars().take(128).collect() } else { name.to_owned() }
}

fn tool(dice: &mut Dice) -> Value {
    let mut tool = json!({"name": name(dice), "input_schema": schema(dice)});
    if dice.one_in(2) {
        tool["description"] = json!(dice.text());
    }
    if dice.one_in(5) {
        tool["strict"] = json!(dice.one_in(2));
    }
    if dice.one_in(8) {
        tool["cache_control"] = json!({"type": "ephemeral", "ttl": "1h"});
    }
    if dice.one_in(8) {
        tool["type"] = json!("custom");
    }
    tool
}

/// Returns a schema, of which some have members that may be left out.
fn schema(dice: &mut Dice) -> Value {
    let mut schema = dice.schema(2);
    if dice.one_in(4) {
        schema["required"] = json!([]);
    }
    schema
}

fn tool_choice(dice: &mut Dice, request: &mut Value) {
    let names: Vec<_> =
        request["tools"].as_array().unwrap().iter().map(|tool| tool["name"].clone()).collect();
    let mut choice = match dice.number(0..=7) {
        0 | 1 => json!({"type": "auto"}),
        2 => json!({"type": "any"}),
        3 => json!({"type": "none"}),
        4 => json!({"type": "tool", "name": dice.pick(&names)}),
        _ => return,
    };
    if choice["type"] != "none" && dice.one_in(3) {
        choice["disable_parallel_tool_use"] = json!(dice.one_in(2));
    }
    request["tool_choice"] = choice;
}

fn settings(dice: &mut Dice, request: &mut Value) {
    if dice.one_in(4) {
        request["temperature"] = dice.pick(&[json!(0), json!(0.7), json!(1), json!(1.0)]);
    }
    if dice.one_in(5) {
        request["top_p"] = dice.pick(&[json!(0.1), json!(0.95), json!(1)]);
    }
    if dice.one_in(10) {
        request["top_k"] = json!(40);
    }
    if dice.one_in(5) {
        request["stop_sequences"] = Value::Array(
            dice.list(0..=5, |dice| json!(dice.pick(&["END", "###", "日本", "\nHuman:"]))),
        );
    }
    if dice.one_in(3) {
        request["stream"] = json!(dice.one_in(2));
    }
    if dice.one_in(6) {
        request["metadata"] = json!({"user_id": dice.pick(&["user-1", "ünser"])});
    }
    if dice.one_in(10) {
        request["service_tier"] = json!(dice.pick(&["auto", "standard_only"]));
    }
    match dice.number(0..=9) {
        0 => request["thinking"] = json!({"type": "disabled"}),
        1 => {
            request["thinking"] =
                json!({"type": "enabled", "budget_tokens": dice.pick(&[1024, 8000, 30_000])})
        }
        2 => request["thinking"] = json!({"type": "adaptive"}),
        _ => {}
    }
    if dice.one_in(8) {
        request["output_config"] = json!({"effort": dice.pick(&["low", "medium", "high"])});
    }
    if dice.one_in(8) {
        request["output_config"]["format"] = json!({"type": "json_schema", "schema": schema(dice)});
    }
}
