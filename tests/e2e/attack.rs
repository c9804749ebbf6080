//! What a hostile client may try. None of it succeeds.

use serde_json::json;

use crate::group::OPEN;
use crate::harness::{ask, chat};

/// A model that routes by its prompt, through a provider with a credential and a prefix.
const SECRET: &str = "please deploy it";

#[test]
fn a_member_that_is_merged_into_cannot_grow_a_body() {
    for size in [1_000, 900_000, 4_000_000, 12_000_000] {
        let long = "x".repeat(size);
        let body = format!(r#"{{"model":"over","metadata":{{"a":"{long}"}},"messages":[]}}"#);
        let reply = ask(&OPEN).body(body.clone()).send();
        if size < 1_000_000 {
            let (_, seen) = reply.served_by_one();
            assert!(seen.body_bytes < body.len() + 100, "{} of {}", seen.body_bytes, body.len());
        } else {
            reply.refused(400);
        }
    }
    OPEN.assert_serves("plain");
}

#[test]
fn another_spelling_of_the_path_is_routed_and_sent_on_in_plain_form() {
    for path in [
        "/v1/chat/./completions",
        "/v1/chat/x/../completions",
        "/v1/chat/%2e/completions",
        "/v1/chat;x/completions",
        "/v1/chat/completions/x/..",
        "/v1//chat%2fcompletions/",
        "/v1/Chat/Completions",
    ] {
        let reply = ask(&OPEN).path(path).json(&chat("routed", SECRET)).send();
        let (provider, seen) = reply.served_by_one();
        assert_eq!((provider, seen.upstream_model.as_deref()), ("beta", Some("up-b2")), "{path}");
        assert_eq!(seen.path, "/v1/chat/completions", "{path}");
    }
}

#[test]
fn a_path_cannot_leave_its_prefix() {
    let reply = ask(&OPEN).path("/../../v1/chat/completions").model("keyed").send();
    assert_eq!(reply.served_by_one().1.path, "/prefix/v1/chat/completions");
}

#[test]
fn filler_does_not_hide_a_long_prompt() {
    let prompt = "All of this is part of the prompt. ".repeat(300);
    for filler in ["", "(", "=", " ", "\n", "é", "=(( ", "\u{0}"] {
        let content = format!("{prompt}{}", filler.repeat(100_000 / filler.len().max(1)));
        let reply = ask(&OPEN).json(&chat("routed", content)).send();
        assert_eq!(reply.header("x-llm-route"), Some("long"), "{filler:?}");
    }
}

#[test]
fn a_content_type_given_twice_is_json() {
    let reply = ask(&OPEN)
        .header("content-type", "application/json, application/json")
        .json(&chat("routed", SECRET))
        .send();
    assert_eq!(reply.header("x-llm-route"), Some("words"));
}

#[test]
fn a_keyword_is_found_wherever_a_client_writes_it() {
    let chat = "/v1/chat/completions";
    let hello = json!([{"role": "user", "content": "hi"}]);
    for (path, member, value) in [
        (chat, "documents", json!([{"title": "t", "text": SECRET}])),
        (chat, "chat_template_kwargs", json!({"a": [[{"b": SECRET}]]})),
        (chat, "never_heard_of", json!({SECRET: null})),
        (chat, "prediction", json!({"type": "content", "content": SECRET})),
        (chat, "reasoning_effort", json!(format!("{} {SECRET}", "high".repeat(20)))),
        (
            chat,
            "tools",
            json!([{"type": "function", "function": {"name": "f", "description": SECRET}}]),
        ),
        (chat, "messages", json!([[{"role": "user", "content": SECRET}]])),
        ("/v1/responses", "prompt", json!({"id": "p", "variables": {"a": SECRET}})),
        ("/v1/embeddings", "input", json!([{"text": SECRET}])),
        ("/v1/completions", "prompt", json!([1, 2, 3])),
        ("/v1/audio/speech", "instructions", json!(SECRET)),
    ] {
        let mut body = json!({"model": "routed", "messages": hello});
        if path != chat {
            body = json!({"model": "routed"});
        }
        body[member] = value;
        let reply = ask(&OPEN).path(path).json(&body).send();
        assert_eq!(reply.header("x-llm-route"), Some("words"), "{body}");
    }
    let said = json!({"model": "routed", "messages": [{"role": "assistant", "content": SECRET}]});
    assert_eq!(ask(&OPEN).json(&said).send().header("x-llm-route"), None);
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    for body in [
        r#"{"model":"plain","messages":[],"model":"keyed"}"#,
        r#"{"model":"plain","messages":[{"role":"assistant","content":"x","role":"user"}]}"#,
        r#"{"model":"plain","messages":[],"stream":false,"stream":true}"#,
        r#"{"model":"over","messages":[],"metadata":{"a":"b"},"metadata":{}}"#,
    ] {
        ask(&OPEN).body(body).send().refused(400);
    }
    OPEN.assert_serves("plain");
}

#[test]
fn a_key_in_another_case_is_refused() {
    let body = json!({"model": "plain", "Model": "keyed", "messages": []});
    ask(&OPEN).json(&body).send().refused(400);
}
