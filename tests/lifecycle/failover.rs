//! A request that is handed over, and its attempts: headers, bodies, order, and what is counted.

use std::rc::Rc;

use pointsman::lifecycle::{Action, Engine, Stream};
use serde_json::{Value, json};

use crate::fake_host::{ANSWER, FakeHost};
use crate::{engine, head, host};

const JSON: (&str, &str) = ("content-type", "application/json");
const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#;

pub(crate) fn document(with: Value) -> Value {
    let mut document = json!({
        "providers": {
            "own": {"cluster": "own-cluster", "authority": "api.own.test", "path_prefix": "/own",
                    "credential": {"env": "OWN_KEY"}, "headers": {"x-org": "acme"}},
            "open": {"cluster": "open-cluster"}
        },
        "deployments": {
            "a": {"provider": "own", "model": "model-a"}, "b": {"provider": "open", "model": "model-b"},
            "c": {"provider": "open", "model": "model-c"}
        },
        "models": {"m": {"candidates": ["a", "b", "c"]}},
        "failover": {"max_attempts": 4},
        "default_cluster": "default-cluster"
    });
    for (key, value) in with.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

/// A proxy with both filters.
pub(crate) struct Proxy {
    pub(crate) host: FakeHost,
    pub(crate) router: Rc<Engine>,
    pub(crate) attempts: Rc<Engine>,
}

impl Proxy {
    pub(crate) fn new(with: Value) -> Self {
        let host = host();
        let mut document = document(with);
        let router = engine(&host, &document);
        document["role"] = "attempt".into();
        let attempts = engine(&host, &document);
        Self { host, router, attempts }
    }

    /// Sends a request through the router of this proxy.
    pub(crate) fn send(&self, further: &[(&str, &str)]) -> Stream {
        let length = BODY.len().to_string();
        let mut all =
            vec![("content-length", length.as_str()), ("authorization", "Bearer sk-client")];
        all.extend_from_slice(further);
        let stream = self.host.request(&self.router, &head(&all), &[BODY]);
        assert_eq!(self.host.sent_body().as_bytes(), BODY, "the router changes nothing of it");
        stream
    }

    /// Makes the next attempt, its body in pieces of that many bytes.
    pub(crate) fn attempt(&self, piece: usize) -> Stream {
        self.attempt_of(&BODY.chunks(piece).collect::<Vec<_>>())
    }

    /// Lets the attempt be answered; whether there is to be another one.
    pub(crate) fn answer(&self, mut stream: Stream, status: u16, body: &[u8]) -> bool {
        self.host.answer(&mut stream, status, &[JSON], &[body]);
        self.host.done(stream, None);
        self.host.received("x-llm-retry").is_some()
    }

    /// Makes the next attempt of a request with that body, and lets it be answered. Returns
    /// whether there is to be another one.
    pub(crate) fn answered(&self, body: &[u8], status: u16, answer: &[u8]) -> bool {
        let mut stream = Stream::new(Rc::clone(&self.attempts));
        *self.host.reply.borrow_mut() = None;
        self.host.body.borrow_mut().clear();
        assert_eq!(self.host.head(&mut stream, false), Action::Continue);
        self.host.piece(&mut stream, body, true);
        self.answer(stream, status, answer)
    }

    /// Sends the beginning of embeddings, and makes the attempt that has got it.
    pub(crate) fn uploading(&self) -> (Stream, Stream) {
        let mut head = head(&[("content-length", "100")]);
        head[1].1 = "/v1/embeddings";
        let (mut request, _) = self.host.begin(&self.router, &head, false);
        self.host.piece(&mut request, br#"{"model":"m","input":["a", "#, false);
        let mut attempt = Stream::new(Rc::clone(&self.attempts));
        assert_eq!(self.host.head(&mut attempt, false), Action::Continue);
        (request, attempt)
    }

    pub(crate) fn property(&self, name: &str) -> String {
        let properties = self.host.properties.borrow();
        String::from_utf8(properties[name].clone()).unwrap()
    }

    pub(crate) fn upstream_model(&self) -> Value {
        let body: Value = serde_json::from_str(&self.host.sent_body()).unwrap();
        assert_eq!(
            self.host.sent("content-length").unwrap(),
            self.host.sent_body().len().to_string()
        );
        body["model"].clone()
    }
}

#[test]
fn the_router_decides_and_sets_no_headers() {
    let proxy = Proxy::new(json!({}));
    proxy.send(&[]);
    assert_eq!(proxy.property("llm.cluster"), "own-cluster");
    assert_eq!(proxy.property("llm.deployments"), "a,b,c");
    for name in ["authorization", "x-llm-cluster", "x-llm-model"] {
        assert_eq!(proxy.host.sent(name), None, "{name}");
    }
    assert_eq!(proxy.host.sent(":path").as_deref(), Some("/v1/chat/completions"));
    assert_eq!(proxy.host.sent("x-envoy-max-retries").as_deref(), Some("2"));
}

#[test]
fn every_attempt_begins_with_what_the_client_sent() {
    for piece in [1, 9, BODY.len()] {
        let proxy = Proxy::new(json!({}));
        proxy.send(&[("x-org", "theirs")]);
        let first = proxy.attempt(piece);
        assert_eq!(proxy.upstream_model(), "model-a");
        assert_eq!(proxy.host.sent("authorization").as_deref(), Some("Bearer sk-own"));
        assert_eq!(proxy.host.sent(":path").as_deref(), Some("/own/v1/chat/completions"));
        assert_eq!(proxy.host.sent(":authority").as_deref(), Some("api.own.test"));
        assert_eq!(proxy.host.sent("x-org").as_deref(), Some("acme"));
        assert_eq!(
            proxy.property("llm.cluster"),
            "open-cluster",
            "the cluster that is named if no answer comes"
        );
        assert!(proxy.answer(first, 503, b"{}"));

        let second = proxy.attempt(piece);
        assert_eq!(proxy.upstream_model(), "model-b");
        assert_eq!(proxy.host.sent("authorization").as_deref(), Some("Bearer sk-client"));
        assert_eq!(proxy.host.sent(":path").as_deref(), Some("/v1/chat/completions"));
        assert_eq!(proxy.host.sent(":authority").as_deref(), Some("proxy.test"));
        assert_eq!(proxy.host.sent("x-org").as_deref(), Some("theirs"));
        assert!(!proxy.answer(second, 200, ANSWER));
        assert_eq!(proxy.property("llm.attempts"), "a=503,b=200");
    }
}

#[test]
fn each_attempt_is_counted_once() {
    let proxy = Proxy::new(json!({}));
    let request = proxy.send(&[]);
    let in_flight = |id: &str| proxy.host.shared.record(id).flight.count(proxy.host.now_ms.get());
    assert_eq!(in_flight("a"), 1, "the attempt starts with the decision");
    let first = proxy.attempt(BODY.len());
    assert_eq!(in_flight("a"), 1);
    proxy.answer(first, 503, b"{}");
    let second = proxy.attempt(BODY.len());
    assert_eq!((in_flight("a"), in_flight("b")), (0, 1));
    proxy.answer(
        second,
        200,
        br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#,
    );
    proxy.host.done(request, None);
    let [a, b] = ["a", "b"].map(|id| proxy.host.shared.record(id));
    assert_eq!((a.total.attempts, a.total.failures, a.total.tokens), (1, 1, 0));
    assert_eq!((b.total.attempts, b.total.successes, b.total.tokens), (1, 1, 3));
    assert_eq!((in_flight("a"), in_flight("b")), (0, 0));
}

#[test]
fn without_an_attempt_nothing_stays_in_flight() {
    // The cluster does not exist, or has no attempt filter.
    let proxy = Proxy::new(json!({}));
    let mut request = proxy.send(&[]);
    proxy.host.respond(&mut request, 503, &[]);
    proxy.host.done(request, None);
    let record = proxy.host.shared.record("a");
    assert_eq!(record.flight.count(proxy.host.now_ms.get()), 0);
}

#[test]
fn a_connection_that_fails_is_counted_and_one_that_the_client_ends_is_not() {
    let cases = [
        ("", 1),
        ("upstream_per_try_timeout", 1),
        ("stream_idle_timeout", 1),
        ("downstream_remote_disconnect", 0),
        ("http2.remote_reset", 0),
        // It broke the protocol: a connection may carry more than one request.
        ("codec_error:Too_many_PRIORITY_frames", 0),
        ("request_overall_timeout", 0),
    ];
    for (details, failures) in cases {
        let proxy = Proxy::new(json!({}));
        proxy.send(&[]);
        let first = proxy.attempt(BODY.len());
        proxy.host.done(first, Some(details));
        let record = proxy.host.shared.record("a");
        assert_eq!(record.total.failures, failures, "{details}");
        assert_eq!(record.flight.count(proxy.host.now_ms.get()), 0);
        proxy.attempt(BODY.len());
        assert_eq!(proxy.upstream_model(), "model-b");
        assert_eq!(proxy.property("llm.attempts"), "a=network,b=network");
    }
}

#[test]
fn a_deployment_that_began_to_cool_since_the_decision_is_skipped() {
    let proxy = Proxy::new(json!({}));
    proxy.send(&[]);
    let first = proxy.attempt(BODY.len());
    // A request of another worker gets b refused.
    let other = FakeHost::sharing(&proxy.host.shared);
    let only_b = document(json!({"models": {"m": {"candidates": ["b"]}}, "failover": {},
                                 "providers": {"own": {"cluster": "own"}, "open": {"cluster": "open"}}}));
    let mut stream = other.request(&engine(&other, &only_b), &head(&[]), &[BODY]);
    other.respond(&mut stream, 429, &[("retry-after", "9")]);
    assert!(proxy.answer(first, 503, b"{}"));
    proxy.attempt(BODY.len());
    assert_eq!(proxy.upstream_model(), "model-c");
}

#[test]
fn a_deployment_may_be_tried_again_if_that_may_help() {
    let proxy = Proxy::new(json!({"failover": {"max_attempts": 3, "retries_per_deployment": 1}}));
    proxy.send(&[]);
    let mut asked = Vec::new();
    for status in [503, 503, 429] {
        let stream = proxy.attempt(BODY.len());
        asked.push(proxy.upstream_model());
        let is_last = asked.len() == 3;
        assert_eq!(proxy.answer(stream, status, b"{}"), !is_last);
    }
    assert_eq!(asked, ["model-a", "model-a", "model-b"]);
    assert_eq!(proxy.property("llm.attempts"), "a=503,a=503,b=429");
}

#[test]
fn an_attempt_beyond_the_plan_asks_no_provider() {
    let proxy = Proxy::new(json!({"models": {"m": {"candidates": ["a"]}}}));
    proxy.send(&[]);
    let first = proxy.attempt(BODY.len());
    assert!(!proxy.answer(first, 503, b"{}"));
    let mut surplus = Stream::new(Rc::clone(&proxy.attempts));
    assert_eq!(proxy.host.head(&mut surplus, false), Action::Pause);
    assert_eq!(proxy.host.refused().unwrap().0, 503);
}

#[test]
fn an_error_is_held_until_its_kind_is_known() {
    let proxy = Proxy::new(json!({"models": {
        "m": {"candidates": ["a", "b"], "fallbacks": {"context_window": ["c"]}}}}));
    let error = br#"{"error":{"code":"context_length_exceeded","message":"too long"}}"#;
    proxy.send(&[]);
    let mut first = proxy.attempt(BODY.len());
    proxy.host.begin_answer(&mut first, 400, &[JSON], false);
    *proxy.host.response_body.borrow_mut() = error[..20].to_vec();
    assert_eq!(first.on_response_body(&proxy.host, 20, false), Action::Pause);
    *proxy.host.response_body.borrow_mut() = error.to_vec();
    assert_eq!(first.on_response_body(&proxy.host, error.len(), true), Action::Continue);
    assert!(proxy.host.received("x-llm-retry").is_some());
    let second = proxy.attempt(BODY.len());
    assert_eq!(proxy.upstream_model(), "model-c");
    drop(second);
}

#[test]
fn an_error_that_is_too_long_to_be_held_is_followed_by_its_status() {
    for (status, is_followed) in [(400, false), (403, true), (404, true), (429, true)] {
        let proxy = Proxy::new(json!({}));
        proxy.send(&[]);
        let mut first = proxy.attempt(BODY.len());
        proxy.host.begin_answer(&mut first, status, &[JSON], false);
        let long = vec![b' '; 64 * 1024 + 1];
        proxy.host.response_body.borrow_mut().clone_from(&long);
        assert_eq!(first.on_response_body(&proxy.host, long.len(), false), Action::Continue);
        let error = br#"{"error":{"code":"model_not_found"}}"#;
        *proxy.host.response_body.borrow_mut() = error.to_vec();
        assert_eq!(first.on_response_body(&proxy.host, error.len(), true), Action::Continue);
        assert_eq!(proxy.host.received("x-llm-retry").is_some(), is_followed, "{status}");
    }
}

#[test]
fn no_sign_of_another_envoy_keeps_an_answer_from_being_followed() {
    // Envoy makes no other attempt after an answer with this header.
    let limited = "x-envoy-ratelimited";
    for (status, is_followed) in [(422, false), (429, true), (503, true)] {
        let proxy = Proxy::new(json!({}));
        proxy.send(&[]);
        let mut first = proxy.attempt(BODY.len());
        proxy.host.begin_answer(&mut first, status, &[(limited, "true")], true);
        assert_eq!(proxy.host.received("x-llm-retry").is_some(), is_followed, "{status}");
        assert_eq!(proxy.host.received(limited), None, "{status}");
    }
}

#[test]
fn only_a_whole_answer_succeeds_and_one_that_the_client_leaves_counts_as_nothing() {
    for (details, status, counts) in [
        (None, 200, (0, 1)),
        (Some("downstream_remote_disconnect"), 200, (0, 0)),
        // Nobody has asked for an upgrade.
        (None, 101, (0, 1)),
    ] {
        let proxy = Proxy::new(json!({}));
        proxy.send(&[]);
        let mut first = proxy.attempt(BODY.len());
        proxy.host.begin_answer(&mut first, status, &[JSON], false);
        proxy.host.answer_piece(&mut first, b"{", false);
        proxy.host.done(first, details);
        let record = proxy.host.shared.record("a");
        assert_eq!((record.total.successes, record.total.failures), counts, "{details:?}");
        assert_eq!(record.flight.count(proxy.host.now_ms.get()), 0);
    }
}

#[test]
fn every_attempt_is_counted_and_so_is_the_cause_of_another_one() {
    let proxy = Proxy::new(json!({"failover": {"max_attempts": 4, "retries_per_deployment": 1},
                                  "aliases": {"nick": "m"}, "log_fields": true}));
    let mut request = proxy.send(&[]);
    for status in [503, 429, 200] {
        let stream = proxy.attempt(BODY.len());
        proxy.answer(
            stream,
            status,
            br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#,
        );
    }
    proxy.host.respond(&mut request, 200, &[]);
    proxy.host.done(request, None);
    let count = |name: &str| proxy.host.counted(name);
    for (deployment, outcome) in [("a", "server"), ("a", "rate_limit"), ("b", "success")] {
        let name = format!("pointsman.attempts.deployment=.{deployment};.outcome=.{outcome};");
        assert_eq!(count(&name), 1, "{name}");
    }
    // Another try of the same deployment is not a fallback.
    let fallbacks = "pointsman.fallbacks.model=.m;.deployment=.";
    assert_eq!(count(&format!("{fallbacks}b;.kind=.rate_limit;")), 1);
    assert_eq!(count(&format!("{fallbacks}a;.kind=.server;")), 0);
    let served = "pointsman.requests.model=.m;.route=.none;.verdict=.served;.code=.2xx;";
    assert_eq!(count(served), 1);
    assert_eq!(proxy.host.recorded("pointsman.in_flight.deployment=.b;"), [1, 0]);
    for (name, value) in [("deployment", "b"), ("provider", "open"), ("input_tokens", "2")] {
        assert_eq!(proxy.property(&format!("llm.{name}")), value);
    }
}

#[test]
fn a_provider_cannot_ask_for_an_attempt() {
    let proxy = Proxy::new(json!({}));
    proxy.send(&[]);
    let mut first = proxy.attempt(BODY.len());
    proxy.host.respond(&mut first, 200, &[("x-llm-retry", "1")]);
    assert_eq!(proxy.host.received("x-llm-retry"), None);
}

#[test]
fn a_body_that_turns_out_bad_does_not_count_against_its_provider() {
    let proxy = Proxy::new(json!({"models": {"m": {"candidates": ["a"]}}}));
    let (mut request, _) = proxy.host.begin(&proxy.router, &head(&[]), false);
    proxy.host.piece(&mut request, br#"{"model":"m","messages":[], "#, false);
    let mut first = Stream::new(Rc::clone(&proxy.attempts));
    proxy.host.head(&mut first, false);
    proxy.host.piece(&mut request, b"}}", true);
    assert_eq!(proxy.host.refused().unwrap().0, 400);
    proxy.host.done(first, Some(""));
    let record = proxy.host.shared.record("a");
    assert_eq!((record.total.attempts, record.total.failures), (1, 0));
    assert_eq!(record.flight.count(proxy.host.now_ms.get()), 0);
}

#[test]
fn a_request_that_was_not_handed_over_passes() {
    let proxy = Proxy::new(json!({}));
    let mut stream = Stream::new(Rc::clone(&proxy.attempts));
    let headers = [(":path", "/v1/files"), ("authorization", "x")];
    *proxy.host.request_headers.borrow_mut() = headers.into_iter().collect();
    assert_eq!(proxy.host.head(&mut stream, false), Action::Continue);
    proxy.host.piece(&mut stream, b"anything", true);
    assert_eq!(proxy.host.sent_body(), "anything");
    proxy.host.respond(&mut stream, 500, &[]);
    assert_eq!(proxy.host.sent("authorization").as_deref(), Some("x"));
}

#[test]
fn a_request_that_the_filter_does_not_route_is_sent_once() {
    let proxy = Proxy::new(json!({}));
    proxy.host.request(&proxy.router, &[(":path", "/v1/files"), JSON], &[b"anything"]);
    assert_eq!(proxy.property("llm.cluster"), "default-cluster");
    assert_eq!(proxy.host.sent("x-envoy-max-retries").as_deref(), Some("0"));
}
