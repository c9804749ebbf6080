//! Answers that end with trailers are translated to their end. Envoy lets nothing be added to a body once
//! its trailers have come, unless the filter holds some of it.

use serde_json::{Value, json};

use super::{CLIENTS, GROUP, answering, asked_so, frames_of, request, text_of};
use crate::harness::{Reply, ask};
use crate::mock::Behaviour;

/// Asks for that model over HTTP/2, and the provider sends trailers after what it answers.
fn trailed(path: &str, model: &str, is_stream: bool, behaviour: Behaviour) -> Reply {
    let asking = ask(&GROUP).http2().path(path).header("te", "trailers");
    let asking = asking.json(&request(path, model, is_stream));
    let reply = asked_so(asking, &Behaviour { has_trailer: true, ..behaviour });
    GROUP.assert_no_trap();
    reply
}

/// Returns what a provider of that API streams, where the mock does not know by itself.
fn streamed(api: &str) -> Behaviour {
    let events: [(&str, Value); 4] = [
        ("messageStart", json!({"role": "assistant"})),
        ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": "Hello from it"}})),
        ("messageStop", json!({"stopReason": "end_turn"})),
        ("metadata", json!({"usage": {"inputTokens": 7, "outputTokens": 5}})),
    ];
    match api {
        "converse" => answering(&frames_of(&events), "application/vnd.amazon.eventstream"),
        _ => Behaviour::default(),
    }
}

#[test]
fn a_stream_that_ends_with_trailers_ends_for_the_client() {
    for (path, end) in CLIENTS {
        for api in ["chat", "messages", "converse", "gemini"] {
            for of in ["on", "http2"] {
                let what = format!("{path} by {of}-{api}");
                let reply = trailed(path, &format!("{of}-{api}"), true, streamed(api));
                assert_eq!(reply.status, 200, "{what}");
                let got = text_of(&reply);
                assert!(got.contains("Hello"), "{what}: {got}");
                assert!(!got.contains("\"error\":{"), "{what}: {got}");
                let last = got.trim_end().rsplit("\n\n").next().unwrap();
                assert!(last.starts_with(end), "{what}: {got}");
                assert!(reply.trailers.is_some(), "{what}");
            }
        }
    }
}

#[test]
fn a_whole_answer_that_ends_with_trailers_is_translated() {
    for (path, _) in CLIENTS {
        for api in ["chat", "messages", "gemini"] {
            for of in ["on", "http2"] {
                let what = format!("{path} by {of}-{api}");
                let reply = trailed(path, &format!("{of}-{api}"), false, Behaviour::default());
                assert_eq!(reply.status, 200, "{what}");
                assert!(reply.json().to_string().contains("Hello from"), "{what}");
                assert!(reply.trailers.is_some(), "{what}");
            }
        }
    }
}

#[test]
fn an_error_that_ends_with_trailers_is_translated() {
    for of in ["on", "http2"] {
        let refused = Behaviour { status: Some(429), ..Behaviour::default() };
        for is_stream in [false, true] {
            let model = format!("{of}-chat");
            let reply = trailed("/v1/messages", &model, is_stream, refused.clone());
            assert_eq!(reply.status, 429, "{model}");
            assert_eq!(reply.json()["error"]["type"], "rate_limit_error", "{model}");
        }
    }
}

#[test]
fn trailers_after_nothing_are_a_failure() {
    for (of, is_stream) in [("on", false), ("http2", false), ("on", true), ("http2", true)] {
        let written = if is_stream { "text/event-stream" } else { "application/json" };
        let model = format!("{of}-messages");
        let reply = trailed("/v1/chat/completions", &model, is_stream, answering(b"", written));
        let got = text_of(&reply);
        assert!(got.is_empty(), "{model}: {got}");
        // The head of a stream has gone on by then.
        assert_eq!(reply.status, if is_stream { 200 } else { 502 }, "{model}");
        // Where another deployment is left, it serves the request.
        let each = json!({"alpha": {"body": "", "piece-bytes": 9, "trailer": "1",
                                    "header": format!("content-type: {written}")},
                          "beta": {"trailer": "1"}});
        let reply = ask(&GROUP)
            .json(&request("/v1/chat/completions", "messages-then-gemini", is_stream))
            .header("x-mock-each", &each.to_string())
            .send();
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        assert!(text_of(&reply).contains("\"stop\""), "{:?}", reply.body);
    }
    GROUP.assert_no_trap();
}

#[test]
fn nothing_is_added_to_a_stream_that_is_cut_before_its_trailers() {
    let event = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hel"}]}}]});
    let cut = answering(format!("data: {event}\n\n").as_bytes(), "text/event-stream");
    for (path, end) in CLIENTS {
        for of in ["on", "http2"] {
            let reply = trailed(path, &format!("{of}-gemini"), true, cut.clone());
            assert_eq!(reply.status, 200, "{path}");
            let got = text_of(&reply);
            assert!(got.contains("Hel"), "{path}: {got}");
            // It says neither that it is whole nor that it is not.
            assert!(!got.contains(end) && !got.contains("\"error\":{"), "{path}: {got}");
        }
    }
}
