//! All workers pass over a deployment that fails, until it recovers.
//!
//! Every test has its own deployments, so a cooldown in one test cannot affect another.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Group, Reply, Spec, ask};

/// Enough new connections to reach every worker, whatever the kernel chooses.
const MANY: usize = 40;

/// Returns a document with one ordered model `NAME` for each name. Its candidates are `NAME-1`,
/// which has the proxy's credential, and `NAME-2`, which has none.
fn pairs(names: &[&str], cooldown: Value) -> Value {
    let mut document = json!({
        "providers": {"alpha": {"cluster": "alpha", "credential": {"env": "ALPHA_KEY"}},
                      "beta": {"cluster": "beta"}},
        "deployments": {}, "models": {}, "cooldown": cooldown,
    });
    for name in names {
        let (first, second) = (format!("{name}-1"), format!("{name}-2"));
        document["deployments"][&first] = json!({"provider": "alpha", "model": first});
        document["deployments"][&second] = json!({"provider": "beta", "model": second});
        document["models"][name] = json!({"candidates": [first, second]});
    }
    document
}

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let names = ["limited", "short", "refused", "quota", "five", "mixed", "bad", "all", "broken"];
    let mut document = pairs(&names, json!({"time_ms": 300_000}));
    // The first candidate of `own` takes the client's own credential.
    document["models"]["own"] = json!({"candidates": ["own-1", "own-2"]});
    document["deployments"]["own-1"] = json!({"provider": "beta", "model": "own-1"});
    document["deployments"]["own-2"] = json!({"provider": "beta", "model": "own-2"});
    Group::start(&Spec::new(document))
});

/// Sends a request that fails at the named deployment with this status.
fn fails(model: &str, deployment: &str, status: u16, retry_after: Option<&str>) -> Reply {
    let mut asked = ask(&GROUP)
        .model(model)
        .header("x-mock-only", deployment)
        .header("x-mock-status", &status.to_string());
    if let Some(after) = retry_after {
        asked = asked.header("x-mock-retry-after", after);
    }
    let reply = asked.send();
    assert_eq!(reply.status, status, "{deployment}");
    assert_eq!(reply.reached_one().1.upstream_model.as_deref(), Some(deployment));
    reply
}

/// Returns the deployment that serves this model now.
fn serving(model: &str) -> String {
    ask(&GROUP).model(model).send().served().1.to_owned()
}

#[track_caller]
fn all_workers_use(model: &str, deployment: &str) {
    for _ in 0..MANY {
        assert_eq!(serving(model), deployment);
    }
}

#[test]
fn a_429_takes_a_deployment_out_for_all_workers() {
    all_workers_use("limited", "limited-1");
    let reply = fails("limited", "limited-1", 429, Some("3600"));
    assert_eq!(reply.header("retry-after"), Some("3600"), "the client sees the provider's answer");
    all_workers_use("limited", "limited-2");
}

#[test]
fn a_deployment_is_back_when_retry_after_has_passed() {
    fails("short", "short-1", 429, Some("1"));
    let started = Instant::now();
    while serving("short") != "short-1" {
        assert!(started.elapsed() < Duration::from_secs(60), "it never came back");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_401_of_the_proxys_credential_cools_at_once() {
    fails("refused", "refused-1", 401, None);
    all_workers_use("refused", "refused-2");
}

#[test]
fn a_401_of_the_clients_own_credential_does_not_cool() {
    for _ in 0..12 {
        fails("own", "own-1", 401, None);
        fails("own", "own-1", 403, None);
    }
    all_workers_use("own", "own-1");
}

#[test]
fn a_402_cools_at_once() {
    fails("quota", "quota-1", 402, None);
    all_workers_use("quota", "quota-2");
}

#[test]
fn the_fifth_failure_in_a_row_trips() {
    for _ in 0..5 {
        fails("five", "five-1", 500, None);
    }
    all_workers_use("five", "five-2");
}

#[test]
fn a_success_between_failures_starts_over() {
    for _ in 0..3 {
        for _ in 0..2 {
            fails("mixed", "mixed-1", 503, None);
        }
        for _ in 0..4 {
            assert_eq!(serving("mixed"), "mixed-1");
        }
    }
}

#[test]
fn bad_requests_never_cool() {
    for status in [400, 413, 422].into_iter().cycle().take(30) {
        fails("bad", "bad-1", status, Some("3600"));
    }
    all_workers_use("bad", "bad-1");
}

#[test]
fn broken_connections_count_as_failures() {
    for _ in 0..5 {
        let reply = ask(&GROUP)
            .model("broken")
            .header("x-mock-only", "broken-1")
            .header("x-mock-reset", "before-headers")
            .send();
        assert_eq!(reply.status, 503);
    }
    all_workers_use("broken", "broken-2");
}

#[test]
fn when_all_cool_the_one_free_soonest_is_tried() {
    fails("all", "all-1", 429, Some("200"));
    fails("all", "all-2", 429, Some("100"));
    // A success would end the cooldown at once, and the test would prove nothing more.
    fails("all", "all-2", 429, Some("90"));
    fails("all", "all-2", 429, None);
}

#[test]
fn when_all_cool_the_client_is_refused_where_configured() {
    let cooldown = json!({"time_ms": 300_000, "when_all_cooling": "reject"});
    let group = Group::start(&Spec::new(pairs(&["both"], cooldown)));
    for (deployment, after) in [("both-1", "200"), ("both-2", "100")] {
        let reply = ask(&group)
            .model("both")
            .header("x-mock-only", deployment)
            .header("x-mock-status", "429")
            .header("x-mock-retry-after", after)
            .send();
        assert_eq!(reply.reached_one().1.upstream_model.as_deref(), Some(deployment));
    }
    for _ in 0..MANY {
        let reply = ask(&group).model("both").send();
        assert_eq!(reply.refused(503)["error"]["code"], "no_deployment_available");
        let after: u64 = reply.header("retry-after").expect("a hint").parse().unwrap();
        assert!((1..=100).contains(&after), "{after}");
    }
}

#[test]
fn cooldown_can_be_turned_off() {
    let group = Group::start(&Spec::new(pairs(&["hot"], json!({"enabled": false}))));
    for _ in 0..12 {
        let reply = ask(&group)
            .model("hot")
            .header("x-mock-status", "429")
            .header("x-mock-retry-after", "3600")
            .send();
        assert_eq!(reply.reached_one().1.upstream_model.as_deref(), Some("hot-1"));
    }
}
