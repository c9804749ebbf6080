//! Sessions stay at one deployment, whichever worker sees them and however their requests arrive.

use std::collections::BTreeSet;
use std::rc::Rc;

use log::Level;
use pointsman::lifecycle::Engine;
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

fn sticky() -> Value {
    let mut document = document();
    let model = json!({"strategy": "sticky", "candidates": ["own", "open", "open2"]});
    document["models"] = json!({"sticky": model});
    document
}

/// Returns where a request goes.
fn target(
    host: &FakeHost,
    engine: &Rc<Engine>,
    further: &[(&str, &str)],
    body: &str,
    size: usize,
) -> String {
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
    let mut stream = host.request(engine, &head(further), &pieces);
    host.respond(&mut stream, 200, &[]);
    host.received("x-llm-deployment").expect("it is served")
}

fn turn(user: &str, rest: &str) -> String {
    format!(r#"{{"model":"sticky","messages":[{{"role":"user","content":"{user}"}}{rest}]}}"#)
}

#[test]
fn a_session_goes_to_one_deployment_in_every_worker() {
    let document = sticky();
    let (one, other) = (host(), host());
    let engines = [engine(&one, &document), engine(&other, &document)];
    let mut seen = BTreeSet::new();
    for session in 0..20 {
        let session = format!("session {session}");
        let further = [("x-llm-session", session.as_str())];
        let body = turn("hi", "");
        let first = target(&one, &engines[0], &further, &body, body.len());
        other.seed.set(other.seed.get() + 1);
        assert_eq!(target(&other, &engines[1], &further, &body, 7), first);
        assert_eq!(other.sent("x-llm-session"), None, "the header goes to no provider");
        seen.insert(first);
    }
    assert_eq!(seen.len(), 3, "sessions spread: {seen:?}");
}

#[test]
fn a_conversation_stays_as_it_grows_and_however_it_is_cut() {
    let host = host();
    let engine = engine(&host, &sticky());
    let mut seen = BTreeSet::new();
    for conversation in 0..20 {
        let question = format!("question {conversation} {}", "word ".repeat(1000));
        let first = turn(&question, "");
        let at = target(&host, &engine, &[], &first, first.len());
        let rest = r#",{"role":"assistant","content":"yes"},{"role":"user","content":"and?"}"#;
        let second = turn(&question, rest);
        for size in [3, 1000, second.len()] {
            host.seed.set(host.seed.get() + 1);
            assert_eq!(target(&host, &engine, &[], &second, size), at);
        }
        seen.insert(at);
    }
    assert_eq!(seen.len(), 3, "conversations spread: {seen:?}");
}

#[test]
fn a_long_header_is_a_session_too_and_no_log_shows_it() {
    let host = host();
    let engine = engine(&host, &sticky());
    let secret = "s".repeat(20_000);
    let body = turn("hi", "").replace(r#""messages""#, r#""user":"secret-user","messages""#);
    let at = target(&host, &engine, &[("x-llm-session", &secret)], &body, 64);
    assert_eq!(target(&host, &engine, &[("x-llm-session", &secret)], &body, 64), at);
    let log = host.log.borrow();
    assert!(log.iter().any(|(level, _)| *level == Level::Debug), "debug lines are kept");
    assert!(log.iter().all(|(_, line)| !line.contains("sss") && !line.contains("secret")));
}
