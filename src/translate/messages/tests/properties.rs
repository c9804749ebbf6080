//! Whatever comes, nothing panics, and the same comes out however it is cut.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::{ClientApi, ProviderApi, request};
use super::accumulate::translated;
use super::assert_valid;

/// Words that the readers look for, so that many of them are found.
const WORDS: &[&str] = &[
    "messages",
    "role",
    "content",
    "type",
    "text",
    "user",
    "assistant",
    "system",
    "tool_use",
    "id",
    "name",
    "input",
    "tool_result",
    "tool_use_id",
    "image",
    "document",
    "source",
    "base64",
    "url",
    "data",
    "media_type",
    "tools",
    "input_schema",
    "tool_choice",
    "thinking",
    "enabled",
    "adaptive",
    "budget_tokens",
    "signature",
    "output_config",
    "effort",
    "format",
    "cache_control",
    "ephemeral",
    "max_tokens",
    "message",
    "message_start",
    "content_block_start",
    "content_block",
    "index",
    "content_block_delta",
    "delta",
    "partial_json",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "usage",
    "input_tokens",
    "output_tokens",
    "stop_reason",
    "end_turn",
    "error",
    "redacted_thinking",
    "title",
    "context",
    "any",
    "tool",
    "auto",
    "",
];

/// What deltas are called, and their members.
const DELTAS: &[(&str, &str)] = &[
    ("text_delta", "text"),
    ("thinking_delta", "thinking"),
    ("signature_delta", "signature"),
    ("input_json_delta", "partial_json"),
];

fn value() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(WORDS).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Returns an event of a stream, most often one that there is.
fn event() -> impl Strategy<Value = Value> {
    let text = || "[a-z\"\\\\é😀\n{}:1]{0,6}";
    let index = 0_u64..4;
    prop_oneof![
        Just(json!({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3}}})),
        Just(json!({"type": "ping"})),
        (index.clone(), prop::sample::select(vec!["text", "thinking", "tool_use", "redacted_thinking", "server_tool_use"]), text()).prop_map(
            |(index, kind, text)| json!({"type": "content_block_start", "index": index, "content_block":
                {"type": kind, "text": text, "id": "i", "name": "n", "data": text, "thinking": text}})
        ),
        (index.clone(), prop::sample::select(DELTAS), text())
            .prop_map(|(index, (kind, member), text)| json!({"type": "content_block_delta", "index": index, "delta": {"type": kind, member: text}})),
        index.prop_map(|index| json!({"type": "content_block_stop", "index": index})),
        Just(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}})),
        value(),
    ]
}

/// Returns a turn that there may be, with a text that may be blank.
fn turn() -> impl Strategy<Value = Value> {
    let text = || prop_oneof!["[a-z ]{0,5}", Just(" \\n".to_owned()), "\\PC{0,5}"];
    let said = |role: &'static str| {
        move |texts: Vec<String>| {
            let blocks: Vec<_> =
                texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
            json!({"role": role, "content": blocks})
        }
    };
    let texts = || prop::collection::vec(text(), 0..3);
    prop_oneof![
        texts().prop_map(said("user")),
        texts().prop_map(said("assistant")),
        texts().prop_map(said("system")),
        (text(), text()).prop_map(|(id, name)| json!({"role": "assistant", "content": [
            {"type": "thinking", "thinking": name, "signature": id},
            {"type": "tool_use", "id": id, "name": name, "input": {"a": [id]}},
        ]})),
        (text(), text()).prop_map(|(id, result)| json!({"role": "user", "content": [
            {"type": "text", "text": "look", "cache_control": {"type": "ephemeral"}},
            {"type": "tool_result", "tool_use_id": id, "content": result},
        ]})),
    ]
}

proptest! {
    /// Whatever is not refused has the form that the API demands.
    #[test]
    fn what_is_sent_is_valid(
        turns in prop::collection::vec(turn(), 0..8),
        model in prop::sample::select(vec!["claude-sonnet-4-5", "claude-opus-4-8", "glm-4.6"]),
        budget in 1_u64..9000,
        stops in prop::collection::vec("[a \\n]{0,2}", 0..3),
        knobs in prop::collection::vec(prop::sample::select(vec!["temperature", "top_k"]), 0..2),
    ) {
        let mut body = json!({"max_tokens": 3000, "messages": turns, "stop_sequences": stops,
            "thinking": {"type": "enabled", "budget_tokens": budget}});
        for knob in knobs {
            body[knob] = 0.5.into();
        }
        let apis = (ClientApi::Messages, ProviderApi::Messages);
        let sent = request(apis, body.to_string().as_bytes(), false, (model, 100)).unwrap();
        if !sent.losses.is_refused() {
            assert_valid(&serde_json::from_str(&sent.body).unwrap());
        }
    }

    #[test]
    fn any_json_is_read_as_a_request(body in value(), inner in value()) {
        let within = json!({"messages": [{"role": "user", "content": [inner]}, body], "tools": [inner]});
        for body in [&body, &within] {
            let text = body.to_string();
            let apis = (ClientApi::Messages, ProviderApi::Messages);
            let sent = request(apis, text.as_bytes(), false, ("claude-opus-4-8", 100)).unwrap();
            prop_assert!(serde_json::from_str::<Value>(&sent.body).is_ok(), "{}", sent.body);
        }
    }

    #[test]
    fn any_json_is_read_as_an_answer(body in value()) {
        let text = body.to_string();
        let answer = translated(text.as_bytes(), (false, false), 17);
        prop_assert!(serde_json::from_str::<Value>(&answer).is_ok(), "{}", answer);
    }

    #[test]
    fn a_stream_is_the_same_however_it_is_cut(
        events in prop::collection::vec(event(), 0..12),
        piece in 1_usize..40,
        has_end in any::<bool>(),
    ) {
        let mut stream = String::new();
        for event in &events {
            stream += &format!("data: {event}\r\n\r\n");
        }
        if has_end {
            stream += "data: {\"type\":\"message_stop\"}\n\n";
        }
        for form in [true, false] {
            let whole = translated(stream.as_bytes(), (true, form), usize::MAX);
            let cut = translated(stream.as_bytes(), (true, form), piece);
            prop_assert_eq!(&whole, &cut);
            for data in whole.lines().filter_map(|line| line.strip_prefix("data: ")) {
                prop_assert!(serde_json::from_str::<Value>(data).is_ok(), "{}", data);
            }
        }
    }
}

#[test]
fn large_requests_are_translated_once_through() {
    let deep = format!("{}1{}", r#"{"a":["#.repeat(50), "]}".repeat(50));
    let tools: Vec<String> = (0..10_000)
        .map(|at| {
            format!(
                r#"{{"name":"tool number {at}","input_schema":{{"type":"object","x":{deep}}}}}"#
            )
        })
        .collect();
    let result = "é\\n".repeat(2 << 20);
    let body = format!(
        r#"{{"messages":[{{"role":"user","content":"a"}},
        {{"role":"assistant","content":[{{"type":"tool_use","id":"a.b","name":"tool number 5","input":{{}}}}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"a.b","content":"{result}"}}]}}],
        "tools":[{{"name":"t","input_schema":{{"x":{deep}}}}}]}}"#
    );
    let apis = (ClientApi::Messages, ProviderApi::Messages);
    let sent = request(apis, body.as_bytes(), false, ("claude-opus-4-8", 100)).unwrap();
    assert!(!sent.losses.is_refused() && sent.body.contains(&result));
    // Deep schemas of so many tools are more values than are kept, and flat ones are not.
    let many = |tools: &[String]| {
        format!(r#"{{"messages":[{{"role":"user","content":"a"}}],"tools":[{}]}}"#, tools.join(","))
    };
    assert!(request(apis, many(&tools).as_bytes(), false, ("m", 1)).is_err());
    let flat: Vec<String> = (0..10_000)
        .map(|at| {
            format!(r#"{{"name":"tool number {at}","input_schema":{{"properties":{{"a":{{}}}}}}}}"#)
        })
        .collect();
    let sent = request(apis, many(&flat).as_bytes(), false, ("claude-opus-4-8", 1)).unwrap();
    assert_eq!(sent.renamed.len(), 10_000);
    assert_eq!(sent.body.matches(r#"{"type":"object","properties""#).count(), 10_000);
}
