//! Gauges say which deployments are healthy, and how much is left of their limits.

use std::collections::BTreeMap;

use pointsman::lifecycle::Worker;
use serde_json::{Value, json};

use crate::admin::{BEARER, admin};
use crate::fake_host::FakeHost;
use crate::{head, worker};

/// So many ticks show every deployment once.
const ROUND: u32 = 10;

/// Returns the last value of every gauge of a metric, by its labels; those that are 0 are left out.
fn gauges(host: &FakeHost, metric: &str) -> BTreeMap<String, u64> {
    let metrics = host.metrics.borrow();
    let labels = |name: &str| Some(name.strip_prefix(metric)?.strip_prefix('.')?.to_owned());
    let values = metrics.iter().filter_map(|(_, name, values)| Some((labels(name)?, values)));
    let last = values.filter_map(|(name, values)| Some((name, *values.last()?)));
    last.filter(|(_, value)| *value > 0).collect()
}

/// Returns the state of each deployment that is in one.
fn states(host: &FakeHost) -> Vec<(String, String)> {
    let gauges = gauges(host, "pointsman.deployment.state");
    let parts = |labels: &String| {
        let (deployment, state) = labels.split_once(";.state=.").unwrap();
        let deployment = deployment.strip_prefix("deployment=.").unwrap();
        (deployment.to_owned(), state.trim_end_matches(';').to_owned())
    };
    assert!(gauges.values().all(|value| *value == 1), "{gauges:?}");
    let mut states: Vec<_> = gauges.keys().map(parts).collect();
    states.sort();
    states
}

fn all_in(state: &str, deployments: &[&str]) -> Vec<(String, String)> {
    deployments.iter().map(|id| ((*id).to_owned(), state.to_owned())).collect()
}

/// Lets a worker tick as often as a round takes.
fn round(host: &FakeHost, worker: &Worker) {
    for _ in 0..ROUND {
        host.now_ms.pass(500);
        worker.on_tick(host);
    }
}

fn post(host: &FakeHost, worker: &Worker, method: &str, path: &str, body: &Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = [(":method", method), (":path", path), BEARER];
    host.request(&worker.engine(host), &head, &[body.as_bytes()]);
    let (status, problem) = host.refused().unwrap();
    assert!(status < 300, "{problem}");
}

/// Sends a request, which is answered with that status.
fn ask(host: &FakeHost, worker: &Worker, model: &str, status: u16) {
    let body = json!({"model": model, "messages": []}).to_string();
    let mut stream = host.request(&worker.engine(host), &head(&[]), &[body.as_bytes()]);
    host.respond(&mut stream, status, &[("retry-after", "4")]);
    host.done(stream, None);
}

#[test]
fn every_deployment_has_a_state_once_configured() {
    let (host, document) = admin();
    let _worker = worker(&host, &document);
    assert_eq!(states(&host), all_in("healthy", &["open", "open2", "own"]));
    let models = gauges(&host, "pointsman.model.deployments");
    assert_eq!(models["model=.turns;.state=.available;"], 3);
    assert!(!models.contains_key("model=.turns;.state=.unavailable;"), "{models:?}");
    assert_eq!(gauges(&host, "pointsman.headroom.percent"), BTreeMap::new(), "there are no limits");
}

#[test]
fn a_cooldown_shows_and_ends_by_time_in_every_worker() {
    let (host, document) = admin();
    let mut beside = FakeHost::sharing(&host.shared);
    beside.environment.clone_from(&host.environment);
    let workers = [worker(&host, &document), worker(&beside, &document)];
    ask(&host, &workers[0], "own", 429);
    beside.now_ms.set(host.now_ms.get());
    for (host, worker) in [(&host, &workers[0]), (&beside, &workers[1])] {
        // Three parts are all of three deployments.
        for _ in 0..3 {
            host.now_ms.pass(500);
            worker.on_tick(host);
        }
        let cooling = [all_in("healthy", &["open", "open2"]), all_in("cooling", &["own"])].concat();
        assert_eq!(states(host), cooling);
        round(host, worker);
        let back = [all_in("healthy", &["open", "open2"]), all_in("half_open", &["own"])].concat();
        assert_eq!(states(host), back);
        let models = gauges(host, "pointsman.model.deployments");
        assert_eq!(models["model=.own;.state=.available;"], 1);
    }
}

#[test]
fn a_drain_shows_and_its_models_have_one_deployment_less() {
    let (host, document) = admin();
    let worker = worker(&host, &document);
    post(&host, &worker, "POST", "/admin/deployments/own/drain", &Value::Null);
    round(&host, &worker);
    assert!(states(&host).contains(&("own".to_owned(), "drained".to_owned())));
    let models = gauges(&host, "pointsman.model.deployments");
    assert_eq!(models["model=.own;.state=.unavailable;"], 1);
    assert!(!models.contains_key("model=.own;.state=.available;"));
    assert_eq!(models["model=.turns;.state=.available;"], 2);
}

#[test]
fn what_is_left_of_a_limit_shows() {
    let (host, mut document) = admin();
    document["deployments"]["own"]["rpm_limit"] = json!(4);
    let worker = worker(&host, &document);
    let left = |host: &FakeHost| gauges(host, "pointsman.headroom.percent");
    assert_eq!(left(&host), [("deployment=.own;".to_owned(), 100)].into());
    ask(&host, &worker, "own", 200);
    round(&host, &worker);
    assert_eq!(left(&host)["deployment=.own;"], 75);
}

#[test]
fn what_is_no_longer_configured_is_in_no_state_and_the_rest_comes_back() {
    let (host, document) = admin();
    let mut smaller = document.clone();
    smaller["deployments"].as_object_mut().unwrap().remove("open2");
    smaller["models"] = json!({"own": {"candidates": ["own"]}, "open": {"candidates": ["open"]}});
    let before = worker(&host, &document);
    let after = worker(&host, &smaller);
    // The old one goes on while its listener drains.
    round(&host, &before);
    before.end(&host);
    drop(before);
    host.now_ms.pass(500);
    after.on_tick(&host);
    assert_eq!(states(&host), all_in("healthy", &["open", "own"]));
    let models = gauges(&host, "pointsman.model.deployments");
    let known: Vec<_> = models.keys().collect();
    assert_eq!(known, ["model=.open;.state=.available;", "model=.own;.state=.available;"]);
}

#[test]
fn what_operators_add_and_remove_comes_and_goes() {
    let (host, document) = admin();
    let worker = worker(&host, &document);
    let endpoints = json!([{"provider": "open", "model_id": "new"}]);
    let route = json!({"model": "fresh", "strategy": "weighted", "endpoints": endpoints});
    post(&host, &worker, "POST", "/admin/routes", &route);
    host.now_ms.pass(500);
    worker.on_tick(&host);
    assert_eq!(states(&host).len(), 4, "{:?}", states(&host));
    assert!(gauges(&host, "pointsman.model.deployments").keys().any(|key| key.contains("fresh")));
    post(&host, &worker, "DELETE", "/admin/routes/fresh", &Value::Null);
    host.now_ms.pass(500);
    worker.on_tick(&host);
    assert_eq!(states(&host), all_in("healthy", &["open", "open2", "own"]));
    assert!(!gauges(&host, "pointsman.model.deployments").keys().any(|key| key.contains("fresh")));
}

#[test]
fn a_tick_reads_a_tenth_of_the_deployments_however_many_there_are() {
    for count in [1_u32, 30, 500] {
        let of = |at| (format!("d{at:03}"), json!({"provider": "own", "model": "m"}));
        let deployments: serde_json::Map<_, _> = (0..count).map(of).collect();
        let candidates: Vec<&String> = deployments.keys().collect();
        let mut document = crate::document();
        document["models"] = json!({"m": {"candidates": candidates}});
        document["deployments"] = deployments.into();
        let host = crate::host();
        let worker = worker(&host, &document);
        for _ in 0..2 * ROUND {
            let before = host.accesses.get();
            host.now_ms.pass(500);
            worker.on_tick(&host);
            let (reads, writes) = host.accesses.get();
            assert!(reads - before.0 <= 1 + count.div_ceil(ROUND), "{count}");
            assert_eq!(writes, before.1, "nothing is written");
        }
        // Ticks that come more often read nothing.
        let before = host.accesses.get();
        worker.on_tick(&host);
        assert_eq!(host.accesses.get(), before);
        assert_eq!(states(&host).len(), count as usize);
    }
}

#[test]
fn gauges_never_share_a_series_with_others() {
    let (host, mut document) = admin();
    document["metrics"] = json!({"max_series": 20});
    let worker = worker(&host, &document);
    round(&host, &worker);
    let metrics = host.metrics.borrow();
    let others = metrics.iter().filter(|(_, name, _)| name.contains(".state=."));
    assert!(others.clone().count() > 0);
    assert!(others.clone().all(|(_, name, _)| !name.contains("other")), "{metrics:?}");
}
