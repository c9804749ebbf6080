//! Properties of body rewrites: the result is what a JSON library would produce, whatever the
//! layout, the overrides, the defaults and the chunking.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use pointsman::request::credential::Naming;
use pointsman::request::format::Format;
use pointsman::request::path::Entry;
use pointsman::request::rewrite::{
    BodyModel, BodyTarget, Edit, MemberUse, Mergeable, Splicer, edits, length_after,
};
use pointsman::request::scan::{Looks, Scanner, Searched, Spec};
use pointsman::request::tokens::Costs;
use pointsman::request::watched::WatchedKeys;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Keys that overrides and defaults touch, and one key that they do not.
const KEYS: [&str; 7] =
    ["a", "max_completion_tokens", "max_output_tokens", "meta", "model", "temperature", "zeta"];
const WATCHED: [&str; 6] =
    ["a", "max_completion_tokens", "max_output_tokens", "max_tokens", "meta", "temperature"];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\é💰]{0,6}".prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let object = proptest::collection::btree_map("[a-c]", scalar(), 0..3)
        .prop_map(|members| Value::Object(members.into_iter().collect()));
    prop_oneof![3 => scalar(), 2 => object]
}

/// Returns a document's members in any order, with blanks between the tokens.
fn members() -> impl Strategy<Value = Vec<(String, Value, String)>> {
    let key = proptest::sample::select(&KEYS[..]);
    let member = (key, value(), "[ \t\n]{0,2}").prop_map(|(key, value, blank)| {
        let value = if key == "model" { json!("asked") } else { value };
        (key.to_owned(), value, blank)
    });
    proptest::collection::vec(member, 0..6).prop_map(|mut members| {
        let mut seen = std::collections::BTreeSet::new();
        members.retain(|(key, _, _)| seen.insert(key.clone()));
        members
    })
}

fn overrides() -> impl Strategy<Value = Vec<(String, Value)>> {
    let one = |key: &'static str| {
        proptest::option::of(value()).prop_map(move |value| Some((key.to_owned(), value?)))
    };
    (one("a"), one("meta"), one("temperature"))
        .prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().collect())
}

fn defaults() -> impl Strategy<Value = Vec<(String, Value)>> {
    let one = |key: &'static str| {
        proptest::option::of(value()).prop_map(move |value| Some((key.to_owned(), value?)))
    };
    // The document has none that is null.
    let is_some = |(_, value): &(String, Value)| !value.is_null();
    (one("a"), one("max_tokens"), one("temperature"))
        .prop_map(move |(a, b, c)| [a, b, c].into_iter().flatten().filter(is_some).collect())
}

fn written(members: &[(String, Value, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(key, value, blank)| format!("{blank}{}{blank}:{blank}{value}{blank}", json!(key)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Returns what the rewrite must mean, by changing a parsed document.
fn expected(body: &str, overrides: &[(String, Value)], defaults: &[(String, Value)]) -> Value {
    let mut document: Map<String, Value> = serde_json::from_str(body).unwrap();
    document.insert("model".to_owned(), json!("up\"stream"));
    for (key, value) in defaults {
        let is_overridden = overrides.iter().any(|(over, _)| over == key);
        let is_limited = ["max_completion_tokens", "max_output_tokens"]
            .iter()
            .any(|limit| key == "max_tokens" && document.contains_key(*limit));
        if !is_overridden && !is_limited && !document.contains_key(key) {
            document.insert(key.clone(), value.clone());
        }
    }
    for (key, value) in overrides {
        match (value, document.get_mut(key)) {
            (Value::Null, _) => {
                document.remove(key);
            }
            (Value::Object(over), Some(Value::Object(there))) => {
                for (key, value) in over {
                    if value.is_null() {
                        there.remove(key);
                    } else {
                        there.insert(key.clone(), value.clone());
                    }
                }
            }
            (Value::Object(over), _) => {
                let over = over.iter().filter(|(_, value)| !value.is_null());
                let over = over.map(|(key, value)| (key.clone(), value.clone())).collect();
                document.insert(key.clone(), Value::Object(over));
            }
            (value, _) => {
                document.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(document)
}

/// Returns the edits that the overrides make in a body.
fn edits_of(
    body: &str,
    model: &str,
    [overrides, defaults]: [&[(String, Value)]; 2],
    watched: &Arc<WatchedKeys>,
) -> Vec<Edit> {
    let mut scanner = Scanner::new(&Spec {
        entry: Entry::of(Format::OpenAiChat).unwrap(),
        keywords: Arc::default(),
        searched: Searched::default(),
        costs: Costs::default(),
        watched: Arc::clone(watched),
        looks: Looks::EVERYTHING,
        seed: 0,
    });
    scanner.feed(body.as_bytes()).unwrap();
    let layout = scanner.finish().unwrap().layout;
    let read = |range: std::ops::Range<u64>| {
        let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
        Some(body.as_bytes()[start..end].to_vec())
    };
    let model = Some(BodyModel { name: model, repeated: model, member: MemberUse::Set });
    let target = BodyTarget {
        model,
        overrides,
        defaults,
        watched: watched.names(),
        held_back: Naming::default(),
    };
    edits(&layout, target, &Mergeable::new(overrides, read)).unwrap()
}

proptest! {
    #[test]
    fn a_rewrite_means_what_its_overrides_and_defaults_say(
        members in members(),
        overrides in overrides(),
        defaults in defaults(),
        size in 1usize..40,
    ) {
        let body = written(&members);
        let watched = Arc::new(WATCHED.iter().map(|key| (*key).to_owned()).collect());
        let edits = edits_of(&body, "up\"stream", [&overrides, &defaults], &watched);
        let mut splicer = Splicer::new(edits.clone());
        let mut out = Vec::new();
        for piece in body.as_bytes().chunks(size) {
            splicer.push(piece, &mut out);
        }
        prop_assert_eq!(out.len() as u64, length_after(body.len() as u64, &edits));
        let out = String::from_utf8(out).unwrap();
        let found: Value = serde_json::from_str(&out)
            .map_err(|error| TestCaseError::fail(format!("{body} became {out}: {error}")))?;
        prop_assert_eq!(found, expected(&body, &overrides, &defaults), "{} became {}", body, out);
    }
}

#[test]
fn what_is_merged_into_is_copied_nowhere() {
    let members: String = (0..40_000).map(|at| format!("\"k{at}\": {{\"b\": [1, 2]}}, ")).collect();
    let body = format!("{{\"model\":\"m\",\"meta\": {{ {members}\"a\\u0062\" : 1 }} }}");
    let watched = Arc::new(["meta".to_owned()].into_iter().collect());
    for over in [json!({"k7": 1, "ab": 2, "new": 3}), json!({"k0": null, "ab": null}), json!({})] {
        let overrides = [("meta".to_owned(), over)];
        let edits = edits_of(&body, "m", [&overrides, &[]], &watched);
        let written: usize = edits.iter().map(|edit| edit.with.len()).sum();
        assert!(edits.len() < 8 && written < 64, "{edits:?}");
        let mut out = Vec::new();
        Splicer::new(edits).push(body.as_bytes(), &mut out);
        let found: Value = serde_json::from_slice(&out).unwrap();
        let mut wanted = expected(&body, &overrides, &[]);
        wanted["model"] = json!("m");
        assert_eq!(found, wanted);
    }
}
