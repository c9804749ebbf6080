//! Answers with a status of success that are none: what comes before any content is held, and the
//! next deployment answers.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Ask, Group, Reply, Spec, ask, chat};
use crate::mock::Behaviour;

/// A provider that fails after its head has said that all is well.
struct Failing {
    name: &'static str,
    path: &'static str,
    is_stream: bool,
    body: &'static str,
    /// How the attempts header tells of it.
    told: &'static str,
}

const CHAT: &str = "/v1/chat/completions";
const ROLE: &str = r#"data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;

const fn failing(
    name: &'static str,
    path: &'static str,
    told: &'static str,
    body: &'static str,
) -> Failing {
    Failing { name, path, is_stream: true, body, told }
}

const CASES: [Failing; 8] = [
    failing(
        "chat-overloaded",
        CHAT,
        "server",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
         data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\",\"code\":503}}\n\n",
    ),
    failing(
        "chat-empty",
        CHAT,
        "empty",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
         data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    ),
    failing("chat-comments", CHAT, "empty", ": queued\n\n: queued\n\ndata: [DONE]\n\n"),
    failing(
        "messages-overloaded",
        "/v1/messages",
        "server",
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n\
         event: ping\ndata: {\"type\":\"ping\"}\n\n\
         event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
    ),
    failing(
        "responses-failed",
        "/v1/responses",
        "server",
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"output\":[]}}\n\n\
         event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"The server had an error\"}}}\n\n",
    ),
    Failing {
        name: "chat-error-object",
        path: CHAT,
        is_stream: false,
        body: r#"{"error":{"message":"Rate limit reached","type":"rate_limit_error","code":"rate_limit_exceeded"}}"#,
        told: "rate_limit",
    },
    Failing { name: "chat-nothing", path: CHAT, is_stream: false, body: "{}", told: "empty" },
    Failing {
        name: "chat-page",
        path: CHAT,
        is_stream: false,
        body: "<!DOCTYPE html><title>Sign in</title>",
        told: "empty",
    },
];

static GROUP: LazyLock<Group> = LazyLock::new(|| start(json!({"max_attempts": 2})));

fn start(failover: Value) -> Group {
    let mut document = json!({
        "providers": {"alpha": {"cluster": "alpha", "api": "any"}, "beta": {"cluster": "beta", "api": "any"}},
        "deployments": {"second": {"provider": "beta", "model": "second"}},
        "models": {},
        "cooldown": {"enabled": false},
        "failover": failover
    });
    for name in CASES.iter().map(|case| case.name).chain(["answers", "breaks"]) {
        document["deployments"][name] = json!({"provider": "alpha", "model": name});
        document["models"][name] = json!({"candidates": [name, "second"]});
    }
    Group::start(&Spec::failing_over(document))
}

/// Asks for a model, whose first provider answers with that body in pieces of so many bytes.
fn asked(group: &'static Group, case: &Failing, bytes: usize) -> Ask<'static> {
    let mut body = chat(case.name, "Hello");
    body["stream"] = case.is_stream.into();
    let of = if case.is_stream { "text/event-stream" } else { "application/json" };
    ask(group)
        .path(case.path)
        .json(&body)
        .header("x-mock-only", "alpha")
        .header("x-mock-body-base64", &STANDARD.encode(case.body))
        .header("x-mock-header", &format!("content-type: {of}"))
        .header("x-mock-piece-bytes", &bytes.to_string())
}

#[track_caller]
fn assert_second_answered(reply: &Reply, name: &str, told: &str) {
    assert_eq!(reply.status, 200, "{name}");
    let attempts = format!("{name}={told},second=200");
    assert_eq!(reply.header("x-llm-attempts"), Some(attempts.as_str()));
    assert_eq!(reply.header("x-llm-deployment"), Some("second"));
    let asked: Vec<&str> = reply.seen.iter().map(|(provider, _)| *provider).collect();
    assert_eq!(asked, ["alpha", "beta"], "{name}");
}

#[test]
fn a_failure_before_any_content_is_tried_elsewhere() {
    for case in &CASES {
        for bytes in [100_000, 120, 7] {
            let reply = asked(&GROUP, case, bytes).send();
            assert_second_answered(&reply, case.name, case.told);
            let body = String::from_utf8(reply.body.clone().unwrap().to_vec()).unwrap();
            assert!(body.contains("beta") && !body.contains("verloaded"), "{}: {body}", case.name);
        }
    }
    GROUP.assert_no_trap();
}

#[test]
fn a_stream_that_breaks_before_any_content_is_tried_elsewhere() {
    let body = format!("{ROLE}\n\n: wait\n\n: wait\n\n: wait\n\n: wait\n\n");
    let case = Failing { name: "breaks", path: CHAT, is_stream: true, body: "", told: "network" };
    let reply = asked(&GROUP, &case, 20)
        .header("x-mock-body-base64", &STANDARD.encode(body))
        .header("x-mock-reset", "mid-body")
        .send();
    assert_second_answered(&reply, "breaks", "network");
    GROUP.assert_no_trap();
}

#[test]
fn a_stream_whose_content_does_not_come_in_time_is_tried_elsewhere() {
    let case = Failing { name: "breaks", path: CHAT, is_stream: true, body: "", told: "network" };
    let reply = asked(&GROUP, &case, 100_000)
        .header("x-mock-body-base64", &STANDARD.encode(format!("{ROLE}\n\n")))
        .header("x-mock-linger-ms", "60000")
        .send();
    assert_second_answered(&reply, "breaks", "network");
    GROUP.assert_no_trap();
}

#[test]
fn a_stream_without_content_goes_on_once_enough_of_it_is_held() {
    let waiting = ": wait\n\n".repeat(40_000);
    let case = Failing { name: "answers", path: CHAT, is_stream: true, body: "", told: "200" };
    // Many times as much as Envoy would hold.
    let events = ("content-type".to_owned(), "text/event-stream".to_owned());
    let script = Behaviour {
        only: Some("answers".to_owned()),
        body: Some(waiting.clone().into()),
        piece_bytes: Some(9000),
        headers: vec![events],
        ..Behaviour::default()
    };
    GROUP.mock("alpha").script(script, Some(1));
    let mut body = chat(case.name, "Hello");
    body["stream"] = true.into();
    let reply = ask(&GROUP).path(case.path).json(&body).send();
    assert_eq!(reply.header("x-llm-attempts"), Some("answers=200"));
    assert_eq!(reply.body.as_deref(), Some(waiting.as_bytes()));
    GROUP.assert_no_trap();
}

#[test]
fn an_answer_with_content_is_the_clients_from_there_on() {
    let answer = format!(
        "{ROLE}\n\ndata: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"Hello\"}}}}]}}\n\n\
         data: {{\"error\":{{\"message\":\"Overloaded\",\"type\":\"overloaded_error\"}}}}\n\n"
    );
    let case = Failing { name: "answers", path: CHAT, is_stream: true, body: "", told: "200" };
    for bytes in [100_000, 50, 3] {
        let reply = asked(&GROUP, &case, bytes)
            .header("x-mock-body-base64", &STANDARD.encode(&answer))
            .send();
        assert_eq!(reply.header("x-llm-attempts"), Some("answers=200"), "{bytes}");
        assert_eq!(reply.body.as_deref(), Some(answer.as_bytes()), "{bytes}");
    }
    GROUP.assert_no_trap();
}
