//! Whole streams as providers are known to write them, beside what is documented: none of them may
//! be taken for one that is cut.

use pointsman::request::format::Format;
use pointsman::response::body::BodyReader;
use serde_json::{Value, json};

use crate::streams::{EVENTS, FRAMES, JSON, event};

/// Returns the events of a stream, each with that data.
fn events(data: &[Value]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

/// Returns an event of a chat.
fn chat(choices: Value) -> Value {
    json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices})
}

fn choice(index: u64, delta: Value, reason: Value) -> Value {
    json!({"index": index, "delta": delta, "finish_reason": reason})
}

/// Returns one choice in an event of its own.
fn one(delta: Value, reason: Value) -> Value {
    chat(json!([choice(0, delta, reason)]))
}

/// Streams of the formats of OpenAI's chat.
fn chats() -> Vec<String> {
    let say = |text: &str| one(json!({"content": text}), Value::Null);
    let stop = |delta: Value| one(delta, json!("stop"));
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let with_usage = |mut of: Value| {
        of["usage"] = usage.clone();
        of
    };
    let call = json!({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": "{}"}}]});
    let many = |of: &dyn Fn(u64) -> Value| (0..70).map(of).collect::<Vec<_>>();
    let mut all = vec![
        // Without [DONE], as Perplexity sends it; what comes after the end brings nothing.
        events(&[say("a"), stop(json!({}))]),
        events(&[say("a"), stop(json!({})), with_usage(chat(json!([])))]),
        events(&[
            say("a"),
            stop(json!({"content": ""})),
            with_usage(one(json!({"role": "assistant", "content": ""}), Value::Null)),
        ]),
        events(&[
            say("a"),
            stop(json!({})),
            one(json!({"content": null, "reasoning": null, "tool_calls": []}), Value::Null),
        ]),
        events(&[
            say("a"),
            stop(json!({})),
            chat(
                json!([{"index": 0, "finish_reason": null, "content_filter_offsets": {"check_offset": 1}, "content_filter_results": {"hate": {"filtered": false}}}]),
            ),
        ]),
        events(&[one(call.clone(), json!("tool_calls"))]),
        events(&[one(call.clone(), Value::Null), one(json!({}), json!("tool_calls"))]),
        events(&[
            one(json!({"reasoning_content": "hm"}), Value::Null),
            one(json!({}), json!("length")),
        ]),
        // Gemini's: the reason has the name of its own API beside a null.
        events(&[
            say("a"),
            chat(json!([{"index": 0, "delta": {}, "finish_reason": null, "finishReason": "stop"}])),
        ]),
        // Without a reason, as gateways of Gemini's do it, but with one of the two other marks.
        events(&[say("a"), with_usage(chat(json!([])))]),
        events(&[say("a")]) + "data: [DONE]",
        events(&[say("a")]) + "data: [DONE]\n",
        events(&[say("a")]) + "data:[DONE]\r\n\r\n",
        events(&[say("a")]) + "event: done\ndata: [DONE]\n\n",
        events(&[say("a")]) + "data: DONE\n\n",
        events(&[say("a")]) + "data: [DONE]\n\n: bye\n\n",
        events(&[say("a"), stop(json!({}))]).trim_end().to_owned(),
        // One line feed for the end of an event.
        events(&[say("a"), say("b"), stop(json!({}))]).replace("\n\n", "\n"),
        events(&[say("a"), say("b")]).replace("\n\n", "\n") + "data: [DONE]\n",
        // Several answers.
        events(&[
            chat(json!([
                choice(0, json!({"content": "a"}), Value::Null),
                choice(1, json!({"content": "a"}), Value::Null)
            ])),
            chat(json!([choice(1, json!({}), json!("stop"))])),
            chat(json!([choice(0, json!({"content": "b"}), json!("length"))])),
        ]),
        events(&[
            chat(many(&|at| choice(at, json!({"content": "a"}), Value::Null)).into()),
            chat(many(&|at| choice(at, json!({}), json!("stop"))).into()),
        ]),
        // Whole messages in place of deltas, as MiniMax ends its streams.
        events(&[
            say("a"),
            chat(
                json!([{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]),
            ),
        ]),
    ];
    let commented =
        format!(": OPENROUTER PROCESSING\n\n{}: x\n\n", events(&[say("a"), stop(json!({}))]));
    all.push(commented);
    all
}

fn responses() -> Vec<String> {
    let delta = json!({"type": "response.output_text.delta", "delta": "a", "sequence_number": 4});
    let last = |of: &str, status: &str| json!({"type": of, "response": {"id": "r", "status": status, "output": []}});
    [
        ("response.completed", "completed"),
        ("response.incomplete", "incomplete"),
        // OpenRouter's.
        ("response.done", "completed"),
        // Of one that runs in the background and is called off.
        ("response.cancelled", "cancelled"),
    ]
    .iter()
    .map(|(of, status)| events(&[delta.clone(), last(of, status)]))
    .collect()
}

fn gemini() -> Vec<String> {
    let say = |text: &str| json!({"content": {"role": "model", "parts": [{"text": text}]}});
    let with = |mut of: Value, key: &str, value: Value| {
        of[key] = value;
        of
    };
    let of = |candidates: Value| json!({"candidates": candidates, "usageMetadata": {"promptTokenCount": 3}});
    let stop = |of: Value| with(of, "finishReason", json!("STOP"));
    let second = |of: Value| with(of, "index", json!(1));
    vec![
        events(&[of(json!([say("a")])), of(json!([stop(say("b"))]))]),
        events(&[of(json!([say("a")])), of(json!([{"finishReason": "STOP"}]))]),
        events(&[of(json!([say("a")])), of(json!([stop(json!({"content": {"role": "model"}}))]))]),
        events(&[of(json!([stop(say("a"))])), of(json!([say("")]))]),
        events(&[of(json!([stop(say("a"))])), json!({"usageMetadata": {"promptTokenCount": 3}})]),
        events(&[
            of(json!([stop(say("a"))])),
            of(json!([{"groundingMetadata": {"webSearchQueries": ["a"]}}])),
        ]),
        events(&[
            of(json!([stop(say("a"))])),
            of(json!([{"content": {"role": "model", "parts": []}}])),
        ]),
        events(&[
            of(json!([stop(say("a"))])),
            of(json!([{"content": {"parts": [{"text": "", "thoughtSignature": "AA=="}]}}])),
        ]),
        events(&[of(json!([say("a")])), json!({"promptFeedback": {"blockReason": "SAFETY"}})]),
        events(&[
            of(json!([say("a")])),
            of(json!([{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "m"}])),
        ]),
        events(&[
            of(json!([say("a"), second(say("b"))])),
            of(json!([stop(say("c"))])),
            of(json!([second(stop(say("c")))])),
        ]),
        events(&[
            of(json!([say("a"), second(say("b"))])),
            of(json!([second(stop(say("c"))), stop(json!({}))])),
        ]),
        events(&[of(json!([stop(
            json!({"content": {"parts": [{"functionCall": {"name": "f", "args": {}}}]}})
        )]))]),
    ]
}

fn anthropic() -> Vec<String> {
    let start = json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "content": [], "stop_reason": null, "usage": {"input_tokens": 1}}});
    let block = |of: Value| json!({"type": "content_block_start", "index": 0, "content_block": of});
    let delta = |of: Value| json!({"type": "content_block_delta", "index": 0, "delta": of});
    let end = json!({"type": "content_block_stop", "index": 0});
    let reason = |of: &str| json!({"type": "message_delta", "delta": {"stop_reason": of, "stop_sequence": null}, "usage": {"output_tokens": 3}});
    let stop = json!({"type": "message_stop"});
    let tool = block(json!({"type": "tool_use", "id": "t", "name": "f", "input": {}}));
    let input = delta(json!({"type": "input_json_delta", "partial_json": "{}"}));
    let thought = delta(json!({"type": "thinking_delta", "thinking": "hm"}));
    vec![
        events(&[
            start.clone(),
            tool.clone(),
            input,
            end.clone(),
            reason("tool_use"),
            stop.clone(),
        ]),
        events(&[start.clone(), tool, end.clone(), reason("tool_use"), stop.clone()]),
        events(&[start.clone(), thought.clone(), end.clone(), reason("max_tokens"), stop.clone()]),
        events(&[start.clone(), thought.clone(), end.clone(), reason("pause_turn")]),
        events(&[start, thought, stop]).trim_end().to_owned(),
        // The API before messages.
        events(&[
            json!({"type": "completion", "completion": "a", "stop_reason": null}),
            json!({"type": "completion", "completion": "", "stop_reason": "stop_sequence"}),
        ]),
    ]
}

fn others() -> Vec<(Format, &'static str, Vec<u8>)> {
    let lines =
        |all: &[Value]| all.iter().map(|one| format!("{one}\n")).collect::<String>().into_bytes();
    let call = json!({"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]});
    let cohere = events(&[
        json!({"type": "message-start", "delta": {"message": {"role": "assistant"}}}),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I"}}}),
        json!({"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": {"id": "t", "function": {"name": "f", "arguments": ""}}}}}),
        json!({"type": "tool-call-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": {}}}),
    ]);
    let converse = [
        event("messageStart", r#"{"role":"assistant"}"#),
        event(
            "contentBlockStart",
            r#"{"contentBlockIndex":0,"start":{"toolUse":{"name":"f","toolUseId":"t"}}}"#,
        ),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{}"}}}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"tool_use"}"#),
        event(
            "metadata",
            r#"{"usage":{"inputTokens":1,"outputTokens":2},"metrics":{"latencyMs":1}}"#,
        ),
    ];
    let thought =
        json!({"message": {"role": "assistant", "content": "", "thinking": "hm"}, "done": false});
    vec![
        (
            Format::Ollama,
            "application/x-ndjson",
            lines(&[
                thought,
                json!({"message": call, "done": false}),
                json!({"message": {"role": "assistant", "content": ""}, "done_reason": "stop", "done": true}),
            ]),
        ),
        (
            Format::Ollama,
            JSON,
            lines(&[
                json!({"response": "a", "done": false}),
                json!({"response": "", "done": true, "context": [1, 2]}),
            ]),
        ),
        // Ollama's with models of MLX.
        (
            Format::Ollama,
            JSON,
            lines(&[
                json!({"response": "a", "done": false}),
                json!({"response": "", "done": false, "done_reason": "stop"}),
            ]),
        ),
        (
            Format::Ollama,
            JSON,
            lines(&[json!({"status": "pulling"}), json!({"status": "success"})]),
        ),
        (Format::CohereChat, EVENTS, cohere.into_bytes()),
        (
            Format::CohereChat,
            JSON,
            lines(&[
                json!({"is_finished": false, "event_type": "text-generation", "text": "a"}),
                json!({"is_finished": true, "event_type": "stream-end", "finish_reason": "COMPLETE"}),
            ]),
        ),
        (Format::BedrockConverse, FRAMES, converse.concat()),
    ]
}

#[test]
fn no_whole_stream_lacks_an_error() {
    let mut all = others();
    let of = |format: Format, streams: Vec<String>| {
        streams.into_iter().map(move |stream| (format, EVENTS, stream.into_bytes()))
    };
    all.extend(of(Format::OpenAiChat, chats()));
    all.extend(of(Format::AzureOpenAi, chats()));
    all.extend(of(Format::OpenAiResponses, responses()));
    all.extend(of(Format::AzureOpenAi, responses()));
    all.extend(of(Format::GeminiGenerate, gemini()));
    all.extend(of(Format::AnthropicMessages, anthropic()));
    let mut wrong = Vec::new();
    for (format, content_type, body) in all {
        for size in [1, 13, usize::MAX] {
            let mut reader = BodyReader::new(format, 200, Some(content_type), None).unwrap();
            body.chunks(size.min(body.len())).for_each(|chunk| reader.feed(chunk));
            if reader.missing_error().is_some() {
                wrong.push(format!("{format:?} {size}: {}", String::from_utf8_lossy(&body)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
