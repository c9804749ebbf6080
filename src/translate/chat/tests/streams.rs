//! How streams are read and written.

use serde_json::{Value, json};

use super::{QUIET_STREAM, STREAM, translated};

/// Returns a provider's stream of these chunks, with its mark.
fn stream(chunks: &[&str]) -> String {
    let events: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    format!("{events}data: [DONE]\n\n")
}

/// Returns the events that a client gets, each as its data, and comments as they are.
fn events(text: &str) -> Vec<Value> {
    let event = |event: &str| match event.strip_prefix("data: ") {
        Some("[DONE]") => "[DONE]".into(),
        Some(data) => serde_json::from_str(data).expect(data),
        None => event.into(),
    };
    text.strip_suffix("\n\n").unwrap().split("\n\n").map(event).collect()
}

/// Returns the deltas that a client gets, with reasons, and what else comes.
fn deltas(provider: &str) -> Vec<Value> {
    let text = translated(200, provider.as_bytes(), true, QUIET_STREAM);
    let delta = |mut event: Value| {
        let choice = event.pointer_mut("/choices/0").map(Value::take);
        match choice {
            Some(mut choice) if choice["finish_reason"].is_null() => choice["delta"].take(),
            Some(mut choice) => choice["finish_reason"].take(),
            None => event,
        }
    };
    events(&text).into_iter().map(delta).collect()
}

/// Returns the deltas that a client gets of deltas, without the first and the end.
fn of_deltas(provider: &[&str]) -> Vec<Value> {
    let chunk = |delta: &&str| format!(r#"{{"id":"c","choices":[{{"index":0,"delta":{delta}}}]}}"#);
    let chunks: Vec<_> = provider.iter().map(chunk).collect();
    let chunks: Vec<_> = chunks.iter().map(String::as_str).collect();
    let mut all = deltas(&stream(&chunks));
    assert_eq!(all.remove(0), json!({"role": "assistant", "content": ""}));
    assert_eq!(all.pop(), Some("[DONE]".into()));
    all.pop();
    all
}

/// Returns a piece of a call as a client gets it.
fn piece(index: u64, arguments: &str) -> Value {
    json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})
}

/// Returns the beginning of a call as a client gets it.
fn begun(index: u64, id: &str, name: &str) -> Value {
    let function = json!({"name": name, "arguments": ""});
    json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]})
}

#[test]
fn chunks_have_what_clients_read() {
    let provider = stream(&[
        // Azure's first.
        r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]}"#,
        r#"{"id":"c1","model":"m1","created":5,"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c1","model":"m1","choices":[{"index":0,"delta":{"content":"é\n"},"finish_reason":null}]}"#,
        r#"{"id":"c1","model":"m1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"id":"c1","model":"m1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
    ]);
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": "c1", "object": "chat.completion.chunk", "created": 1000, "model": "m1",
            "choices": choices, "usage": usage,
        })
    };
    let choice = |delta: Value, reason: Value| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]);
    let wanted = [
        chunk(choice(json!({"role": "assistant", "content": ""}), Value::Null), Value::Null),
        chunk(choice(json!({"content": "é\n"}), Value::Null), Value::Null),
        chunk(choice(json!({}), "stop".into()), Value::Null),
        chunk(
            json!([]),
            json!({
                "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            }),
        ),
        "[DONE]".into(),
    ];
    assert_eq!(events(&translated(200, provider.as_bytes(), true, STREAM)), wanted);
    // Without the wish there is no usage at all.
    let quiet = translated(200, provider.as_bytes(), true, QUIET_STREAM);
    assert!(!quiet.contains("usage"), "{quiet}");
    assert_eq!(events(&quiet).len(), 4);
}

#[test]
fn words_are_carried_as_they_come() {
    let provider = [
        r#"{"reasoning_content":"r","content":null}"#,
        r#"{"reasoning":"s"}"#,
        r#"{"content":"a"}"#,
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]}]}"#,
        r#"{"content":""}"#,
        r#"{"content":"b"}"#,
        r#"{"refusal":"no"}"#,
    ];
    assert_eq!(
        of_deltas(&provider),
        [
            json!({"reasoning_content": "r"}),
            json!({"reasoning_content": "s"}),
            json!({"content": "a"}),
            json!({"reasoning_content": "t"}),
            json!({"content": "b"}),
            json!({"refusal": "no"}),
        ]
    );
}

#[test]
fn calls_are_counted_and_do_not_overlap() {
    let provider = [
        r#"{"content":"a","tool_calls":[{"index":0,"id":"1","type":"function","function":{"name":"f","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"2","type":"function","function":{"name":"short_1","arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}"#,
    ];
    assert_eq!(
        of_deltas(&provider),
        [
            json!({"content": "a"}),
            begun(0, "1", "f"),
            piece(0, "{\"x\""),
            piece(0, ":1}"),
            begun(1, "2", "a.long.name"),
            piece(1, "{}"),
        ]
    );
}

#[test]
fn calls_are_read_however_they_are_sent() {
    // Without an index, as a whole, without arguments.
    let whole = [
        r#"{"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"2","function":{"name":"g"}}]}"#,
    ];
    let wanted = [begun(0, "1", "f"), piece(0, "{\"a\":1}"), begun(1, "2", "g"), piece(1, "{}")];
    assert_eq!(of_deltas(&whole), wanted);
    // Google's, all with the same index.
    let same = [
        r#"{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{\"a\":1}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"2","function":{"name":"g","arguments":"{}"}}]}"#,
    ];
    let wanted = [begun(0, "1", "f"), piece(0, "{\"a\":1}"), begun(1, "2", "g"), piece(1, "{}")];
    assert_eq!(of_deltas(&same), wanted);
    // The name after the arguments.
    let late = [
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":":1}"}}]}"#,
    ];
    assert_eq!(of_deltas(&late), [begun(0, "1", "f"), piece(0, "{\"a\":1}")]);
    // The form before today's.
    let older = [
        r#"{"function_call":{"name":"f","arguments":""}}"#,
        r#"{"function_call":{"arguments":"{}"}}"#,
    ];
    assert_eq!(of_deltas(&older), [begun(0, "call_own-id_0", "f"), piece(0, "{}")]);
    // A signature of Google's.
    let signed = [
        r#"{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"S\/="}}}]}"#,
    ];
    let mut first = begun(0, "1", "f");
    first["tool_calls"][0]["extra_content"] = json!({"google": {"thought_signature": "S/="}});
    assert_eq!(of_deltas(&signed), [first, piece(0, "{}")]);
}

#[test]
fn only_a_real_reason_ends_an_answer() {
    let chunk = |content: &str, reason: &str| {
        let usage = r#""usage":{"prompt_tokens":3,"completion_tokens":1}"#;
        format!(
            r#"{{"id":"c","choices":[{{"delta":{{"content":"{content}"}},"finish_reason":{reason}}}],{usage}}}"#
        )
    };
    let chunks =
        [chunk("a", "\"\""), chunk("b", "\"null\""), chunk("c", "null"), chunk("d", "\"length\"")];
    let chunks: Vec<_> = chunks.iter().map(String::as_str).collect();
    let text = |text: &str| json!({"content": text});
    assert_eq!(
        deltas(&stream(&chunks))[1..],
        [text("a"), text("b"), text("c"), text("d"), "length".into(), "[DONE]".into(),]
    );
    // Counts that come with every chunk are not added up.
    let all = translated(200, stream(&chunks).as_bytes(), true, STREAM);
    let usage = &events(&all)[6]["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&3.into(), &1.into()));
    // OpenRouter sends more after the reason.
    let more = stream(&[&chunk("a", "\"stop\""), &chunk("", "null")]);
    assert_eq!(deltas(&more)[1..], [text("a"), "stop".into(), "[DONE]".into()]);
}

#[test]
fn a_comment_is_passed_on_and_is_no_chunk() {
    let provider = ": OPENROUTER PROCESSING\n\n\
        data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n\
        : OPENROUTER PROCESSING\n\n\
        data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let wanted = [
        ": ping".into(),
        json!({"role": "assistant", "content": ""}),
        json!({"content": "a"}),
        ": ping".into(),
        "stop".into(),
        "[DONE]".into(),
    ];
    assert_eq!(deltas(provider), wanted);
}

#[test]
fn the_text_that_ended_an_answer_does_not_change_the_reason() {
    let provider = stream(&[
        r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop","stop_reason":"END"}]}"#,
    ]);
    assert_eq!(deltas(&provider)[2], "stop");
}

#[test]
fn an_error_ends_a_stream_without_the_usual_mark() {
    let begun = r#"{"id":"c","choices":[{"delta":{"content":"a"}}]}"#;
    let rows = [
        (
            r#"{"error":{"message":"no","type":"server_error","code":null}}"#,
            ("server_error", "server_error", "no"),
        ),
        (
            r#"{"id":"c","choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":429,"message":"no"}}"#,
            ("rate_limit_exceeded", "rate_limit_error", "no"),
        ),
        (
            r#"{"choices":[{"delta":{"audio":{"id":"a"}}}]}"#,
            (
                "invalid_answer",
                "server_error",
                "the provider's answer has audio, which is not translated",
            ),
        ),
    ];
    for (chunk, (code, kind, message)) in rows {
        let all = deltas(&stream(&[begun, chunk]));
        let error = json!({"code": code, "type": kind, "message": message, "param": null});
        assert_eq!(all[2..], [json!({"error": error})], "{chunk}");
    }
    // One that is broken off.
    let all = deltas(&format!("data: {begun}\n\n"));
    assert_eq!(all.last().unwrap()["error"]["code"], "stream_broken_off");
}
