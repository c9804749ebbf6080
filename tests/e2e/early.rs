//! Bodies that go on before they have been read to the end, larger than Envoy may hold.

use std::sync::LazyLock;

use hyper::body::Bytes;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::group::open;
use crate::harness::{Ask, Group, Reply, Spec, ask};

/// A buffer of 1 MiB, and bodies of up to 128 MiB.
static STREAMING: LazyLock<Group> = LazyLock::new(|| {
    let mut document = open();
    document["limits"] = json!({"max_body_bytes": 128 << 20});
    Group::start(&Spec { buffer_bytes: 1 << 20, ..Spec::new(document) })
});

const HEAD: &str = r#"{"model":"plain","messages":[{"role":"user","content":""#;
const TAIL: &str = r#""}]}"#;

/// Returns a body with this many MiB of text between its head and the given end.
fn pieces(mib: usize, end: &str) -> Vec<Bytes> {
    let text =
        Bytes::from("All work and no play \\n \\\"makes\\\" Jack a dull boy. é".repeat(1260));
    // No piece ends within a character or an escape: each holds whole repeats.
    assert!(text.len() > 1 << 16);
    let mut pieces = vec![Bytes::from_static(HEAD.as_bytes())];
    pieces.extend(std::iter::repeat_n(text, mib * 16));
    pieces.push(Bytes::from(end.to_owned()));
    pieces
}

fn length(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}

/// Returns the same request over HTTP/1.1 with and without a length, and over HTTP/2.
fn ways<'g>(group: &'g Group, pieces: &[Bytes]) -> [(&'static str, Ask<'g>); 3] {
    let length = length(pieces).to_string();
    let ask = || ask(group).pieces(pieces.to_vec());
    [
        ("with a length", ask().header("content-length", &length)),
        ("in chunks", ask()),
        ("over HTTP/2", ask().http2()),
    ]
}

/// Fails unless the provider got the whole body, with nothing changed but the model.
fn assert_came(what: &str, reply: &Reply, pieces: &[Bytes]) {
    let (provider, seen) = reply.served_by_one();
    assert_eq!(provider, "beta", "{what}");
    let mut hash = Sha256::new();
    hash.update(HEAD.replace("plain", "up-b1"));
    pieces[1..].iter().for_each(|piece| hash.update(piece));
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen.body_sha256, hash, "{what}");
}

#[test]
fn a_body_larger_than_the_buffer_streams_through() {
    let body = pieces(100, TAIL);
    for (what, ask) in ways(&STREAMING, &pieces(1, TAIL)) {
        assert_came(what, &ask.send(), &pieces(1, TAIL));
    }
    let before = STREAMING.envoy().peak_memory_mib();
    for (what, ask) in ways(&STREAMING, &body) {
        assert_came(what, &ask.send(), &body);
    }
    let grown = STREAMING.envoy().peak_memory_mib() - before;
    assert!(grown < 48, "{grown} MiB for a body of 100");
    STREAMING.assert_serves("plain");
}

#[test]
fn a_body_that_goes_wrong_at_its_end_never_completes_at_the_provider() {
    let ends = [
        (r#""}],"model":"keyed"}"#, "a second"),
        (r#""}],"mod\u0065l":"plain"}"#, "a second"),
        (r#""}]"#, "invalid JSON"),
        (r#""}]}}"#, "invalid JSON"),
        (r#""}]}{"model":"keyed"}"#, "invalid JSON"),
        ("\u{1}\"}]}", "invalid JSON"),
        ("\\x\"}]}", "invalid JSON"),
    ];
    for (end, message) in ends {
        for mib in [1, 3] {
            let body = pieces(mib, end);
            for (what, ask) in ways(&STREAMING, &body) {
                let reply = ask.send();
                assert_eq!(reply.status, 400, "{what}: {end}");
                let error = reply.json();
                let found = error["error"]["message"].as_str().unwrap();
                assert!(found.contains(message), "{what}: {end}: {found}");
                for (provider, seen) in &reply.seen {
                    assert!(!seen.is_complete, "{what}: {provider} got all of {end}");
                    assert!(seen.body_bytes < length(&body) + 5, "{what}: {end}");
                }
            }
        }
    }
    STREAMING.assert_serves("plain");
}

#[test]
fn a_body_that_streams_past_the_limit_is_cut_off() {
    let body = pieces(130, TAIL);
    for (what, ask) in ways(&STREAMING, &body) {
        let reply = ask.send();
        assert_eq!(reply.status, 413, "{what}");
        assert!(reply.seen.iter().all(|(_, seen)| !seen.is_complete), "{what}");
    }
    STREAMING.assert_serves("plain");
}

#[test]
fn a_body_that_must_be_read_first_has_to_fit_the_buffer() {
    // `routed` has routes that look for images, words and tokens.
    let mut body = pieces(2, TAIL);
    body[0] = HEAD.replace("plain", "routed").into();
    // Over HTTP/2 the stream's window limits how much is held.
    for (what, ask) in ways(&STREAMING, &body).into_iter().take(2) {
        let reply = ask.send();
        assert_eq!(reply.status, 413, "{what}");
        assert!(reply.seen.is_empty(), "{what}");
    }
    STREAMING.assert_serves("plain");
}

#[test]
fn a_body_with_the_model_at_its_end_has_to_fit_too() {
    let text = "x".repeat(900 << 10);
    let body = format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}],"model":"plain"}}"#);
    let reply = ask(&STREAMING).body(body.clone()).send();
    assert_eq!(reply.served_by_one().1.body_bytes, body.len());
    let reply = ask(&STREAMING).body(body.replacen("xx", &"x".repeat(200 << 10), 1)).send();
    assert_eq!(reply.status, 413);
}
