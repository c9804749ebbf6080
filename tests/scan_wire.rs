//! Bodies that real SDKs sent, and the facts their calls stated.
//!
//! `tests/wire/requests` holds recorded requests; `expect` in each is what the
//! call said, written down before the body was seen.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::sync::Arc;

use pointsman::request::format::Format;
use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::scan::{Looks, Scan, Scanner, Spec};
use pointsman::request::tokens::Costs;
use serde_json::Value;

fn scanned(format: Format, body: &[u8], words: &[&str]) -> (Scan, Vec<bool>) {
    let mut builder = KeywordsBuilder::default();
    let ids: Vec<_> = words.iter().map(|word| builder.add(word)).collect();
    let spec = Spec {
        format,
        keywords: Arc::new(builder.build().unwrap()),
        costs: Costs::default(),
        watched: Arc::new([]),
        looks: Looks::EVERYTHING,
    };
    let scan = |size: usize| {
        let mut scanner = Scanner::new(&spec);
        body.chunks(size).for_each(|chunk| scanner.feed(chunk).unwrap());
        scanner.finish().unwrap()
    };
    let whole = scan(body.len().max(1));
    assert_eq!(scan(7), whole);
    let hits = ids.iter().map(|id| whole.facts.keywords.contains(*id)).collect();
    (whole, hits)
}

/// The texts of messages that are not searched: assistant, tool, tool results.
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
                if matches!(role, Some("assistant" | "tool"))
                    || matches!(kind, Some("tool_result" | "function_call_output"))
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

fn check(name: &str, request: &Value) {
    let expect = &request["expect"];
    let format = match expect["format"].as_str() {
        Some("mistral-chat") => Format::OpenAiChat,
        Some(other) => Format::from_name(other).unwrap(),
        None => panic!("{name}: no format"),
    };
    let body = request["body_text"].as_str().unwrap();
    let texts: Vec<&str> = expect["prompt_text_contains"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let (scan, hits) = scanned(format, body.as_bytes(), &texts);
    let facts = &scan.facts;
    assert_eq!(facts.model.as_deref(), expect["model"].as_str(), "{name}: model");
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
    let parsed: Option<Value> = serde_json::from_str(body).ok();
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
    let place = scan.layout.model.last().map(|member| member.value.clone());
    let value = place.map(|place| {
        let bytes = usize::try_from(place.start).unwrap()..usize::try_from(place.end).unwrap();
        serde_json::from_slice::<Value>(&body.as_bytes()[bytes]).unwrap()
    });
    assert_eq!(value.as_ref().and_then(Value::as_str), facts.model.as_deref(), "{name}: place");
}

#[test]
fn recorded_requests_give_the_facts_of_their_calls() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/requests");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let request: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        check(&path.file_name().unwrap().to_string_lossy(), &request);
        seen += 1;
    }
    assert!(seen > 80, "only {seen} recorded requests");
}
