//! Credentials that Envoy's filters add after this one: what they leave in the header map reaches no
//! other provider, and what the client sent of it reaches none.

use serde_json::{Value, json};

use crate::engine;
use crate::failover::Proxy;
use crate::fake_host::ANSWER;

/// What Envoy's signer sets, with a date that the client may have sent as well.
const SIGNED: [(&str, &str); 5] = [
    ("authorization", "AWS4-HMAC-SHA256 of-the-proxy"),
    ("x-amz-content-sha256", "of-the-proxy"),
    ("x-amz-date", "of-the-proxy"),
    ("x-amz-region-set", "of-the-proxy"),
    ("x-amz-security-token", "of-the-proxy"),
];
const NAMES: [&str; 6] = [
    "authorization",
    "x-key",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-region-set",
    "x-amz-security-token",
];
const CLIENTS: [(&str, &str); 4] = [
    ("x-key", "of-the-client"),
    ("x-amz-date", "of-the-client"),
    ("x-amz-content-sha256", "of-the-client"),
    ("x-amz-security-token", "of-the-client"),
];

fn providers() -> Value {
    let sign = json!({"envoy": "aws_request_signing", "service": "bedrock", "region": "us-east-1"});
    let inject = json!({"envoy": "credential_injector", "env": "K", "header": "X-Key"});
    json!({
        "signed": {"cluster": "signed", "credential": sign},
        "injected": {"cluster": "injected", "credential": inject},
        "own": {"cluster": "own", "credential": {"env": "OWN_KEY"}},
        "open": {"cluster": "open"}
    })
}

/// A proxy whose model is served by these two providers, in this order.
fn proxy(first: &str, second: &str) -> Proxy {
    Proxy::new(json!({
        "providers": providers(),
        "deployments": {"a": {"provider": first, "model": "model-a"},
                        "b": {"provider": second, "model": "model-b"}},
        "models": {"m": {"candidates": ["a", "b"]}},
    }))
}

/// Does what Envoy's filter in the cluster of a provider does, after the attempt filter. It adds to
/// what is there, so that what was left there shows.
fn add(proxy: &Proxy, provider: &str) {
    let all: &[(&str, &str)] = match provider {
        "signed" => &SIGNED,
        "injected" => &[("x-key", "of-the-proxy")],
        _ => &[],
    };
    for (name, value) in all {
        assert_eq!(proxy.host.sent(name), None, "{provider}: {name} is there before");
        append(proxy, name, value);
    }
}

/// Adds a header after the attempt filter has let the head go, as Envoy's signer does it.
fn append(proxy: &Proxy, name: &str, value: &str) {
    let mut headers = proxy.host.request_headers.borrow_mut();
    headers.push(name, value.as_bytes());
}

/// Fails unless a provider gets what is its own, and nothing else of what carries credentials.
fn check(proxy: &Proxy, provider: &str) {
    for name in NAMES {
        let of = |all: &[(&str, &'static str)]| {
            all.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        };
        let wanted = match provider {
            "signed" => of(&SIGNED),
            "injected" => of(&[("x-key", "of-the-proxy")]),
            "own" => of(&[("authorization", "Bearer sk-own")]),
            _ if name == "authorization" => Some("Bearer sk-client"),
            _ => of(&CLIENTS),
        };
        assert_eq!(proxy.host.sent(name).as_deref(), wanted, "{provider}: {name}");
    }
}

#[test]
fn what_envoy_adds_for_an_attempt_reaches_no_other() {
    let all = ["signed", "injected", "own", "open"];
    for (first, second) in all.iter().flat_map(|first| all.map(|second| (*first, second))) {
        let proxy = proxy(first, second);
        proxy.send(&CLIENTS);
        for name in NAMES {
            assert_eq!(proxy.host.sent(name), None, "the router: {name}");
        }
        let attempt = proxy.attempt(9);
        add(&proxy, first);
        check(&proxy, first);
        assert!(proxy.answer(attempt, 503, b"{}"));
        let attempt = proxy.attempt(9);
        add(&proxy, second);
        check(&proxy, second);
        assert!(!proxy.answer(attempt, 200, ANSWER));
    }
}

/// While a configuration is rolled out, the attempts may have a newer one than the router.
#[test]
fn what_an_older_router_does_not_know_of_is_taken_away() {
    let mut proxy = proxy("signed", "open");
    let mut older = json!({
        "providers": providers(),
        "deployments": {"a": {"provider": "signed", "model": "model-a"},
                        "b": {"provider": "open", "model": "model-b"}},
        "models": {"m": {"candidates": ["a", "b"]}},
        "failover": {"max_attempts": 4}
    });
    older["providers"]["signed"] = json!({"cluster": "signed"});
    older["providers"]["injected"] = json!({"cluster": "injected"});
    proxy.router = engine(&proxy.host, &older);
    proxy.send(&[]);
    let attempt = proxy.attempt(9);
    SIGNED.iter().for_each(|(name, value)| append(&proxy, name, value));
    assert!(proxy.answer(attempt, 503, b"{}"));
    proxy.attempt(9);
    for (name, _) in &SIGNED[1..] {
        assert_eq!(proxy.host.sent(name), None, "{name}");
    }
    assert_eq!(proxy.host.sent("authorization").as_deref(), Some("Bearer sk-client"));
}

/// A provider that refuses what Envoy has added has refused the proxy, and fails for everybody.
#[test]
fn a_refused_credential_is_the_proxys_whoever_added_it() {
    for (provider, is_cooling) in [("signed", true), ("injected", true), ("open", false)] {
        let proxy = proxy(provider, "own");
        proxy.send(&CLIENTS);
        let attempt = proxy.attempt(9);
        add(&proxy, provider);
        proxy.answer(attempt, 401, b"{}");
        proxy.answered(b"{}", 200, ANSWER);
        proxy.send(&CLIENTS);
        let first = proxy.property("llm.deployments");
        let wanted = if is_cooling { "b" } else { "a,b" };
        assert_eq!(first, wanted, "{provider}");
    }
}
