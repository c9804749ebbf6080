//! Compares the records of deployments with what the providers counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pointsman::config::{self, Cooldown};
use pointsman::state::{Counts, Record};
use serde_json::{Value, json};

use crate::mock::{Did, Refusal, Tally};

use super::Group;

/// The deployments, each at its own provider.
pub(crate) const DEPLOYMENTS: [&str; 3] = ["one", "two", "three"];

/// Longer than any record takes to show what has happened.
pub(crate) const WRITTEN: Duration = Duration::from_secs(10);

/// The models, one for each strategy.
pub(crate) const MODELS: [&str; 6] = ["turns", "shares", "busy", "fast", "used", "room"];

/// Starts every key of the layout that the module under test has.
pub(crate) const LAYOUT: &str = "pointsman/6/";

/// Returns a document with these deployments under most strategies. They cool only briefly.
pub(crate) fn document() -> Value {
    let model = |strategy: &str| json!({"strategy": strategy, "candidates": DEPLOYMENTS});
    json!({
        "providers": {"alpha": {"cluster": "alpha", "api": "any"},
                      "beta": {"cluster": "beta", "api": "any"},
                      "gamma": {"cluster": "gamma", "api": "any"}},
        "deployments": {
            "one": {"provider": "alpha", "model": "one"},
            "two": {"provider": "beta", "model": "two"},
            "three": {"provider": "gamma", "model": "three"},
        },
        "models": {"first": model("ordered_fallback"), "turns": model("round_robin"), "shares": model("weighted"),
                   "busy": model("least_busy"), "fast": model("latency_based"),
                   "used": model("usage_based"), "room": model("rate_limit_aware")},
        "cooldown": {"time_ms": 100, "max_time_ms": 1000},
    })
}

/// Returns the cooldown settings of the document.
pub(crate) fn settings() -> Cooldown {
    config::parse(document().to_string().as_bytes()).unwrap().cooldown.clone()
}

/// Returns the record of a deployment.
pub(crate) async fn record(group: &Group, layout: &str, deployment: &str) -> Record {
    let value = group.shared(&format!("{layout}deployment/{deployment}")).await;
    Record::decode(&value.expect("a record since the configuration was read"))
}

/// Fails unless the record of a deployment finally has so many attempts, successes and failures, and
/// none in flight.
pub(crate) async fn assert_counts(group: &Group, deployment: &str, wanted: (u64, u64, u64)) {
    let (attempts, successes, failures) = wanted;
    assert_record(group, deployment, (attempts, successes, failures, 0)).await;
}

/// Fails unless the record of a deployment finally has so many attempts, successes, failures, and
/// attempts in flight.
pub(crate) async fn assert_record(group: &Group, deployment: &str, wanted: (u64, u64, u64, u32)) {
    let started = Instant::now();
    loop {
        let record = record(group, LAYOUT, deployment).await;
        let (total, in_flight) = (record.total, record.flight.count(now_ms()));
        let found = (total.attempts, total.successes, total.failures, in_flight);
        if found == wanted || started.elapsed() > WRITTEN {
            return assert_eq!(
                found, wanted,
                "{deployment}: attempts, successes, failures, in flight"
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// For each deployment, what is counted and how many attempts are in flight.
pub(crate) type Ledger = BTreeMap<&'static str, (Counts, u32)>;

/// Returns what the records of these layouts say in total.
pub(crate) async fn recorded(group: &Group, layouts: &[&str]) -> Ledger {
    let mut ledger = Ledger::new();
    for deployment in DEPLOYMENTS {
        let (counts, in_flight) = ledger.entry(deployment).or_default();
        for layout in layouts {
            let record = record(group, layout, deployment).await;
            *counts = sum(*counts, record.total);
            *in_flight += record.flight.count(now_ms());
        }
    }
    ledger
}

fn sum(one: Counts, other: Counts) -> Counts {
    Counts {
        attempts: one.attempts + other.attempts,
        successes: one.successes + other.successes,
        failures: one.failures + other.failures,
        tokens: one.tokens + other.tokens,
    }
}

/// Returns what they should say, according to what the providers did.
pub(crate) fn counted(group: &Group) -> Ledger {
    let of_one = |deployment| (deployment, (counts(&group.tally(), deployment), 0));
    DEPLOYMENTS.into_iter().map(of_one).collect()
}

fn counts(tally: &Tally, upstream_model: &str) -> Counts {
    let mut counts = Counts::default();
    for ((model, did), count) in tally {
        if model == upstream_model {
            counts.attempts += count.times;
            counts.tokens += count.tokens;
            match verdict(*did) {
                Some(true) => counts.successes += count.times,
                Some(false) => counts.failures += count.times,
                None => {}
            }
        }
    }
    counts
}

/// Whether that is a success or a failure of the deployment; `None` if it counts as the client's.
fn verdict(did: Did) -> Option<bool> {
    match did {
        Did::Answer(200) | Did::Stream => Some(true),
        Did::Answer(402 | 408 | 429 | 500..) | Did::ErrorEvent | Did::Cut | Did::Reset => {
            Some(false)
        }
        Did::Refuse(Refusal::Quota) => Some(false),
        // Whether one counts depends on what comes with it, so none is asked for here.
        Did::Refuse(Refusal::ModelNotFound) => None,
        Did::Refuse(Refusal::ContextLength | Refusal::ContentPolicy) => None,
        Did::Answer(_) | Did::Hold | Did::Hang | Did::Left => None,
    }
}

/// Fails unless the records finally say what the providers counted.
pub(crate) async fn assert_equal(group: &Group, layouts: &[&str]) {
    assert_settles(group, layouts, |_, counted| counted).await;
}

/// Fails unless the records finally say what the providers counted, but for failures that were
/// taken back because their requests failed everywhere. Those are fewer in the records, never more.
pub(crate) async fn assert_equal_but_for_what_is_taken_back(group: &Group, layouts: &[&str]) {
    assert_settles(group, layouts, |recorded, counted| Counts {
        failures: recorded.failures.min(counted.failures),
        ..counted
    })
    .await;
}

/// Fails unless the records finally say what is `expected`, by what they say and by what the
/// providers counted.
async fn assert_settles(
    group: &Group,
    layouts: &[&str],
    expected: impl Fn(Counts, Counts) -> Counts,
) {
    let started = Instant::now();
    loop {
        let (recorded, mut wanted) = (recorded(group, layouts).await, counted(group));
        for (deployment, (counts, _)) in &mut wanted {
            *counts = expected(recorded[deployment].0, *counts);
        }
        if recorded == wanted || started.elapsed() > WRITTEN {
            assert_eq!(recorded, wanted, "{:#?}", group.tally());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns milliseconds since the epoch.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}
