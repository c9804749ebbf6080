//! Requests that go on before they are whole, and which of them can still be tried again.

use std::sync::LazyLock;
use std::time::Duration;

use hyper::body::Bytes;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{AUTHORITY, Group, Spec, ask, run};

use super::hash_of;

/// What the listener and the clusters hold.
const BUFFER: u32 = 1 << 20;

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let document = json!({
        "providers": {"alpha": {"cluster": "alpha", "credential": {"env": "ALPHA_KEY"}},
                      "beta": {"cluster": "beta"}, "closed": {"cluster": "closed"}},
        "deployments": {"a": {"provider": "alpha", "model": "up-a"},
                        "b": {"provider": "beta", "model": "up-b"},
                        "none": {"provider": "closed", "model": "up-none"}},
        "models": {"ab": {"candidates": ["a", "b"]}, "down": {"candidates": ["none", "b"]}},
        "failover": {"max_attempts": 3},
        "cooldown": {"enabled": false},
        "limits": {"max_body_bytes": 128 << 20},
    });
    Group::start(&Spec { buffer_bytes: BUFFER, ..Spec::failing_over(document) })
});

/// Returns a completion with this many bytes of text, in pieces.
fn pieces(model: &str, length: usize) -> Vec<Bytes> {
    let body = format!(r#"{{"model":"{model}","prompt":"{}"}}"#, "x".repeat(length));
    body.as_bytes().chunks(50_000).map(Bytes::copy_from_slice).collect()
}

#[test]
fn only_a_body_that_fits_the_buffer_is_tried_again() {
    for is_http2 in [false, true] {
        for fault in [("x-mock-status", "503"), ("x-mock-reset", "before-headers")] {
            // Over HTTP/2 the stream's window of 16 MiB limits how much is held.
            let long = if is_http2 { 20 << 20 } else { 5 << 20 };
            for (length, is_retried) in [(800 << 10, true), (long, false)] {
                let ask = ask(&GROUP)
                    .path("/v1/completions")
                    .pieces(pieces("ab", length))
                    .header("x-patient", "1")
                    .header("x-mock-only", "alpha")
                    .header(fault.0, fault.1);
                let reply = if is_http2 { ask.http2() } else { ask }.send();
                let asked: Vec<&str> = reply.seen.iter().map(|(name, _)| *name).collect();
                let told = if fault.0 == "x-mock-status" { "503" } else { "network" };
                if is_retried {
                    assert_eq!(reply.status, 200, "{fault:?}: {:?}", reply.body);
                    assert_eq!(asked, ["alpha", "beta"]);
                    let told = format!("a={told},b=200");
                    assert_eq!(reply.header("x-llm-attempts"), Some(told.as_str()));
                } else {
                    assert_eq!(reply.status, 503, "{fault:?}");
                    assert_eq!(asked, ["alpha"]);
                    let told = format!("a={told}");
                    assert_eq!(reply.header("x-llm-attempts"), Some(told.as_str()));
                }
                assert_eq!(reply.header("x-llm-retry"), None);
                for (_, seen) in &reply.seen {
                    let model = seen.upstream_model.as_deref().unwrap_or("up-a");
                    let body = pieces(model, length).concat();
                    assert_eq!(seen.body_sha256, hash_of(&body), "{fault:?}: {length}");
                    assert!(seen.is_complete);
                }
            }
        }
    }
    GROUP.assert_no_trap();
}

#[test]
fn a_connection_that_fails_during_an_upload_is_followed_by_the_next() {
    LazyLock::force(&GROUP);
    let body = pieces("down", 200_000);
    let head = format!(
        "POST /v1/completions HTTP/1.1\r\nhost: {AUTHORITY}\r\nconnection: close\r\nx-case: upload\r\n\
         x-patient: 1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.concat().len()
    );
    let answer = run(async {
        let mut stream = TcpStream::connect(("127.0.0.1", GROUP.port())).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[0]).await.unwrap();
        while GROUP.envoy().stat("cluster.closed.upstream_cx_connect_fail").await == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        for piece in &body[1..] {
            stream.write_all(piece).await.unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("x-llm-attempts: none=network,b=200\r\n"), "{answer}");
    let seen = GROUP.seen("upload");
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].1.body_sha256, hash_of(&pieces("up-b", 200_000).concat()));
    GROUP.assert_no_trap();
}
