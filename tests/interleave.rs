//! Two to four workers, interleaved at every access to shared data. Requests and answers run under
//! thousands of schedules, which a seed chooses, so they are the same in every run.
//!
//! Every worker has its own thread. Another may overtake it whenever it takes the lock of shared
//! data, which is where Envoy's workers overtake each other.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "the lifecycle tests use the rest")]
#[path = "support/fake_host.rs"]
mod fake_host;

/// The lock of shared data.
mod sync {
    pub(crate) use shuttle::sync::{Arc, Mutex};
}

use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fake_host::{FakeHost, NOW_MS, Shared};
use pointsman::lifecycle::{Engine, Stream};
use pointsman::state::Counts;
use serde_json::{Value, json};
use shuttle::Runner;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::thread;
use sync::Arc;

const SCHEDULES: usize = 300;

/// The stack of a worker, as large as the module's. A build without optimisations keeps every value of a function on it, so
/// what shuttle gives by itself is too little.
const STACK_BYTES: usize = 1 << 20;

/// Runs a scenario under random schedules, and under ones with few, late changes.
fn explore(scenario: impl Fn() + Clone + Send + Sync + 'static) {
    let mut config = shuttle::Config::new();
    config.stack_size = STACK_BYTES;
    let random = RandomScheduler::new_from_seed(7, SCHEDULES);
    Runner::new(random, config.clone()).run(scenario.clone());
    let few = PctScheduler::new_from_seed(11, 3, SCHEDULES);
    Runner::new(few, config).run(scenario);
}

/// One worker: its own VM, over the shared data.
struct Worker {
    at: usize,
    host: FakeHost,
    engine: Rc<Engine>,
}

impl Worker {
    /// Sends a request for this model. Returns its stream, and whether the request went on.
    fn send(&self, model: &str) -> (Stream, bool) {
        let head = [(":method", "POST"), (":path", "/v1/chat/completions")];
        let body = json!({"model": model}).to_string();
        let stream = self.host.request(&self.engine, &head, &[body.as_bytes()]);
        (stream, self.host.refused().is_none())
    }

    /// Lets the provider answer in one piece, with tokens to count.
    fn answer(&self, mut stream: Stream, status: u16, head: &[(&str, &str)]) {
        let json = [&[("content-type", "application/json")], head].concat();
        let usage =
            br#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#;
        self.host.answer(&mut stream, status, &json, &[usage]);
        self.host.done(stream, None);
    }
}

/// Runs `work` in this many workers, which start together.
fn workers(
    shared: &Arc<Shared>,
    count: usize,
    document: &Value,
    work: impl Fn(&Worker) + Clone + Send + 'static,
) {
    let started: Vec<_> = (0..count)
        .map(|at| {
            let (shared, document, work) = (Arc::clone(shared), document.to_string(), work.clone());
            thread::spawn(move || {
                let host = FakeHost::sharing(&shared);
                // Some workers create their keys while others are already counting.
                let engine = Rc::new(Engine::start(&host, document.as_bytes()).unwrap());
                work(&Worker { at, host, engine });
            })
        })
        .collect();
    for worker in started {
        worker.join().unwrap();
    }
}

fn document(deployment: Value, cooldown: Value) -> Value {
    let mut one = json!({"provider": "p", "model": "a"});
    one.as_object_mut().unwrap().extend(deployment.as_object().unwrap().clone());
    json!({
        "providers": {"p": {"cluster": "p"}},
        "deployments": {"a": one, "b": {"provider": "p", "model": "b"}},
        "models": {"a": {"candidates": ["a"]},
                   "turns": {"strategy": "round_robin", "candidates": ["a", "b"]}},
        "cooldown": cooldown,
    })
}

#[test]
fn no_count_is_lost_and_nothing_stays_in_flight() {
    explore(|| {
        let shared = Arc::new(Shared::default());
        workers(&shared, 4, &document(json!({}), json!({"enabled": false})), |worker| {
            let (first, _) = worker.send("a");
            let (second, _) = worker.send("a");
            worker.answer(first, 200, &[]);
            match worker.at % 3 {
                0 => worker.answer(second, 503, &[]),
                1 => worker.host.done(second, None),
                _ => worker.answer(second, 400, &[]),
            }
            assert_eq!(worker.host.counted("pointsman.cas.exhausted"), 0);
        });
        let record = shared.record("a");
        let counts = Counts { attempts: 8, successes: 4, failures: 2, tokens: 12 };
        assert_eq!((record.total, record.minute), (counts, counts));
        assert_eq!(record.flight.count(NOW_MS), 0);
    });
}

#[test]
fn no_turn_is_taken_twice() {
    explore(|| {
        let shared = Arc::new(Shared::default());
        workers(&shared, 3, &document(json!({}), json!({})), |worker| {
            for _ in 0..2 {
                let (stream, _) = worker.send("turns");
                worker.answer(stream, 200, &[]);
            }
        });
        let attempts = ["a", "b"].map(|id| shared.record(id).total.attempts);
        assert_eq!(attempts, [3, 3]);
    });
}

#[test]
fn no_more_probes_run_at_a_time_than_allowed() {
    for most in [1, 2] {
        explore(move || {
            let shared = Arc::new(Shared::default());
            let cooldown = json!({"half_open_probes": most, "success_threshold": 100,
                                  "when_all_cooling": "reject"});
            let document = document(json!({}), cooldown);
            workers(&shared, 1, &document, |worker| {
                let (stream, _) = worker.send("a");
                worker.answer(stream, 429, &[("retry-after", "1")]);
            });
            let probes = Arc::new(AtomicUsize::new(0));
            workers(&shared, 4, &document, move |worker| {
                worker.host.now_ms.set(NOW_MS + 1500);
                for _ in 0..2 {
                    let (mut stream, went) = worker.send("a");
                    if !went {
                        continue;
                    }
                    let others = probes.fetch_add(1, Ordering::SeqCst);
                    assert!(others < most, "{} probes at a time", others + 1);
                    thread::yield_now();
                    probes.fetch_sub(1, Ordering::SeqCst);
                    // The answer gives the place back, or the client does by leaving.
                    if worker.at % 2 == 0 {
                        worker.host.respond(&mut stream, 200, &[]);
                    }
                    worker.host.done(stream, None);
                }
            });
            let record = shared.record("a");
            assert!(record.total.attempts > 1, "at least one worker must probe");
            assert_eq!(record.flight.count(NOW_MS + 1500), 0);
        });
    }
}

#[test]
fn the_longest_deadline_wins_whichever_worker_is_last() {
    explore(|| {
        let shared = Arc::new(Shared::default());
        workers(&shared, 4, &document(json!({}), json!({})), |worker| {
            // Each begins before or after another has cooled the deployment, depending on the
            // schedule.
            let (stream, went) = worker.send("a");
            assert!(went, "the one whose cooldown ends first is tried");
            let seconds = ["20", "5", "60", "1"][worker.at];
            let before = worker.host.shared.until_ms("a");
            worker.answer(stream, 429, &[("retry-after", seconds)]);
            assert!(worker.host.shared.until_ms("a") >= before, "a deadline was shortened");
        });
        let record = shared.record("a");
        let (longest, until_ms) = (NOW_MS + 60_000, shared.until_ms("a"));
        assert!((longest..longest + 1000).contains(&until_ms), "{until_ms}");
        assert_eq!((record.total.attempts, record.total.failures), (4, 4));
    });
}

#[test]
fn limits_hold_over_all_workers() {
    explore(|| {
        let shared = Arc::new(Shared::default());
        let limits = json!({"rpm_limit": 5, "max_parallel_requests": 2});
        let under_way = Arc::new(AtomicUsize::new(0));
        workers(&shared, 4, &document(limits, json!({})), move |worker| {
            for _ in 0..2 {
                let (stream, went) = worker.send("a");
                if went {
                    assert!(under_way.fetch_add(1, Ordering::SeqCst) < 2, "three at a time");
                    thread::yield_now();
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    worker.answer(stream, 200, &[]);
                } else {
                    assert_eq!(worker.host.refused().unwrap().0, 429);
                }
            }
        });
        let record = shared.record("a");
        assert!((2..=5).contains(&record.total.attempts), "{:?}", record.total);
        assert_eq!(record.total.successes, record.total.attempts);
        assert_eq!(record.flight.count(NOW_MS), 0);
    });
}

#[test]
fn a_tenants_budget_holds_however_workers_interleave() {
    explore(|| {
        let shared = Arc::new(Shared::default());
        let served = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (shared, served) = (Arc::clone(&shared), Arc::clone(&served));
                thread::spawn(move || {
                    let host = FakeHost::sharing(&shared);
                    let document = json!({
                        "providers": {"p": {"cluster": "c"}},
                        "deployments": {"d": {"provider": "p", "model": "m"}},
                        "models": {"m": {"candidates": ["d"]}},
                        "limits": {"tenants": {"budget": {"requests_per_day": 3}}}
                    });
                    let engine = Engine::start(&host, document.to_string().as_bytes()).unwrap();
                    let engine = Rc::new(engine);
                    for _ in 0..2 {
                        let head = [
                            (":method", "POST"),
                            (":path", "/v1/chat/completions"),
                            ("x-llm-tenant", "a"),
                        ];
                        host.reply.replace(None);
                        let stream = host.request(&engine, &head, &[br#"{"model":"m"}"#]);
                        if host.refused().is_none() {
                            served.fetch_add(1, Ordering::Relaxed);
                        }
                        host.done(stream, None);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(served.load(Ordering::Relaxed), 3);
    });
}
