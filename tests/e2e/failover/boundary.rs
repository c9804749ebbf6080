//! State that only one account can read goes to no other one, whatever fails.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::{Group, Reply, Spec, ask};

/// Two accounts that share nothing, and the same two within one boundary. `model` is what the first of
/// them serves, and `failover` what the document says of attempts.
pub(super) fn document(model: &str, failover: &Value) -> Value {
    json!({
        "providers": {
            "alpha": {"cluster": "alpha", "api": "any"},
            "beta": {"cluster": "beta", "api": "any"},
            "alpha-too": {"cluster": "alpha", "api": "any", "boundary": "both"},
            "beta-too": {"cluster": "beta", "api": "any", "boundary": "both"}
        },
        "deployments": {
            "a": {"provider": "alpha", "model": model},
            "b": {"provider": "beta", "model": "b"},
            "a-too": {"provider": "alpha-too", "model": model},
            "b-too": {"provider": "beta-too", "model": "b"}
        },
        "models": {
            "apart": {"candidates": ["a"], "fallbacks": {"general": ["b"], "rate_limit": ["b"]}},
            "together": {"candidates": ["a-too", "b-too"]}
        },
        "cooldown": {"enabled": false},
        "failover": failover
    })
}

static GROUP: LazyLock<Group> =
    LazyLock::new(|| Group::start(&Spec::failing_over(document("a", &json!({"max_attempts": 4})))));

/// A format, and a request of it with state and without.
fn requests() -> Vec<(&'static str, Value, Value)> {
    let messages = |block: Value| {
        json!({"max_tokens": 9, "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": [block, {"type": "text", "text": "Hi"}]},
            {"role": "user", "content": "Go on"}
        ]})
    };
    let items = |item: Value| json!({"input": [{"role": "user", "content": "Hello"}, item]});
    let chat = |extra: Value| {
        let call = json!({"id": "i", "type": "function", "extra_content": extra,
                          "function": {"name": "f", "arguments": "{}"}});
        json!({"messages": [{"role": "user", "content": "Hello"},
                            {"role": "assistant", "tool_calls": [call]}]})
    };
    vec![
        (
            "/v1/messages",
            messages(json!({"type": "thinking", "thinking": "t", "signature": "c2ln"})),
            messages(json!({"type": "thinking", "thinking": "t"})),
        ),
        (
            "/v1/responses",
            items(json!({"type": "reasoning", "summary": [], "encrypted_content": "gAAAAA"})),
            items(json!({"type": "reasoning", "summary": []})),
        ),
        (
            "/v1/chat/completions",
            chat(json!({"google": {"thought_signature": "c2ln"}})),
            chat(json!({"google": {"thought_signature": "skip_thought_signature_validator"}})),
        ),
    ]
}

/// Sends a request for a model, whose provider alpha answers with that status.
fn sent(path: &str, model: &str, body: &Value, status: &str) -> Reply {
    let mut body = body.clone();
    body["model"] = model.into();
    let ask = ask(&GROUP).path(path).json(&body);
    ask.header("x-mock-only", "alpha").header("x-mock-status", status).send()
}

fn asked(reply: &Reply) -> Vec<&str> {
    reply.seen.iter().map(|(provider, _)| *provider).collect()
}

#[test]
fn what_one_account_has_made_goes_to_no_other_one() {
    for (path, with, without) in requests() {
        for status in ["503", "429"] {
            let reply = sent(path, "apart", &with, status);
            assert_eq!(reply.status.as_str(), status, "{path}: the provider's own answer");
            assert_eq!(asked(&reply), ["alpha"], "{path} {status}");
            let reply = sent(path, "apart", &without, status);
            assert_eq!(
                (reply.status.as_u16(), asked(&reply)),
                (200, vec!["alpha", "beta"]),
                "{path}"
            );
        }
    }
    GROUP.assert_no_trap();
}

#[test]
fn accounts_of_one_boundary_stand_in_for_each_other() {
    for (path, with, _) in requests() {
        let reply = sent(path, "together", &with, "503");
        assert_eq!((reply.status.as_u16(), asked(&reply)), (200, vec!["alpha", "beta"]), "{path}");
    }
    GROUP.assert_no_trap();
}
