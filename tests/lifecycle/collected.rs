//! A worker collects what it counts and hands it over at its ticks: nothing is lost, and nothing
//! is counted twice.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use log::Level;
use pointsman::host::MetricKind;
use pointsman::lifecycle::{Engine, Stream, Worker};
use serde_json::json;

use crate::admin::{BEARER, admin};
use crate::fake_host::FakeHost;
use crate::{engine, head, worker};

const JSON: (&str, &str) = ("content-type", "application/json");
const ANSWER: &[u8] = br#"{"text":"a","usage":{"prompt_tokens":200,"completion_tokens":10}}"#;
const IN_FLIGHT: &str = "pointsman.in_flight.deployment=.open;";
const SUCCESSES: &str = "pointsman.attempts.deployment=.open;.outcome=.success;";
const DECISIONS: &str = "pointsman.decision.duration_us";

/// Begins a request, which the provider is still to answer.
fn begun(host: &FakeHost, worker: &Worker, model: &str) -> Stream {
    let body = json!({"model": model, "messages": []}).to_string();
    host.request(&worker.engine(host), &head(&[JSON]), &[body.as_bytes()])
}

fn answered(host: &FakeHost, mut stream: Stream) {
    host.answer(&mut stream, 200, &[JSON], &[ANSWER]);
    host.done(stream, None);
}

/// Returns the values of every series: the sum of a counter, all of a histogram, the last of a
/// gauge. Series without a value are left out, and gauges that tell no counts: those are taken back
/// at the end.
fn values(host: &FakeHost) -> BTreeMap<String, Vec<u64>> {
    let metrics = host.metrics.borrow();
    let is_count = |name: &str| !name.contains(".state=") && !name.contains("pointsman.config.");
    let with_values =
        metrics.iter().filter(|(_, name, values)| !values.is_empty() && is_count(name));
    let value = |(kind, name, values): &(MetricKind, String, Vec<u64>)| {
        let values = match kind {
            MetricKind::Counter => vec![values.iter().sum()],
            MetricKind::Gauge => values.last().copied().into_iter().collect(),
            MetricKind::Histogram => values.clone(),
        };
        (name.clone(), values)
    };
    with_values.map(value).collect()
}

/// Sends requests of all kinds of ends. `tick` is called after each.
fn traffic(host: &FakeHost, mut send: impl FnMut(&str) -> Stream, mut tick: impl FnMut()) {
    let left = Some("downstream_remote_disconnect");
    for round in 0..40 {
        for (status, model) in [(200, "open"), (503, "turns"), (429, "pair"), (200, "own")] {
            host.now_ms.pass(7 * round);
            let mut stream = send(model);
            host.answer(&mut stream, status, &[JSON], &[ANSWER]);
            host.done(stream, None);
            tick();
        }
        host.done(send("open"), left);
        send("no-such-model");
        tick();
    }
}

#[test]
fn a_worker_counts_what_an_engine_counts_that_hands_over_at_once() {
    for ticks_after in [1, 3, 1000] {
        let (at_once, later) = (crate::host(), crate::host());
        let document = crate::document();
        let engine = engine(&at_once, &document);
        let send = |host: &FakeHost, engine: &Rc<Engine>, model: &str| {
            let body = json!({"model": model, "messages": []}).to_string();
            host.request(engine, &head(&[JSON]), &[body.as_bytes()])
        };
        traffic(&at_once, |model| send(&at_once, &engine, model), || ());
        let worker = worker(&later, &document);
        let mut ticks = 0;
        let tick = || {
            ticks += 1;
            if ticks % ticks_after == 0 {
                worker.on_tick(&later);
            }
        };
        traffic(&later, |model| send(&later, &worker.engine(&later), model), tick);
        worker.end(&later);
        // A tick reads the clock, so durations may differ by the time that takes.
        let counted = |host: &FakeHost| {
            let is_time = |name: &str| name.contains("duration") || name.contains("time_to");
            let values = values(host).into_iter();
            let counted = values.map(|(name, values)| {
                if is_time(&name) { (name, vec![values.len() as u64]) } else { (name, values) }
            });
            counted.collect::<BTreeMap<_, _>>()
        };
        let (expected, found) = (counted(&at_once), counted(&later));
        assert!(expected.len() > 20, "{:?}", expected.keys());
        for (name, values) in &expected {
            assert_eq!(found.get(name), Some(values), "{name}, a tick after {ticks_after}");
        }
        assert_eq!(found.len(), expected.len());
    }
}

#[test]
fn what_is_counted_is_handed_over_at_the_next_tick_and_once() {
    let host = crate::host();
    let worker = worker(&host, &crate::document());
    let before = values(&host);
    answered(&host, begun(&host, &worker, "open"));
    assert_eq!(values(&host), before, "nothing is handed over in a request");
    worker.on_tick(&host);
    let once = values(&host);
    assert_eq!(
        (&*once[SUCCESSES], once[DECISIONS].len(), &*once[IN_FLIGHT]),
        (&[1][..], 1, &[0][..])
    );
    worker.on_tick(&host);
    worker.end(&host);
    assert_eq!(values(&host), once);
}

#[test]
fn a_tick_comes_often_enough_for_what_is_documented() {
    let slow = json!({"cluster": "rules", "path": "/set", "interval_ms": 3_600_000});
    for source in [None, Some(slow)] {
        let (host, mut document) = admin();
        if let Some(source) = source {
            document["route_source"] = source;
        }
        assert!(worker(&host, &document).tick().as_millis() <= 1000);
    }
}

#[test]
fn requests_that_outlive_their_configuration_are_counted_all_the_same() {
    let host = crate::host();
    let worker = worker(&host, &crate::document());
    let ended = begun(&host, &worker, "open");
    let under_way = begun(&host, &worker, "open");
    answered(&host, ended);
    worker.end(&host);
    assert_eq!(values(&host)[SUCCESSES], [1], "what was collected is handed over at the end");
    assert_eq!(values(&host)[IN_FLIGHT], [1]);
    drop(worker);
    answered(&host, under_way);
    let after = values(&host);
    assert_eq!(
        (&*after[SUCCESSES], after[DECISIONS].len(), &*after[IN_FLIGHT]),
        (&[2][..], 2, &[0][..])
    );
}

#[test]
fn requests_that_outlive_an_addition_are_counted_all_the_same() {
    let (host, document) = admin();
    let worker = worker(&host, &document);
    let under_way = begun(&host, &worker, "open");
    let post = [(":method", "POST"), (":path", "/admin/aliases"), BEARER];
    host.request(&worker.engine(&host), &post, &[br#"{"alias": "new", "model": "open"}"#]);
    let (status, problem) = host.refused().unwrap();
    assert!(status < 300, "{problem}");
    answered(&host, begun(&host, &worker, "new"));
    worker.on_tick(&host);
    assert_eq!(values(&host)[IN_FLIGHT], [1], "of the engine before it one is under way");
    answered(&host, under_way);
    worker.on_tick(&host);
    assert_eq!(values(&host)[IN_FLIGHT], [0]);
    assert_eq!(values(&host)[SUCCESSES], [2]);
}

#[test]
fn the_number_in_flight_is_that_of_all_workers_whoever_shows_it_last() {
    let host = crate::host();
    let mut beside = FakeHost::sharing(&host.shared);
    beside.environment.clone_from(&host.environment);
    let workers = [worker(&host, &crate::document()), worker(&beside, &crate::document())];
    let first = begun(&host, &workers[0], "open");
    let second = begun(&beside, &workers[1], "open");
    answered(&beside, second);
    workers[1].on_tick(&beside);
    assert_eq!(values(&beside)[IN_FLIGHT], [1]);
    answered(&beside, begun(&beside, &workers[1], "open"));
    workers[0].on_tick(&host);
    workers[1].on_tick(&beside);
    assert_eq!((&*values(&host)[IN_FLIGHT], &*values(&beside)[IN_FLIGHT]), (&[1][..], &[1][..]));
    answered(&host, first);
    workers[0].on_tick(&host);
    assert_eq!(values(&host)[IN_FLIGHT], [0]);
    assert!(Arc::ptr_eq(&host.shared, &beside.shared));
}

#[test]
fn what_waits_for_a_tick_is_bounded() {
    let host = crate::host();
    let worker = worker(&host, &crate::document());
    for _ in 0..1000 {
        answered(&host, begun(&host, &worker, "open"));
    }
    // Counters wait as sums. Values of histograms are handed over in between.
    let before = values(&host);
    assert_eq!(before.get(SUCCESSES), None);
    assert!(before[DECISIONS].len() > 900, "{}", before[DECISIONS].len());
    worker.on_tick(&host);
    let after = values(&host);
    assert_eq!((&*after[SUCCESSES], after[DECISIONS].len()), (&[1000][..], 1000));
    let warned = host.log.borrow().iter().any(|(level, _)| *level <= Level::Warn);
    assert!(!warned, "{:?}", host.log.borrow());
}
