//! Attempts that take too long: what a tick of the worker ends, and what it leaves alone.

use std::rc::Rc;

use pointsman::host::Host;
use pointsman::lifecycle::{Action, Engine, Stream, Worker};
use serde_json::{Value, json};

use crate::failover::document;
use crate::fake_host::FakeHost;
use crate::{engine, head, host};

const BODY: &[u8] =
    br#"{"model":"m","messages":[{"role":"user","content":"Hello"}],"stream":true}"#;
const EVENTS: (&str, &str) = ("content-type", "text/event-stream");
const ROLE: &[u8] =
    b"data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const TEXT: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
/// The number by which the host knows the attempt.
const NUMBER: u32 = 77;

/// A proxy whose attempts are looked at by a worker, and one attempt of a request.
struct Timed {
    host: FakeHost,
    router: Rc<Engine>,
    worker: Worker,
}

impl Timed {
    /// `times` are those of `a`; `b` and `c` have a minute for their first content.
    fn new(times: &Value, with: Value) -> Self {
        let host = host();
        let mut document = document(with);
        document["providers"]["open"]["timeouts"] = json!({"first_token_ms": 60_000});
        document["deployments"]["a"]["timeouts"] = times.clone();
        let router = engine(&host, &document);
        document["role"] = "attempt".into();
        let worker = Worker::start(&host, document.to_string().as_bytes()).unwrap();
        Self { host, router, worker }
    }

    fn send(&self) -> Stream {
        self.host.request(&self.router, &head(&[]), &[BODY])
    }

    fn attempt(&self) -> Stream {
        let mut stream = self.worker.stream(&self.host, NUMBER);
        *self.host.reply.borrow_mut() = None;
        self.host.body.borrow_mut().clear();
        assert_eq!(self.host.head(&mut stream, false), Action::Continue);
        self.host.piece(&mut stream, BODY, true);
        stream
    }

    /// Lets time pass, and the worker look.
    fn tick_after(&self, ms: u64) {
        self.host.now_ms.pass(ms);
        self.host.entered.set(None);
        self.worker.on_tick(&self.host);
    }

    fn is_retried(&self) -> bool {
        self.host.received("x-llm-retry").is_some()
    }

    fn counted(&self, outcome: &str) -> u64 {
        let name = format!("pointsman.attempts.deployment=.a;.outcome=.{outcome};");
        self.worker.end(&self.host);
        self.host.counted(&name)
    }

    fn attempts(&self) -> String {
        let properties = self.host.properties.borrow();
        String::from_utf8(properties["llm.attempts"].clone()).unwrap()
    }
}

#[test]
fn what_is_held_too_long_goes_on_as_a_retry() {
    let timed = Timed::new(&json!({"first_token_ms": 1000}), json!({}));
    let router = timed.send();
    let mut attempt = timed.attempt();
    timed.host.begin_answer(&mut attempt, 200, &[EVENTS], false);
    timed.host.answer_piece(&mut attempt, ROLE, false);
    assert!(timed.host.holds_answer());
    timed.tick_after(800);
    assert!(timed.host.holds_answer() && timed.host.entered.get().is_none());
    timed.tick_after(200);
    assert_eq!(timed.host.entered.get(), Some(NUMBER));
    assert!(!timed.host.holds_answer() && timed.is_retried());
    assert_eq!(timed.attempts(), "a=timeout");
    // It has ended: no tick and no end of the stream counts it again.
    timed.tick_after(10_000);
    assert_eq!(timed.host.entered.get(), None);
    timed.host.done(attempt, None);
    timed.host.done(router, None);
    assert_eq!(timed.counted("timeout"), 1);
    assert_eq!(timed.host.shared.record("a").flight.count(crate::fake_host::NOW_MS), 0);
}

#[test]
fn a_silent_attempt_is_left_to_envoy_where_another_follows() {
    let timed = Timed::new(&json!({"first_token_ms": 1000}), json!({}));
    let _router = timed.send();
    let name = "x-envoy-upstream-rq-per-try-timeout-ms";
    assert_eq!(timed.host.sent(name).as_deref(), Some("60000"), "the longest of the plan");
    let attempt = timed.attempt();
    timed.tick_after(30_000);
    assert_eq!((timed.host.entered.get(), timed.host.refused()), (Some(NUMBER), None));
    // Envoy's timer ends the stream.
    timed.host.now_ms.pass(30_000);
    timed.host.done(attempt, None);
    assert_eq!(timed.attempts(), "a=timeout");
    assert_eq!(timed.counted("timeout"), 1);
}

#[test]
fn a_connection_that_fails_within_its_time_is_no_timeout() {
    let timed = Timed::new(&json!({"first_token_ms": 1000}), json!({}));
    let _router = timed.send();
    let attempt = timed.attempt();
    timed.host.now_ms.pass(700);
    timed.host.done(attempt, None);
    assert_eq!(timed.counted("network"), 1);
}

#[test]
fn where_nothing_follows_the_client_is_told() {
    for (times, is_begun) in
        [(json!({"first_token_ms": 1000}), false), (json!({"total_ms": 1000}), false)]
    {
        let alone = json!({"m": {"candidates": ["a"]}});
        let timed = Timed::new(&times, json!({"models": alone}));
        let mut router = timed.send();
        let mut attempt = timed.attempt();
        if is_begun {
            timed.host.begin_answer(&mut attempt, 200, &[EVENTS], false);
        }
        timed.tick_after(1000);
        let (status, _) = timed.host.refused().unwrap();
        assert_eq!(status, 504);
        timed.host.done(attempt, None);
        // The router makes it an error in the client's dialect.
        timed.host.answer(&mut router, 504, &[], &[b"{}"]);
        timed.host.done(router, None);
        let attempts = timed.host.received("x-llm-attempts");
        assert_eq!(attempts.as_deref(), Some("a=timeout"));
        assert_eq!(timed.counted("timeout"), 1);
    }
}

#[test]
fn what_the_client_has_is_broken_off() {
    for (times, piece, outcome) in [
        (json!({"idle_ms": 500}), TEXT, "in_band"),
        (json!({"total_ms": 500}), TEXT, "in_band"),
        (json!({"first_token_ms": 500}), ROLE, "timeout"),
    ] {
        let timed = Timed::new(&times, json!({"models": {"m": {"candidates": ["a"]}}}));
        let _router = timed.send();
        let mut attempt = timed.attempt();
        timed.host.begin_answer(&mut attempt, 200, &[EVENTS], false);
        timed.host.answer_piece(&mut attempt, piece, false);
        assert!(!timed.host.holds_answer(), "nothing follows");
        timed.tick_after(100);
        timed.tick_after(300);
        assert!(!timed.host.is_broken_off.get(), "{times}");
        timed.tick_after(300);
        assert!(timed.host.is_broken_off.get(), "{times}");
        timed.host.done(attempt, None);
        assert_eq!(timed.counted(outcome), 1, "{times}");
    }
}

#[test]
fn pieces_keep_an_answer_going() {
    let timed = Timed::new(
        &json!({"first_token_ms": 500, "idle_ms": 500}),
        json!({"models": {"m": {"candidates": ["a"]}}}),
    );
    let _router = timed.send();
    let mut attempt = timed.attempt();
    timed.host.begin_answer(&mut attempt, 200, &[EVENTS], false);
    for _ in 0..20 {
        timed.host.answer_piece(&mut attempt, TEXT, false);
        timed.tick_after(200);
        timed.tick_after(200);
    }
    assert!(!timed.host.is_broken_off.get());
    timed.host.answer_piece(&mut attempt, b"data: [DONE]\n\n", true);
    timed.tick_after(60_000);
    timed.host.done(attempt, None);
    assert!(!timed.host.is_broken_off.get());
    assert_eq!(timed.counted("success"), 1);
}

#[test]
fn an_answer_that_is_whole_is_no_failure_of_a_provider_that_does_not_close() {
    for times in [json!({"idle_ms": 500}), json!({"total_ms": 500})] {
        let timed = Timed::new(&times, json!({"models": {"m": {"candidates": ["a"]}}}));
        let _router = timed.send();
        let mut attempt = timed.attempt();
        timed.host.begin_answer(&mut attempt, 200, &[EVENTS], false);
        timed.host.answer_piece(&mut attempt, TEXT, false);
        timed.host.answer_piece(&mut attempt, b"data: [DONE]\n\n", false);
        timed.tick_after(100);
        timed.tick_after(600);
        timed.host.done(attempt, None);
        let counts = ["success", "in_band", "timeout"].map(|outcome| timed.counted(outcome));
        assert_eq!(counts, [1, 0, 0], "{times}");
    }
}

#[test]
fn a_client_that_does_not_read_costs_the_deployment_nothing() {
    let timed =
        Timed::new(&json!({"idle_ms": 500}), json!({"models": {"m": {"candidates": ["a"]}}}));
    let _router = timed.send();
    let mut attempt = timed.attempt();
    timed.host.begin_answer(&mut attempt, 200, &[EVENTS], false);
    // More than Envoy reads before its client has read any of it.
    for _ in 0..20_000 {
        timed.host.answer_piece(&mut attempt, TEXT, false);
    }
    timed.tick_after(100);
    timed.tick_after(600);
    assert!(timed.host.is_broken_off.get());
    timed.host.done(attempt, None);
    assert_eq!((timed.counted("in_band"), timed.counted("cancelled")), (0, 1));
}

#[test]
fn a_client_that_is_slow_to_send_is_not_the_providers_delay() {
    let timed = Timed::new(&json!({"first_token_ms": 500, "total_ms": 600}), json!({}));
    let _router = timed.send();
    let mut attempt = timed.worker.stream(&timed.host, NUMBER);
    timed.host.head(&mut attempt, false);
    timed.host.piece(&mut attempt, &BODY[..20], false);
    timed.tick_after(100_000);
    assert_eq!(timed.host.entered.get(), None);
    timed.host.piece(&mut attempt, &BODY[20..], true);
    timed.tick_after(100);
    assert_eq!(timed.host.entered.get(), None);
}

#[test]
fn envoy_is_told_a_time_only_where_every_deployment_of_the_plan_has_one() {
    let name = "x-envoy-upstream-rq-per-try-timeout-ms";
    let sent = |times: &Value, candidates: &Value, client: &[(&str, &str)]| {
        let timed = Timed::new(times, json!({"models": {"m": {"candidates": candidates}}}));
        let _router = timed.host.request(&timed.router, &head(client), &[BODY]);
        timed.host.sent(name)
    };
    let all = json!(["a", "b"]);
    assert_eq!(sent(&json!({}), &all, &[]), None);
    assert_eq!(sent(&json!({}), &all, &[(name, "1")]), None, "a client's is taken away");
    assert_eq!(sent(&json!({"first_token_ms": 5}), &all, &[(name, "1")]).unwrap(), "60000");
    assert_eq!(sent(&json!({"total_ms": 90_000}), &all, &[]).unwrap(), "90000");
    assert_eq!(sent(&json!({"idle_ms": 5}), &json!(["a"]), &[]), None);
    assert_eq!(sent(&json!({"first_token_ms": 5}), &json!(["a"]), &[]).unwrap(), "5");
}

#[test]
fn without_times_nothing_is_watched() {
    let timed = Timed::new(&json!({}), json!({"models": {"m": {"candidates": ["a"]}}}));
    let _router = timed.send();
    let _attempt = timed.attempt();
    let before = timed.host.now();
    timed.tick_after(1_000_000);
    assert_eq!(timed.host.entered.get(), None);
    assert!(before < timed.host.now());
}

#[test]
fn a_worker_looks_as_often_as_its_shortest_time_asks_for() {
    for (times, wanted) in [
        (json!({"first_token_ms": 300}), 30),
        (json!({"idle_ms": 20}), 10),
        (json!({"total_ms": 900_000}), 100),
    ] {
        let timed = Timed::new(&times, json!({}));
        assert_eq!(timed.worker.tick().as_millis(), wanted, "{times}");
    }
    let host = host();
    let mut document = document(json!({}));
    document["role"] = "attempt".into();
    let worker = Worker::start(&host, document.to_string().as_bytes()).unwrap();
    assert_eq!(worker.tick().as_millis(), 500);
}

#[test]
fn where_a_buffer_filter_holds_the_head_no_time_is_set_and_pauses_are_kept() {
    let with = json!({"hold": "buffer_filter", "unknown_model": "reject"});
    let host = host();
    let mut document = document(with);
    document["deployments"]["a"]["timeouts"] = json!({"idle_ms": 500, "total_ms": 9000});
    let router = engine(&host, &document);
    document["role"] = "attempt".into();
    let worker = Worker::start(&host, document.to_string().as_bytes()).unwrap();
    let timed = Timed { host, router, worker };
    let _router = timed.send();
    assert_eq!(timed.host.sent("x-envoy-upstream-rq-per-try-timeout-ms"), None);
    let mut attempt = timed.attempt();
    timed.host.begin_answer(&mut attempt, 200, &[EVENTS], false);
    timed.host.answer_piece(&mut attempt, TEXT, false);
    timed.tick_after(10);
    timed.tick_after(500);
    assert!(timed.host.is_broken_off.get());
}
