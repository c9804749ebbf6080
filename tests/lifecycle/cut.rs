//! Answers that their provider has cut after their content.

use serde_json::json;

use crate::commit::{with, with_two};
use crate::failover::Proxy;
use crate::streams::answered;

/// Sends pieces of an answer that ends after them; returns all that the client gets.
fn ended_after(proxy: &Proxy, path: &str, head: &[(&str, &str)], pieces: &[Vec<u8>]) -> Vec<u8> {
    let (mut attempt, router) = proxy.tried(path);
    proxy.host.begin_answer(&mut attempt, 200, head, false);
    let mut got = Vec::new();
    for piece in pieces.iter().map(Vec::as_slice).chain([&b""[..]]) {
        proxy.host.answer_piece(&mut attempt, piece, piece.is_empty());
        if !proxy.host.holds_answer() {
            got.extend_from_slice(&proxy.host.response_body.take());
        }
    }
    proxy.host.done(attempt, None);
    proxy.host.done(router, None);
    got
}

#[test]
fn an_answer_that_its_provider_has_cut_ends_with_an_error_and_counts_as_a_failure() {
    let streams =
        ["chat", "completions", "responses", "anthropic", "gemini", "bedrock", "cohere", "ollama"];
    let mut names = Vec::new();
    for answer in answered().into_iter().filter(|answer| streams.contains(&answer.name)) {
        for is_last in [false, true] {
            let deployments: &[&str] = if is_last { &["a"] } else { &["a", "b"] };
            let one = json!({"provider": "p", "model": "m"});
            let proxy = with(
                &json!({"max_attempts": 2}),
                &json!({"a": one, "b": one}),
                &json!({"candidates": deployments}),
            );
            let pieces = &answer.pieces[..answer.filled];
            let of = ("content-type", answer.content_type);
            let got = ended_after(&proxy, answer.path, &[of], pieces);
            let sent = pieces.concat();
            assert!(got.starts_with(&sent), "{}", answer.name);
            let error = String::from_utf8_lossy(&got[sent.len()..]).into_owned();
            assert!(error.contains("before it was complete"), "{}: {error:?}", answer.name);
            assert_eq!(proxy.counted("in_band"), 1, "{}", answer.name);
            assert_eq!(proxy.counted("success"), 0, "{}", answer.name);
            // A body of an announced length has no room for more.
            let length = sent.len().to_string();
            let got = ended_after(&proxy, answer.path, &[of, ("content-length", &length)], pieces);
            assert_eq!(got, sent, "{}", answer.name);
            // Nothing can be added to a body that trailers follow.
            let (mut attempt, router) = proxy.tried(answer.path);
            proxy.host.begin_answer(&mut attempt, 200, &[of], false);
            proxy.host.answer_piece(&mut attempt, &sent, false);
            attempt.on_response_trailers(&proxy.host);
            assert_eq!(proxy.host.response_body.take(), sent, "{}", answer.name);
            proxy.host.done(attempt, None);
            proxy.host.done(router, None);
            // One that is whole is left as it is.
            let got = ended_after(&proxy, answer.path, &[of], &answer.pieces);
            assert_eq!(got, answer.pieces.concat(), "{}", answer.name);
        }
        names.push(answer.name);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), streams.len(), "{names:?}");
}

#[test]
fn nothing_is_added_to_the_streams_of_a_provider_that_sends_no_mark() {
    for answer in answered().into_iter().filter(|answer| answer.lacks_mark(answer.filled)) {
        let one = json!({"provider": "p", "model": "m"});
        let proxy = Proxy::new(json!({
            "providers": {"p": {"cluster": "p", "api": "any", "stream_marks": false}},
            "deployments": {"a": one, "b": one},
            "models": {"m": {"candidates": ["a", "b"]}},
            "failover": {"max_attempts": 2},
        }));
        let pieces = &answer.pieces[..answer.filled];
        let of = ("content-type", answer.content_type);
        assert_eq!(ended_after(&proxy, answer.path, &[of], pieces), pieces.concat());
        assert_eq!((proxy.counted("success"), proxy.counted("in_band")), (1, 0), "{}", answer.name);
    }
}

#[test]
fn a_failure_that_comes_with_the_first_content_is_tried_elsewhere() {
    let error = b"data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n";
    for answer in answered().into_iter().filter(|answer| answer.lacks_mark(answer.filled)) {
        let body = answer.pieces[..answer.filled].concat();
        // With another deployment, and with none that is left to try.
        for (attempts, is_retried) in [(2, true), (1, false)] {
            let proxy = with_two(&json!({"max_attempts": attempts, "attempt_filter": true}));
            let (mut attempt, router) = proxy.tried(answer.path);
            let head = [("content-type", answer.content_type)];
            proxy.host.begin_answer(&mut attempt, 200, &head, false);
            proxy.host.answer_piece(&mut attempt, &body, true);
            let of = (answer.name, attempts);
            assert_eq!(proxy.is_retried(), is_retried, "{of:?}");
            let is_added = proxy.host.response_body.borrow().len() > body.len();
            assert_eq!(is_added, !is_retried, "{of:?}");
            let outcome = if is_retried { "network" } else { "in_band" };
            assert_eq!(proxy.counted(outcome), 1, "{of:?}");
            proxy.host.done(attempt, None);
            proxy.host.done(router, None);
        }
        if answer.content_type != "text/event-stream" {
            continue;
        }
        let proxy = with_two(&json!({"max_attempts": 2}));
        let (mut attempt, router) = proxy.tried(answer.path);
        proxy.host.begin_answer(&mut attempt, 200, &[("content-type", answer.content_type)], false);
        proxy.host.answer_piece(&mut attempt, &[&body[..], error].concat(), false);
        assert!(proxy.is_retried(), "{}", answer.name);
        assert_eq!(proxy.counted("server"), 1, "{}", answer.name);
        proxy.host.done(attempt, None);
        proxy.host.done(router, None);
    }
}
