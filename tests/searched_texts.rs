//! The texts that an explanation shows, against the scan that the filter runs: on requests that SDKs
//! have sent, and on bodies made for one rule each.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[expect(dead_code, reason = "the wire tests use more of it")]
#[path = "support/recorded.rs"]
mod recorded;

use std::collections::BTreeSet;
use std::sync::Arc;

use pointsman::config::{self, Config};
use pointsman::host::Headers;
use pointsman::lifecycle::{RequestHead, Whole, texts, whole};
use pointsman::request::keyword::{KeywordsBuilder, Whitespace};
use pointsman::request::scan::{BodyText, BodyTexts};
use serde_json::{Value, json};

/// Returns a configuration that searches for these words, and what else is searched beside the prompt.
fn configuration(words: &BTreeSet<String>, search: &Value) -> Config {
    let document = json!({
        "providers": {"p": {"cluster": "p", "api": "any"}},
        "deployments": {"d": {"provider": "p", "model": "up"}},
        "models": {"m": {"candidates": ["d"]}},
        "search": search,
    });
    let mut config = config::parse(document.to_string().as_bytes()).unwrap();
    let mut builder = KeywordsBuilder::new(Whitespace::Exact);
    words.iter().for_each(|word| {
        builder.add(word);
    });
    config.keywords = Arc::new(builder.build().unwrap());
    config
}

fn head(path: &str, headers: &[(String, String)]) -> RequestHead {
    let own = [(":method", "POST"), (":path", path)].map(|(n, v)| (n.to_owned(), v.to_owned()));
    RequestHead::new(own.into_iter().chain(headers.iter().cloned()).collect::<Headers>())
}

/// Adds every string of a value, with its path.
fn strings(value: &Value, at: &str, all: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if !text.is_empty() => all.push((at.to_owned(), text.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, &format!("{at}[{index}]"), all);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let is_plain = key.chars().all(|c| c.is_alphanumeric() || "_-$".contains(c));
                let at = match (is_plain && !key.is_empty(), at.is_empty()) {
                    (true, true) => key.clone(),
                    (true, false) => format!("{at}.{key}"),
                    (false, _) => format!("{at}[{key:?}]"),
                };
                strings(member, &at, all);
            }
        }
        _ => {}
    }
}

/// Calls `check` with each recorded body of JSON that can be read, its name, path and headers.
fn each_recorded(mut check: impl FnMut(&str, &str, &[(String, String)], &[u8], &Value)) {
    let mut count = 0;
    for request in recorded::recorded() {
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else { continue };
        let path = request.path.as_str();
        let config = configuration(&BTreeSet::new(), &json!({}));
        if texts(&config, &head(path, &request.headers), &request.body).is_ok_and(|it| it.is_some())
        {
            check(&request.name, path, &request.headers, &request.body, &body);
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn every_string_of_a_body_is_listed_at_its_place() {
    each_recorded(|name, path, headers, body, value| {
        let config = configuration(&BTreeSet::new(), &json!({}));
        let listed = texts(&config, &head(path, headers), body).unwrap().unwrap();
        let listed: BTreeSet<_> = listed
            .texts
            .into_iter()
            .filter(|text| !text.is_key)
            .map(|text| (text.at, text.text))
            .collect();
        let mut all = Vec::new();
        strings(value, "", &mut all);
        for string in all {
            assert!(listed.contains(&string), "{name}: {string:?} in {listed:?}");
        }
    });
}

/// Returns the beginning of a text, long enough to occur nowhere else by chance.
fn beginning(text: &str) -> String {
    text.chars().take(24).collect()
}

#[test]
fn what_is_marked_is_what_the_filter_finds() {
    let settings = [
        json!({}),
        json!({"assistant": true}),
        json!({"tools": true}),
        json!({"schemas": false}),
        json!({"assistant": true, "tools": true}),
    ];
    each_recorded(|name, path, headers, body, _| {
        for search in &settings {
            let none = configuration(&BTreeSet::new(), search);
            let listed = texts(&none, &head(path, headers), body).unwrap().unwrap();
            let words = listed.texts.iter().map(|text| beginning(&text.text));
            let config = configuration(&words.collect(), search);
            let listed = texts(&config, &head(path, headers), body).unwrap().unwrap();
            let marks = listed.texts.iter().flat_map(|text| &text.marks);
            let marked: BTreeSet<_> = marks.map(|mark| mark.keyword).collect();
            let Whole::Read(read) = whole(&config, &head(path, headers), body) else {
                panic!("{name} is not read");
            };
            let found: BTreeSet<_> = read.facts.keywords.iter().collect();
            assert_eq!(marked, found, "{name} {search}");
            for text in &listed.texts {
                let begins = text.marks.iter().any(|mark| mark.from == 0);
                assert_eq!(begins, text.fate.is_searched, "{name} {search}: {text:?}");
            }
        }
    });
}

#[test]
fn what_cannot_be_searched_is_listed_where_the_facts_have_it() {
    each_recorded(|name, path, headers, body, _| {
        let config = configuration(&BTreeSet::new(), &json!({}));
        let listed = texts(&config, &head(path, headers), body).unwrap().unwrap();
        let Whole::Read(read) = whole(&config, &head(path, headers), body) else { return };
        let facts = &read.facts;
        for (kind, is_there) in [
            ("tokens", facts.has_token_ids),
            ("images", facts.has_images),
            ("audio", facts.has_audio),
            ("files", facts.has_files),
        ] {
            let is_listed = listed.hidden.iter().any(|hidden| hidden.kind.name() == kind);
            assert_eq!(is_listed, is_there, "{name}: {kind} {:?}", listed.hidden);
        }
    });
}

/// Returns the texts of a chat.
fn chat(body: &Value, words: &[&str]) -> BodyTexts {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    let config = configuration(&words, &json!({}));
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    let head = head("/v1/chat/completions", &headers);
    texts(&config, &head, body.to_string().as_bytes()).unwrap().unwrap()
}

fn at<'t>(all: &'t BodyTexts, at: &str) -> &'t BodyText {
    all.texts.iter().find(|text| text.at == at).unwrap_or_else(|| panic!("{at} in {all:?}"))
}

#[test]
fn each_text_says_why_it_is_searched_or_not() {
    let long = "x".repeat(100);
    let all = chat(
        &json!({
            "model": "m", "user": "u1", "stop": ["heron"], "service_tier": long, "invented": {"deep": ["heron"]},
            "messages": [
                {"role": "user", "content": "heron"},
                {"content": "heron", "role": "assistant"},
                {"role": "narrator", "content": [{"type": "text", "text": "heron"},
                    {"type": "image_url", "image_url": {"url": "https://x.test/heron.png"}}]},
            ],
            "tools": [{"type": "function", "function": {"name": "f", "description": "heron"}}],
        }),
        &["heron"],
    );
    let said = |place: &str| (at(&all, place).fate.is_searched, at(&all, place).fate.because);
    assert_eq!(said("messages[0].content"), (true, "it is text of the prompt"));
    let assistants = "an assistant has said it, and search.assistant is false";
    assert_eq!(said("messages[1].content"), (false, assistants));
    assert!(at(&all, "messages[1].content").marks.is_empty());
    assert_eq!(said("messages[2].content[0].text"), (true, "it is text of the prompt"));
    let role = "this role is not known, so it may reach the model";
    assert_eq!(said("messages[2].role"), (true, role));
    assert_eq!(said("messages[2].content[1].image_url.url"), (false, "it is an image"));
    let schemas = "it belongs to a definition or schema, and search.schemas is true";
    assert_eq!(said("tools[0].function.description"), (true, schemas));
    let unknown = "no table names this member, so it may reach the model";
    assert_eq!(said("invented.deep[0]"), (true, unknown));
    assert_eq!(said("stop[0]"), (false, "it is a setting, which the provider's program reads"));
    assert_eq!(said("user"), (false, "it is an id or a label, which the model is not shown"));
    assert_eq!(said("model"), (false, "it is the name of the model"));
    let too_long = "it is too long for a setting, an id or a label";
    assert_eq!(said("service_tier"), (true, too_long));
    let marked =
        all.texts.iter().filter(|text| !text.marks.is_empty()).map(|text| text.at.as_str());
    let wanted = [
        "invented.deep[0]",
        "messages[0].content",
        "messages[2].content[0].text",
        "tools[0].function.description",
    ];
    assert_eq!(marked.collect::<BTreeSet<_>>(), wanted.into_iter().collect());
    let hidden: Vec<_> = all.hidden.iter().map(|it| (it.at.as_str(), it.kind.name())).collect();
    assert_eq!(hidden, [("messages[2].content[1]", "images")]);
}

#[test]
fn a_keyword_across_two_parts_is_marked_in_the_second() {
    let part = |text: &str| json!({"type": "text", "text": text});
    let messages = json!([{"role": "user", "content": [part("project he"), part("ron")]}]);
    let all = chat(&json!({"model": "m", "messages": messages}), &["heron"]);
    let second = at(&all, "messages[0].content[1].text");
    assert_eq!((second.marks[0].to, second.marks[0].begins_before), (3, true));
}

#[test]
fn a_body_that_the_filter_refuses_has_no_texts() {
    let config = configuration(&BTreeSet::new(), &json!({}));
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    let of = |path: &str, body: &str| texts(&config, &head(path, &headers), body.as_bytes());
    let twice = r#"{"model": "m", "model": "m"}"#;
    assert!(of("/v1/chat/completions", twice).is_err());
    assert!(of("/v1/chat/completions", "{").is_err());
    assert!(of("/about", "{}").unwrap().is_none());
}
