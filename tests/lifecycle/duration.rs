//! How long things take, by metric, log field and record. Each duration is longer than zero, and
//! measures its own interval and no other.
//!
//! The clock moves on with every reading, so whatever is measured is more than 0. Every interval
//! that must not count is made far longer than the ones that do.

use pointsman::lifecycle::{Engine, Stream};
use serde_json::{Value, json};
use std::rc::Rc;

use crate::fake_host::FakeHost;
use crate::{engine, head};

const JSON: (&str, &str) = ("content-type", "application/json");
const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#;
const ANSWER: &[u8] =
    br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#;
/// Longer than any interval that counts, in milliseconds.
const LONG_MS: u64 = 1_000_000;
/// More than all the readings of the clock add to a test's intervals, in milliseconds.
const READINGS_MS: u64 = 60;

fn document(with: Value) -> Value {
    let mut document = json!({
        "providers": {"p": {"cluster": "pc"}},
        "deployments": {"a": {"provider": "p", "model": "up-a"}, "b": {"provider": "p", "model": "up-b"}},
        "models": {"m": {"candidates": ["a", "b"]}},
        "log_fields": true
    });
    for (key, value) in with.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

/// Fails unless the measured time is the time that counts, plus a few readings of the clock.
#[track_caller]
fn assert_took(found_ms: u64, counted_ms: u64) {
    let most = counted_ms + READINGS_MS;
    assert!((counted_ms.max(1)..=most).contains(&found_ms), "{found_ms} ms for {counted_ms}");
}

/// Returns the only value of the histogram whose name begins with `metric`.
fn the_one(host: &FakeHost, metric: &str) -> u64 {
    let metrics = host.metrics.borrow();
    let values = metrics.iter().filter(|(_, name, _)| name.starts_with(metric));
    let values: Vec<u64> = values.flat_map(|(_, _, values)| values.clone()).collect();
    let [value] = values[..] else { panic!("{metric}: {values:?}") };
    value
}

fn property(host: &FakeHost, name: &str) -> String {
    String::from_utf8(host.properties.borrow()[name].clone()).unwrap()
}

fn averages_ms(host: &FakeHost, deployment: &str) -> [f32; 2] {
    let record = host.shared.record(deployment);
    [record.first_byte_ms, record.answer_ms]
}

/// Returns the decision time in microseconds, which must be the same in metrics and logs.
fn decision_us(host: &FakeHost) -> u64 {
    let us = the_one(host, "pointsman.decision.duration_us");
    assert_eq!(property(host, "llm.decision_us"), us.to_string());
    us
}

#[test]
fn decision_time_covers_callbacks_but_not_the_waiting_between() {
    let mut before = 0;
    for pieces in [1, 2, 5, 20] {
        let host = FakeHost::default();
        // The request is held to its end, because a route asks for the prompt.
        let routes = json!([{"name": "r", "when": {"prompt_contains_any_of": ["none"]},
                             "then": {"target_model": "m"}}]);
        let engine = engine(&host, &document(json!({"routes": routes})));
        let (mut stream, _) = host.begin(&engine, &head(&[]), false);
        for (at, piece) in BODY.chunks(BODY.len().div_ceil(pieces)).enumerate() {
            host.now_ms.pass(LONG_MS);
            host.piece(&mut stream, piece, at + 1 == pieces);
        }
        let us = decision_us(&host);
        assert!(us > before, "{pieces} pieces: {us} µs after {before}");
        assert!(us < READINGS_MS * 1000, "{pieces} pieces: {us} µs");
        assert_ne!(us % 1000, 0, "it is not rounded to milliseconds");
        before = us;
    }
}

#[test]
fn decision_time_ends_when_the_request_goes_on() {
    // The request goes on early: what follows is the client's time.
    let host = FakeHost::default();
    let engine = engine(&host, &document(json!({})));
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    host.piece(&mut stream, &BODY[..40], false);
    let us = decision_us(&host);
    assert!((1..READINGS_MS * 1000).contains(&us), "{us}");
    host.now_ms.pass(LONG_MS);
    host.piece(&mut stream, &BODY[40..], true);
    host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
    host.done(stream, None);
    assert_eq!(decision_us(&host), us, "it is recorded once");
}

#[test]
fn a_refusal_takes_time_to_decide_too() {
    let host = FakeHost::default();
    let engine = engine(&host, &document(json!({})));
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    host.now_ms.pass(LONG_MS);
    host.piece(&mut stream, br#"{"model":"none"}"#, true);
    assert_eq!(host.refused().unwrap().0, 404);
    let us = decision_us(&host);
    assert!((1..READINGS_MS * 1000).contains(&us), "{us}");
}

/// Ends a request that has gone on early.
type End = fn(&FakeHost, &mut Stream);

#[test]
fn a_provider_is_measured_from_the_end_of_the_request() {
    let last: End = |host, stream| {
        host.piece(stream, &BODY[40..], true);
    };
    let empty: End = |host, stream| {
        host.piece(stream, &BODY[40..], false);
        host.now_ms.pass(LONG_MS);
        host.piece(stream, b"", true);
    };
    let trailers: End = |host, stream| {
        host.piece(stream, &BODY[40..], false);
        host.now_ms.pass(LONG_MS);
        host.trailers(stream);
    };
    let ends = [last, empty, trailers];
    for (at, end) in ends.into_iter().enumerate() {
        let host = FakeHost::default();
        let engine = engine(&host, &document(json!({})));
        let (mut stream, _) = host.begin(&engine, &head(&[]), false);
        host.piece(&mut stream, &BODY[..40], false);
        assert_eq!(host.shared.record("a").total.attempts, 1, "it has gone on");
        host.now_ms.pass(LONG_MS);
        end(&host, &mut stream);
        host.now_ms.pass(100);
        host.begin_answer(&mut stream, 200, &[JSON], false);
        // A head is not a token.
        host.now_ms.pass(200);
        host.answer_piece(&mut stream, &ANSWER[..9], false);
        host.now_ms.pass(400);
        host.answer_piece(&mut stream, &ANSWER[9..], true);
        host.now_ms.pass(LONG_MS);
        host.done(stream, None);
        assert_took(the_one(&host, "gen_ai.server.time_to_first_token"), 300);
        let [first_byte_ms, answer_ms] = averages_ms(&host, "a");
        assert!((300.0..360.0).contains(&first_byte_ms), "{first_byte_ms}");
        assert!((700.0..760.0).contains(&answer_ms), "{answer_ms}");
        // The attempt itself began with the decision.
        let uploads = LONG_MS * if at == 0 { 1 } else { 2 };
        assert_took(the_one(&host, "gen_ai.server.request.duration"), uploads + 700);
    }
}

#[test]
fn an_attempt_begins_with_its_decision_and_not_with_its_request() {
    let host = FakeHost::default();
    let routes = json!([{"name": "r", "when": {"prompt_contains_any_of": ["none"]},
                         "then": {"target_model": "m"}}]);
    let engine = engine(&host, &document(json!({"routes": routes})));
    let (mut stream, _) = host.begin(&engine, &head(&[]), false);
    host.piece(&mut stream, &BODY[..40], false);
    host.now_ms.pass(LONG_MS);
    host.piece(&mut stream, &BODY[40..], true);
    host.now_ms.pass(50);
    host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
    let duration = the_one(&host, "gen_ai.server.request.duration");
    let first = the_one(&host, "gen_ai.server.time_to_first_token");
    assert_took(duration, 50);
    assert_took(first, 50);
    assert!(first < duration, "{first} and {duration}");
}

#[test]
fn a_failure_has_a_duration_and_no_latency() {
    for (status, body) in [(503, &b"{}"[..]), (429, b"{}"), (200, br#"{"error":{"message":"x"}}"#)]
    {
        let host = FakeHost::default();
        let engine = engine(&host, &document(json!({})));
        let mut stream = host.request(&engine, &head(&[]), &[BODY]);
        host.now_ms.pass(100);
        host.answer(&mut stream, status, &[JSON], &[body]);
        assert_took(the_one(&host, "gen_ai.server.request.duration"), 100);
        let metrics = host.metrics.borrow();
        let mut names = metrics.iter().map(|(_, name, _)| name);
        assert!(names.all(|name| !name.contains("time_to_first_token")), "{status}");
        assert_eq!(averages_ms(&host, "a"), [0.0; 2], "{status}");
    }
}

#[test]
fn a_fast_answer_is_known_to_have_been_fast() {
    let host = FakeHost::default();
    let engine = engine(&host, &document(json!({})));
    for _ in 0..3 {
        let mut stream = host.request(&engine, &head(&[]), &[BODY]);
        host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
        let [first_byte_ms, answer_ms] = averages_ms(&host, "a");
        // The answer comes in one piece, which is its first byte and its end.
        assert!(0.0 < first_byte_ms && first_byte_ms <= answer_ms, "{first_byte_ms}, {answer_ms}");
        assert!(answer_ms < 60.0, "{answer_ms}");
    }
}

#[test]
fn a_cooldown_starts_with_the_answer_that_caused_it() {
    let host = FakeHost::default();
    let engine = engine(&host, &document(json!({})));
    let mut stream = host.request(&engine, &head(&[]), &[BODY]);
    host.now_ms.pass(LONG_MS);
    let answered_ms = host.now_ms.get();
    host.answer(&mut stream, 429, &[JSON, ("retry-after", "5")], &[b"{}"]);
    assert_took(host.shared.until_ms("a") - answered_ms, 5000);
}

/// Makes an attempt that its provider answers, or leaves unanswered if the status is `None`.
fn attempt(host: &FakeHost, engine: &Rc<Engine>, takes_ms: u64, status: Option<u16>) {
    let mut stream = Stream::new(Rc::clone(engine));
    host.passed.borrow_mut().clear();
    host.body.borrow_mut().clear();
    host.head(&mut stream, false);
    host.piece(&mut stream, BODY, true);
    host.now_ms.pass(takes_ms);
    match status {
        Some(status) => {
            host.begin_answer(&mut stream, status, &[JSON], false);
            // The client is told the time of the head.
            host.now_ms.pass(20);
            host.answer_piece(&mut stream, ANSWER, true);
            host.done(stream, None);
        }
        None => host.done(stream, Some("")),
    }
}

#[test]
fn every_attempt_is_reported_with_its_own_time() {
    let (first_ms, second_ms, pause_ms) = (300, 40, 5000);
    for status in [Some(503), None] {
        let host = FakeHost::default();
        let mut document = document(json!({"failover": {"max_attempts": 3}}));
        let router = engine(&host, &document);
        document["role"] = "attempt".into();
        let attempts = engine(&host, &document);
        let mut stream = host.request(&router, &head(&[]), &[BODY]);
        host.now_ms.pass(pause_ms);
        attempt(&host, &attempts, first_ms, status);
        host.now_ms.pass(pause_ms);
        attempt(&host, &attempts, second_ms, Some(200));
        host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
        host.done(stream, None);
        let told = property(&host, "llm.attempt_ms");
        let told: Vec<(&str, u64)> = told
            .split(',')
            .map(|one| one.split_once('=').unwrap())
            .map(|(name, ms)| (name, ms.parse().unwrap()))
            .collect();
        let [("a", first), ("b", second)] = told[..] else { panic!("{told:?}") };
        assert_took(first, first_ms);
        assert_took(second, second_ms);
        let duration = "gen_ai.server.request.duration.deployment=.";
        // The first attempt began with the decision, and connecting takes time.
        let first = the_one(&host, &format!("{duration}a;"));
        assert_took(first, pause_ms + first_ms);
        let second = the_one(&host, &format!("{duration}b;"));
        assert_took(second, second_ms + 20);
        let first_token = the_one(&host, "gen_ai.server.time_to_first_token.deployment=.b;");
        assert_took(first_token, second_ms + 20);
        assert!(first_token < second, "{first_token} and {second}");
        let [first_byte_ms, answer_ms] = averages_ms(&host, "b");
        assert!((60.0..120.0).contains(&first_byte_ms), "{first_byte_ms}");
        assert!((first_byte_ms..120.0).contains(&answer_ms), "{answer_ms}");
        assert_eq!(averages_ms(&host, "a"), [0.0; 2]);
    }
}

#[test]
fn a_pick_takes_as_long_as_its_service() {
    let models = json!({"m": {"strategy": "custom", "candidates": ["a", "b"],
                              "custom": {"cluster": "picker", "path": "/"}}});
    for (service_ms, answer) in
        [(0, Some((200, &br#"{"deployment":"b"}"#[..]))), (120, Some((500, b""))), (150, None)]
    {
        let host = FakeHost::default();
        let engine = engine(&host, &document(json!({"models": models})));
        let (mut stream, _) = host.begin(&engine, &head(&[]), false);
        host.piece(&mut stream, &BODY[..40], false);
        host.now_ms.pass(LONG_MS);
        host.piece(&mut stream, &BODY[40..], true);
        host.now_ms.pass(service_ms);
        host.end_call(0, answer, |called| stream.on_called(&host, called));
        assert_took(the_one(&host, "pointsman.pick.duration_ms"), service_ms);
        // Waiting for the service is not part of deciding.
        let us = decision_us(&host);
        assert!((1..READINGS_MS * 1000).contains(&us), "{us}");
        host.now_ms.pass(70);
        host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
        // It is not part of the provider's time either.
        assert_took(the_one(&host, "gen_ai.server.request.duration"), 70);
        assert_took(the_one(&host, "gen_ai.server.time_to_first_token"), 70);
    }
}
