//! Answers that look like a failure of the deployment and are the request's, and the other way
//! round: through both filters.

use serde_json::{Value, json};

use crate::failover::Proxy;
use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");
const TOO_LONG: &str = r#"{"error":{"code":500,"type":"server_error",
    "message":"the request exceeds the available context size, try increasing it"}}"#;

fn chat(text: &str) -> String {
    json!({"model": "own", "messages": [{"role": "user", "content": text}]}).to_string()
}

/// Sends a request without failover, and has it answered.
fn once(
    host: &FakeHost,
    document: &Value,
    text: &str,
    (status, body): (u16, &str),
    with: &[(&str, &str)],
) {
    let engine = engine(host, document);
    let mut stream = host.request(&engine, &head(&[]), &[chat(text).as_bytes()]);
    host.answer(&mut stream, status, with, &[body.as_bytes()]);
    host.done(stream, None);
    host.properties.borrow_mut().clear();
}

#[test]
fn a_500_that_blames_the_request_cools_nothing() {
    for (body, cools) in [(TOO_LONG, false), (r#"{"error":"boom"}"#, true), ("", true)] {
        let host = host();
        for _ in 0..9 {
            once(&host, &document(), "a", (500, body), &[JSON]);
        }
        assert_eq!(host.shared.until_ms("own") > 0, cools, "{body}");
    }
}

#[test]
fn another_attempt_waits_for_a_500_only_where_it_is_short() {
    let models = json!({"m": {"candidates": ["a", "b"], "fallbacks": {"context_window": ["c"]}}});
    let length = TOO_LONG.len().to_string();
    for (length, wanted) in
        [(Some(length.as_str()), "model-c"), (Some("70000"), "model-b"), (None, "model-b")]
    {
        let proxy = Proxy::new(json!({"models": models}));
        proxy.send(&[]);
        let mut first = proxy.attempt(usize::MAX);
        let mut head = vec![JSON];
        head.extend(length.map(|length| ("content-length", length)));
        proxy.host.begin_answer(&mut first, 500, &head, false);
        let is_held = proxy.host.received("x-llm-retry").is_none();
        assert_eq!(is_held, wanted == "model-c", "{length:?}");
        if is_held {
            *proxy.host.response_body.borrow_mut() = TOO_LONG.as_bytes().to_vec();
            first.on_response_body(&proxy.host, TOO_LONG.len(), true);
        }
        assert!(proxy.host.received("x-llm-retry").is_some(), "{length:?}");
        proxy.host.done(first, None);
        assert_eq!(proxy.host.shared.record("a").total.failures, u64::from(!is_held));
        let second = proxy.attempt(usize::MAX);
        assert_eq!(proxy.upstream_model(), wanted, "{length:?}");
        drop(second);
    }
}

#[test]
fn a_request_that_does_not_fit_what_is_left_leaves_it_to_smaller_ones() {
    let left = |left| {
        [
            JSON,
            ("x-ratelimit-remaining-tokens", left),
            ("x-ratelimit-reset-tokens", "20s"),
            ("retry-after", "20"),
        ]
    };
    for (remaining, cools) in [("50", false), ("0", true), ("5000", true)] {
        let host = host();
        once(&host, &document(), &"heron ".repeat(100), (429, "{}"), &left(remaining));
        assert_eq!(host.shared.until_ms("own") > 0, cools, "{remaining}");
        let engine = engine(&host, &document());
        let refused = |text: &str| {
            let stream = host.request(&engine, &head(&[]), &[chat(text).as_bytes()]);
            host.done(stream, None);
            host.refused().is_some()
        };
        // What is known of the room keeps those away that do not fit.
        if !cools {
            assert!(refused(&"heron ".repeat(100)) && !refused("heron"));
        }
    }
}

#[test]
fn a_redirect_is_no_answer() {
    let host = host();
    for (text, counted) in [("a", 0), ("a", 0), ("b", 1)] {
        once(&host, &document(), text, (302, ""), &[("location", "/login")]);
        assert_eq!(host.shared.record("own").total.failures, counted, "{text}");
    }
    let proxy = Proxy::new(json!({}));
    proxy.send(&[]);
    let first = proxy.attempt(usize::MAX);
    assert!(proxy.answer(first, 307, b""));
}

#[test]
fn what_is_no_answer_costs_no_tokens() {
    let page = format!("<html>{}</html>", "x".repeat(4000));
    let chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let events = chunk.repeat(3) + "data: [DONE]\n\n";
    for (kind, body, most) in [
        ("text/html", page.as_str(), 0),
        ("application/json", r#"{"error":{"message":"boom"}}"#, 0),
        // Whatever it says of its type.
        ("Text/Event-Stream", events.as_str(), 20),
        ("application/json", events.as_str(), 20),
    ] {
        let host = host();
        once(&host, &document(), "Hello", (200, body), &[("content-type", kind)]);
        let tokens = host.shared.record("own").total.tokens;
        assert!(tokens <= most && (tokens > 0) == (most > 0), "{kind} {tokens}");
    }
}
