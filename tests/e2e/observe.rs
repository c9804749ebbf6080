//! What observers see: metrics as Prometheus reads them, and the access log. Neither contains
//! anything of a prompt or a credential.

mod beginning;
mod dashboard;
mod log;
mod spans;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pointsman::host::MetricKind;
use pointsman::metrics::table;
use serde_json::{Value, json};

use crate::harness::ledger::{
    self, DEPLOYMENTS, LAYOUT, MODELS, assert_equal, assert_equal_but_for_what_is_taken_back,
    counted,
};
use crate::harness::load::{FAULTY, Load, drive};
use crate::harness::{AUTHORITY, Ask, Group, Scrape, Spec, ask, chat, module, run};

/// A port that nothing listens on.
const CLOSED: u16 = 1;

/// A name with every character that Envoy or Prometheus could trip over.
const ODD: &str = "org/model.v1:8b#x;y=z \"q\\ é.";

/// A document with two ways to fail, prices, and a route.
fn document() -> Value {
    let deployment = |provider: &str, model: &str| {
        json!({"provider": provider, "model": model, "max_parallel_requests": 1000, "facts": {
            "input_usd_per_million": 1000, "output_usd_per_million": 2000}})
    };
    json!({
        "providers": {"alpha": {"cluster": "alpha", "credential": {"env": "ALPHA_KEY"}},
                      "beta": {"cluster": "beta"},
                      "any": {"cluster": "gamma", "api": "any"}},
        "deployments": {"a": deployment("alpha", "model-a"), "b": deployment("beta", "model-b"),
                        ODD: deployment("alpha", "model-odd")},
        "models": {"ab": {"candidates": ["a", "b"]}, "b": {"candidates": ["b"]},
                   ODD: {"candidates": [ODD]}},
        "routes": [{"name": ODD, "when": {"tag_equals": "odd"}, "then": {"target_model": ODD}},
                   {"name": "long", "when": {"input_tokens_gt": 5000, "model_in": ["b"]},
                    "then": {"target_model": "b"}}],
        "shadow": {"routes": []},
        "failover": {"max_attempts": 3},
        "cooldown": {"success_threshold": 1, "time_ms": 1, "max_time_ms": 1},
        "allow_direct": true, "log_fields": true, "default_cluster": "site"
    })
}

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let mut document = document();
    // A cluster that makes no attempts.
    document["route_source"] =
        json!({"cluster": "alpha-http2-service", "path": "/rules", "interval_ms": 1000});
    document["shadow"] = json!({"routes": [
        {"name": "otherwise", "when": {"model_in": ["b"]}, "then": {"target_model": "ab"}}]});
    document["models"]["picked"] = json!({
        "strategy": "custom", "candidates": ["a", "b"],
        "custom": {"cluster": "nobody", "path": "/pick", "timeout_ms": 5000, "on_error": "first"}});
    document["limits"] = json!({"tenants": {
        "named": {"spent": {"tokens_per_day": 1}}, "on_missing": "allow"}});
    let services = vec![("nobody", CLOSED)];
    let spec = Spec { is_observed: true, services, ..Spec::failing_over(document) };
    let group = Group::start(&spec);
    exercise(&group);
    run(fetched(&group));
    group
});

/// Waits until the first fetch of routes has an outcome.
async fn fetched(group: &Group) {
    while group.envoy().scrape().await.sum("pointsman_route_source_fetches", &[]) == 0.0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends traffic that gives every metric a value.
fn exercise(group: &Group) {
    let chat_of = |model: &str| ask(group).model(model);
    assert_eq!(chat_of("ab").send().status, 200);
    let limited = |ask: Ask<'_>| {
        ask.header("x-mock-only", "alpha").header("x-mock-status", "429").send().status
    };
    assert_eq!(limited(chat_of("ab")), 200, "the other one serves it");
    // After its cooldown of a millisecond, one success is enough.
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(chat_of("ab").send().status, 200);
    }
    let text = "word ".repeat(2000);
    let long = chat("b", text);
    assert_eq!(ask(group).json(&long).send().status, 200);
    let told = |usage: &str| format!(r#"{{"choices":[{{"text":"a"}}],"usage":{usage}}}"#);
    let cached = told(
        r#"{"prompt_tokens":2001,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":1}}"#,
    );
    assert_eq!(ask(group).json(&long).header("x-mock-body", &cached).send().status, 200);
    // Its count of the input cannot be, and there is none of the output.
    let answer = r#"{"choices":[{"text":"a"}],"usage":{"prompt_tokens":99999999999}}"#;
    let untold = ask(group).json(&long).header("x-mock-body", answer).send();
    assert_eq!(untold.status, 200);
    assert_eq!(ask(group).header("x-llm-tag", "odd").json(&chat("ab", "Hello")).send().status, 200);
    assert_eq!(chat_of("picked").send().status, 200);
    assert_eq!(chat_of("nobody's").send().status, 404);
    assert_eq!(chat_of("ab").header("x-llm-tenant", "spent").send().status, 429);
    assert_eq!(chat_of("any:their-own").send().status, 200);
    assert_eq!(ask(group).path("/v1/files").body("anything").send().status, 200);
    group.assert_no_trap();
}

/// Returns the name that Prometheus has for a metric or label of Envoy.
fn in_prometheus(name: &str) -> String {
    name.replace('.', "_")
}

#[test]
fn every_metric_of_the_table_is_there_with_its_labels_and_no_other_is() {
    let scrape = run(GROUP.envoy().scrape());
    let mut expected = BTreeSet::new();
    for metric in table::ALL {
        let name = in_prometheus(metric.name);
        let (kind, sampled) = match metric.kind {
            MetricKind::Counter => ("counter", name.clone()),
            MetricKind::Gauge => ("gauge", name.clone()),
            MetricKind::Histogram => ("histogram", format!("{name}_count")),
        };
        assert_eq!(scrape.types.get(&name).map(String::as_str), Some(kind), "{name}");
        let labels: BTreeSet<String> = metric.labels.iter().copied().map(in_prometheus).collect();
        let found: BTreeSet<String> =
            scrape.labels(&sampled).into_iter().map(str::to_owned).collect();
        assert_eq!(found, labels, "{name}");
        expected.insert(name);
    }
    let found: BTreeSet<String> = scrape.types.keys().cloned().collect();
    assert_eq!(found, expected, "the names must be exactly these");
}

#[test]
fn names_with_odd_characters_stay_separate_labels() {
    let scrape = run(GROUP.envoy().scrape());
    // The name is unchanged except for what would end a value: `;`, `=`, a dot at the end.
    let shown = "org/model.v1:8b#x%3By%3Dz \"q\\ é%2E";
    let served = [("model", shown), ("route", shown), ("verdict", "served"), ("code", "2xx")];
    assert_eq!(scrape.sum("pointsman_requests", &served), 1.0);
    let succeeded = [("deployment", shown), ("outcome", "success")];
    assert_eq!(scrape.sum("pointsman_attempts", &succeeded), 1.0);
    for sample in &scrape.samples {
        let clients: Vec<_> =
            sample.labels.values().filter(|value| value.contains("their-own")).collect();
        assert!(clients.is_empty(), "{sample:?}");
    }
    let direct = [("deployment", "other"), ("outcome", "success")];
    assert_eq!(scrape.sum("pointsman_attempts", &direct), 1.0);
    let unknown = [("model", "other"), ("code", "model_not_found")];
    assert_eq!(scrape.sum("pointsman_requests", &unknown), 1.0);
}

#[test]
fn tokens_cost_and_fallbacks_match_what_the_providers_did() {
    let scrape = run(GROUP.envoy().scrape());
    let fell = [("model", "ab"), ("deployment", "b"), ("kind", "rate_limit")];
    assert_eq!(scrape.sum("pointsman_fallbacks", &fell), 1.0);
    assert_eq!(scrape.sum("pointsman_cooldowns", &[("deployment", "a")]), 1.0);
    assert_eq!(scrape.sum("pointsman_recoveries", &[("deployment", "a")]), 1.0);
    let told = [("deployment", "a"), ("direction", "input"), ("source", "provider")];
    let input = scrape.sum("pointsman_tokens", &told);
    let output = scrape.sum("pointsman_tokens", &[told[0], ("direction", "output"), told[2]]);
    // Each time seven tokens go in and five come out, for 0.001 and 0.002 dollars each.
    assert_eq!((input % 7.0, output), (0.0, input / 7.0 * 5.0));
    let cost = scrape.sum("pointsman_cost_nano_usd", &[("deployment", "a")]);
    assert_eq!(cost, (input + 2.0 * output) * 1e6);
    let estimated = [("deployment", "b"), ("direction", "input"), ("source", "estimate")];
    assert!(scrape.sum("pointsman_tokens", &estimated) > 1000.0);
    for (kind, wanted) in [("cache_read", 1024.0), ("reasoning", 1.0)] {
        assert_eq!(scrape.sum("pointsman_tokens_parts", &[("kind", kind)]), wanted, "{kind}");
    }
    assert_eq!(scrape.sum("pointsman_in_flight", &[]), 0.0);
}

/// Checks that the records say what the providers counted.
fn assert_recorded(group: &Group, spec: &Spec) {
    if spec.has_attempts {
        run(assert_equal_but_for_what_is_taken_back(group, &[LAYOUT]));
    } else {
        run(assert_equal(group, &[LAYOUT]));
    }
}

/// Requests of every kind, with every kind of failure.
const EVERY_KIND: Load =
    Load { models: &MODELS, requests: 3000, connections: 32, seed: 9, kinds: &FAULTY };

/// Checks the counts of requests and attempts under every kind of failure.
fn assert_counts_match(spec: &Spec) {
    let group: &'static Group = Box::leak(Box::new(Group::start(spec)));
    run(drive(group, EVERY_KIND));
    assert_recorded(group, spec);
    let scrape = run(assert_metrics(group, EVERY_KIND.requests));
    let refused = scrape.sum("pointsman_requests", &[("code", "invalid_body")]);
    assert!(refused > 0.0);
    group.assert_no_trap();
}

/// Fails unless the metrics say what the providers counted, and that there were this many requests.
/// Returns all of them.
async fn assert_metrics(group: &Group, requests: usize) -> Scrape {
    let scrape = group.envoy().scrape().await;
    for (deployment, (counts, _)) in counted(group) {
        let of = |name, labels: &[(&str, &str)]| {
            let labels = [&[("deployment", deployment)], labels].concat();
            scrape.sum(name, &labels)
        };
        let outcomes = |names: &[&str]| -> f64 {
            names.iter().map(|name| of("pointsman_attempts", &[("outcome", *name)])).sum()
        };
        assert_eq!(of("pointsman_attempts", &[]), counts.attempts as f64, "{deployment}");
        assert_eq!(outcomes(&["success"]), counts.successes as f64, "{deployment}");
        let failures =
            ["timeout", "rate_limit", "auth", "quota", "not_found", "server", "network", "in_band"];
        assert_eq!(outcomes(&failures), counts.failures as f64, "{deployment}");
        assert_eq!(of("pointsman_tokens", &[]), counts.tokens as f64, "{deployment}");
        let durations = of("gen_ai_server_request_duration_count", &[]);
        assert_eq!(durations, counts.attempts as f64, "{deployment}");
        assert_eq!(of("pointsman_in_flight", &[]), 0.0, "{deployment}");
    }
    assert_eq!(scrape.sum("pointsman_requests", &[]), requests as f64);
    assert_eq!(scrape.sum("pointsman_decision_duration_us_count", &[]), requests as f64);
    assert_eq!(DEPLOYMENTS.len(), 3);
    scrape
}

/// Sends a request that is never answered. It ends with its listener, in the last
/// moment of the configuration that counts it.
fn slow_request(group: &Group) -> TcpStream {
    let mut connection = TcpStream::connect(("127.0.0.1", group.port())).unwrap();
    let body = chat("turns", "Hello").to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {AUTHORITY}\r\nx-mock-hang: ever\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).unwrap();
    connection
}

#[test]
fn nothing_that_is_counted_is_lost_when_the_configuration_is_replaced() {
    let of_version = |version: &str| {
        let mut document = ledger::document();
        document["aliases"] = json!({version: "turns"});
        // So short that the configurations before the last are gone when the load ends.
        let spec =
            Spec { is_observed: true, is_dynamic: true, with_peek: true, ..Spec::new(document) };
        Spec { drain_time_s: 1, ..spec }
    };
    let group = Group::start(&of_version("0"));
    let is_over = AtomicBool::new(false);
    let sent: usize = thread::scope(|scope| {
        let client = || {
            let mut sent = 0;
            // Each request has a connection of its own: a listener that drains cuts others off.
            while !is_over.load(Ordering::Relaxed) {
                ask(&group).model("turns").send().served();
                sent += 1;
            }
            sent
        };
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        let mut under_way = Vec::new();
        for version in 1..5 {
            thread::sleep(Duration::from_millis(700));
            under_way.push(slow_request(&group));
            // So that it has come when its listener is replaced.
            thread::sleep(Duration::from_millis(100));
            group.envoy().update(&of_version(&version.to_string()), Path::new(&module()));
        }
        // Until the last of those that were replaced is gone.
        thread::sleep(Duration::from_secs(2));
        is_over.store(true, Ordering::Relaxed);
        let sent: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
        sent + under_way.len()
    });
    run(async {
        assert_equal(&group, &[LAYOUT]).await;
        assert_metrics(&group, sent).await;
        assert_eq!(group.envoy().stat("listener_manager.listener_modified").await, 4);
        assert_eq!(group.envoy().stat("listener_manager.total_listeners_draining").await, 0);
    });
    group.assert_no_trap();
}

#[test]
fn every_request_and_attempt_is_counted_once() {
    assert_counts_match(&Spec {
        is_observed: true,
        with_peek: true,
        ..Spec::new(ledger::document())
    });
}

#[test]
fn with_failover_every_request_and_attempt_is_counted_once() {
    let mut document = ledger::document();
    document["failover"] = json!({"max_attempts": 3});
    assert_counts_match(&Spec {
        is_observed: true,
        with_peek: true,
        ..Spec::failing_over(document)
    });
}
