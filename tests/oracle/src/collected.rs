//! Puts streams together as the providers' libraries do, and brings answers into one form: what they say,
//! why they end, and what they cost.

use serde_json::{Value, json};

use crate::normal::{arguments, list};

/// Returns the events of a stream: the data of each, without marks and comments.
pub(crate) fn events(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let data = data.filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// Returns what an answer of Chat Completions says.
pub(crate) fn chat(answer: &Value) -> Value {
    let choice = &answer["choices"][0];
    let mut message = choice["message"].clone();
    arguments(&mut message);
    let text = |key: &str| message[key].as_str().unwrap_or_default();
    json!({
        "content": text("content"), "reasoning": text("reasoning_content"), "refusal": text("refusal"),
        "calls": message["tool_calls"].as_array().into_iter().flatten().collect::<Vec<_>>(),
        "finish": choice["finish_reason"], "id": answer["id"], "model": answer["model"],
        "usage": chat_usage(&answer["usage"]),
    })
}

fn chat_usage(usage: &Value) -> Value {
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    json!({
        "input": count("/prompt_tokens"), "output": count("/completion_tokens"), "total": count("/total_tokens"),
        "cached": count("/prompt_tokens_details/cached_tokens"),
        "written": count("/prompt_tokens_details/cache_write_tokens")
            .max(count("/prompt_tokens_details/cache_creation_tokens")),
        "reasoning": count("/completion_tokens_details/reasoning_tokens"),
    })
}

/// Returns the answer that chunks of Chat Completions add up to, as OpenAI's library has it.
pub(crate) fn chat_of(chunks: &[Value]) -> Value {
    let (mut texts, mut calls) = (json!({"role": "assistant"}), Vec::<Value>::new());
    let (mut finish, mut usage) = (Value::Null, Value::Null);
    for chunk in chunks {
        if chunk["usage"].is_object() {
            usage = chunk["usage"].clone();
        }
        let choice = &chunk["choices"][0];
        let delta = &choice["delta"];
        for key in ["content", "reasoning_content", "refusal"] {
            let before = texts[key].as_str().unwrap_or_default().to_owned();
            texts[key] = json!(before + delta[key].as_str().unwrap_or_default());
        }
        for piece in delta["tool_calls"].as_array().into_iter().flatten() {
            let at =
                usize::try_from(piece["index"].as_u64().expect("the number of a call")).unwrap();
            if at == calls.len() {
                calls.push(
                    json!({"id": piece["id"], "type": "function", "function": {"arguments": ""}}),
                );
            }
            let function = &mut calls[at]["function"];
            if let Some(name) = piece["function"]["name"].as_str() {
                function["name"] = json!(name);
            }
            let before = function["arguments"].as_str().unwrap().to_owned();
            function["arguments"] =
                json!(before + piece["function"]["arguments"].as_str().unwrap_or_default());
        }
        if choice["finish_reason"].is_string() {
            assert!(finish.is_null(), "it ends twice");
            finish = choice["finish_reason"].clone();
        }
    }
    if !calls.is_empty() {
        texts["tool_calls"] = Value::Array(calls);
    }
    json!({
        "id": chunks[0]["id"], "model": chunks[0]["model"], "usage": usage,
        "choices": [{"message": texts, "finish_reason": finish}],
    })
}

/// Returns what an answer of Messages says.
pub(crate) fn messages(answer: &Value) -> Value {
    let mut content = answer["content"].clone();
    for block in list(&mut content) {
        if block["type"] == "tool_use" {
            block["input"] = json!(block["input"].to_string());
        }
    }
    let usage = &answer["usage"];
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    json!({
        "content": content, "reason": answer["stop_reason"], "sequence": answer["stop_sequence"],
        "id": answer["id"], "model": answer["model"],
        "usage": {
            "input": count("/input_tokens"), "output": count("/output_tokens"),
            "cached": count("/cache_read_input_tokens"), "written": count("/cache_creation_input_tokens"),
            "reasoning": count("/output_tokens_details/thinking_tokens"),
        },
    })
}

/// Returns the answer that events of Messages add up to, as Anthropic's library has it. They come in the order
/// that is documented: <https://platform.claude.com/docs/en/build-with-claude/streaming#event-types>.
pub(crate) fn messages_of(events: &[Value]) -> Value {
    let mut message = events[0]["message"].clone();
    assert_eq!(events[0]["type"], "message_start");
    let mut open: Option<(u64, Value, String)> = None;
    let mut is_over = false;
    for event in &events[1..] {
        assert!(!is_over, "something follows the end");
        let index = event["index"].as_u64();
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert!(open.is_none(), "blocks overlap");
                let count = message["content"].as_array().unwrap().len();
                assert_eq!(index, u64::try_from(count).ok());
                open = Some((index.unwrap(), event["content_block"].clone(), String::new()));
            }
            "content_block_delta" => {
                let (at, block, input) = open.as_mut().expect("an open block");
                assert_eq!(Some(*at), index);
                let delta = &event["delta"];
                let key = match delta["type"].as_str().unwrap() {
                    "text_delta" => "text",
                    "thinking_delta" => "thinking",
                    "signature_delta" => "signature",
                    "input_json_delta" => {
                        input.push_str(delta["partial_json"].as_str().unwrap());
                        continue;
                    }
                    other => panic!("a delta of type {other}"),
                };
                let before = block[key].as_str().unwrap_or_default().to_owned();
                block[key] = json!(before + delta[key].as_str().unwrap());
            }
            "content_block_stop" => {
                let (_, mut block, input) = open.take().expect("an open block");
                if block["type"] == "tool_use" && !input.is_empty() {
                    block["input"] = serde_json::from_str(&input).unwrap();
                }
                message["content"].as_array_mut().unwrap().push(block);
            }
            "message_delta" => {
                for key in ["stop_reason", "stop_sequence"] {
                    message[key] = event["delta"][key].clone();
                }
                for (key, count) in event["usage"].as_object().unwrap() {
                    message["usage"][key] = count.clone();
                }
            }
            "message_stop" => is_over = true,
            other => assert_eq!(other, "ping"),
        }
    }
    assert!(is_over && open.is_none(), "it has no end");
    message
}

/// Returns what an answer of the Responses API says.
pub(crate) fn responses(answer: &Value) -> Value {
    let items = || answer["output"].as_array().unwrap().iter();
    let of = |kind: &'static str| items().filter(move |item| item["type"] == kind);
    let texts = |list: &str, item: &Value, key: &str| -> String {
        let parts = item[list].as_array().into_iter().flatten();
        parts.filter_map(|part| part[key].as_str().map(str::to_owned)).collect()
    };
    let all = |kind, list: &str, key: &str| -> String {
        of(kind).map(|item| texts(list, item, key)).collect()
    };
    let mut calls: Vec<_> = of("function_call").cloned().collect();
    for call in &mut calls {
        let text = call["arguments"].as_str().unwrap();
        let parsed: Value = serde_json::from_str(text).unwrap_or(json!(text));
        *call =
            json!({"id": call["call_id"], "name": call["name"], "arguments": parsed.to_string()});
    }
    let usage = &answer["usage"];
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    json!({
        "content": all("message", "content", "text"), "refusal": all("message", "content", "refusal"),
        "reasoning": all("reasoning", "summary", "text"), "calls": calls, "model": answer["model"],
        "status": answer["status"], "why": answer["incomplete_details"]["reason"],
        "usage": {
            "input": count("/input_tokens"), "output": count("/output_tokens"), "total": count("/total_tokens"),
            "cached": count("/input_tokens_details/cached_tokens"),
            "reasoning": count("/output_tokens_details/reasoning_tokens"),
        },
    })
}

/// Returns the answer of the last event of a stream of the Responses API, in which it is whole. Pieces of text
/// before it add up to the same.
pub(crate) fn responses_of(events: &[Value]) -> Value {
    let last = events.last().unwrap();
    let kind = last["type"].as_str().unwrap();
    assert!(kind == "response.completed" || kind == "response.incomplete", "{kind}");
    let answer = &last["response"];
    let deltas = |kind: &str| -> String {
        let deltas = events.iter().filter(|event| event["type"] == kind);
        deltas.map(|event| event["delta"].as_str().unwrap()).collect()
    };
    assert_eq!(responses(answer)["content"], json!(deltas("response.output_text.delta")));
    answer.clone()
}
