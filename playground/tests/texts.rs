//! The searched texts as the page asks for them.
//!
//! The tests run natively and as wasm32 code, which the page runs.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use playground::searched;
use serde_json::{Value, json};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn configuration(when: Value) -> String {
    json!({
        "providers": {"p": {"cluster": "p", "api": "any"}},
        "deployments": {"d": {"provider": "p", "model": "m"}},
        "models": {"m": {"candidates": ["d"]}},
        "routes": [{"name": "stays", "when": when, "then": {"target_model": "m"}}],
    })
    .to_string()
}

fn request(body: Value) -> String {
    json!({"path": "/v1/chat/completions", "body": body.to_string()}).to_string()
}

fn told(when: Value, body: Value) -> Value {
    serde_json::from_str(&searched(&configuration(when), &request(body))).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn at<'t>(told: &'t Value, place: &str) -> &'t Value {
    list(&told["texts"]).iter().find(|text| text["at"] == place).expect("the text")
}

#[test]
fn a_keyword_is_marked_with_its_route_in_conditions_at_any_depth() {
    for when in [
        json!({"prompt_contains_any_of": ["Heron"]}),
        json!({"any_of": [{"not": {"prompt_contains_any_of": ["Heron"]}}]}),
    ] {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "A heron, two HERONS."}]});
        let told = told(when, body);
        let text = at(&told, "messages[0].content");
        let keyword = json!([{"word": "Heron", "routes": ["stays"], "begins_before": false}]);
        let parts = json!([
            {"text": "A "}, {"text": "heron", "keywords": keyword}, {"text": ", two "},
            {"text": "HERON", "keywords": keyword}, {"text": "S."},
        ]);
        assert_eq!((&text["parts"], &text["is_searched"]), (&parts, &json!(true)));
        assert_eq!(told["keywords"], 1);
    }
}

#[test]
fn overlapping_keywords_share_their_parts() {
    let when = json!({"prompt_contains_any_of": ["blue heron", "heron nest"]});
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "blue heron nest"}]});
    let told = told(when, body);
    let parts = list(&at(&told, "messages[0].content")["parts"]);
    let shown: Vec<_> = parts
        .iter()
        .map(|part| (part["text"].as_str().expect("text"), list(&part["keywords"]).len()))
        .collect();
    assert_eq!(shown, [("blue ", 1), ("heron", 2), (" nest", 1)]);
}

#[test]
fn what_is_not_searched_has_no_marks_and_says_why() {
    let body = json!({"model": "m", "messages": [{"role": "assistant", "content": "heron"}]});
    let told = told(json!({"prompt_contains_any_of": ["heron"]}), body);
    let text = at(&told, "messages[0].content");
    assert_eq!(
        (&text["is_searched"], &text["parts"]),
        (&json!(false), &json!([{"text": "heron"}]))
    );
    assert!(text["because"].as_str().expect("text").contains("search.assistant"));
}

#[test]
fn what_cannot_be_searched_is_listed_with_the_routes_that_ask_for_it() {
    let when = json!({
        "prompt_contains_any_of": ["heron"], "unsearchable": ["images", "state"], "on_unsearchable": "reject",
    });
    let image = json!({"type": "image_url", "image_url": {"url": "https://x.test/a.png"}});
    let body = json!({"model": "m", "messages": [{"role": "user", "content": [image]}]});
    let images = told(when.clone(), body);
    let asked = json!([{"route": "stays", "then": "reject"}]);
    let place = "messages[0].content[0]";
    assert_eq!(images["hidden"], json!([{"at": place, "kind": "images", "asked": asked}]));

    let body = json!({"model": "m", "input": "hi", "previous_response_id": "resp_1"});
    let request = json!({"path": "/v1/responses", "body": body.to_string()}).to_string();
    let state: Value =
        serde_json::from_str(&searched(&configuration(when.clone()), &request)).expect("JSON");
    assert_eq!(
        state["hidden"],
        json!([{"at": "previous_response_id", "kind": "state", "asked": asked}])
    );

    let body = json!({"model": "m", "prompt": [1, 2, 3]});
    let request = json!({"path": "/v1/completions", "body": body.to_string()}).to_string();
    let tokens: Value =
        serde_json::from_str(&searched(&configuration(when), &request)).expect("JSON");
    assert_eq!(tokens["hidden"], json!([{"at": "prompt", "kind": "tokens", "asked": []}]));
}

#[test]
fn a_long_text_is_shortened_between_its_keywords() {
    let content = format!("{}heron{}", "a ".repeat(2000), " b".repeat(2000));
    let body = json!({"model": "m", "messages": [{"role": "user", "content": content}]});
    let told = told(json!({"prompt_contains_any_of": ["heron"]}), body);
    let parts = list(&at(&told, "messages[0].content")["parts"]);
    assert_eq!((parts.len(), &parts[1]["text"]), (3, &json!("heron")));
    assert!(parts[0]["text"].as_str().expect("text").contains("3480 characters"), "{}", parts[0]);
}

#[test]
fn a_body_without_texts_says_so() {
    let when = json!({"prompt_contains_any_of": ["heron"]});
    let ask = |request: Value| -> Value {
        serde_json::from_str(&searched(&configuration(when.clone()), &request.to_string()))
            .expect("JSON")
    };
    let none = ask(json!({"method": "GET", "path": "/about"}));
    assert_eq!(none["note"], "The request has no body.");
    let form = json!({
        "path": "/v1/audio/transcriptions", "headers": "content-type: multipart/form-data; boundary=b", "body": "--b--",
    });
    assert!(ask(form)["note"].as_str().expect("text").contains("form"));
    let broken = ask(json!({"path": "/v1/chat/completions", "body": "{"}));
    assert!(broken["problem"].as_str().expect("text").contains("invalid JSON"), "{broken}");
}
