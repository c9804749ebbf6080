//! Requests with state that leave their boundary without it.

use serde_json::{Value, json};

use crate::failover::Proxy;

const MESSAGES: &str = "/v1/messages";
const WITH: &[u8] = br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"secret"},{"type":"text","text":"x"}]},{"role":"user","content":"go on"}]}"#;
const WITHOUT: &str = r#"{"model":"%","max_tokens":9,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"x"}]},{"role":"user","content":"go on"}]}"#;
/// What Anthropic says of a signature that it has not made.
const FOREIGN: &[u8] = br#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}"#;
const WRONG: &[u8] =
    br#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"}}"#;

const ANSWER: &[u8] = br#"{"type":"message","role":"assistant","content":[{"type":"text","text":"Yes."}],"stop_reason":"end_turn"}"#;

/// Returns a proxy whose model has two deployments at home and two elsewhere.
fn proxy(on_boundary: &str, with: &[(&str, Value)]) -> Proxy {
    let mut document = json!({
        "providers": {
            "home": {"cluster": "home", "api": "any"},
            "away": {"cluster": "away", "api": "any"}
        },
        "deployments": {
            "h1": {"provider": "home", "model": "home-1"},
            "a1": {"provider": "away", "model": "away-1"},
            "h2": {"provider": "home", "model": "home-2"},
            "a2": {"provider": "away", "model": "away-2"}
        },
        "models": {"m": {"candidates": ["h1", "a1", "h2", "a2"]}},
        "failover": {"max_attempts": 4, "on_boundary": on_boundary}
    });
    for (key, value) in with {
        document[key] = value.clone();
    }
    Proxy::new(document)
}

fn without(model: &str) -> String {
    WITHOUT.replace('%', model)
}

fn with(model: &str) -> String {
    String::from_utf8(WITH.to_vec()).unwrap().replace("\"m\"", &json!(model).to_string())
}

impl Proxy {
    /// Makes the next attempt, lets it be answered, and returns what its provider got and whether
    /// there is to be another one.
    fn next(&self, status: u16, answer: &[u8]) -> (String, bool) {
        let stream = self.attempt_of(&WITH.chunks(5).collect::<Vec<_>>());
        let sent = self.host.sent_body();
        if let Some(length) = self.host.sent("content-length") {
            assert_eq!(length, sent.len().to_string());
        }
        (sent, self.answer(stream, status, answer))
    }
}

#[test]
fn those_at_home_come_first_and_the_others_get_it_without() {
    let proxy = proxy("strip", &[]);
    let router = proxy.host.post(&proxy.router, MESSAGES, WITH);
    assert_eq!(proxy.property("llm.deployments"), "h1,h2,a1,a2");
    for model in ["home-1", "home-2"] {
        assert_eq!(proxy.next(503, b"{}"), (with(model), true));
    }
    assert_eq!(proxy.next(503, b"{}"), (without("away-1"), true));
    assert_eq!(proxy.next(200, ANSWER), (without("away-2"), false));
    proxy.host.done(router, None);
}

#[test]
fn a_provider_that_cannot_read_it_is_followed_by_those_who_get_it_without() {
    let proxy = proxy("strip", &[]);
    let router = proxy.host.post(&proxy.router, MESSAGES, WITH);
    // The other one at home would say the same.
    assert_eq!(proxy.next(400, FOREIGN), (with("home-1"), true));
    assert_eq!(proxy.next(200, ANSWER), (without("away-1"), false));
    proxy.host.done(router, None);
    // It says nothing against the deployment.
    let counted = |outcome: &str| {
        proxy.host.counted(&format!("pointsman.attempts.deployment=.h1;.outcome=.{outcome};"))
    };
    assert_eq!((counted("client"), counted("server")), (1, 0));
}

#[test]
fn what_a_provider_says_of_state_stays_the_clients_otherwise() {
    for (on_boundary, with, answer) in [
        ("stay", vec![], FOREIGN),
        ("strip", vec![], WRONG),
        // All of them are at home.
        ("strip", vec![("models", json!({"m": {"candidates": ["h1", "h2"]}}))], FOREIGN),
    ] {
        let proxy = proxy(on_boundary, &with);
        let router = proxy.host.post(&proxy.router, MESSAGES, WITH);
        let (_, is_retried) = proxy.next(400, answer);
        assert!(!is_retried, "{on_boundary} {with:?}");
        proxy.host.done(router, None);
    }
}

#[test]
fn without_failover_a_request_begins_elsewhere_where_home_is_out() {
    let one = |on_boundary: &str| {
        let failover = json!({"max_attempts": 1, "on_boundary": on_boundary});
        let models = json!({"m": {"candidates": ["h1", "a1"]}});
        let proxy = proxy(on_boundary, &[("failover", failover), ("models", models)]);
        // A rate limit cools the only one at home.
        let mut first = proxy.host.post(&proxy.router, MESSAGES, WITH);
        assert_eq!(proxy.host.sent_body(), with("home-1"));
        proxy.host.answer(&mut first, 429, &[("retry-after", "60")], &[b"{}"]);
        proxy.host.done(first, None);
        let second = proxy.host.post(&proxy.router, MESSAGES, WITH);
        let sent = proxy.host.sent_body();
        proxy.host.done(second, None);
        sent
    };
    assert_eq!(one("strip"), without("away-1"));
    // Where all cool that may serve, the one that is free soonest is tried.
    assert_eq!(one("stay"), with("home-1"));
}

#[test]
fn overrides_and_what_is_left_out_go_together() {
    let away = |overrides: Value| {
        json!({
            "h1": {"provider": "home", "model": "home-1"},
            "a1": {"provider": "away", "model": "away-1", "request_overrides": overrides}
        })
    };
    for (overrides, wanted) in [
        (json!({"max_tokens": 5}), without("away-1").replace(":9,", ":5,")),
        (
            json!({"top_k": 1, "max_tokens": null}),
            without("away-1").replace("\"max_tokens\":9,", "").replacen('{', "{\"top_k\":1,", 1),
        ),
    ] {
        let models = json!({"m": {"candidates": ["h1", "a1"]}});
        let proxy = proxy("strip", &[("deployments", away(overrides)), ("models", models)]);
        let router = proxy.host.post(&proxy.router, MESSAGES, WITH);
        assert_eq!(proxy.next(503, b"{}"), (with("home-1"), true));
        assert_eq!(proxy.next(200, ANSWER), (wanted, false));
        proxy.host.done(router, None);
    }
}

#[test]
fn a_request_without_state_and_one_that_stays_cost_no_second_look() {
    let reads = |on_boundary: &str, body: &[u8]| {
        let proxy = proxy(on_boundary, &[]);
        let before = proxy.host.bytes_read.get();
        let router = proxy.host.post(&proxy.router, MESSAGES, body);
        proxy.host.done(router, None);
        proxy.host.bytes_read.get() - before
    };
    let plain = br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"}]}"#;
    assert_eq!(reads("strip", plain), reads("stay", plain));
    assert_eq!(reads("stay", WITH), WITH.len());
    assert_eq!(reads("strip", WITH), reads("stay", WITH) + WITH.len());
}
