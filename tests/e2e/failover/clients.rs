//! The clients that applications use notice nothing when a provider fails.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::harness::{Group, Spec};

#[test]
fn the_clients_of_openai_and_anthropic_are_answered() {
    let document = json!({
        "providers": {
            "alpha": {"cluster": "alpha", "api": "any", "credential": {"env": "ALPHA_KEY"}},
            "beta": {"cluster": "beta", "api": "any"},
            "closed": {"cluster": "closed", "api": "any"},
        },
        "deployments": {"a": {"provider": "alpha", "model": "a"},
                        "b": {"provider": "beta", "model": "b"},
                        "none": {"provider": "closed", "model": "none"}},
        "models": {"down-first": {"candidates": ["none", "b"]},
                   "failing-first": {"candidates": ["a", "b"]}},
        "failover": {"max_attempts": 2},
        "cooldown": {"enabled": false},
    });
    let group = Group::start(&Spec::failing_over(document));
    let python = std::env::var("POINTSMAN_PYTHON");
    let output = Command::new(python.expect("POINTSMAN_PYTHON is not set; run `make test-e2e`"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/clients.py"))
        .arg(format!("http://127.0.0.1:{}", group.port()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "36 calls answered\n");
    let asked = |name: &str| group.mock(name).seen().len();
    assert_eq!((asked("alpha"), asked("beta")), (30, 36));
    group.assert_no_trap();
}
