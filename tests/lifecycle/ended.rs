//! Answers that end by their own word, answers that are none, and counts that cannot be: in
//! both roles, whoever closes the stream.

use std::rc::Rc;

use log::Level;
use pointsman::lifecycle::{Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::{ANSWER, FakeHost, NOW_MS};
use crate::streams::{Answered, EVENTS, JSON, answered};
use crate::{engine, host};

const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#;
const CHAT: &str = "/v1/chat/completions";
const DONE: &[u8] =
    b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";

/// A proxy, with attempts or without, and a model with two deployments.
struct Proxy {
    host: FakeHost,
    router: Rc<Engine>,
    attempts: Option<Rc<Engine>>,
}

impl Proxy {
    fn new(has_attempts: bool, with: &Value) -> Self {
        let mut document = json!({
            "providers": {"p": {"cluster": "p", "api": "any"}},
            "deployments": {"a": {"provider": "p", "model": "m"}, "b": {"provider": "p", "model": "m"}},
            "models": {"m": {"candidates": ["a", "b"]}}
        });
        for (key, value) in with.as_object().unwrap() {
            document[key] = value.clone();
        }
        if has_attempts {
            // Nothing is held, so that all that comes has been the client's.
            document["failover"] = json!({"max_attempts": 2, "commit_bytes": 0});
        }
        let host = host();
        host.now_ms.stop();
        let router = engine(&host, &document);
        document["role"] = "attempt".into();
        let attempts = has_attempts.then(|| engine(&host, &document));
        Self { host, router, attempts }
    }

    /// Sends a request; returns the stream that hears its answer, and the router's where that is
    /// another one.
    fn send(&self, path: &str) -> (Stream, Option<Stream>) {
        let router = self.host.post(&self.router, path, BODY);
        let Some(attempts) = &self.attempts else { return (router, None) };
        let mut attempt = Stream::new(Rc::clone(attempts));
        self.host.passed.borrow_mut().clear();
        self.host.body.borrow_mut().clear();
        self.host.head(&mut attempt, false);
        self.host.piece(&mut attempt, BODY, true);
        (attempt, Some(router))
    }

    /// Has a chat answered; returns whether another attempt is asked for.
    fn answer(&self, status: u16, head: &[(&str, &str)], body: &[u8]) -> bool {
        let (mut stream, router) = self.send(CHAT);
        self.host.answer(&mut stream, status, head, &[body]);
        let is_retried = self.host.received("x-llm-retry").is_some();
        self.host.done(stream, None);
        router.into_iter().for_each(|router| self.host.done(router, None));
        is_retried
    }

    /// What is counted of `a`: successes, failures, tokens.
    fn counted(&self) -> (u64, u64, u64) {
        let record = self.host.shared.record("a");
        assert_eq!(record.flight.count(self.host.now_ms.get()), 0, "nothing stays under way");
        (record.total.successes, record.total.failures, record.total.tokens)
    }
}

/// Who closes the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closer {
    Client,
    Provider,
    Nobody,
}

/// Has an answer end after so many pieces; returns what is counted of it.
fn ended(
    answer: &Answered,
    count: usize,
    closer: Closer,
    has_attempts: bool,
    size: usize,
) -> (u64, u64, u64) {
    let proxy = Proxy::new(has_attempts, &json!({}));
    let (mut stream, _router) = proxy.send(answer.path);
    proxy.host.begin_answer(&mut stream, 200, &[("content-type", answer.content_type)], false);
    let body = answer.pieces[..count].concat();
    body.chunks(size).for_each(|chunk| proxy.host.answer_piece(&mut stream, chunk, false));
    match closer {
        Closer::Nobody => {
            proxy.host.answer_piece(&mut stream, b"", true);
            proxy.host.done(stream, None);
        }
        Closer::Client => proxy.host.done(stream, Some("downstream_remote_disconnect")),
        Closer::Provider if has_attempts => proxy.host.done(stream, Some("via_upstream")),
        Closer::Provider => {
            let details = "upstream_reset_after_response_started{connection_termination}";
            proxy.host.done(stream, Some(details));
        }
    }
    proxy.counted()
}

#[test]
fn an_answer_is_a_success_from_its_mark_on_whoever_closes_the_stream() {
    for answer in answered() {
        for (has_attempts, size) in [(false, usize::MAX), (true, usize::MAX), (false, 3), (true, 1)]
        {
            for closer in [Closer::Client, Closer::Provider, Closer::Nobody] {
                for count in 1..=answer.pieces.len() {
                    let counted = ended(&answer, count, closer, has_attempts, size);
                    // A document that is cut is none, however its body has ended.
                    let is_cut = answer.content_type == "application/json";
                    let is_whole = count >= answer.marked || (closer == Closer::Nobody && !is_cut);
                    let wanted = match closer {
                        // It may be a failure, but that is not known.
                        Closer::Nobody if answer.lacks_mark(count) => (0, 0),
                        _ if is_whole && count >= answer.filled => (1, 0),
                        Closer::Client => (0, 0),
                        Closer::Provider | Closer::Nobody => (0, 1),
                    };
                    let of = (answer.name, closer, count, has_attempts, size);
                    assert_eq!((counted.0, counted.1), wanted, "{of:?}");
                    let tokens = if count == answer.pieces.len() { 5 } else { counted.2 };
                    assert_eq!(counted.2, tokens, "{of:?}");
                }
            }
        }
    }
}

#[test]
fn an_answer_is_as_long_as_its_mark_is_away() {
    for has_attempts in [false, true] {
        let proxy = Proxy::new(has_attempts, &json!({}));
        let (mut stream, _router) = proxy.send(CHAT);
        proxy.host.now_ms.set(NOW_MS + 100);
        proxy.host.begin_answer(&mut stream, 200, &[("content-type", EVENTS)], false);
        proxy.host.answer_piece(&mut stream, &DONE[..20], false);
        proxy.host.now_ms.set(NOW_MS + 300);
        proxy.host.answer_piece(&mut stream, &DONE[20..], false);
        proxy.host.now_ms.set(NOW_MS + 9000);
        proxy.host.answer_piece(&mut stream, b": bye\n\n", false);
        proxy.host.done(stream, Some("downstream_remote_disconnect"));
        let record = proxy.host.shared.record("a");
        assert_eq!((record.first_byte_ms, record.answer_ms), (100.0, 300.0));
    }
}

#[test]
fn a_body_as_long_as_its_head_says_is_whole_whatever_is_in_it() {
    for has_attempts in [false, true] {
        for (content_type, encoding) in [("audio/mpeg", "identity"), (JSON, "gzip")] {
            for (sent, wanted) in [(8, (1, 0)), (7, (0, 0))] {
                let proxy = Proxy::new(has_attempts, &json!({}));
                let (mut stream, _router) = proxy.send("/v1/audio/speech");
                let head = [
                    ("content-type", content_type),
                    ("content-encoding", encoding),
                    ("content-length", "8"),
                ];
                proxy.host.begin_answer(&mut stream, 200, &head, false);
                proxy.host.answer_piece(&mut stream, &[0xff; 8][..sent], false);
                proxy.host.done(stream, Some("downstream_remote_disconnect"));
                let counted = proxy.counted();
                assert_eq!((counted.0, counted.1), wanted, "{content_type} {encoding} {sent}");
            }
        }
    }
}

#[test]
fn clients_that_close_after_the_mark_bring_a_deployment_back() {
    let with = json!({"models": {"m": {"candidates": ["a"]}}, "cooldown": {"time_ms": 1000, "success_threshold": 3}});
    for has_attempts in [false, true] {
        let proxy = Proxy::new(has_attempts, &with);
        proxy.answer(429, &[("content-type", JSON)], b"{}");
        assert!(proxy.host.shared.until_ms("a") > 0);
        proxy.host.now_ms.set(NOW_MS + 2000);
        for _ in 0..3 {
            let (mut stream, _router) = proxy.send(CHAT);
            proxy.host.begin_answer(&mut stream, 200, &[("content-type", EVENTS)], false);
            proxy.host.answer_piece(&mut stream, DONE, false);
            proxy.host.done(stream, Some("downstream_remote_disconnect"));
        }
        assert_eq!(proxy.host.shared.until_ms("a"), 0, "it is healthy again");
    }
}

#[test]
fn a_200_that_is_no_answer_is_a_failure_without_a_latency() {
    let cases: [(&str, &[u8]); 7] = [
        ("text/html; charset=utf-8", b"<html>Sign in</html>"),
        (JSON, b"<html>Sign in</html>"),
        (JSON, b"{}"),
        (JSON, br#"{"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#),
        (JSON, b"OK"),
        (EVENTS, b"data: [DONE]\n\n"),
        ("text/plain", b"It works!"),
    ];
    for has_attempts in [false, true] {
        for (content_type, body) in cases {
            let proxy = Proxy::new(has_attempts, &json!({}));
            // The client has got it, so nothing else can be tried.
            assert!(!proxy.answer(200, &[("content-type", content_type)], body));
            let counted = proxy.counted();
            assert_eq!((counted.0, counted.1), (0, 1), "{content_type} {body:?}");
            let record = proxy.host.shared.record("a");
            assert_eq!((record.first_byte_ms, record.answer_ms), (0.0, 0.0));
            let name = "pointsman.attempts.deployment=.a;.outcome=.in_band;";
            assert_eq!(proxy.host.counted(name), 1);
        }
    }
}

#[test]
fn an_empty_answer_is_tried_again_where_there_is_failover() {
    for (status, head, is_end) in [
        (200, vec![("content-type", JSON), ("content-length", "0")], false),
        (200, vec![("content-type", JSON)], true),
        (200, vec![], true),
        (204, vec![], true),
        (200, vec![("content-type", "audio/mpeg"), ("content-length", "0")], true),
    ] {
        for has_attempts in [false, true] {
            let proxy = Proxy::new(has_attempts, &json!({}));
            let (mut stream, _router) = proxy.send(CHAT);
            proxy.host.begin_answer(&mut stream, status, &head, is_end);
            let is_retried = proxy.host.received("x-llm-retry").is_some();
            assert_eq!(is_retried, has_attempts, "{status} {head:?}");
            if !is_end {
                proxy.host.answer_piece(&mut stream, b"", true);
            }
            proxy.host.done(stream, None);
            let counted = proxy.counted();
            assert_eq!((counted.0, counted.1), (0, 1), "{status} {head:?}");
        }
    }
}

#[test]
fn a_recording_in_which_nobody_speaks_has_an_empty_text() {
    for has_attempts in [false, true] {
        for (path, content_type, wanted) in [
            ("/v1/audio/speech", "text/plain", (1, 0)),
            ("/v1/audio/speech", "text/html", (0, 1)),
            (CHAT, "text/plain", (0, 1)),
        ] {
            let proxy = Proxy::new(has_attempts, &json!({}));
            let (mut stream, _router) = proxy.send(path);
            proxy.host.begin_answer(&mut stream, 200, &[("content-type", content_type)], true);
            proxy.host.done(stream, None);
            let counted = proxy.counted();
            assert_eq!((counted.0, counted.1), wanted, "{path} {content_type}");
        }
    }
}

#[test]
fn a_client_that_does_not_read_a_long_answer_says_nothing() {
    let idle = Some("stream_idle_timeout");
    for has_attempts in [false, true] {
        for (length, failures) in [(1 << 10, 1), (2 << 20, 0)] {
            let proxy = Proxy::new(has_attempts, &json!({}));
            let (mut stream, _router) = proxy.send(CHAT);
            proxy.host.begin_answer(&mut stream, 200, &[("content-type", JSON)], false);
            proxy.host.answer_piece(&mut stream, &vec![b' '; length], false);
            proxy.host.done(stream, idle);
            let counted = proxy.counted();
            assert_eq!((counted.0, counted.1), (0, failures), "{has_attempts} {length}");
        }
    }
}

#[test]
fn an_empty_answer_that_is_the_last_keeps_no_sign_of_a_retry() {
    let proxy = Proxy::new(true, &json!({}));
    let (mut attempt, router) = proxy.send(CHAT);
    proxy.host.begin_answer(&mut attempt, 200, &[], true);
    assert!(proxy.host.received("x-llm-retry").is_some());
    proxy.host.done(attempt, None);
    // Envoy has not made the attempt: its own limit was reached.
    let head = [("x-llm-retry", "1")];
    proxy.host.begin_answer(&mut router.unwrap(), 200, &head, true);
    assert_eq!(proxy.host.received("x-llm-retry"), None);
}

#[test]
fn a_count_that_cannot_be_turns_nobody_away() {
    let with = json!({
        "deployments": {
            "a": {"provider": "p", "model": "m", "tpm_limit": 100_000,
                  "facts": {"context_window": 8000}}
        },
        "models": {"m": {"candidates": ["a"]}}
    });
    for has_attempts in [false, true] {
        for count in ["18446744073709551616", "1000000000", "64001"] {
            let proxy = Proxy::new(has_attempts, &with);
            let usage =
                format!(r#""usage":{{"prompt_tokens":{count},"completion_tokens":{count}0}}"#);
            let body = format!(r#"{{"choices":[{{"text":"a"}}],{usage}}}"#);
            for _ in 0..3 {
                // Each is let in.
                assert!(!proxy.answer(200, &[("content-type", JSON)], body.as_bytes()));
            }
            let (successes, failures, tokens) = proxy.counted();
            assert_eq!((successes, failures), (3, 0));
            assert!(tokens < 300, "{tokens}: an estimate");
            let name = |direction: &str| {
                format!("pointsman.tokens.disbelieved.deployment=.a;.direction=.{direction};")
            };
            assert_eq!(["input", "output"].map(|of| proxy.host.counted(&name(of))), [3, 3]);
            let log = proxy.host.log.borrow();
            let warnings = log.iter().filter(|(level, _)| *level == Level::Warn);
            assert_eq!(warnings.filter(|(_, line)| line.contains("more input tokens")).count(), 1);
        }
        // What can be is believed.
        let proxy = Proxy::new(has_attempts, &with);
        let told =
            br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":7000,"completion_tokens":900}}"#;
        proxy.answer(200, &[("content-type", JSON)], told);
        assert_eq!(proxy.counted(), (1, 0, 7900));
        proxy.answer(200, &[("content-type", JSON)], ANSWER);
    }
}
