//! Providers that misbehave where an answer is held: memory stays bounded, nothing waits for
//! ever, and each attempt is counted once.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::harness::ledger::{WRITTEN, assert_counts};
use crate::harness::load::settle;
use crate::harness::{Group, Reply, Spec, ask, chat, fresh, run};
use crate::mock::{Behaviour, Did, Seen};

/// How long to wait before looking again.
const LOOK: Duration = Duration::from_millis(10);

const MIB: usize = 1 << 20;
const EVENTS: &str = "text/event-stream";
const ROLE: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const CONTENT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";

static GROUP: LazyLock<Group> = LazyLock::new(start);

fn start() -> Group {
    let mut document = json!({
        "providers": {"alpha": {"cluster": "alpha", "api": "any"}, "beta": {"cluster": "beta", "api": "any"}},
        "deployments": {"second": {"provider": "beta", "model": "second"}},
        "models": {},
        "cooldown": {"enabled": false},
        "limits": {"max_body_bytes": MIB},
        "failover": {"max_attempts": 2}
    });
    for name in ["events", "line", "gzip", "cut", "late", "left"] {
        document["deployments"][name] = json!({"provider": "alpha", "model": name});
        document["models"][name] = json!({"candidates": [name, "second"]});
    }
    Group::start(&Spec { with_peek: true, buffer_bytes: 2 << 20, ..Spec::failing_over(document) })
}

/// Asks for a model whose first provider answers as scripted.
fn asked(model: &'static str, behaviour: Behaviour) -> Reply {
    GROUP.mock("alpha").script(Behaviour { only: Some(model.to_owned()), ..behaviour }, Some(1));
    let mut body: Value = chat(model, "Hello");
    body["stream"] = true.into();
    ask(&GROUP).json(&body).header("x-patient", "1").send()
}

fn answering(body: impl Into<Bytes>, piece_bytes: usize, headers: &[(&str, &str)]) -> Behaviour {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Behaviour {
        body: Some(body.into()),
        piece_bytes: Some(piece_bytes),
        headers: headers.collect(),
        ..Behaviour::default()
    }
}

/// Fails unless the record of a deployment finally has so many attempts, successes and failures, once
/// nothing is under way.
async fn assert_counted(name: &str, wanted: (u64, u64, u64)) {
    settle(&GROUP).await;
    assert_counts(&GROUP, name, wanted).await;
}

#[test]
fn neither_endless_events_nor_an_endless_line_is_kept() {
    let served = asked("events", answering([ROLE, CONTENT, "data: [DONE]\n\n"].concat(), MIB, &[]));
    assert_eq!(served.header("x-llm-attempts"), Some("events=200"));
    let before = GROUP.envoy().peak_memory_mib();
    let events =
        [ROLE.repeat(10 * MIB / ROLE.len()), CONTENT.to_owned()].concat() + "data: [DONE]\n\n";
    let reply = asked("events", answering(events.clone(), MIB, &[]));
    assert_eq!(reply.header("x-llm-attempts"), Some("events=200"));
    assert_eq!(reply.body.as_deref(), Some(events.as_bytes()));
    // 50 MiB of a line, the first of the answer.
    let line = format!("data: {{\"x\":\"{}\"}}\n\n{CONTENT}data: [DONE]\n\n", "y".repeat(50 * MIB));
    let reply = asked("line", answering(line.clone(), MIB, &[]));
    assert_eq!(reply.header("x-llm-attempts"), Some("line=200"));
    assert_eq!(reply.body.map(|body| body.len()), Some(line.len()));
    let grown = GROUP.envoy().peak_memory_mib() - before;
    // Its buffers take 2 MiB each, on the way in and out.
    assert!(grown < 25, "Envoy has grown by {grown} MiB");
    run(async {
        assert_counted("events", (2, 2, 0)).await;
        assert_counted("line", (1, 1, 0)).await;
    });
    GROUP.assert_no_trap();
}

#[test]
fn an_answer_that_nobody_can_read_is_not_held() {
    // Nobody asked for it to be compressed.
    let body = [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &[0x55; 40_000]].concat();
    let reply = asked("gzip", answering(body.clone(), 1000, &[("content-encoding", "gzip")]));
    assert_eq!(reply.header("x-llm-attempts"), Some("gzip=200"));
    assert_eq!(reply.body.as_deref(), Some(&body[..]));
    run(assert_counted("gzip", (1, 1, 0)));
    GROUP.assert_no_trap();
}

#[test]
fn an_event_that_stays_cut_within_a_character_is_waited_for_no_longer_than_any() {
    // The first two bytes of three.
    let body =
        [ROLE.as_bytes(), b"data: {\"choices\":[{\"delta\":{\"content\":\"\xe2\x82"].concat();
    let script = Behaviour {
        only: Some("cut".to_owned()),
        hold: Some(fresh("cut")),
        ..answering([&body[..], &[0xac]].concat(), body.len(), &[("content-type", EVENTS)])
    };
    GROUP.mock("alpha").script(script, Some(1));
    let mut body = chat("cut", "Hello");
    body["stream"] = true.into();
    let reply = ask(&GROUP).json(&body).send();
    assert_eq!(reply.header("x-llm-attempts"), Some("cut=network,second=200"));
    run(assert_counted("cut", (1, 0, 1)));
    GROUP.assert_no_trap();
}

#[test]
fn an_error_after_content_is_the_clients_and_counted_once() {
    let error = "data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    for body in [[CONTENT, error].concat(), [CONTENT, error, error, CONTENT].concat()] {
        let script = answering(body.clone(), CONTENT.len(), &[]);
        let reply = asked("late", Behaviour { event_delay_ms: 100, ..script });
        assert_eq!(reply.header("x-llm-attempts"), Some("late=200"));
        assert_eq!(reply.body.as_deref(), Some(body.as_bytes()));
    }
    run(assert_counted("late", (2, 0, 2)));
    GROUP.assert_no_trap();
}

#[test]
fn a_client_that_leaves_while_its_answer_is_held_is_counted_as_such() {
    const TIMES: u64 = 5;
    run(async {
        let mut held = 0;
        for is_http2 in [false, true] {
            for _ in 0..TIMES {
                let key = fresh("left");
                let each = json!({"alpha": {"body": ROLE.repeat(2), "piece-bytes": ROLE.len(), "hold": key}});
                let mut body = chat("left", "Hello");
                body["stream"] = true.into();
                let request = ask(&GROUP)
                    .json(&body)
                    .header("x-patient", "1")
                    .header("x-of-test", "left")
                    .header("x-mock-each", &each.to_string());
                let request = if is_http2 { request.http2() } else { request };
                held += 1;
                let waits = async {
                    let started = Instant::now();
                    while GROUP
                        .tally()
                        .get(&("left".to_owned(), Did::Hold))
                        .is_none_or(|did| did.times < held)
                    {
                        assert!(started.elapsed() < WRITTEN, "the provider is not asked");
                        tokio::time::sleep(LOOK).await;
                    }
                };
                tokio::select! {
                    response = request.open() => panic!("{response:?}"),
                    () = waits => {}
                }
            }
        }
        assert_counted("left", (2 * TIMES, 0, 0)).await;
    });
    let of_left = |seen: &Seen| seen.header("x-of-test") == Some("left");
    assert!(!GROUP.mock("beta").seen().iter().any(of_left));
    GROUP.assert_no_trap();
}
