//! Answers that are held until they have content: in every format, wherever they are cut.

use std::rc::Rc;

use pointsman::lifecycle::{Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::frames::frame;
use crate::streams::{EVENTS, FRAMES, JSON, answered, event};
use crate::{engine, host};

const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#;

/// A proxy with both filters, and a model with two deployments.
struct Proxy {
    host: FakeHost,
    router: Rc<Engine>,
    attempts: Rc<Engine>,
}

impl Proxy {
    fn new(failover: &Value) -> Self {
        let mut document = json!({
            "providers": {"p": {"cluster": "p", "api": "any"}},
            "deployments": {"a": {"provider": "p", "model": "m"}, "b": {"provider": "p", "model": "m"}},
            "models": {"m": {"candidates": ["a", "b"]}},
            "failover": failover
        });
        let host = host();
        host.now_ms.stop();
        let router = engine(&host, &document);
        document["role"] = "attempt".into();
        let attempts = engine(&host, &document);
        Self { host, router, attempts }
    }

    /// Sends a request; returns its first attempt, and the router's stream.
    fn send(&self, path: &str) -> (Stream, Stream) {
        let head = [
            (":method", "POST"),
            (":path", path),
            (":authority", "proxy.test"),
            ("content-type", "application/json"),
        ];
        self.host.properties.borrow_mut().clear();
        let router = self.host.request(&self.router, &head, &[BODY]);
        assert_eq!(self.host.refused(), None, "{path}");
        let mut attempt = Stream::new(Rc::clone(&self.attempts));
        self.host.passed.borrow_mut().clear();
        self.host.body.borrow_mut().clear();
        self.host.head(&mut attempt, false);
        self.host.piece(&mut attempt, BODY, true);
        (attempt, router)
    }

    fn is_retried(&self) -> bool {
        self.host.received("x-llm-retry").is_some()
    }

    /// What the first attempt came to.
    fn told(&self) -> String {
        let properties = self.host.properties.borrow();
        String::from_utf8(properties["wasm.llm.attempts"].clone()).unwrap()
    }

    fn counted(&self, outcome: &str) -> u64 {
        let name = format!("pointsman.attempts.deployment=.a;.outcome=.{outcome};");
        self.host.counted(&name)
    }
}

#[test]
fn every_answer_goes_on_with_its_first_content_and_is_never_held_again() {
    for answer in answered() {
        for size in [1, 7, usize::MAX] {
            let proxy = Proxy::new(&json!({"max_attempts": 2}));
            let (mut attempt, router) = proxy.send(answer.path);
            let of = (answer.name, size);
            proxy.host.begin_answer(
                &mut attempt,
                200,
                &[("content-type", answer.content_type)],
                false,
            );
            assert!(proxy.host.holds_answer(), "{of:?}");
            let mut was_let_go = false;
            for (number, piece) in answer.pieces.iter().enumerate() {
                for chunk in piece.chunks(size.min(piece.len())) {
                    proxy.host.answer_piece(&mut attempt, chunk, false);
                    assert!(!was_let_go || !proxy.host.holds_answer(), "{of:?} held again");
                    was_let_go |= !proxy.host.holds_answer();
                }
                assert!(!was_let_go || number + 1 >= answer.filled, "{of:?}: too early");
            }
            let is_empty = answer.name.ends_with("nothing said");
            assert_eq!(was_let_go, !is_empty, "{of:?}");
            proxy.host.answer_piece(&mut attempt, b"", true);
            assert!(!proxy.host.holds_answer(), "{of:?}");
            assert_eq!(proxy.is_retried(), is_empty, "{of:?}");
            proxy.host.done(attempt, None);
            proxy.host.done(router, None);
            assert_eq!(proxy.counted(if is_empty { "empty" } else { "success" }), 1, "{of:?}");
            let commits = "pointsman.commits.deployment=.a;.kind=.content;";
            assert_eq!(proxy.host.counted(commits), u64::from(!is_empty), "{of:?}");
        }
    }
}

/// An answer that fails before any content.
struct Failing {
    name: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    outcome: &'static str,
}

fn failing() -> Vec<Failing> {
    const CHAT: &str = "/v1/chat/completions";
    const MESSAGES: &str = "/v1/messages";
    const RESPONSES: &str = "/v1/responses";
    const GEMINI: &str = "/v1beta/models/m:streamGenerateContent";
    const CONVERSE: &str = "/model/m/converse-stream";
    let row = |name, path, content_type, body: &[u8], outcome| Failing {
        name,
        path,
        content_type,
        body: body.to_vec(),
        outcome,
    };
    let throttled = [
        (":exception-type", "throttlingException"),
        (":content-type", JSON),
        (":message-type", "exception"),
    ];
    let bedrock = [
        event("messageStart", r#"{"role":"assistant"}"#),
        frame(&throttled, br#"{"message":"Too many requests"}"#),
    ];
    vec![
        row("chat, overloaded", CHAT, EVENTS, b"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\ndata: {\"error\":{\"message\":\"x\",\"type\":\"overloaded_error\",\"code\":503}}\n\n", "server"),
        row("chat, a limit", CHAT, EVENTS, b": wait\n\ndata: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n", "rate_limit"),
        row("chat, too long", CHAT, EVENTS, b"data: {\"error\":{\"message\":\"x\",\"code\":\"context_length_exceeded\"}}\n\n", "context_window"),
        row("chat, empty", CHAT, EVENTS, b"data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", "empty"),
        row("chat, nothing", CHAT, EVENTS, b": bye\n\n", "empty"),
        row("chat, an error object", CHAT, JSON, br#"{"error":{"message":"x","type":"server_error"}}"#, "server"),
        row("chat, no choices", CHAT, JSON, br#"{"id":"x","choices":[],"usage":{"prompt_tokens":2}}"#, "empty"),
        row("chat, a page", CHAT, JSON, b"<html>Sign in</html>", "empty"),
        row("completions", "/v1/completions", EVENTS, b"data: {\"error\":{\"message\":\"x\",\"type\":\"server_error\"}}\n\n", "server"),
        row("responses", RESPONSES, EVENTS, b"event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"output\":[]}}\n\nevent: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"x\"}}}\n\n", "rate_limit"),
        row("messages", MESSAGES, EVENTS, b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[],\"usage\":{\"input_tokens\":2}}}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n", "server"),
        row("gemini", GEMINI, EVENTS, b"data: {\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}\n\n", "server"),
        row("gemini, a list", GEMINI, JSON, br#"[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}]"#, "rate_limit"),
        row("gemini, a blocked prompt", GEMINI, EVENTS, b"data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n", "content_policy"),
        row("bedrock", CONVERSE, FRAMES, &bedrock.concat(), "rate_limit"),
        row("cohere", "/v2/chat", EVENTS, b"data: {\"type\":\"message-start\",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[]}}}\n\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\"}}\n\n", "server"),
        row("ollama", "/api/chat", "application/x-ndjson", b"{\"error\":\"model runner has unexpectedly stopped\"}\n", "server"),
    ]
}

#[test]
fn a_failure_before_content_has_its_own_kind_wherever_the_answer_is_cut() {
    for failing in failing() {
        for cut in 0..=failing.body.len() {
            let proxy = Proxy::new(&json!({"max_attempts": 2}));
            let (mut attempt, router) = proxy.send(failing.path);
            let head = [("content-type", failing.content_type)];
            proxy.host.begin_answer(&mut attempt, 200, &head, false);
            let (first, second) = failing.body.split_at(cut);
            for piece in [first, second] {
                if !piece.is_empty() {
                    proxy.host.answer_piece(&mut attempt, piece, false);
                }
            }
            proxy.host.answer_piece(&mut attempt, b"", true);
            let of = (failing.name, cut);
            // The fallbacks of a blocked prompt are in a list of their own, and there is none.
            let is_retried = failing.outcome != "content_policy";
            assert_eq!(proxy.is_retried(), is_retried, "{of:?}");
            assert!(!proxy.host.holds_answer(), "{of:?}");
            assert_eq!(proxy.counted(failing.outcome), 1, "{of:?}: {}", proxy.told());
            proxy.host.done(attempt, None);
            proxy.host.done(router, None);
        }
    }
}

/// Sends an answer in one piece, which may be all of it, and returns whether it is held.
fn is_held(proxy: &Proxy, body: &[u8]) -> bool {
    let (mut attempt, router) = proxy.send("/v1/chat/completions");
    proxy.host.begin_answer(&mut attempt, 200, &[("content-type", EVENTS)], false);
    proxy.host.answer_piece(&mut attempt, body, false);
    let is_held = proxy.host.holds_answer();
    proxy.host.done(attempt, Some("downstream_remote_disconnect"));
    proxy.host.done(router, Some("downstream_remote_disconnect"));
    is_held
}

#[test]
fn no_more_is_held_than_is_configured_and_nothing_where_nothing_could_follow() {
    let waiting = b": wait\n\n".repeat(3000);
    for (bytes, length, wanted) in
        [(16_384, 16_384, true), (16_384, 16_392, false), (100, 96, true), (100, 104, false)]
    {
        let proxy = Proxy::new(&json!({"max_attempts": 2, "commit_bytes": bytes}));
        assert_eq!(is_held(&proxy, &waiting[..length]), wanted, "{bytes} {length}");
        let late = "pointsman.commits.deployment=.a;.kind=.bytes;";
        assert_eq!(proxy.host.counted(late), u64::from(!wanted));
    }
    assert!(!is_held(&Proxy::new(&json!({"max_attempts": 2, "commit_bytes": 0})), b": wait\n\n"));
    assert!(!is_held(&Proxy::new(&json!({"attempt_filter": true})), b": wait\n\n"));
}

#[test]
fn an_empty_answer_is_kept_where_it_is_to_be() {
    let empty = br#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}"#;
    let cut_off = br#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"length"}]}"#;
    for (on_empty, body, wanted, outcome) in [
        (true, &empty[..], true, "empty"),
        (false, &empty[..], false, "empty"),
        (true, &cut_off[..], false, "success"),
    ] {
        let proxy = Proxy::new(&json!({"max_attempts": 2, "on_empty": on_empty}));
        let (mut attempt, router) = proxy.send("/v1/chat/completions");
        proxy.host.begin_answer(&mut attempt, 200, &[("content-type", JSON)], false);
        proxy.host.answer_piece(&mut attempt, body, true);
        assert_eq!(proxy.is_retried(), wanted, "{on_empty}");
        assert_eq!(proxy.counted(outcome), 1, "{on_empty}");
        proxy.host.done(attempt, None);
        proxy.host.done(router, None);
        // A client could ask for such answers until the deployment cools.
        assert_eq!(proxy.host.shared.record("a").total.failures, 0);
    }
}

#[test]
fn a_stream_that_breaks_while_it_is_held_was_never_answered() {
    let proxy = Proxy::new(&json!({"max_attempts": 2}));
    let (mut attempt, router) = proxy.send("/v1/messages");
    proxy.host.begin_answer(&mut attempt, 200, &[("content-type", EVENTS)], false);
    proxy.host.answer_piece(
        &mut attempt,
        b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n",
        false,
    );
    assert!(proxy.host.holds_answer());
    proxy.host.done(attempt, Some("via_upstream"));
    assert_eq!(proxy.counted("network"), 1);
    proxy.host.done(router, None);
}
