//! What an alert asks for is there and 0 before anything has happened.

use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::fake_host::FakeHost;
use crate::{engine, host, worker};

/// The outcomes that start a cooldown.
const CAUSES: [&str; 9] = [
    "rate_limit",
    "server",
    "network",
    "timeout",
    "auth",
    "quota",
    "not_found",
    "in_band",
    "empty",
];

fn document(deployments: usize, with: Value) -> Value {
    let of = |at| (format!("d{at}"), json!({"provider": "p", "model": "up"}));
    let deployments: serde_json::Map<_, _> = (0..deployments).map(of).collect();
    let candidates: Vec<&String> = deployments.keys().collect();
    let mut document = json!({
        "providers": {"p": {"cluster": "p"}},
        "models": {"m": {"candidates": candidates}},
        "deployments": deployments,
        "default_cluster": "site"
    });
    for (key, value) in with.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

/// Returns the labels of the series of a metric that are shown as 0.
fn zeros(host: &FakeHost, metric: &str) -> Vec<String> {
    let (metrics, zeros) = (host.metrics.borrow(), host.zeros.borrow());
    let names = zeros.iter().map(|id| &metrics[*id as usize].1);
    let labels = names.filter_map(|name| name.strip_prefix(metric)?.strip_prefix('.'));
    labels.map(str::to_owned).collect()
}

#[test]
fn every_deployment_has_its_counters_at_0_once_configured() {
    let host = host();
    engine(&host, &document(3, json!({})));
    let (cooldowns, attempts) =
        (zeros(&host, "pointsman.cooldowns"), zeros(&host, "pointsman.attempts"));
    for deployment in ["d0", "d1", "d2"] {
        for outcome in CAUSES {
            let labels = format!("deployment=.{deployment};.outcome=.{outcome};");
            assert!(cooldowns.contains(&labels) && attempts.contains(&labels), "{labels}");
        }
        for outcome in ["success", "proxy"] {
            assert!(attempts.contains(&format!("deployment=.{deployment};.outcome=.{outcome};")));
        }
    }
    assert_eq!((cooldowns.len(), attempts.len()), (3 * 9, 3 * 11));
    assert_eq!(zeros(&host, "pointsman.recoveries").len(), 3);
    let refused = "model=.m;.route=.none;.verdict=.refused;.code=.no_deployment_available;";
    assert!(zeros(&host, "pointsman.requests").contains(&refused.to_owned()));
}

#[test]
fn what_cannot_happen_has_no_series() {
    let host = host();
    let disabled = json!({"deployments": {
        "off": {"provider": "p", "model": "up", "enabled": false},
        "on": {"provider": "p", "model": "up", "facts": {
            "input_usd_per_million": 1, "output_usd_per_million": 1}},
        "unpriced": {"provider": "p", "model": "up"}},
        "models": {"m": {"candidates": ["off", "on", "unpriced"]}}});
    engine(&host, &document(0, disabled));
    assert_eq!(zeros(&host, "pointsman.cost.nano_usd"), ["deployment=.on;"]);
    assert!(host.metrics.borrow().iter().all(|(_, name, _)| !name.contains(".off;")));
    for with in [json!({"metrics": {"enabled": false}}), json!({"role": "attempt"})] {
        let host = crate::host();
        engine(&host, &document(3, with));
        assert_eq!(zeros(&host, "pointsman.cooldowns"), [""; 0]);
    }
}

#[test]
fn half_of_the_series_are_left_to_what_happens_and_the_important_ones_come_first() {
    let host = host();
    engine(&host, &document(30, json!({"metrics": {"max_series": 400}})));
    assert!(host.metrics.borrow().len() <= 200, "{}", host.metrics.borrow().len());
    let cooldowns = zeros(&host, "pointsman.cooldowns");
    for cause in ["rate_limit", "server"] {
        let of_cause = cooldowns.iter().filter(|labels| labels.contains(cause));
        assert_eq!(of_cause.count(), 30, "every deployment has those of {cause}");
    }
    let states = host.metrics.borrow().iter().filter(|m| m.1.contains("deployment.state")).count();
    assert_eq!((states, zeros(&host, "pointsman.requests").len()), (30 * 4, 1));
    assert_eq!(zeros(&host, "pointsman.attempts"), [""; 0]);
    assert!(host.metrics.borrow().iter().all(|(_, name, _)| !name.contains("=.other;")));
}

#[test]
fn a_deployment_that_is_added_begins_at_0_and_the_others_stay_as_they_are() {
    let (host, document) = admin();
    let worker = worker(&host, &document);
    let before = zeros(&host, "pointsman.cooldowns").len();
    let post = [(":method", "POST"), (":path", "/admin/routes"), BEARER];
    let endpoints = json!([{"provider": "open", "model_id": "new"}]);
    let body = json!({"model": "fresh", "strategy": "weighted", "endpoints": endpoints});
    host.request(&worker.engine(&host), &post, &[body.to_string().as_bytes()]);
    let (status, problem) = host.refused().unwrap();
    assert!(status < 300, "{problem}");
    worker.on_tick(&host);
    let after = zeros(&host, "pointsman.cooldowns");
    assert_eq!(after.len(), before + CAUSES.len(), "{after:?}");
    let mut once = after.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), after.len(), "no series is defined twice");
}
