//! A cluster without a host, such as one whose name does not resolve or whose service has no ready pod:
//! Envoy answers by itself and tries no further, so the next request has to know.

use std::sync::LazyLock;

use serde_json::json;

use crate::harness::{Group, Spec, ask};

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let document = json!({
        "providers": {"alpha": {"cluster": "alpha"}, "empty": {"cluster": "empty"}},
        "deployments": {"a": {"provider": "alpha", "model": "a"}, "a2": {"provider": "alpha", "model": "a2"},
                        "first": {"provider": "empty", "model": "first"},
                        "later": {"provider": "empty", "model": "later"}},
        "models": {"m": {"candidates": ["first", "a"]}, "n": {"candidates": ["a", "later", "a2"]}},
        "failover": {"max_attempts": 3}
    });
    Group::start(&Spec::failing_over(document))
});

#[test]
fn requests_after_the_first_go_elsewhere() {
    let reply = ask(&GROUP).model("m").send();
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["error"]["code"], "no_deployment_available", "{:?}", reply.body);
    assert_eq!(reply.header("x-llm-attempts"), Some("first=network"));
    assert_eq!(reply.header("x-llm-deployment"), Some("first"));
    for _ in 0..3 {
        let reply = ask(&GROUP).model("m").send();
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("x-llm-attempts"), Some("a=200"));
    }
}

#[test]
fn a_later_attempt_is_recorded_too() {
    let failing =
        || ask(&GROUP).model("n").header("x-mock-only", "alpha").header("x-mock-status", "503");
    let reply = failing().send();
    assert_eq!(reply.status, 503);
    assert_eq!(reply.json()["error"]["code"], "no_deployment_available", "{:?}", reply.body);
    assert_eq!(reply.header("x-llm-attempts"), Some("a=503,later=network"));
    let reply = ask(&GROUP).model("n").header("x-mock-status", "503").send();
    assert_eq!(reply.header("x-llm-attempts"), Some("a=503,a2=503"));
    GROUP.assert_no_trap();
}
