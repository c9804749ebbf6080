//! What holds for any input.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::api::{ClientApi, ProviderApi};
use super::super::super::request;
use super::{STREAM, WHOLE, translated, translation};

/// Names and words of the API, so that arbitrary documents get far.
const WORDS: [&str; 42] = [
    "messages",
    "role",
    "content",
    "type",
    "text",
    "image_url",
    "url",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "index",
    "delta",
    "choices",
    "message",
    "usage",
    "finish_reason",
    "stop",
    "error",
    "user",
    "assistant",
    "tool",
    "system",
    "tool_call_id",
    "tools",
    "parameters",
    "cache_control",
    "response_format",
    "json_schema",
    "schema",
    "file",
    "file_data",
    "data:image/png;base64,AA",
    "{}",
    "",
    "reasoning_content",
    "refusal",
    "thinking",
    "extra_content",
    "google",
    "input_audio",
];

fn document() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(&WORDS[..]);
    let leaf = prop_oneof![
        word().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 40, 6, move |inner| {
        let member = (word(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            prop::collection::vec(member, 0..6).prop_map(|all| {
                all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()
            }),
        ]
    })
}

/// Documents that look like chunks of an answer.
fn chunk() -> impl Strategy<Value = Value> {
    let delta = prop_oneof![
        "[a-zé\"\\\\\n]{0,6}".prop_map(|text| json!({"content": text})),
        "[a-z]{0,6}".prop_map(|text| json!({"reasoning_content": text})),
        (0..3_u32, prop::option::of("[a-c]"), prop::option::of("[fg]"), "[{}\":1,é]{0,5}")
            .prop_map(|(index, id, name, arguments)| {
                let function = json!({"name": name, "arguments": arguments});
                json!({"tool_calls": [{"index": index, "id": id, "function": function}]})
            }),
        document(),
    ];
    let reason = prop_oneof![Just(Value::Null), Just("".into()), Just("stop".into())];
    (delta, reason).prop_map(|(delta, reason)| {
        json!({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    })
}

proptest! {
    #[test]
    fn no_request_makes_it_panic(document in document(), messages in document()) {
        let apis = (ClientApi::Chat, ProviderApi::Chat);
        for document in [document, json!({"messages": messages})] {
            let body = document.to_string();
            let translated = request(apis, body.as_bytes(), false, ("m", 5)).unwrap();
            prop_assert!(serde_json::from_str::<Value>(&translated.body).is_ok());
        }
    }

    #[test]
    fn no_answer_makes_it_panic(document in document()) {
        let body = document.to_string();
        let whole = translated(200, body.as_bytes(), false, WHOLE);
        prop_assert!(serde_json::from_str::<Value>(&whole).is_ok());
        let event = format!("data: {body}\n\n");
        translated(200, event.as_bytes(), true, STREAM);
    }

    /// A stream becomes the same wherever it is cut, and what a client puts together of it is JSON.
    #[test]
    fn cuts_change_nothing(
        chunks in prop::collection::vec(chunk(), 0..8),
        line in prop::sample::select(&["\n", "\r\n", "\r"][..]),
        cuts in prop::collection::vec(1..40_usize, 1..20),
    ) {
        let event = |chunk: &Value| format!("data:{chunk}{line}{line}");
        let body: String = chunks.iter().map(event).collect();
        let body = format!(": hello{line}{line}{body}data: [DONE]{line}{line}");
        let whole = translated(200, body.as_bytes(), true, STREAM);
        let mut translation = translation(200, true, STREAM);
        let (mut to, mut rest) = (Vec::new(), body.as_bytes());
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            translation.feed(piece, &mut to);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        translation.finish(&mut to);
        prop_assert_eq!(String::from_utf8(to).unwrap(), whole.as_str());
        for data in whole.lines().filter_map(|line| line.strip_prefix("data: ")) {
            prop_assert!(data == "[DONE]" || serde_json::from_str::<Value>(data).is_ok(), "{}", data);
        }
    }
}

#[test]
fn large_results_are_carried() {
    let text = "é\\n".repeat(3 << 20);
    let messages = format!(
        r#"{{"messages":[{{"role":"assistant","tool_calls":[{{"id":"1","function":{{"name":"f","arguments":"{{}}"}}}}]}},
            {{"role":"tool","tool_call_id":"1","content":"{text}"}}]}}"#
    );
    let apis = (ClientApi::Chat, ProviderApi::Chat);
    let translated = request(apis, messages.as_bytes(), false, ("m", 5)).unwrap();
    assert!(translated.losses.is_empty());
    assert!(translated.body.contains(&text));
}
