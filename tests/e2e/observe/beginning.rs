//! What alerts ask for is there before anything has happened, so that they see the first incident.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::ledger;
use crate::harness::{Group, Sample, Scrape, Spec, ask, run};

/// Longer than a state takes to show.
const SHOWN: Duration = Duration::from_secs(30);

/// The document of the ledger, whose deployments cool after one failure.
fn spec(fails_over: bool) -> Spec {
    let mut document = ledger::document();
    document["cooldown"] = json!({"consecutive_failures": 1, "time_ms": 60_000});
    if fails_over {
        document["failover"] = json!({"max_attempts": 2});
    }
    let spec = if fails_over { Spec::failing_over(document) } else { Spec::new(document) };
    Spec { is_observed: true, ..spec }
}

/// Returns the samples of a metric that have a label of that value.
fn of<'s>(scrape: &'s Scrape, name: &str, label: &str, value: &str) -> Vec<&'s Sample> {
    let has = |sample: &&Sample| sample.labels.get(label).is_some_and(|known| known == value);
    scrape.samples.iter().filter(|sample| sample.name == name).filter(has).collect()
}

/// Returns what Prometheus reads once a deployment shows as cooling.
async fn cooled(group: &Group) -> Scrape {
    let patience = Instant::now() + SHOWN;
    loop {
        let scrape = group.envoy().scrape().await;
        let of = |state: &str| scrape.sum("pointsman_deployment_state", &[("state", state)]);
        let away = scrape.sum("pointsman_model_deployments", &[("state", "unavailable")]);
        if of("cooling") > 0.0 && away > 0.0 {
            assert_eq!(of("healthy") + of("cooling"), 3.0, "each is in one state");
            return scrape;
        }
        assert!(Instant::now() < patience, "no deployment shows as cooling");
    }
}

/// Checks that a new proxy shows every deployment's counters as 0, and that the first cooldown is
/// counted in one of those.
fn assert_the_first_incident_is_seen(fails_over: bool) {
    let group = Group::start(&spec(fails_over));
    let before = run(group.envoy().scrape());
    // A sink of Envoy, and a scrape that asks for it, leaves out what was never used.
    let used = run(group.envoy().scrape_used());
    for scrape in [&before, &used] {
        for deployment in ledger::DEPLOYMENTS {
            for (name, count) in [("pointsman_cooldowns", 9), ("pointsman_attempts", 11)] {
                let samples = of(scrape, name, "deployment", deployment);
                assert_eq!(samples.len(), count, "{name} of {deployment}");
                assert!(samples.iter().all(|sample| sample.value == 0.0), "{samples:?}");
            }
        }
        let refused = of(scrape, "pointsman_requests", "code", "no_deployment_available");
        assert!(!refused.is_empty() && refused.iter().all(|sample| sample.value == 0.0));
    }
    assert_eq!(before.sum("pointsman_deployment_state", &[("state", "healthy")]), 3.0);
    assert_eq!(before.sum("pointsman_deployment_state", &[]), 3.0);
    ask(&group).model("turns").header("x-mock-status", "503").send();
    let after = run(cooled(&group));
    assert!(after.sum("pointsman_cooldowns", &[("outcome", "server")]) >= 1.0);
    let samples = |scrape: &Scrape| {
        let counted = scrape.samples.iter().filter(|sample| sample.name == "pointsman_cooldowns");
        counted.map(|sample| sample.labels.clone()).collect::<Vec<_>>()
    };
    assert_eq!(samples(&after), samples(&before), "no cooldown makes a series of its own");
    group.assert_no_trap();
}

#[test]
fn counters_of_deployments_are_0_before_any_request() {
    assert_the_first_incident_is_seen(false);
}

#[test]
fn with_failover_counters_of_deployments_are_0_before_any_request() {
    assert_the_first_incident_is_seen(true);
}
