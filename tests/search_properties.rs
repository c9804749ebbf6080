//! Properties of what is searched: no string hides in a member that no table names, and no key that
//! a table names stands twice.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::path::PathTable;
use pointsman::request::scan::{Scan, ScanError, Scanner, Spec};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

fn scanned(spec: &Spec, body: &str) -> Result<Scan, ScanError> {
    let mut scanner = Scanner::new(spec);
    scanner.feed(body.as_bytes())?;
    scanner.finish()
}

/// Keys that mean something in some place, and others.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "type", "role", "content", "text", "model", "id", "name", "data"
        ])
        .prop_map(str::to_owned),
        "[a-z_ ]{0,9}",
    ]
}

/// A request of each format, in which all that is said is the user's.
const BODIES: &[(&str, &str)] = &[
    (
        "/v1/chat/completions",
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"},
            {"type":"image_url","image_url":{"url":"u","detail":"low"}}]},{"role":"user","content":"x"}],
            "metadata":{"a":"b"},"prediction":{"type":"content","content":"x"},"max_tokens":1}"#,
    ),
    (
        "/v1/responses",
        r#"{"model":"m","instructions":"hi","input":[{"type":"message","role":"user",
            "content":[{"type":"input_text","text":"hi"}]}],"text":{"format":{"type":"text"}},
            "prompt":{"id":"p","variables":{}},"previous_response_id":"r"}"#,
    ),
    ("/v1/completions", r#"{"model":"m","prompt":["a","b"],"suffix":"c","stream":true}"#),
    ("/v1/embeddings", r#"{"model":"m","input":[{"text":"a"},"b"],"user":"u"}"#),
    ("/v1/moderations", r#"{"model":"m","input":[{"type":"text","text":"a"}]}"#),
    ("/v1/images/edits", r#"{"model":"m","prompt":"a","image":{"image_url":"u"}}"#),
    ("/v1/audio/speech", r#"{"model":"m","input":"a","voice":"v"}"#),
    (
        "/v1/messages",
        r#"{"model":"m","system":[{"type":"text","text":"hi"}],"messages":[{"role":"user","content":
            [{"type":"document","source":{"type":"text","data":"d"}},
            {"type":"image","source":{"type":"base64","data":"AAAA"}}]}],
            "output_config":{"format":{"type":"json_schema"}},"max_tokens":1}"#,
    ),
    (
        "/v1beta/models/g:generateContent",
        r#"{"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],
            "systemInstruction":{"parts":[{"text":"x"}]},"generationConfig":{"maxOutputTokens":1}}"#,
    ),
    (
        "/model/m/converse",
        r#"{"messages":[{"role":"user","content":[{"text":"hi"},{"document":{"source":{"bytes":"AAAA"}}}]}],
            "inferenceConfig":{"maxTokens":1},"toolConfig":{"toolChoice":{}},
            "additionalModelRequestFields":{"top_k":1}}"#,
    ),
    (
        "/v2/chat",
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"documents":[{"data":{}}]}"#,
    ),
    (
        "/v2/embed",
        r#"{"model":"m","texts":["a"],"inputs":[{"content":[{"type":"text","text":"a"}]}]}"#,
    ),
    ("/v1/rerank", r#"{"model":"m","query":"q","documents":["d"]}"#),
    (
        "/api/chat",
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"options":{"num_predict":1}}"#,
    ),
];

/// Where the objects of a document are that a table describes, or that none does: settings and
/// labels are neither.
fn objects(value: &Value) -> Vec<String> {
    fn collect(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, item)| collect(item, &format!("{at}/{index}"), found));
            }
            Value::Object(members) => {
                found.push(at.to_owned());
                let inner = members
                    .iter()
                    .filter(|(key, _)| !["metadata", "toolChoice"].contains(&key.as_str()));
                inner.for_each(|(key, member)| collect(member, &format!("{at}/{key}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

/// What looks for `heron` in a request on that path.
fn heron(path: &str) -> Spec {
    let mut words = KeywordsBuilder::default();
    words.add("heron");
    let entry = PathTable::default().call(b"POST", path).unwrap().entry;
    Spec { keywords: Arc::new(words.build().unwrap()), ..Spec::of(entry) }
}

/// Any JSON with a mark in one of its strings or keys.
fn marked(word: BoxedStrategy<String>) -> impl Strategy<Value = Value> {
    let text =
        prop_oneof![Just("MARK".to_owned()), "[a-z ]{0,9}".prop_map(|t| format!("{t} MARK"))];
    text.prop_map(Value::from).prop_recursive(5, 20, 4, move |inner| {
        let plain = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a-z ]{0,99}".prop_map(Value::from)
        ];
        prop_oneof![
            (vec(plain.clone(), 0..4), inner.clone(), any::<prop::sample::Index>()).prop_map(
                |(mut items, marked, at)| {
                    items.insert(at.index(items.len() + 1), marked);
                    Value::Array(items)
                }
            ),
            (vec((word.clone(), plain), 0..4), word.clone(), inner).prop_map(
                |(mut members, key, marked)| {
                    members.push((key, marked));
                    Value::Object(members.into_iter().collect())
                }
            ),
            vec(word.clone(), 1..3).prop_map(|keys| {
                Value::Object(
                    keys.into_iter().map(|key| (format!("{key} MARK"), Value::Null)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_string_hides_in_a_member_that_no_table_names(
        number in 0..BODIES.len(),
        at in any::<prop::sample::Index>(),
        key in "[a-z_]{3,12}",
        value in marked("q[a-z_ ]{0,9}".boxed()),
    ) {
        let (path, body) = BODIES[number];
        let mut document: Value = serde_json::from_str(body).unwrap();
        let spec = heron(path);
        let before = scanned(&spec, &document.to_string())?.facts;
        let places = objects(&document);
        let object = document.pointer_mut(&places[at.index(places.len())]).unwrap();
        object.as_object_mut().unwrap().insert(format!("zz_{key}"), value);
        let after = document.to_string();
        let found = scanned(&spec, &after.replace("MARK", "HERON"))?.facts;
        prop_assert!(!found.keywords.is_empty(), "{}", after);
        prop_assert!(found.input_tokens.least > before.input_tokens.least, "{}", after);
        prop_assert_eq!(found.sessions, before.sessions, "{}", after);
        let none = scanned(&spec, &after)?.facts;
        prop_assert!(none.keywords.is_empty(), "{}", after);
    }

    #[test]
    fn no_string_hides_where_another_type_was_expected(
        number in 0..BODIES.len(),
        at in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        value in marked(word().boxed()),
    ) {
        let (path, body) = BODIES[number];
        let mut document: Value = serde_json::from_str(body).unwrap();
        let places = objects(&document);
        let place = &places[at.index(places.len())];
        let object = document.pointer_mut(place).unwrap().as_object_mut().unwrap();
        let keys: Vec<String> = object.keys().cloned().collect();
        prop_assume!(!keys.is_empty());
        let key = &keys[which.index(keys.len())];
        // Data and addresses are no text.
        let is_data = ["data", "bytes", "url", "image_url"].contains(&key.as_str());
        prop_assume!(key != "image" && !(is_data && value.is_string()));
        // Nor is what a part of media calls so.
        prop_assume!(!value.get("data").is_some_and(Value::is_string));
        object.insert(key.clone(), value);
        // Longer than any setting, id or label.
        let text = document.to_string().replace("MARK", &format!("{} heron", "x".repeat(1100)));
        if let Ok(Scan { facts, .. }) = scanned(&heron(path), &text) {
            prop_assert!(!facts.keywords.is_empty(), "{}", document);
        }
    }

    #[test]
    fn a_key_of_a_table_stands_once(
        number in 0..BODIES.len(),
        at in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        is_null in any::<bool>(),
    ) {
        let (path, body) = BODIES[number];
        let document: Value = serde_json::from_str(body).unwrap();
        let places = objects(&document);
        let place = &places[at.index(places.len())];
        let keys: Vec<&String> = document.pointer(place).unwrap().as_object().unwrap().keys().collect();
        // What has no table: a document to rank, a document of Cohere's, variables.
        let is_known = !["/documents/0", "/documents/1", "/documents/0/data"].contains(&place.as_str());
        prop_assume!(!keys.is_empty() && is_known);
        let key = keys[which.index(keys.len())];
        let mut marked = document.clone();
        let object = marked.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.insert("@@".to_owned(), Value::Null);
        let value = if is_null { "null" } else { "\"x\"" };
        let again = format!("{}:{value}", Value::from(key.as_str()));
        let body = marked.to_string().replace("\"@@\":null", &again);
        let found = scanned(&heron(path), &body);
        prop_assert!(matches!(found, Err(ScanError::Repeated { .. })), "{:?} {}", found, body);
    }
}
