//! What one client's requests do to others: nothing, unless what comes of them can only be the
//! deployment's or its account's. With failover and without.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use pointsman::request::format::Task;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::ledger::{LAYOUT, WRITTEN, record};
use crate::harness::{AUTHORITY, Ask, Group, Reply, Spec, ask, run};

const DENIED: &str = r#"{"type":"error","error":{"type":"permission_error","message":"no"}}"#;
const GONE: &str = r#"{"error":{"code":"model_decommissioned","message":"gone"}}"#;

/// A provider that does not wait for the rest of a request: it answers 408, or breaks the
/// connection.
fn impatient(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                let _ = stream.read(&mut some);
                std::thread::sleep(Duration::from_millis(200));
                let _ = stream.write_all(answer);
            });
        }
    });
    port
}

/// A document in which one failure would do. `NAME` has the deployments `NAME-1` and `NAME-2`.
fn document(attempts: u32) -> Value {
    let mut document = json!({
        "providers": {
            "alpha": {"cluster": "alpha", "api": "any", "credential": {"env": "ALPHA_KEY"}},
            "gamma": {"cluster": "gamma", "api": "any", "credential": {"env": "GAMMA_KEY"}},
            "beta": {"cluster": "beta", "api": "any"},
            "answers-408": {"cluster": "answers-408"}, "resets": {"cluster": "resets"}
        },
        "deployments": {"own": {"provider": "beta", "model": "own"},
                        "answers-408": {"provider": "answers-408", "model": "m"},
                        "resets": {"provider": "resets", "model": "m"}},
        "models": {"own": {"candidates": ["own"]}, "answers-408": {"candidates": ["answers-408"]},
                   "resets": {"candidates": ["resets"]}},
        "failover": {"max_attempts": attempts, "attempt_filter": attempts > 1},
        "cooldown": {"consecutive_failures": 1, "time_ms": 300_000, "when_all_cooling": "reject"},
    });
    for name in [
        "weak", "two", "gone", "poison", "count", "empty", "odd", "wrong", "quoted", "long",
        "moved",
    ] {
        let (first, second) = (format!("{name}-1"), format!("{name}-2"));
        document["deployments"][&first] = json!({"provider": "alpha", "model": first});
        document["deployments"][&second] = json!({"provider": "gamma", "model": second});
        document["models"][name] = json!({"candidates": [first, second]});
    }
    document
}

fn spec(attempts: u32) -> Spec {
    let timeout = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let services = vec![("answers-408", impatient(timeout)), ("resets", impatient(b""))];
    let document = document(attempts);
    let spec = if attempts > 1 { Spec::failing_over(document) } else { Spec::new(document) };
    Spec { with_peek: true, services, ..spec }
}

static DIRECT: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(1)));
static FAILING_OVER: LazyLock<Group> = LazyLock::new(|| Group::start(&spec(3)));

fn groups() -> [&'static Group; 2] {
    [LazyLock::force(&DIRECT), LazyLock::force(&FAILING_OVER)]
}

/// A chat that says this, and how its provider answers.
fn chat(group: &'static Group, model: &str, text: &str) -> Ask<'static> {
    let message = json!({"role": "user", "content": text});
    ask(group).json(&json!({"model": model, "messages": [message]}))
}

fn answered(ask: Ask<'static>, only: &str, status: u16, body: &str) -> Reply {
    let ask = ask.header("x-mock-only", only).header("x-mock-status", &status.to_string());
    ask.header("x-mock-body", body).send()
}

/// Waits until the deployment has failed so often, and returns whether its operation cools.
fn recorded(group: &'static Group, deployment: &str, task: Task, failures: u64) -> bool {
    run(async {
        let started = Instant::now();
        loop {
            let record = record(group, LAYOUT, deployment).await;
            let in_flight = record.flight.count(crate::harness::ledger::now_ms());
            if (record.total.failures, in_flight) == (failures, 0) || started.elapsed() > WRITTEN {
                assert_eq!((record.total.failures, in_flight), (failures, 0), "{deployment}");
                return record.health(task).until_ms > 0;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

#[test]
fn a_403_of_one_request_takes_a_deployment_from_nobody() {
    for group in groups() {
        for _ in 0..5 {
            answered(chat(group, "weak", "mine"), "weak-1", 403, DENIED);
        }
        let reply = chat(group, "weak", "of another client").send();
        assert_eq!(reply.header("x-llm-deployment"), Some("weak-1"));
        group.assert_no_trap();
    }
    // Of two different requests it does.
    answered(chat(&DIRECT, "two", "one"), "two-1", 403, DENIED);
    answered(chat(&DIRECT, "two", "another"), "two-1", 403, DENIED);
    let reply = chat(&DIRECT, "two", "of another client").send();
    assert_eq!(reply.header("x-llm-deployment"), Some("two-2"));
}

#[test]
fn what_is_no_plain_mistake_is_tried_elsewhere() {
    let rows =
        [(400, GONE), (404, "{}"), (410, "{}"), (424, "{}"), (400, r#"{"error":{"code":"odd"}}"#)];
    for (status, body) in rows {
        let model = if status == 400 { "gone" } else { "odd" };
        let only = format!("{model}-1");
        let text = format!("{status} {body}");
        let reply = answered(chat(&FAILING_OVER, model, &text), &only, status, body);
        assert_eq!(reply.status, 200, "{text}");
    }
    for (status, body) in [(422, "{}"), (400, r#"{"error":{"code":"invalid_value"}}"#)] {
        let reply = answered(chat(&FAILING_OVER, "wrong", "wrong"), "wrong-1", status, body);
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("x-llm-attempts"), Some(format!("wrong-1={status}").as_str()));
    }
    assert!(!recorded(&FAILING_OVER, "wrong-1", Task::Chat, 0));
}

#[test]
fn a_request_that_fails_everywhere_takes_no_deployment_from_others() {
    for status in ["500", "503", "404"] {
        let reply = chat(&FAILING_OVER, "poison", status).header("x-mock-status", status).send();
        let attempts = format!("poison-1={status},poison-2={status}");
        assert_eq!(reply.header("x-llm-attempts"), Some(attempts.as_str()));
        for deployment in ["poison-1", "poison-2"] {
            assert!(!recorded(&FAILING_OVER, deployment, Task::Chat, 0), "{deployment}");
        }
    }
    let reply = chat(&FAILING_OVER, "poison", "Hello").send();
    assert_eq!(reply.header("x-llm-attempts"), Some("poison-1=200"));
}

#[test]
fn an_empty_account_cools_at_once() {
    for group in groups() {
        let empty = r#"{"error":{"code":"Arrearage","message":"Access denied"}}"#;
        answered(chat(group, "empty", "Hello"), "empty-1", 400, empty);
        let reply = chat(group, "empty", "Hello").send();
        assert_eq!(reply.header("x-llm-deployment"), Some("empty-2"));
    }
}

#[test]
fn words_of_errors_within_a_message_count_against_nobody() {
    let quoted = "Invalid value: 'insufficient_quota model_not_found invalid_api_key \
                  Your credit balance is too low'";
    let body = json!({"error": {"type": "invalid_request_error", "message": quoted}}).to_string();
    for group in groups() {
        for text in ["one", "two", "three"] {
            answered(chat(group, "quoted", text), "quoted-1", 400, &body);
        }
        assert!(!recorded(group, "quoted-1", Task::Chat, 0));
    }
}

#[test]
fn a_500_that_blames_the_request_takes_a_deployment_from_nobody() {
    let body =
        r#"{"error":{"code":500,"message":"the request exceeds the available context size"}}"#;
    for (group, status) in groups().into_iter().zip([500, 200]) {
        for text in ["one", "two", "three"] {
            let reply = answered(chat(group, "long", text), "long-1", 500, body);
            assert_eq!(reply.status, status);
        }
        assert!(!recorded(group, "long-1", Task::Chat, 0));
        group.assert_no_trap();
    }
}

#[test]
fn a_redirect_is_tried_elsewhere_and_does_not_count_alone() {
    for (group, status) in groups().into_iter().zip([307, 200]) {
        for _ in 0..3 {
            let reply = answered(chat(group, "moved", "one"), "moved-1", 307, "");
            assert_eq!(reply.status, status);
        }
        assert!(!recorded(group, "moved-1", Task::Chat, 0));
        answered(chat(group, "moved", "another"), "moved-1", 307, "");
        assert!(recorded(group, "moved-1", Task::Chat, 1));
    }
}

#[test]
fn counting_tokens_fails_by_itself() {
    for group in groups() {
        let counting = ask(group).path("/v1/messages/count_tokens").model("count");
        answered(counting, "count-1", 501, "{}");
        assert!(recorded(group, "count-1", Task::CountTokens, 1));
        let reply = ask(group).path("/v1/messages").model("count").send();
        assert_eq!(reply.header("x-llm-deployment"), Some("count-1"));
    }
}

#[test]
fn what_a_clients_own_key_gets_is_its_own() {
    for group in groups() {
        for status in [401, 402, 403, 429, 404] {
            let own =
                chat(group, "own", &status.to_string()).header("authorization", "Bearer sk-mine");
            assert_eq!(answered(own, "own", status, "{}").status, status);
        }
        assert!(!recorded(group, "own", Task::Chat, 0));
        let other = chat(group, "own", "Hello").header("authorization", "Bearer sk-other").send();
        assert_eq!(other.status, 200);
    }
}

#[test]
fn a_client_that_does_not_send_its_request_in_time_fails_nobody() {
    for group in groups() {
        for model in ["answers-408", "resets"] {
            let start = format!(
                "POST /v1/embeddings HTTP/1.1\r\nhost: {AUTHORITY}\r\ncontent-type: application/json\r\n\
                 content-length: 1000000\r\n\r\n{{\"model\":\"{model}\",\"input\":\"{}",
                "x".repeat(1000)
            );
            run(async {
                let mut stream = TcpStream::connect(("127.0.0.1", group.port())).await.unwrap();
                stream.write_all(start.as_bytes()).await.unwrap();
                let mut answer = [0; 12];
                let _ = stream.read_exact(&mut answer).await;
                let started = Instant::now();
                while record(group, LAYOUT, model).await.total.attempts == 0 {
                    assert!(started.elapsed() < WRITTEN, "it was let go");
                }
            });
            assert!(!recorded(group, model, Task::Embeddings, 0), "{model}");
        }
        group.assert_no_trap();
    }
}
