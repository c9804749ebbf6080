//! Shadows beside requests that real SDKs sent. A shadow with the same rules always agrees, and no
//! shadow changes anything.

use std::rc::Rc;

use pointsman::host::Headers;
use pointsman::lifecycle::Engine;
use serde_json::{Map, Value, json};

use crate::fake_host::FakeHost;
use crate::recorded::{Recorded, recorded};

const STRATEGIES: [&str; 11] = [
    "ordered_fallback",
    "weighted",
    "round_robin",
    "least_busy",
    "latency_based",
    "usage_based",
    "rate_limit_aware",
    "cost_based",
    "priority_based",
    "rules",
    "sticky",
];

/// Returns a configuration whose decisions depend on everything a request may say, and on shared
/// state.
fn document(strategy: &str, candidates: usize, max_attempts: u32) -> Value {
    let id = |at: usize| format!("d{at:02}");
    let deployment = |at: usize| {
        let mut one = json!({
            "provider": "p", "model": id(at), "weight": 1 + at % 3, "priority": at % 4,
            "facts": {"input_usd_per_million": at % 5, "output_usd_per_million": at % 7},
        });
        match at % 4 {
            0 => one["rpm_limit"] = json!(20),
            1 => one["tpm_limit"] = json!(40_000),
            2 => one["max_parallel_requests"] = json!(3),
            _ => one["facts"]["vision"] = json!(false),
        }
        (id(at), one)
    };
    let candidate = |at: usize| {
        let mut one = json!({"deployment": id(at), "position": at % 2});
        if strategy == "rules" {
            one["rules"] = if at.is_multiple_of(3) {
                json!([{}])
            } else {
                json!([{"when": {"stream": true}}])
            };
        }
        one
    };
    let candidates: Vec<usize> = (0..candidates).collect();
    let listed: Vec<Value> = candidates.iter().map(|at| candidate(*at)).collect();
    let mut deployments: Map<_, _> = candidates.iter().map(|at| deployment(*at)).collect();
    for id in ["x", "y", "z"] {
        deployments.insert(id.to_owned(), json!({"provider": "p", "model": id}));
    }
    json!({
        "providers": {"p": {"cluster": "p", "api": "any"}},
        "deployments": deployments,
        "models": {
            "m": {"strategy": strategy, "candidates": listed, "fallbacks": ["behind"]},
            "behind": {"strategy": "round_robin", "candidates": ["x", "y", "z"]},
            "turns": {"strategy": "round_robin", "candidates": ["d02", "d01", "d00"]},
        },
        "routes": [
            {"name": "words", "when": {"prompt_contains_any_of": ["weather"]}, "then": {"target_model": "turns"}},
            {"name": "long", "when": {"input_tokens_gt": 20_000}, "then": {"target_model": "d02"}},
            {"name": "some", "when": {"sample_percent": 20, "has_tools": false}, "then": {"target_model": "turns"}},
            {"name": "dear", "when": {"has_images": true}, "then": {"target_model": "m", "max_cost_usd": 0.004}},
        ],
        "unknown_model": {"model": "m"},
        "cooldown": {"consecutive_failures": 2, "when_all_cooling": "reject"},
        "failover": {"max_attempts": max_attempts},
        "default_cluster": "default",
    })
}

/// Returns another set of rules, which needs to know more about a request.
fn other() -> Value {
    json!({
        "models": {"m": {"strategy": "cost_based", "candidates": [
            {"provider": "p", "model": "of the shadow"}, "d01", "d02"]}},
        "routes": [
            {"name": "words", "when": {"prompt_contains_any_of": ["the", "you"]}, "then": {"target_model": "d00"}},
            {"name": "tokens", "when": {"input_tokens_gt": 30}, "then": {"target_model": "d01"}},
        ],
    })
}

fn started(host: &FakeHost, document: &Value) -> Rc<Engine> {
    let engine = Engine::start(host, document.to_string().as_bytes());
    Rc::new(engine.unwrap_or_else(|problems| panic!("{problems}")))
}

/// The result of a request: its head and body as they went on, and what was answered here.
type Sent = (Headers, String, Option<(u32, String)>, Option<Vec<u8>>);

/// Sends a request in pieces and lets a provider answer. The same seed draws the same.
fn sent(host: &FakeHost, engine: &Rc<Engine>, request: &Recorded, seed: u64) -> Sent {
    let mut rng = fastrand::Rng::with_seed(seed);
    host.seed.set(seed);
    host.now_ms.set(host.now_ms.get() + rng.u64(0..400));
    host.shared.conflicts.set([0, 0, 1, 2, 40][rng.usize(..5)]);
    let mut head = vec![(":method", request.method.as_str()), (":path", request.path.as_str())];
    head.extend(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let size = [300, 3000, 100_000_000][rng.usize(..3)];
    let pieces: Vec<&[u8]> = request.body.chunks(size).collect();
    let mut stream = host.request(engine, &head, &pieces);
    host.shared.conflicts.set(0);
    let plan = host.properties.borrow_mut().remove("llm.plan");
    let sent = (host.request_headers.borrow().clone(), host.sent_body(), host.refused(), plan);
    // Some requests are still in flight when the next one comes.
    if rng.u8(..4) > 0 {
        host.respond(&mut stream, [200, 200, 500, 429][rng.usize(..4)], &[]);
        host.done(stream, None);
    } else {
        host.done(stream, Some("downstream_remote_disconnect"));
    }
    sent
}

/// Returns how many requests had each result.
fn results(host: &FakeHost) -> Vec<(String, u64)> {
    let metrics = host.metrics.borrow();
    let of_shadow = metrics.iter().filter_map(|(_, name, values)| {
        let result = name.strip_prefix("pointsman.shadow.requests.kind=.")?;
        Some((result.trim_end_matches(';').to_owned(), values.iter().sum()))
    });
    of_shadow.collect()
}

/// Sends everything with and without a shadow, and compares the results.
fn beside(document: &Value, shadow: &Value, seed: u64) -> Vec<(String, u64)> {
    let (plain, shadowed) = (FakeHost::default(), FakeHost::default());
    let mut with_shadow = document.clone();
    with_shadow["shadow"] = shadow.clone();
    let engines = [started(&plain, document), started(&shadowed, &with_shadow)];
    for (host, _) in [&plain, &shadowed].iter().zip(&engines) {
        host.accesses.set((0, 0));
    }
    // Each configuration sees some of the requests.
    let every = (0..).zip(recorded()).filter(|(at, _)| at % 6 == seed % 6);
    for (at, request) in every {
        let seed = seed.wrapping_mul(1000) + at;
        let name = &request.name;
        let wanted = sent(&plain, &engines[0], &request, seed);
        let found = sent(&shadowed, &engines[1], &request, seed);
        assert_eq!(found.0, wanted.0, "{name}: head");
        assert!(found.1 == wanted.1, "{name}: body");
        assert_eq!(found.2, wanted.2, "{name}: refusal");
        assert_eq!(found.3.is_some(), wanted.3.is_some(), "{name}: plan");
    }
    assert_eq!(shadowed.accesses.get().1, plain.accesses.get().1, "a shadow writes nothing");
    results(&shadowed)
}

#[test]
fn a_shadow_with_the_same_rules_always_agrees_and_changes_nothing() {
    for (seed, strategy) in (0..).zip(STRATEGIES) {
        for (candidates, max_attempts) in [(3, 1), (5, 3), (40, 1), (40, 2)] {
            let document = document(strategy, candidates, max_attempts);
            let results = beside(&document, &json!({}), seed);
            let [(result, count)] = &results[..] else { panic!("{strategy}: {results:?}") };
            assert_eq!(result, "same", "{strategy} of {candidates}");
            assert!(*count > 20, "{strategy}: only {count}");
        }
    }
}

#[test]
fn a_shadow_that_needs_to_know_more_changes_nothing() {
    for (seed, strategy) in (100..).zip(STRATEGIES) {
        let results = beside(&document(strategy, 3, 1), &other(), seed);
        let count = |of: &dyn Fn(&str) -> bool| {
            results.iter().filter(|(name, _)| of(name)).map(|(_, n)| *n).sum::<u64>()
        };
        assert!(count(&|name| name != "same") > 5, "{strategy}: {results:?}");
        assert!(count(&|name| name == "undecided") < 3, "{strategy}: {results:?}");
    }
}
