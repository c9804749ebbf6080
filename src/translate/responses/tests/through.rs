//! Requests and answers on their way from a client of this API to a provider that speaks Chat Completions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::translate::api::{AnswerForm, ClientApi, ProviderApi};
use crate::translate::order::AnswerNames;
use crate::translate::{AnswerTranslation, Losses, ReadRequest, request};

/// Returns the request that the provider gets.
fn sent(body: &str) -> Value {
    let apis = (ClientApi::Responses, ProviderApi::Chat);
    let translated = request(apis, body.as_bytes(), false, ("gpt-x", 4096)).unwrap();
    assert!(translated.losses.is_empty(), "{:?}", translated.losses);
    serde_json::from_str(&translated.body).unwrap()
}

#[test]
fn what_all_apis_of_openai_have_goes_to_its_models_alone() {
    let body = r#"{"model":"m","input":"hi","service_tier":"flex","prompt_cache_key":"k\u00e9",
        "prompt_cache_retention":"24h","text":{"verbosity":"low"}}"#;
    let names = ["service_tier", "prompt_cache_key", "prompt_cache_retention", "verbosity"];
    for (api, model, is_carried) in [
        (ProviderApi::Chat, "gpt-5", true),
        (ProviderApi::AzureChat, "prod", true),
        (ProviderApi::Chat, "prod", false),
        (ProviderApi::Messages, "claude-sonnet-4-5", false),
    ] {
        let apis = (ClientApi::Responses, api);
        let translated = request(apis, body.as_bytes(), false, (model, 4096)).unwrap();
        let sent: Value = serde_json::from_str(&translated.body).unwrap();
        for name in names {
            assert_eq!(sent.get(name).is_some(), is_carried, "{model}: {name}");
        }
        let lost = translated.losses.list().iter().map(|loss| loss.place.as_str());
        let wanted =
            ["text.verbosity", "service_tier", "prompt_cache_key", "prompt_cache_retention"];
        assert_eq!(lost.collect::<Vec<_>>(), if is_carried { &[][..] } else { &wanted });
    }
}

#[test]
fn what_one_provider_loses_another_does_not() {
    let body =
        br#"{"model":"m","input":"hi","service_tier":"flex","truncation":"auto","user":"u"}"#;
    let targets = [
        (ProviderApi::Gemini, "gemini-2.5-flash", 1),
        (ProviderApi::Chat, "gpt-5", 4096),
        (ProviderApi::Messages, "claude-sonnet-4-5", 4096),
        (ProviderApi::Converse, "amazon.nova-pro-v1:0", 9),
    ];
    let read = ReadRequest::of(ClientApi::Responses, body, false).unwrap();
    let of_all = targets.map(|(api, model, most)| read.losses(api, (model, most)));
    let of_each = targets.map(|(api, model, most)| {
        request((ClientApi::Responses, api), body, false, (model, most)).unwrap().losses
    });
    assert_eq!(of_all, of_each);
    let places = of_all.iter().map(Losses::places).collect::<Vec<_>>();
    let wanted = [
        "truncation,service_tier,user",
        "truncation",
        "truncation,service_tier",
        "truncation,service_tier,user",
    ];
    assert_eq!(places, wanted);
    assert!(ReadRequest::of(ClientApi::Responses, b"{", false).is_err());
}

/// Returns the body of a recorded answer.
fn recorded(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/responses");
    let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    record["body_text"].as_str().unwrap().to_owned()
}

/// Returns what the client gets of an answer that comes in pieces.
fn received<'b>(status: u16, stream: bool, pieces: impl IntoIterator<Item = &'b [u8]>) -> String {
    let form = AnswerForm { stream, stream_usage: true, created_s: 1 };
    let names = AnswerNames { id: "own".into(), model: "m".into(), renamed: BTreeMap::new() };
    let apis = (ProviderApi::Chat, ClientApi::Responses);
    let mut answer = AnswerTranslation::new(apis, (status, stream), form, names, 1 << 20);
    let mut to = Vec::new();
    for piece in pieces {
        answer.feed(piece, &mut to);
    }
    answer.finish(&mut to);
    String::from_utf8(to).unwrap()
}

#[test]
fn a_request_becomes_one_of_chat_completions() {
    let body = r#"{"model":"m","instructions":"Be kind.","max_output_tokens":9,"input":[
        {"role":"user","content":[{"type":"input_text","text":"Q"},
            {"type":"input_image","image_url":"data:image/png;base64,AB","detail":"low"}]},
        {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},
        {"type":"function_call","call_id":"c2","name":"f","arguments":""},
        {"type":"function_call_output","call_id":"c1","output":"one"},
        {"type":"function_call_output","call_id":"c2","output":"two"},
        {"role":"user","content":"and?"}
    ],"tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}],"tool_choice":"required"}"#;
    let sent = sent(body);
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
    assert_eq!(sent["model"], "gpt-x");
    assert_eq!(sent["tool_choice"], "required");
    assert_eq!(sent["messages"][0]["content"], "Be kind.");
    assert_eq!(
        sent["messages"][1]["content"][1]["image_url"],
        json!({"url": "data:image/png;base64,AB", "detail": "low"})
    );
    let calls = json!([call("c1", "{\"a\":1}"), call("c2", "{}")]);
    assert_eq!(sent["messages"][2]["tool_calls"], calls);
    assert_eq!(sent["messages"][3]["tool_call_id"], "c1");
    assert_eq!(sent["messages"][4]["tool_call_id"], "c2");
    assert_eq!(sent["messages"][5], json!({"role": "user", "content": "and?"}));
}

#[test]
fn recorded_answers_become_responses() {
    let whole = |name: &str| -> Value {
        serde_json::from_str(&received(200, false, [recorded(name).as_bytes()])).unwrap()
    };
    let answer = whole("openai_chat_ok");
    assert_eq!((&answer["object"], &answer["status"]), (&json!("response"), &json!("completed")));
    assert!(answer["output"][0]["content"][0]["text"].is_string());
    let answer = whole("openai_chat_tool_calls");
    assert_eq!(answer["output"][0]["type"], "function_call");
    let answer = whole("openai_chat_length");
    assert_eq!(answer["incomplete_details"]["reason"], "max_output_tokens");
    let answer = whole("openai_chat_cached_reasoning");
    assert_ne!(answer["usage"]["input_tokens_details"]["cached_tokens"], 0);
    assert_ne!(answer["usage"]["output_tokens_details"]["reasoning_tokens"], 0);
    let error = received(400, true, [recorded("openai_400_context_length").as_bytes()]);
    let error: Value = serde_json::from_str(&error).unwrap();
    assert_eq!(error["error"]["code"], "context_length_exceeded");
}

const STREAMS: [&str; 6] = [
    "openai_chat_stream_usage",
    "openai_chat_stream_crlf",
    "openai_chat_stream_tool_calls",
    "openai_chat_stream_error_inband",
    "openai_chat_stream_no_usage",
    "openrouter_stream_comments",
];

proptest! {
    /// Wherever a stream is cut into pieces, the client gets the same.
    #[test]
    fn any_cut_of_a_stream_is_the_same(at in 0..STREAMS.len(), sizes in proptest::collection::vec(1_usize..40, 1..200)) {
        let stream = recorded(STREAMS[at]);
        let all = received(200, true, [stream.as_bytes()]);
        let (mut pieces, mut rest) = (Vec::new(), stream.as_bytes());
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            pieces.push(piece);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(received(200, true, pieces), all);
    }
}
