//! Answers that end by their own word, and answers that are none: with attempts and without.
//!
//! Every case has a deployment of its own.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use hyper::StatusCode;
use pointsman::request::format::Task;
use pointsman::state::Record;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::frames::frame;
use crate::harness::ledger::{LAYOUT, WRITTEN, now_ms, record};
use crate::harness::{Ask, Group, Spec, ask, chat, run};

/// How many clients close after the mark.
const TIMES: u64 = 40;

/// A case: the name of its model and deployment.
const CASES: [&str; 13] = [
    "done",
    "done-2",
    "message",
    "back",
    "page",
    "none",
    "empty",
    "frames",
    "throttled",
    "cut",
    "absurd",
    "slow",
    "broken",
];

static DIRECT: LazyLock<Group> = LazyLock::new(|| start(false));
static FAILING_OVER: LazyLock<Group> = LazyLock::new(|| start(true));

fn start(has_attempts: bool) -> Group {
    let mut document = json!({
        "providers": {"alpha": {"cluster": "alpha", "api": "any"}, "beta": {"cluster": "beta", "api": "any"}},
        "deployments": {"second": {"provider": "beta", "model": "second"}},
        "models": {},
        "cooldown": {"time_ms": 1000, "success_threshold": 3}
    });
    for case in CASES {
        document["deployments"][case] = json!({"provider": "alpha", "model": case});
        document["models"][case] = json!({"candidates": [case]});
    }
    document["models"]["empty"]["candidates"] = json!(["empty", "second"]);
    document["deployments"]["absurd"]["tpm_limit"] = json!(100_000);
    if has_attempts {
        document["failover"] = json!({"max_attempts": 2});
    }
    let spec = if has_attempts { Spec::failing_over(document) } else { Spec::new(document) };
    Group::start(&Spec { with_peek: true, ..spec })
}

fn groups() -> [&'static Group; 2] {
    [&DIRECT, &FAILING_OVER].map(|group| &**group)
}

/// A streamed chat.
fn streamed(group: &'static Group, case: &str) -> Ask<'static> {
    let mut body = chat(case, "Hello");
    body["stream"] = true.into();
    ask(group).json(&body)
}

/// Sends a request, reads as far as the mark, and closes the connection.
async fn close_after(mark: &str, ask: Ask<'_>) {
    let mut response = ask.open().await;
    assert_eq!(response.status(), 200);
    let mut text = String::new();
    while !text.contains(mark) {
        let frame = response.frame().await.expect("the mark comes").unwrap();
        text.push_str(str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
}

/// Waits until a record is as wanted.
async fn assert_recorded(group: &Group, case: &str, is_so: impl Fn(&Record) -> bool) {
    let started = Instant::now();
    loop {
        let record = record(group, LAYOUT, case).await;
        if is_so(&record) && record.flight.count(now_ms()) == 0 {
            break;
        }
        assert!(started.elapsed() < WRITTEN, "{case}: {record:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    group.assert_no_trap();
}

/// Fails unless so many answers come to be recorded as successes, and as failures.
async fn assert_counted(group: &Group, case: &str, successes: u64, failures: u64) {
    assert_recorded(group, case, |record| {
        (record.total.successes, record.total.failures) == (successes, failures)
    })
    .await;
}

#[test]
fn a_client_that_closes_after_the_mark_has_its_answer() {
    for group in groups() {
        run(async {
            for _ in 0..TIMES {
                // As openai-python does.
                let held = streamed(group, "done").header("x-mock-linger-ms", "3000");
                close_after("[DONE]", held).await;
                let held = streamed(group, "done-2").header("x-mock-linger-ms", "3000").http2();
                close_after("[DONE]", held).await;
                let held = streamed(group, "message").path("/v1/messages");
                close_after("message_stop", held.header("x-mock-linger-ms", "3000")).await;
            }
            for case in ["done", "done-2", "message"] {
                assert_counted(group, case, TIMES, 0).await;
                let record = record(group, LAYOUT, case).await;
                assert_eq!(record.total.tokens, TIMES * 12);
                assert!(record.answer_ms > 0.0 && record.answer_ms < 2900.0, "{record:?}");
            }
        });
    }
}

#[test]
fn clients_that_close_after_the_mark_bring_a_deployment_back() {
    for group in groups() {
        let limited = ask(group).model("back");
        limited.header("x-mock-status", "429").header("x-mock-retry-after", "1").send();
        run(async {
            assert_recorded(group, "back", |record| record.health(Task::Chat).until_ms > 0).await;
            tokio::time::sleep(Duration::from_millis(1200)).await;
            for _ in 0..3 {
                let held = streamed(group, "back").header("x-mock-linger-ms", "3000");
                close_after("[DONE]", held).await;
            }
            assert_recorded(group, "back", |record| record.health(Task::Chat).until_ms == 0).await;
        });
    }
}

#[test]
fn a_client_that_closes_before_the_mark_says_nothing() {
    for group in groups() {
        run(async {
            for _ in 0..5 {
                let slow = streamed(group, "slow").header("x-mock-hold", "slow");
                close_after("assistant", slow).await;
            }
            assert_recorded(group, "slow", |record| record.total.attempts == 5).await;
            assert_counted(group, "slow", 0, 0).await;
        });
    }
}

/// Returns a frame of HTTP/2.
fn http2_frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Asks over HTTP/2 for an answer that does not come, and then breaks the protocol.
async fn break_connection(group: &Group) {
    let body = serde_json::to_vec(&chat("broken", "Hello")).unwrap();
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "proxy.test"),
        (":path", "/v1/chat/completions"),
        ("content-type", "application/json"),
        ("x-mock-hang", "broken"),
    ];
    let head: Vec<u8> =
        head.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect();
    let request = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        http2_frame(4, 0, 0, &[]),
        http2_frame(1, 4, 1, &head),
        http2_frame(0, 1, 1, &body),
    ];
    let mut stream = TcpStream::connect(("127.0.0.1", group.port())).await.unwrap();
    stream.write_all(&request.concat()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Data that belong to no request.
    stream.write_all(&http2_frame(0, 0, 0, b"x")).await.unwrap();
    while let Ok(1..) = stream.read(&mut [0; 1024]).await {}
}

#[test]
fn a_client_that_breaks_its_connection_fails_nobody() {
    for group in groups() {
        run(async {
            for _ in 0..5 {
                break_connection(group).await;
            }
            assert_recorded(group, "broken", |record| record.total.attempts == 5).await;
            assert_counted(group, "broken", 0, 0).await;
        });
    }
}

/// An answer with that body and type.
fn with_body(ask: Ask<'static>, content_type: &str, body: &[u8]) -> Ask<'static> {
    ask.header("x-mock-body-base64", &STANDARD.encode(body))
        .header("x-mock-header", &format!("content-type: {content_type}"))
}

#[test]
fn a_200_that_is_no_answer_is_a_failure() {
    let page = b"<!DOCTYPE html><html><title>Sign in</title></html>";
    let cases: [(&str, &str, &[u8]); 5] = [
        ("page", "text/html; charset=utf-8", page),
        ("page", "application/json", page),
        ("none", "application/json", br#"{"choices":[],"usage":{"prompt_tokens":1}}"#),
        ("none", "application/json", b"{}"),
        ("none", "text/event-stream", b"data: [DONE]\n\n"),
    ];
    for group in groups() {
        for (case, content_type, body) in cases {
            let reply = with_body(ask(group).model(case), content_type, body).send();
            assert_eq!((reply.status, reply.body.as_deref()), (StatusCode::OK, Some(body)));
        }
        run(async {
            assert_counted(group, "page", 0, 2).await;
            assert_counted(group, "none", 0, 3).await;
            assert_eq!(record(group, LAYOUT, "page").await.first_byte_ms, 0.0);
        });
    }
}

#[test]
fn an_empty_200_is_tried_elsewhere_where_there_is_failover() {
    let empty = |group| ask(group).model("empty").header("x-mock-only", "alpha");
    let direct = empty(&DIRECT).header("x-mock-body", "").send();
    assert_eq!(direct.body.as_deref(), Some(&b""[..]));
    run(assert_counted(&DIRECT, "empty", 0, 1));
    let reply = empty(&FAILING_OVER).header("x-mock-body", "").send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-deployment"), Some("second"));
    assert_eq!(reply.header("x-llm-attempts"), Some("empty=empty,second=200"));
    assert!(reply.json()["choices"][0].is_object());
    run(assert_counted(&FAILING_OVER, "empty", 0, 1));
    run(assert_counted(&FAILING_OVER, "second", 1, 0));
}

#[test]
fn frames_of_bedrock_are_read() {
    let event = |of, data: Value| {
        frame(&[(":event-type", of), (":message-type", "event")], data.to_string().as_bytes())
    };
    let begun = event("contentBlockDelta", json!({"delta": {"text": "Hi"}}));
    let whole = [
        event("messageStart", json!({"role": "assistant"})),
        begun.clone(),
        event("messageStop", json!({"stopReason": "end_turn"})),
        event("metadata", json!({"usage": {"inputTokens": 30, "outputTokens": 4}})),
    ]
    .concat();
    let throttled = [
        begun,
        frame(
            &[(":exception-type", "throttlingException"), (":message-type", "exception")],
            br#"{"message":"Too many requests."}"#,
        ),
    ]
    .concat();
    let content_type = "application/vnd.amazon.eventstream";
    for group in groups() {
        for (case, body) in [("frames", &whole), ("throttled", &throttled)] {
            let converse = ask(group).path(&format!("/model/{case}/converse-stream"));
            let converse = converse
                .json(&json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}));
            let reply = with_body(converse, content_type, body).send();
            assert_eq!(reply.body.as_deref(), Some(&body[..]), "{case}");
        }
        run(async {
            assert_counted(group, "frames", 1, 0).await;
            assert_eq!(record(group, LAYOUT, "frames").await.total.tokens, 34);
            assert_counted(group, "throttled", 0, 1).await;
        });
    }
}

#[test]
fn a_count_that_cannot_be_turns_nobody_away() {
    for group in groups() {
        for _ in 0..3 {
            let body = r#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":18446744073709551616,"completion_tokens":9000000000}}"#;
            let reply = ask(group).model("absurd").header("x-mock-body", body).send();
            assert_eq!(reply.status, 200);
        }
        run(assert_counted(group, "absurd", 3, 0));
        let tokens = run(record(group, LAYOUT, "absurd")).total.tokens;
        assert!(tokens < 1000, "{tokens}");
    }
}
