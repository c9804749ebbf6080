//! Makes requests of Chat Completions.

use serde_json::{Value, json};

use crate::dice::Dice;

/// Returns a request for that model.
pub(crate) fn chat_request(dice: &mut Dice, model: &str) -> Value {
    let mut request = json!({"model": model, "messages": messages(dice)});
    if dice.one_in(2) {
        request["tools"] = Value::Array(dice.list(1..=3, tool));
    }
    settings(dice, &mut request);
    tool_choice(dice, &mut request);
    request
}

fn messages(dice: &mut Dice) -> Vec<Value> {
    let mut messages = Vec::new();
    for _ in 0..dice.number(0..=2) {
        messages.push(system(dice));
    }
    for _ in 0..dice.number(1..=3) {
        for _ in 0..if dice.one_in(6) { 2 } else { 1 } {
            messages.push(user(dice));
        }
        if dice.one_in(2) {
            turn(dice, &mut messages);
        }
        if dice.one_in(15) {
            messages.push(system(dice));
        }
    }
    let is_models = |message: &Value| message["role"] == "assistant";
    if messages.last().is_some_and(is_models) && !dice.one_in(12) {
        messages.push(user(dice));
    }
    messages
}

fn system(dice: &mut Dice) -> Value {
    let role = dice.pick(&["system", "system", "developer"]);
    json!({"role": role, "content": content(dice)})
}

/// Returns a text or its parts.
fn content(dice: &mut Dice) -> Value {
    if dice.one_in(3) {
        return Value::Array(dice.list(1..=3, |dice| json!({"type": "text", "text": dice.text()})));
    }
    json!(dice.text())
}

fn user(dice: &mut Dice) -> Value {
    let mut message = json!({"role": "user"});
    message["content"] =
        if dice.one_in(4) { Value::Array(dice.list(1..=4, part)) } else { content(dice) };
    message
}

fn part(dice: &mut Dice) -> Value {
    match dice.number(0..=9) {
        0 | 1 => {
            let kind = dice.pick(&["png", "jpeg", "gif", "webp", "jpg", "tiff"]);
            let kind = if kind == "tiff" && !dice.one_in(4) { "png" } else { kind };
            let mut url = json!({"url": format!("data:image/{kind};base64,{}", dice.base64())});
            if dice.one_in(3) {
                url["detail"] = json!(dice.pick(&["auto", "low", "high"]));
            }
            json!({"type": "image_url", "image_url": url})
        }
        2 => {
            json!({"type": "image_url", "image_url": {"url": "https://example.com/a%20b.png?x=1&y=2"}})
        }
        3 => {
            let mut file =
                json!({"file_data": format!("data:application/pdf;base64,{}", dice.base64())});
            if dice.one_in(2) {
                file["filename"] = json!(dice.words());
            }
            json!({"type": "file", "file": file})
        }
        4 if dice.one_in(4) => {
            json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": dice.pick(&["wav", "mp3"])}})
        }
        _ => json!({"type": "text", "text": dice.text()}),
    }
}

/// Adds a turn of the model's, with the results of the tools that it has called.
fn turn(dice: &mut Dice, messages: &mut Vec<Value>) {
    let mut message = json!({"role": "assistant"});
    let calls = if dice.one_in(2) { dice.list(1..=3, call) } else { Vec::new() };
    message["content"] = match dice.number(0..=5) {
        0 if calls.is_empty() => json!(""),
        0..=2 if !calls.is_empty() => Value::Null,
        3 => Value::Array(dice.list(1..=2, |dice| json!({"type": "text", "text": dice.text()}))),
        4 if dice.one_in(3) => json!([{"type": "refusal", "refusal": dice.words()}]),
        _ => json!(dice.text()),
    };
    if dice.one_in(8) {
        message["reasoning_content"] = json!(dice.words());
    }
    let mut calls = calls;
    let count = messages.len();
    for (at, call) in calls.iter_mut().enumerate() {
        // No two calls have the same id.
        call["id"] = json!(format!("{}{count}_{at}", call["id"].as_str().unwrap()));
    }
    let mut ids: Vec<_> = calls.iter().map(|call| call["id"].clone()).collect();
    if !calls.is_empty() {
        message["tool_calls"] = Value::Array(calls);
    }
    messages.push(message);
    if dice.one_in(4) {
        ids.reverse();
    }
    for id in ids {
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": content(dice)}));
    }
}

/// The names of tools. The last two fit no provider.
const NAMES: [&str; 6] = ["get_weather", "search-2", "a", "Z_z", "files.read", "läs"];

fn name(dice: &mut Dice) -> String {
    let name = if dice.one_in(6) { dice.pick(&NAMES[4..]) } else { dice.pick(&NAMES[..4]) };
    if dice.one_in(30) { name.repeat(90) } else { name.to_owned() }
}

fn call(dice: &mut Dice) -> Value {
    let arguments = match dice.number(0..=9) {
        0 => String::new(),
        1 => "{}".to_owned(),
        2 => format!(" {} ", dice.object(2)),
        3 if dice.one_in(4) => dice.pick(&["[1]", "nonsense", "\"text\"", "7"]).to_owned(),
        _ => dice.object(2).to_string(),
    };
    let id = if dice.one_in(6) {
        dice.pick(&["call:1.", "functions.f:"])
    } else {
        dice.pick(&["call_", "toolu_01"])
    };
    json!({"id": id, "type": "function", "function": {"name": name(dice), "arguments": arguments}})
}

fn tool(dice: &mut Dice) -> Value {
    let mut function = json!({"name": name(dice)});
    if dice.one_in(2) {
        function["description"] = json!(dice.text());
    }
    match dice.number(0..=9) {
        0 => {}
        1 => function["parameters"] = json!({}),
        2 => function["parameters"] = json!({"properties": {"a": {"type": "string"}}}),
        3 => {
            function["parameters"] =
                json!({"type": "object", "properties": {"a": {"type": "object"}}})
        }
        4 if dice.one_in(4) => {
            function["parameters"] = json!({"type": "object", "anyOf": [{"required": ["a"]}]})
        }
        _ => function["parameters"] = dice.schema(2),
    }
    if dice.one_in(4) {
        function["strict"] = json!(dice.one_in(2));
    }
    json!({"type": "function", "function": function})
}

fn tool_choice(dice: &mut Dice, request: &mut Value) {
    let names = request["tools"].as_array().into_iter().flatten();
    let names: Vec<_> = names.map(|tool| tool["function"]["name"].clone()).collect();
    match dice.number(0..=11) {
        0 => request["tool_choice"] = json!("auto"),
        1 => request["tool_choice"] = json!("none"),
        2 if !names.is_empty() || dice.one_in(5) => request["tool_choice"] = json!("required"),
        3 if !names.is_empty() => {
            let name = dice.pick(&names);
            request["tool_choice"] = json!({"type": "function", "function": {"name": name}});
        }
        _ => {}
    }
    if dice.one_in(6) {
        request["parallel_tool_calls"] = json!(dice.one_in(2));
    }
}

fn settings(dice: &mut Dice, request: &mut Value) {
    let limit = dice.pick(&["max_tokens", "max_completion_tokens", ""]);
    if !limit.is_empty() {
        request[limit] = json!(dice.pick(&[1, 500, 1024, 4096, 20_000]));
    }
    if dice.one_in(4) {
        request["temperature"] =
            dice.pick(&[json!(0), json!(0.7), json!(1), json!(1.0), json!(1.6)]);
    }
    if dice.one_in(5) {
        request["top_p"] = dice.pick(&[json!(0.1), json!(0.95), json!(1)]);
    }
    if dice.one_in(5) {
        let stops = ["END", "\n", "", "###", "日本"];
        request["stop"] = match dice.number(0..=2) {
            0 => json!(dice.pick(&stops)),
            _ => Value::Array(dice.list(0..=3, |dice| json!(dice.pick(&stops)))),
        };
    }
    if dice.one_in(5) {
        request["reasoning_effort"] =
            json!(dice.pick(&["none", "minimal", "low", "medium", "high"]));
    }
    if dice.one_in(3) {
        request["stream"] = json!(dice.one_in(2));
    }
    if request["stream"] == true && dice.one_in(2) {
        request["stream_options"] = json!({"include_usage": true});
    }
    if dice.one_in(8) {
        request["user"] = json!(dice.pick(&["user-1", "ünser"]));
    }
    for (name, values) in [
        ("seed", [json!(7), json!(0)]),
        ("presence_penalty", [json!(0), json!(0.5)]),
        ("frequency_penalty", [json!(0.0), json!(-1.5)]),
        ("logprobs", [json!(false), json!(false)]),
        ("n", [json!(1), json!(1)]),
        ("metadata", [json!({}), json!({"a": "b"})]),
        ("store", [json!(false), json!(true)]),
        ("service_tier", [json!("auto"), json!("priority")]),
    ] {
        if dice.one_in(12) {
            request[name] = dice.pick(&values);
        }
    }
    if dice.one_in(6) {
        let mut schema = dice.schema(2);
        match dice.number(0..=7) {
            0 => schema["properties"]["n"] = json!({"type": "integer", "minimum": 1}),
            1 => schema["additionalProperties"] = json!(true),
            _ => {}
        }
        request["response_format"] = match dice.number(0..=4) {
            0 => json!({"type": "text"}),
            1 => json!({"type": "json_object"}),
            _ => {
                json!({"type": "json_schema", "json_schema": {"name": "out", "schema": schema, "strict": true}})
            }
        };
    }
}
