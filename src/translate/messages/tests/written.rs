//! Round trips: what is read and written again says the same.

use serde_json::{Value, json};

use super::{request, rewritten};

/// Asserts that nothing changes but what `usual` says.
fn same(body: &Value) {
    let model = body["model"].as_str().unwrap().to_owned();
    let (sent, lost, renamed) = rewritten(body, &model, |_| {});
    assert_eq!(lost, Vec::<String>::new(), "{body}");
    assert_eq!(&sent, body);
    assert!(renamed.is_empty());
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
fn a_whole_request_comes_back() {
    same(&json!({
        "model": "claude-sonnet-4-5", "max_tokens": 3000, "stream": true,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "look", "description": "d \"q\"", "strict": true, "input_schema":
            {"type": "object", "properties": {"z": {"type": "number"}, "a": {"type": "string"}},
                "additionalProperties": false},
            "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "output_config": {"format": {"type": "json_schema",
            "schema": {"type": "object", "properties": {}, "additionalProperties": false}}},
        "stop_sequences": ["END"], "metadata": {"user_id": "u-1"},
        "messages": [
            {"role": "user", "content": [
                text("a é \u{1F600} \n"),
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
                {"type": "image", "source": {"type": "url", "url": "https://x/y.png"},
                    "cache_control": {"type": "ephemeral"}},
                {"type": "document", "title": "T", "source":
                    {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}},
                {"type": "document", "source":
                    {"type": "text", "media_type": "text/plain", "data": "words"}},
                {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
            ]},
            {"role": "assistant", "content": [
                text("Looking."),
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"z": 1.50, "a": "b"}},
                {"type": "tool_use", "id": "toolu_2", "name": "look", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [
                    text("r"),
                    {"type": "image", "source": {"type": "url", "url": "https://x"}},
                ]},
                {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true,
                    "cache_control": {"type": "ephemeral"}},
            ]},
            {"role": "assistant", "content": [text("Done.")]},
            {"role": "user", "content": [text("more")]},
        ],
    }));
}

#[test]
fn settings_that_exclude_thinking_come_back_without_it() {
    for settings in [
        json!({"temperature": 0.5, "top_k": 7}),
        json!({"top_p": 0.9}),
        json!({"tools": [{"name": "t", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "none"}}),
        json!({"tools": [{"name": "t", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true}}),
        json!({"tools": [{"name": "t", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "tool", "name": "t"}}),
    ] {
        let mut body = request(&settings);
        body["model"] = "claude-sonnet-4-5".into();
        body["messages"] = json!([{"role": "user", "content": [text("hi")]}]);
        same(&body);
    }
}

#[test]
fn numbers_keys_and_escapes_stay_as_they_are_written() {
    use super::super::super::{ClientApi, ProviderApi};
    let body = br#"{"max_tokens":9,"model":"m","temperature":5e-1,"messages":[{"role":"user","content":"a\u00e9\/\ud83d\ude00\ud83d"},
        {"role":"assistant","content":[{"type":"tool_use","id":"i","name":"t","input":{"z":1.0e2, "a":"\u0041"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"i","content":"r"}]}],
        "tools":[{"name":"t","input_schema":{"type":"object", "b":{"z":1,"a":2.50}}}]}"#;
    let sent = super::super::super::request(
        (ClientApi::Messages, ProviderApi::Messages),
        body,
        false,
        ("m2", 10),
    );
    let sent = sent.unwrap().body;
    for part in [
        r#""model":"m2","max_tokens":9,"#,
        r#""temperature":5e-1"#,
        r#""text":"a\u00e9\/\ud83d\ude00\ufffd""#,
        r#""input":{"z":1.0e2, "a":"\u0041"}"#,
        r#""input_schema":{"type":"object", "b":{"z":1,"a":2.50}}"#,
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
}

#[test]
fn documents_in_other_forms_keep_what_they_bring() {
    let mark = json!({"type": "ephemeral"});
    let document = |source: Value| {
        let mut body = request(&json!({}));
        body["messages"] = json!([{"role": "user", "content": [
            {"type": "document", "title": "T", "context": "C", "source": source, "cache_control": mark},
        ]}]);
        let (sent, lost, _) = rewritten(&body, "m", |_| {});
        assert!(lost.is_empty(), "{lost:?}");
        sent["messages"][0]["content"].clone()
    };
    let source = json!({"type": "url", "url": "u"});
    let wanted = json!([text("C"),
        {"type": "document", "source": source, "title": "T", "cache_control": mark}]);
    assert_eq!(document(source), wanted);
    let marked = json!({"type": "text", "text": "b", "cache_control": mark});
    let parts = json!({"type": "content", "content": [text("a"), text("b")]});
    assert_eq!(document(parts), json!([text("C"), text("T"), text("a"), marked]));
    let whole = json!({"type": "content", "content": "b"});
    assert_eq!(document(whole), json!([text("C"), text("T"), marked]));
}
