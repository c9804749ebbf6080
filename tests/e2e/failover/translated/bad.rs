//! Whatever a provider sends in the place of an answer becomes one error of the client's own API.

use serde_json::Value;

use super::{CLIENTS, GROUP, answering, asked_so, request, text_of};
use crate::harness::{Reply, ask};
use crate::mock::Behaviour;

const EVENTS: &str = "text/event-stream";

/// What a stream of Anthropic's begins with, and the end of that stream.
const START: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{\"input_tokens\":9}}}\n\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n";
const END: &str = "data: {\"type\":\"content_block_stop\",\"index\":0}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\ndata: {\"type\":\"message_stop\"}\n\n";

/// The client at a path, and a provider whose API is another one: of Anthropic's streams, or of OpenAI's.
const PAIRS: [(&str, &str); 3] =
    [("/v1/chat/completions", "messages"), ("/v1/responses", "messages"), ("/v1/messages", "chat")];

/// Has the client at that path ask a provider of that API, which answers so.
#[track_caller]
fn asked(path: &str, api: &str, is_stream: bool, behaviour: &Behaviour) -> Reply {
    let body = request(path, &format!("on-{api}"), is_stream);
    let reply = asked_so(ask(&GROUP).path(path).json(&body), behaviour);
    GROUP.assert_no_trap();
    reply
}

/// Returns what a stream of that API begins with, and its end.
fn stream_of(api: &str) -> (&'static str, &'static str) {
    match api {
        "messages" => (START, END),
        _ => (
            "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        ),
    }
}

/// Returns the error that the client at that path gets: the one in its stream, or the whole document.
#[track_caller]
fn error_of(path: &str, got: &str) -> Value {
    let documents: Vec<Value> = match serde_json::from_str(got) {
        Ok(document) => vec![document],
        Err(_) => {
            let data = got.lines().filter_map(|line| line.strip_prefix("data: "));
            data.filter_map(|data| serde_json::from_str(data).ok()).collect()
        }
    };
    let error = |document: &Value| match document["type"].as_str() {
        Some("response.failed") => Some(document["response"]["error"].clone()),
        // OpenAI sends this before `response.failed`.
        Some("error") if path == "/v1/responses" => None,
        Some("error") | None => Some(document["error"].clone()).filter(|error| !error.is_null()),
        _ => None,
    };
    let mut errors: Vec<Value> = documents.iter().filter_map(error).collect();
    assert_eq!(errors.len(), 1, "{path}: {got}");
    errors.remove(0)
}

#[test]
fn a_stream_that_cannot_be_read_becomes_one_error_of_the_clients_api() {
    let deep = format!("data: {}\n\n", "[".repeat(5000));
    for (path, api) in PAIRS {
        let (start, end) = stream_of(api);
        let last = CLIENTS.iter().find(|(one, _)| *one == path).unwrap().1;
        for bad in ["", "data: {\"type\":\n\n", "data: \u{0}\u{1}\n\n", &deep, "data: [1,\n\n"] {
            // What follows is as good as nothing. Without a mistake, the end is what is missing.
            let rest = if bad.is_empty() { "" } else { end };
            let body = format!("{start}{bad}{rest}");
            let reply = asked(path, api, true, &answering(body.as_bytes(), EVENTS));
            assert_eq!(reply.status, 200, "{path}: {bad:.40?}");
            let got = text_of(&reply);
            assert!(got.contains("\"Hi\""), "{bad:.40?}: {got}");
            assert!(error_of(path, &got)["message"].is_string(), "{bad:.40?}: {got}");
            assert!(!got.contains(last), "{bad:.40?}: {got}");
        }
    }
}

#[test]
fn frames_that_cannot_be_read_become_one_error_of_the_clients_api() {
    // A frame that is cut, and one whose length is a lie.
    for bad in [&b"\0\0\0\x40\0\0"[..], &b"\xff\xff\xff\xff\xff\xff\xff\xff____"[..]] {
        for (path, last) in CLIENTS {
            let answer = answering(bad, "application/vnd.amazon.eventstream");
            let got = text_of(&asked(path, "converse", true, &answer));
            assert!(error_of(path, &got)["message"].is_string(), "{bad:?}: {got}");
            assert!(!got.contains(last), "{bad:?}: {got}");
        }
    }
}

#[test]
fn a_whole_answer_that_cannot_be_read_becomes_an_error_of_the_clients_api() {
    for (path, api) in PAIRS {
        for bad in ["{", "[]", "{\"content\":7}", "null", "<html></html>"] {
            let reply = asked(path, api, false, &answering(bad.as_bytes(), "application/json"));
            assert_eq!(reply.status, 502, "{path}: {bad}");
            assert!(error_of(path, &text_of(&reply))["message"].is_string(), "{path}: {bad}");
        }
    }
}

#[test]
fn an_answer_that_is_too_long_becomes_an_error_whatever_follows() {
    let long = format!("{{\"content\":\"{}\"}}", "x".repeat(17 << 20));
    for (path, api) in PAIRS {
        let model = format!("too-long-{api}");
        GROUP.mock("beta").script(
            Behaviour {
                only: Some(model.clone()),
                piece_bytes: Some(500_000),
                ..answering(long.as_bytes(), "application/json")
            },
            Some(1),
        );
        let reply = ask(&GROUP)
            .path(path)
            .header("x-patient", "1")
            .json(&request(path, &model, false))
            .send();
        assert_eq!(reply.status, 502, "{path}");
        let message = error_of(path, &text_of(&reply))["message"].to_string();
        assert!(message.contains("too long"), "{path}: {message}");
    }
    GROUP.assert_no_trap();
}

#[test]
fn a_stream_that_nobody_asked_for_is_a_whole_answer_whatever_follows_its_end() {
    for (path, api) in PAIRS {
        let (start, end) = stream_of(api);
        for rest in
            ["", ": bye\n\n", "data: {\"type\":\"ping\"}\n\n: bye\n\n: and more of that\n\n"]
        {
            let body = format!("{start}{end}{rest}");
            let reply = asked(path, api, false, &answering(body.as_bytes(), EVENTS));
            assert_eq!(reply.status, 200, "{path}: {rest:?}: {:?}", reply.body);
            assert!(reply.json().to_string().contains("\"Hi\""), "{path}: {rest:?}");
        }
    }
}

#[test]
fn a_whole_answer_that_cannot_be_read_in_the_place_of_a_stream_is_an_error_document() {
    for (path, api) in PAIRS {
        for bad in ["{", "[]", "{\"content\":7}", "null", "<html></html>"] {
            let reply = asked(path, api, true, &answering(bad.as_bytes(), "application/json"));
            assert_eq!(reply.status, 502, "{path}: {bad}");
            assert_eq!(reply.header("content-type"), Some("application/json"), "{path}: {bad}");
            assert!(reply.json()["error"]["message"].is_string(), "{path}: {bad}");
        }
    }
}

#[test]
fn an_answer_without_a_body_is_an_error() {
    for (path, api) in PAIRS {
        for (status, wanted) in [(200, 502), (401, 401), (429, 429), (503, 503)] {
            for is_stream in [false, true] {
                // It has a length of 0, and no type.
                let behaviour = Behaviour {
                    status: Some(status),
                    body: Some(Vec::new().into()),
                    ..Behaviour::default()
                };
                let what = format!("{path}, {status}, {is_stream}");
                let reply = asked(path, api, is_stream, &behaviour);
                assert_eq!(reply.status, wanted, "{what}");
                let is_whole = reply.body.as_ref().is_some_and(|body| {
                    let length = body.len().to_string();
                    reply.header("content-length").is_none_or(|told| told == length)
                });
                assert!(is_whole, "{what}: {reply:?}");
            }
        }
    }
}
