//! The clients that applications use notice nothing when a provider fails before any content, and
//! say so when one fails after it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::harness::{Group, Spec};

fn start() -> Group {
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
    Group::start(&Spec::failing_over(document))
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/clients").join(name)
}

/// Runs the clients, and returns what they have said.
pub(super) fn said(program: &str, script: &str, arguments: &[&str]) -> String {
    let program = std::env::var(program)
        .unwrap_or_else(|_| panic!("{program} is not set; run `make test-e2e`"));
    let output = Command::new(program).arg(file(script)).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Returns how many requests each provider has seen.
fn asked(group: &Group) -> [usize; 2] {
    ["alpha", "beta"].map(|name| group.mock(name).seen().len())
}

#[test]
fn the_clients_of_python_are_answered() {
    let group = start();
    let url = format!("http://127.0.0.1:{}", group.port());
    let said = said("POINTSMAN_PYTHON", "clients.py", &[&url]);
    assert_eq!(said, "64 calls answered, 4 broken off\n");
    assert_eq!(asked(&group), [60, 64]);
    group.assert_no_trap();
}

#[test]
fn the_clients_of_npm_are_answered() {
    let group = start();
    let url = format!("http://127.0.0.1:{}", group.port());
    let ways = said("POINTSMAN_PYTHON", "clients.py", &["ways"]);
    let said = said("POINTSMAN_NODE", "clients.mjs", &[&url, &ways]);
    assert_eq!(said, "48 calls answered, 3 broken off\n");
    assert_eq!(asked(&group), [45, 48]);
    group.assert_no_trap();
}
