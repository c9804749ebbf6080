//! What goes on early can be retried as far as Envoy keeps it.

use std::sync::LazyLock;

use serde_json::json;

use crate::harness::{Group, Reply, Spec, ask};

/// What listener and clusters keep of a body, in bytes.
const KEPT: usize = 256 * 1024;

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let document = json!({
        "providers": {"alpha": {"cluster": "alpha", "credential": {"env": "ALPHA_KEY"}},
                      "beta": {"cluster": "beta"}},
        "deployments": {"a": {"provider": "alpha", "model": "up-a"},
                        "b": {"provider": "beta", "model": "up-b"}},
        "models": {"ab": {"candidates": ["a", "b"]}},
        "failover": {"max_attempts": 2},
        "cooldown": {"enabled": false},
        "default_cluster": "site",
    });
    let kept = u32::try_from(KEPT).unwrap();
    Group::start(&Spec { buffer_bytes: kept, ..Spec::failing_over(document) })
});

/// Embeddings of that many bytes, which go on as soon as their model is read; the first
/// provider fails.
fn embed(length: usize) -> Reply {
    let beginning = br#"{"model":"ab","input":""#.to_vec();
    let text = vec![b'x'; length].chunks(32 * 1024).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let pieces = [vec![beginning], text, vec![br#""}"#.to_vec()]].concat();
    ask(&GROUP)
        .path("/v1/embeddings")
        .header("x-mock-only", "alpha")
        .header("x-mock-status", "503")
        .pieces(pieces)
        .send()
}

#[test]
fn a_body_that_envoy_keeps_goes_to_the_next_as_it_was_sent() {
    let reply = embed(KEPT / 4);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-attempts"), Some("a=503,b=200"));
    let [(_, first), (_, second)] = reply.seen.as_slice() else { panic!("two were asked") };
    assert_eq!(first.text().replace("up-a", "up-b"), second.text());
    assert_eq!(second.body_bytes, KEPT / 4 + r#"{"model":"up-b","input":""}"#.len());
    GROUP.assert_no_trap();
}

#[test]
fn of_a_longer_one_the_first_answer_is_the_clients() {
    let reply = embed(4 * KEPT);
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("x-llm-attempts"), Some("a=503"));
    assert_eq!(reply.header("x-llm-retry"), None);
    let [(provider, seen)] = reply.seen.as_slice() else { panic!("one was asked") };
    assert_eq!(*provider, "alpha");
    assert_eq!(seen.body_bytes, 4 * KEPT + r#"{"model":"up-a","input":""}"#.len());
    GROUP.assert_no_trap();
}
