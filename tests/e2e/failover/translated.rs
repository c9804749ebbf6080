//! The clients of three APIs are served by providers of four, and notice nothing of it; also where the first
//! provider, which speaks yet another API, fails.

mod bad;
mod trailers;

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::clients::said;
use crate::frames::frame;
use crate::harness::{Group, Reply, Spec, ask, chat};
use crate::mock::Behaviour;

/// The APIs of providers: what the models are called by, and what `api` is for them.
const APIS: [(&str, &str); 4] = [
    ("chat", "openai-chat"),
    ("messages", "anthropic"),
    ("converse", "bedrock"),
    ("gemini", "gemini"),
];

fn start() -> Group {
    let mut document = json!({
        "providers": {}, "deployments": {}, "models": {},
        "failover": {"max_attempts": 2},
        "translate": "lenient",
        "cooldown": {"enabled": false},
    });
    for (name, api) in APIS {
        for cluster in ["alpha", "alpha-http2", "beta", "gamma"] {
            let id = format!("{cluster}-{name}");
            document["providers"][&id] =
                json!({"cluster": cluster, "api": api, "credential": {"env": "ALPHA_KEY"}});
            document["deployments"][&id] = json!({"provider": id, "model": "served"});
        }
        document["models"][format!("on-{name}")] = json!({"candidates": [format!("beta-{name}")]});
        document["models"][format!("http2-{name}")] =
            json!({"candidates": [format!("alpha-http2-{name}")]});
        document["models"][format!("long-{name}")] =
            json!({"candidates": [format!("gamma-{name}")]});
        // What a test scripts is asked for by no other.
        let id = format!("too-long-{name}");
        document["deployments"][&id] = json!({"provider": format!("beta-{name}"), "model": id});
        document["models"][&id] = json!({"candidates": [id]});
        for (second, _) in APIS {
            let candidates: Value = json!([format!("alpha-{name}"), format!("beta-{second}")]);
            document["models"][format!("{name}-then-{second}")] = json!({"candidates": candidates});
        }
    }
    Group::start(&Spec::failing_over(document))
}

#[test]
fn clients_of_one_api_are_served_by_providers_of_another() {
    let group = start();
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let urls = [url(group.port()), url(group.mock("beta").port()), url(group.mock("alpha").port())];
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let said = said("POINTSMAN_PYTHON", "translated.py", &urls);
    assert_eq!(said, "192 answers, 480 after a failure, 24 cut\n");
    group.assert_no_trap();
}

#[test]
fn answers_have_the_form_that_a_client_has_asked_for() {
    let group = start();
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let urls = [url(group.port()), url(group.mock("beta").port())];
    let said = said("POINTSMAN_PYTHON", "structured.py", &[&urls[0], &urls[1]]);
    assert_eq!(said, "36 answers parsed\n");
    group.assert_no_trap();
}

/// One Envoy for everything that is asked by hand.
static GROUP: LazyLock<Group> = LazyLock::new(start);

/// The APIs of clients: path, and how the last event of a stream begins.
const CLIENTS: [(&str, &str); 3] = [
    ("/v1/chat/completions", "data: [DONE]"),
    ("/v1/messages", "event: message_stop\n"),
    ("/v1/responses", "event: response.completed\n"),
];

/// Returns a request of the client at that path.
fn request(path: &str, model: &str, is_stream: bool) -> Value {
    let mut body = chat(model, "Hello");
    if path == "/v1/responses" {
        body = json!({"model": model, "input": "Hello"});
    }
    if path == "/v1/messages" {
        body["max_tokens"] = 9.into();
    }
    body["stream"] = is_stream.into();
    body
}

/// Returns the body of a reply.
#[track_caller]
fn text_of(reply: &Reply) -> String {
    String::from_utf8(reply.body.as_ref().expect("a whole body").to_vec()).unwrap()
}

/// Sends a request with headers that tell the provider what to do.
fn asked_so(mut asking: crate::harness::Ask<'_>, behaviour: &Behaviour) -> Reply {
    if let Some(body) = &behaviour.body {
        asking = asking.header("x-mock-body-base64", &STANDARD.encode(body));
    }
    for (name, value) in &behaviour.headers {
        asking = asking.header("x-mock-header", &format!("{name}: {value}"));
    }
    if let Some(bytes) = behaviour.piece_bytes {
        asking = asking.header("x-mock-piece-bytes", &bytes.to_string());
    }
    if let Some(status) = behaviour.status {
        asking = asking.header("x-mock-status", &status.to_string());
    }
    if behaviour.has_trailer {
        asking = asking.header("x-mock-trailer", "1");
    }
    asking.send()
}

/// Returns events of Amazon's as frames.
fn frames_of(events: &[(&str, Value)]) -> Vec<u8> {
    let frame = |(name, data): &(&str, Value)| {
        let headers = [(":event-type", *name), (":message-type", "event")];
        frame(&headers, data.to_string().as_bytes())
    };
    events.iter().flat_map(frame).collect()
}

fn answering(body: &[u8], of: &str) -> Behaviour {
    Behaviour {
        body: Some(body.to_vec().into()),
        headers: vec![("content-type".to_owned(), of.to_owned())],
        piece_bytes: Some(50),
        ..Behaviour::default()
    }
}

#[test]
fn long_requests_and_answers_need_no_room_in_envoy() {
    // Beyond what Envoy's connections may buffer, which is 1 MiB.
    let long = "word ".repeat(600_000);
    let answer = json!({"id": "m", "type": "message", "role": "assistant", "model": "c",
                        "content": [{"type": "text", "text": long}], "stop_reason": "end_turn",
                        "usage": {"input_tokens": 1, "output_tokens": 1}});
    GROUP.mock("gamma").script(
        Behaviour {
            piece_bytes: Some(100_000),
            ..answering(answer.to_string().as_bytes(), "application/json")
        },
        Some(1),
    );
    let asked = |text: &str| {
        let reply = ask(&GROUP).json(&chat("long-messages", format!("Say {text}"))).send();
        assert_eq!(reply.status, 200, "{:?}", reply.header("x-llm-attempts"));
        let length = reply.reached_one().1.body_bytes;
        (reply, length)
    };
    let (reply, length) = asked(&long);
    let (_, usual) = asked("");
    assert_eq!(length - usual, long.len());
    let (_, seen) = reply.reached_one();
    assert!(seen.text().contains("Say word word"), "{:.200}", seen.text());
    assert_eq!(reply.json()["choices"][0]["message"]["content"], long);
    GROUP.assert_no_trap();
}

#[test]
fn tokens_are_counted_by_the_estimate_where_the_provider_has_no_count() {
    let body =
        json!({"model": "on-chat", "messages": [{"role": "user", "content": "Hello there"}]});
    let reply = ask(&GROUP).path("/v1/messages/count_tokens").json(&body).send();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-llm-translation"), Some("estimated"));
    let count = reply.json()["input_tokens"].as_u64().unwrap();
    assert!((1..20).contains(&count), "{count}");
    assert!(reply.seen.is_empty());
    let path = "/v1beta/models/on-messages:countTokens";
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "Hello there"}]}]});
    let reply = ask(&GROUP).path(path).json(&body).send();
    assert_eq!(reply.json()["totalTokens"], count);
}

#[test]
fn a_request_that_means_something_else_elsewhere_is_refused_with_the_reason() {
    let tool = json!({"type": "computer_20250124", "name": "computer", "display_width_px": 1,
                      "display_height_px": 1});
    let body = json!({"model": "on-chat", "max_tokens": 9, "tools": [tool],
                      "messages": [{"role": "user", "content": "Hello"}]});
    let reply = ask(&GROUP).path("/v1/messages").json(&body).send();
    let message = reply.refused(400)["error"]["message"].to_string();
    assert!(message.contains("computer_20250124"), "{message}");
}

#[test]
fn trailers_of_a_request_end_its_body() {
    let body = chat("on-messages", "Hello").to_string();
    let (first, second) = body.split_at(20);
    let pieces = [first.to_owned(), second.to_owned()];
    let reply = ask(&GROUP).http2().pieces(pieces).trailer("x-end", "1").send();
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(reply.json()["object"], "chat.completion");
}
