//! Answers that are held until they have content: in every format, wherever they are cut.

use pointsman::lifecycle::{RequestHead, Stream, explained};
use pointsman::routing::explain::Fresh;
use serde_json::{Value, json};

use crate::failover::Proxy;
use crate::frames::frame;
use crate::streams::{EVENTS, FRAMES, JSON, answered, event};

const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#;

/// Returns a proxy whose model has two deployments.
pub(crate) fn with_two(failover: &Value) -> Proxy {
    let one = json!({"provider": "p", "model": "m"});
    with(failover, &json!({"a": one, "b": one}), &json!({"candidates": ["a", "b"]}))
}

/// Returns a proxy with these deployments, and a model.
pub(crate) fn with(failover: &Value, deployments: &Value, model: &Value) -> Proxy {
    Proxy::new(json!({
        "providers": {"p": {"cluster": "p", "api": "any"}},
        "deployments": deployments,
        "models": {"m": model, "long": {"candidates": ["b"]}},
        "failover": failover
    }))
}

impl Proxy {
    /// Sends a request to that path; returns its first attempt, and the router's stream.
    pub(crate) fn tried(&self, path: &str) -> (Stream, Stream) {
        let router = self.host.post(&self.router, path, BODY);
        (self.attempt_of(&[BODY]), router)
    }

    pub(crate) fn is_retried(&self) -> bool {
        self.host.received("x-llm-retry").is_some()
    }

    /// How often an attempt at `a` has come to that.
    pub(crate) fn counted(&self, outcome: &str) -> u64 {
        let name = format!("pointsman.attempts.deployment=.a;.outcome=.{outcome};");
        self.host.counted(&name)
    }
}

#[test]
fn every_answer_goes_on_with_its_first_content_and_is_never_held_again() {
    for answer in answered() {
        for size in [1, 7, usize::MAX] {
            let proxy = with_two(&json!({"max_attempts": 2}));
            let (mut attempt, router) = proxy.tried(answer.path);
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
                // In the Responses API an item that has begun shows that the model works.
                let is_at_work = answer.pieces[..=number]
                    .iter()
                    .any(|piece| String::from_utf8_lossy(piece).contains("output_item.added"));
                let may_go = number + 1 >= answer.filled || is_at_work;
                assert!(!was_let_go || may_go, "{of:?}: too early");
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
            let proxy = with_two(&json!({"max_attempts": 2}));
            let (mut attempt, router) = proxy.tried(failing.path);
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
            assert_eq!(
                proxy.counted(failing.outcome),
                1,
                "{of:?}: {}",
                proxy.property("llm.attempts")
            );
            proxy.host.done(attempt, None);
            proxy.host.done(router, None);
        }
    }
}

/// Sends an answer in one piece, which may be all of it, and returns whether it is held.
fn is_held(proxy: &Proxy, body: &[u8]) -> bool {
    let (mut attempt, router) = proxy.tried("/v1/chat/completions");
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
        let proxy = with_two(&json!({"max_attempts": 2, "commit_bytes": bytes}));
        assert_eq!(is_held(&proxy, &waiting[..length]), wanted, "{bytes} {length}");
        let late = "pointsman.commits.deployment=.a;.kind=.bytes;";
        assert_eq!(proxy.host.counted(late), u64::from(!wanted));
    }
    assert!(!is_held(&with_two(&json!({"max_attempts": 2, "commit_bytes": 0})), b": wait\n\n"));
    assert!(!is_held(&with_two(&json!({"attempt_filter": true})), b": wait\n\n"));
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
        let proxy = with_two(&json!({"max_attempts": 2, "on_empty": on_empty}));
        let (mut attempt, router) = proxy.tried("/v1/chat/completions");
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
    let proxy = with_two(&json!({"max_attempts": 2}));
    let (mut attempt, router) = proxy.tried("/v1/messages");
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

/// Has a chat answered whole by its first deployment; returns whether another one is asked.
fn is_tried_elsewhere(proxy: &Proxy, content_type: &str, body: &[u8]) -> bool {
    let (mut attempt, router) = proxy.tried("/v1/chat/completions");
    proxy.host.begin_answer(&mut attempt, 200, &[("content-type", content_type)], false);
    proxy.host.answer_piece(&mut attempt, body, true);
    assert!(!proxy.host.holds_answer());
    let is_retried = proxy.is_retried();
    proxy.host.done(attempt, None);
    proxy.host.done(router, None);
    is_retried
}

#[test]
fn a_reason_that_says_why_there_is_no_content_is_an_answer() {
    let chat = |reason: &str| {
        format!(
            r#"{{"choices":[{{"message":{{"role":"assistant","content":null}},"finish_reason":"{reason}"}}]}}"#
        )
    };
    let gemini = |reason: &str| {
        format!(r#"{{"candidates":[{{"content":{{"role":"model"}},"finishReason":"{reason}"}}]}}"#)
    };
    let ollama = |reason: &str| {
        format!(
            r#"{{"message":{{"role":"assistant","content":""}},"done":true,"done_reason":"{reason}"}}"#
        )
    };
    let anthropic =
        |reason: &str| format!(r#"{{"type":"message","content":[],"stop_reason":"{reason}"}}"#);
    for (body, wanted) in [
        (chat("stop"), true),
        (chat("length"), false),
        (chat("content_filter"), false),
        (chat("tool_calls"), false),
        (gemini("STOP"), true),
        (gemini("MAX_TOKENS"), false),
        (gemini("SAFETY"), false),
        (ollama("stop"), true),
        (ollama("length"), false),
        (ollama("load"), false),
        (anthropic("end_turn"), true),
        (anthropic("refusal"), false),
        (anthropic("stop_sequence"), false),
        (anthropic("tool_use"), false),
    ] {
        let proxy = with_two(&json!({"max_attempts": 2}));
        assert_eq!(is_tried_elsewhere(&proxy, JSON, body.as_bytes()), wanted, "{body}");
        let outcome = if wanted { "empty" } else { "success" };
        assert_eq!(proxy.counted(outcome), 1, "{body}");
    }
}

#[test]
fn a_limit_that_is_told_in_a_stream_trips_nothing() {
    let limited = b"data: {\"error\":{\"message\":\"Request too large\",\"code\":\"rate_limit_exceeded\"}}\n\n";
    let proxy = with_two(&json!({"max_attempts": 2}));
    assert!(is_tried_elsewhere(&proxy, EVENTS, limited));
    assert_eq!(proxy.counted("rate_limit"), 1);
    let cooled = "pointsman.cooldowns.deployment=.a;.outcome=.rate_limit;";
    assert_eq!(proxy.host.counted(cooled), 0, "one request cools nothing");
}

#[test]
fn what_fails_before_content_everywhere_counts_against_nobody() {
    let failed = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n";
    let proxy = with_two(&json!({"max_attempts": 2}));
    let (mut first, router) = proxy.tried("/v1/messages");
    proxy.host.begin_answer(&mut first, 200, &[("content-type", EVENTS)], false);
    proxy.host.answer_piece(&mut first, failed, true);
    assert!(proxy.is_retried());
    proxy.host.done(first, None);
    // Nothing follows the second one, so it is not held; but its failure is of the same kind.
    let mut second = proxy.attempt_of(&[BODY]);
    proxy.host.begin_answer(&mut second, 200, &[("content-type", EVENTS)], false);
    assert!(!proxy.host.holds_answer());
    proxy.host.answer_piece(&mut second, failed, true);
    proxy.host.done(second, None);
    proxy.host.done(router, None);
    assert_eq!(proxy.property("llm.attempts"), "a=server,b=200");
    for deployment in ["a", "b"] {
        let record = proxy.host.shared.record(deployment);
        assert_eq!(record.total.failures, 0, "{deployment}");
    }
}

#[test]
fn a_request_is_tried_elsewhere_once_for_an_empty_answer() {
    let empty =
        br#"{"choices":[{"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}"#;
    let proxy = with(
        &json!({"max_attempts": 4}),
        &json!({"a": {"provider": "p", "model": "m"}, "b": {"provider": "p", "model": "m"},
                "c": {"provider": "p", "model": "m"}}),
        &json!({"candidates": ["a", "b", "c"]}),
    );
    let router = proxy.host.post(&proxy.router, "/v1/chat/completions", BODY);
    for wanted in [true, false] {
        let mut attempt = proxy.attempt_of(&[BODY]);
        proxy.host.begin_answer(&mut attempt, 200, &[("content-type", JSON)], false);
        assert!(proxy.host.holds_answer());
        proxy.host.answer_piece(&mut attempt, empty, true);
        assert_eq!(proxy.is_retried(), wanted);
        proxy.host.done(attempt, None);
    }
    proxy.host.done(router, None);
}

#[test]
fn nothing_is_held_where_no_attempt_follows_a_broken_connection() {
    let deployments =
        json!({"a": {"provider": "p", "model": "m"}, "b": {"provider": "p", "model": "m"}});
    let model = json!({"candidates": ["a"], "fallbacks": {"context_window": ["long"]}});
    let proxy = with(&json!({"max_attempts": 2}), &deployments, &model);
    assert!(!is_held(&proxy, b": wait\n\n"));
}

#[test]
fn explain_says_whether_the_answer_is_held() {
    let one = json!({"provider": "p", "model": "m"});
    let cases = [
        (json!({"max_attempts": 2}), json!(["a", "b"]), true),
        (json!({"max_attempts": 2, "commit_bytes": 0}), json!(["a", "b"]), false),
        (json!({"max_attempts": 2}), json!(["a"]), false),
        (json!({"max_attempts": 2, "retries_per_deployment": 1}), json!(["a"]), true),
        (json!({"attempt_filter": true}), json!(["a", "b"]), false),
    ];
    for (failover, candidates, wanted) in cases {
        let proxy =
            with(&failover, &json!({"a": one, "b": one}), &json!({"candidates": candidates}));
        let head: Vec<(String, Vec<u8>)> =
            [(":method", "POST"), (":path", "/v1/chat/completions"), ("content-type", JSON)]
                .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
                .into();
        let head = RequestHead::new(head.into_iter().collect());
        let explained = explained(proxy.router.config(), &head, BODY, &Fresh, None, 0);
        let answer = explained.trace.answer;
        let has_failover = failover["max_attempts"].is_number();
        assert_eq!(answer.as_ref().map(|answer| answer.held), has_failover.then_some(wanted));
        let because = answer.map(|answer| answer.because).unwrap_or_default();
        assert_eq!(because.contains("until"), wanted, "{because}");
        assert_eq!(is_held(&proxy, b": wait\n\n"), wanted, "{failover} {candidates}");
    }
}
