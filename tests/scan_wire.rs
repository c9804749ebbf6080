//! Requests that real SDKs sent, and the facts that their calls stated.
//!
//! `tests/wire/requests` holds recorded requests. `expect` in each is what the call said, written
//! down before the body was seen. The tests read them as the filter does: by method, path and
//! headers, in several chunkings.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pointsman::config::{self, Config};
use pointsman::lifecycle::{RequestHead, Whole, whole};
use pointsman::request::facts::RequestFacts;
use pointsman::request::keyword::{KeywordId, KeywordsBuilder};
use serde_json::{Value, json};

/// Returns a configuration that looks for these texts. A document could not hold all of them as
/// keywords, because some have control characters.
fn configuration(words: &[&str]) -> (Config, Vec<KeywordId>) {
    let document = json!({
        "providers": {"p": {"cluster": "p", "api": "any"}},
        "deployments": {"d": {"provider": "p", "model": "up"}},
        "models": {"m": {"candidates": ["d"]}},
    });
    let mut config = config::parse(document.to_string().as_bytes()).unwrap();
    let mut builder = KeywordsBuilder::default();
    let ids = words.iter().map(|word| builder.add(word)).collect();
    config.keywords = Arc::new(builder.build().unwrap());
    (config, ids)
}

fn head(request: &Value) -> RequestHead {
    let text = |key: &str| request[key].as_str().unwrap().as_bytes().to_vec();
    let own = [(":method", "method"), (":path", "path")];
    let own = own.map(|(name, key)| (name.to_owned(), text(key)));
    let headers = request["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().into()));
    RequestHead::new(own.into_iter().chain(headers).collect())
}

fn body(request: &Value) -> Vec<u8> {
    match request["body_base64"].as_str() {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => request["body_text"].as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}

/// Whether a text occurs only in messages that are not searched: the model's own, and the answers
/// of tools.
fn is_unsearched(text: &str, body: &Value) -> bool {
    fn holds(value: &Value, text: &str) -> bool {
        match value {
            Value::String(s) => s.contains(text),
            Value::Array(items) => items.iter().any(|item| holds(item, text)),
            Value::Object(members) => members.values().any(|member| holds(member, text)),
            _ => false,
        }
    }
    fn unsearched(value: &Value, text: &str) -> bool {
        match value {
            Value::Array(items) => items.iter().any(|item| unsearched(item, text)),
            Value::Object(members) => {
                let role = members.get("role").and_then(Value::as_str);
                let kind = members.get("type").and_then(Value::as_str);
                let answers = ["functionResponse", "function_response"];
                let is_answer = answers.iter().any(|key| members.contains_key(*key));
                if matches!(role, Some("assistant" | "tool" | "model"))
                    || matches!(kind, Some("tool_result" | "function_call_output"))
                    || is_answer
                {
                    return holds(value, text);
                }
                members.values().any(|member| unsearched(member, text))
            }
            _ => false,
        }
    }
    unsearched(body, text)
}

/// Returns the facts, and which of the words occur.
fn read(name: &str, request: &Value, words: &[&str]) -> Option<(RequestFacts, Vec<bool>)> {
    let (config, ids) = configuration(words);
    read_with(&config, name, request).map(|facts| {
        let occurring = ids.iter().map(|id| facts.keywords.contains(*id)).collect();
        (facts, occurring)
    })
}

fn read_with(config: &Config, name: &str, request: &Value) -> Option<RequestFacts> {
    match whole(config, &head(request), &body(request)) {
        Whole::Untouched => None,
        Whole::Refused(refusal, _) => panic!("{name}: {refusal:?}"),
        Whole::Read(read) => Some(read.facts),
    }
}

fn check(name: &str, request: &Value) -> &'static str {
    let expect = &request["expect"];
    let texts: Vec<&str> = expect["prompt_text_contains"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        // Keywords have no control characters.
        .flat_map(|text| text.split(char::is_control))
        .filter(|text| !text.trim().is_empty())
        .collect();
    let Some((facts, hits)) = read(name, request, &texts) else {
        assert_eq!(request["method"], "GET", "{name} is not read");
        return "none";
    };
    match expect["format"].as_str().unwrap() {
        "other" => {}
        "mistral-chat" => assert_eq!(facts.format.name(), "openai-chat", "{name}"),
        "openai-audio-multipart" => assert_eq!(facts.format.name(), "openai-audio", "{name}"),
        format => assert_eq!(facts.format.name(), format, "{name}"),
    }
    if let Some(operation) = expect["operation"].as_str() {
        assert_eq!(facts.task.name(), operation, "{name}: operation");
    }
    let model = expect["deployment"].as_str().or_else(|| expect["model"].as_str());
    assert_eq!(facts.model.as_deref(), model, "{name}: model");
    for (fact, key) in [
        (facts.stream, "stream"),
        (facts.has_images, "has_images"),
        (facts.has_audio, "has_audio"),
        (facts.has_files, "has_files"),
        (facts.has_tools, "has_tools"),
    ] {
        if let Some(wanted) = expect[key].as_bool() {
            assert_eq!(fact, wanted, "{name}: {key}");
        }
    }
    assert_eq!(facts.max_output_tokens, expect["max_output_tokens"].as_u64(), "{name}: max");
    assert_eq!(facts.body_bytes, body(request).len() as u64, "{name}");
    let parsed: Option<Value> = serde_json::from_slice(&body(request)).ok();
    for (text, hit) in texts.iter().zip(hits) {
        let unsearched = parsed.as_ref().is_some_and(|body| is_unsearched(text, body));
        assert_eq!(hit, !unsearched, "{name}: {text}");
    }
    for (key, value) in expect["metadata"].as_object().into_iter().flatten() {
        if value.is_array() || value.is_object() {
            continue;
        }
        let wanted = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!(facts.params.get(key), Some(&wanted), "{name}: metadata.{key}");
    }
    if let Some(tags) = expect["tags"].as_array() {
        let tags: Vec<_> = tags.iter().filter_map(Value::as_str).collect();
        assert_eq!(facts.tags, tags, "{name}: tags");
    }
    facts.format.name()
}

fn recorded() -> impl Iterator<Item = (String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/requests");
    std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let request = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), request)
    })
}

#[test]
fn recorded_requests_give_the_facts_of_their_calls() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, request) in recorded() {
        let format = check(&name, &request);
        *seen.entry(format).or_default() += 1;
    }
    // The lists of models are requested with GET.
    assert_eq!(seen["none"], 2, "{seen:?}");
    assert_eq!(seen.values().sum::<u32>(), 180, "{seen:?}");
    assert_eq!(seen.len(), 13, "{seen:?}");
}

#[test]
fn recorded_images_and_audio_cost_what_their_data_says() {
    const FIXED: u64 = 1_000_000;
    let (mut config, _) = configuration(&[]);
    config.tokens.image = FIXED;
    config.tokens.audio = FIXED;
    let mut unknown = Vec::new();
    let mut known = 0;
    for (name, request) in recorded() {
        let Some(facts) = read_with(&config, &name, &request) else { continue };
        if facts.input_tokens.most >= FIXED {
            unknown.push(name);
        } else if facts.has_images || facts.has_audio {
            known += 1;
        }
    }
    unknown.sort();
    // Addresses, file names, and a format without a formula.
    let wanted = [
        "ai_openai_chat_image.json",
        "antpy_image_url.json",
        "cohere_chat_image.json",
        "groq_chat_vision.json",
        "oaipy33_resp_items_image_file_id.json",
        "oaipy_chat_image_https.json",
        "oaipy_resp_items_image_file_id.json",
    ];
    assert_eq!(unknown, wanted);
    assert_eq!(known, 28);
}
