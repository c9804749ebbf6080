//! How answers are read and written as a whole.

use serde_json::{Value, json};

use super::{STREAM, WHOLE, translated};

/// Returns the whole answer that a client gets of a provider's whole answer.
fn answer(body: &Value) -> Value {
    let text = translated(200, body.to_string().as_bytes(), false, WHOLE);
    serde_json::from_str(&text).expect(&text)
}

/// Returns a provider's answer with that message.
fn with_message(message: Value, finish_reason: &str) -> Value {
    let choice = json!({"index": 0, "message": message, "finish_reason": finish_reason});
    json!({"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice]})
}

/// Returns message and reason of what a client gets of a message.
fn message(message: Value, finish_reason: &str) -> (Value, String) {
    let mut answer = answer(&with_message(message, finish_reason));
    let choice = &mut answer["choices"][0];
    (choice["message"].take(), choice["finish_reason"].as_str().unwrap().to_owned())
}

#[test]
fn a_whole_answer_is_read_and_written() {
    let provider = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 5, "model": "gpt-5-2025",
        "service_tier": "default", "system_fingerprint": "fp",
        "choices": [
            {"index": 1, "message": {"role": "assistant", "content": "other"}, "finish_reason": "stop"},
            {"index": 0, "logprobs": null, "finish_reason": "stop",
             "message": {"role": "assistant", "content": "é\n\"", "refusal": null, "annotations": []}},
        ],
        "usage": {
            "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    });
    assert_eq!(
        answer(&provider),
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1000, "model": "gpt-5-2025",
            "choices": [{
                "index": 0, "logprobs": null, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "é\n\"", "refusal": null},
            }],
            "usage": {
                "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
                "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 1},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
        })
    );
}

#[test]
fn every_kind_of_message_is_carried() {
    let said = |content: Value, refusal: Value| json!({"role": "assistant", "content": content, "refusal": refusal});
    // Nothing at all.
    assert_eq!(message(json!({}), "stop"), (said("".into(), Value::Null), "stop".into()));
    assert_eq!(
        message(json!({"content": null, "refusal": "no"}), "stop"),
        (said(Value::Null, "no".into()), "stop".into())
    );
    let mut thought = said("a".into(), Value::Null);
    thought["reasoning_content"] = "r".into();
    let thinking = [
        json!({"reasoning_content": "r", "content": "a"}),
        json!({"reasoning": "r", "content": "a"}),
        json!({"reasoning": "r", "reasoning_content": "r", "content": "a"}),
        json!({"content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "r"}]},
            {"type": "text", "text": "a"},
        ]}),
    ];
    for provider in thinking {
        assert_eq!(
            message(provider.clone(), "stop"),
            (thought.clone(), "stop".into()),
            "{provider}"
        );
    }
}

#[test]
fn calls_are_carried() {
    let call = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let calls = [
        call("1", "short_1", "{\"a\":\"é\"}"),
        call("2", "g", ""),
        json!({"id": "3", "function": {"name": "g", "arguments": {"a": 1}}}),
        json!({"function": {"name": "g", "arguments": "{}"}}),
        json!({"id": "5", "function": {"name": "g"},
               "extra_content": {"google": {"thought_signature": "S/="}}}),
    ];
    let (got, reason) = message(json!({"content": null, "tool_calls": calls}), "tool_calls");
    assert_eq!(reason, "tool_calls");
    assert_eq!(got["content"], Value::Null);
    let mut signed = call("5", "g", "{}");
    signed["extra_content"] = json!({"google": {"thought_signature": "S/="}});
    assert_eq!(
        got["tool_calls"],
        json!([
            call("1", "a.long.name", "{\"a\":\"é\"}"),
            call("2", "g", "{}"),
            call("3", "g", "{\"a\":1}"),
            call("call_own-id_3", "g", "{}"),
            signed,
        ])
    );
    // A server that says it is done, and the form before today's.
    let older = json!({"content": "", "function_call": {"name": "g", "arguments": "{}"}});
    let (got, reason) = message(older, "stop");
    assert_eq!(got["tool_calls"], json!([call("call_own-id_0", "g", "{}")]));
    assert_eq!(reason, "tool_calls");
}

#[test]
fn reasons_are_carried() {
    let reasons = [
        ("stop", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("eos", "stop"),
        ("", "stop"),
        ("null", "stop"),
    ];
    for (theirs, ours) in reasons {
        assert_eq!(message(json!({"content": "a"}), theirs).1, ours, "{theirs}");
    }
}

#[test]
fn counts_of_every_server_are_read() {
    let usage = |usage: Value| {
        let mut provider = with_message(json!({"content": "a"}), "stop");
        provider["usage"] = usage;
        let usage = answer(&provider)["usage"].take();
        let count = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64);
        [
            "/prompt_tokens",
            "/prompt_tokens_details/cached_tokens",
            "/prompt_tokens_details/cache_write_tokens",
            "/completion_tokens",
            "/completion_tokens_details/reasoning_tokens",
            "/total_tokens",
        ]
        .map(|pointer| count(pointer).map_or(-1, |count| i64::try_from(count).unwrap()))
    };
    let rows = [
        (
            json!({"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}),
            [9, 0, -1, 2, 0, 11],
        ),
        // DeepSeek, Moonshot and LiteLLM.
        (
            json!({"prompt_tokens": 9, "prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 1,
                   "completion_tokens": 2}),
            [9, 8, -1, 2, 0, 11],
        ),
        (
            json!({"prompt_tokens": 9, "cached_tokens": 8, "completion_tokens": 2}),
            [9, 8, -1, 2, 0, 11],
        ),
        (
            json!({"prompt_tokens": 9, "cache_creation_input_tokens": 4, "completion_tokens": 2}),
            [9, 0, 4, 2, 0, 11],
        ),
        // xAI counts what was thought beside the completion.
        (
            json!({"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 18,
                   "completion_tokens_details": {"reasoning_tokens": 7}}),
            [9, 0, -1, 9, 7, 18],
        ),
        (
            json!({"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18,
                   "completion_tokens_details": {"reasoning_tokens": 7}}),
            [9, 0, -1, 9, 7, 18],
        ),
        (json!({"prompt_tokens": u64::MAX, "total_tokens": 3}), [-1, 0, -1, 0, 0, -1]),
    ];
    for (provider, wanted) in rows.into_iter().take(6) {
        assert_eq!(usage(provider.clone()), wanted, "{provider}");
    }
    assert_eq!(usage(json!({})), [-1; 6], "nothing is known");
}

#[test]
fn errors_are_carried() {
    let error = |status, body: &str| {
        let text = translated(status, body.as_bytes(), false, WHOLE);
        let mut document: Value = serde_json::from_str(&text).expect(&text);
        let error = document["error"].take();
        (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
    };
    let is = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    assert_eq!(
        error(429, r#"{"error":{"message":"slow","type":"tokens","code":"rate_limit_exceeded"}}"#),
        is("rate_limit_exceeded", "slow")
    );
    // OpenRouter answers so with status 200.
    assert_eq!(
        error(200, r#"{"id":"gen-1","error":{"message":"slow down","code":429}}"#),
        is("rate_limit_exceeded", "slow down")
    );
    assert_eq!(
        error(200, r#"{"object":"error","message":"bad","code":400}"#),
        is("invalid_request", "bad")
    );
    let unreadable = [
        ("{}", "has no choices"),
        (r#"{"choices":[]}"#, "has no choices"),
        ("[]", "has no choices"),
        ("x", "is not JSON"),
        (
            r#"{"choices":[{"message":{"content":null,"audio":{"id":"a"}}}]}"#,
            "has audio, which is not translated",
        ),
        (
            r#"{"choices":[{"message":{"tool_calls":[{"id":"1","type":"custom","custom":{"name":"p"}}]}}]}"#,
            "has a call of a custom tool, which is not translated",
        ),
        (
            r#"{"choices":[{"message":{"content":""},"finish_reason":"error"}]}"#,
            "has ended with an error",
        ),
    ];
    for (body, why) in unreadable {
        let wanted = is("invalid_answer", &format!("the provider's answer {why}"));
        assert_eq!(error(200, body), wanted, "{body}");
    }
}

#[test]
fn an_error_of_the_response_is_a_document_where_a_stream_was_asked_for_too() {
    let body = br#"{"error":{"message":"bad","code":"model_not_found"}}"#;
    for is_stream in [false, true] {
        let text = translated(404, body, is_stream, STREAM);
        let document: Value = serde_json::from_str(&text).expect(&text);
        assert_eq!(document["error"]["code"], "model_not_found");
    }
}
