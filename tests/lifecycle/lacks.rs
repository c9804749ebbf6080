//! Hosts that lack a part of the ABI: the filter warns once about each part, and serves as much as
//! it can.

use log::Level;
use pointsman::host::Lacks;
use pointsman::lifecycle::Engine;
use serde_json::{Value, json};

use crate::fake_host::FakeHost;
use crate::{document, engine, head, host};

const ALL: Lacks =
    Lacks { properties: true, shared_data: true, foreign_functions: true, metrics: true };

fn lacking(lacks: Lacks) -> FakeHost {
    let host = host();
    host.lacks.set(lacks);
    host
}

fn warnings(host: &FakeHost) -> Vec<String> {
    let log = host.log.borrow();
    let warnings =
        log.iter().filter(|(level, line)| *level == Level::Warn && line.contains("host"));
    warnings.map(|(_, line)| line.clone()).collect()
}

#[test]
fn a_complete_host_gets_no_warning() {
    let host = host();
    engine(&host, &document());
    assert_eq!(warnings(&host), Vec::<String>::new());
}

#[test]
fn missing_parts_are_logged_and_requests_are_routed_anyway() {
    let host = lacking(ALL);
    let engine = engine(&host, &document());
    let told = warnings(&host);
    assert_eq!(told.len(), 4, "{told:?}");
    for what in ["no properties", "no shared data", "no foreign function", "no metrics"] {
        assert!(told.iter().any(|line| line.contains(what)), "{what}: {told:?}");
    }
    let mut clusters = Vec::new();
    for _ in 0..6 {
        let mut stream = host.request(&engine, &head(&[]), &[br#"{"model":"turns"}"#]);
        assert_eq!(host.refused(), None);
        clusters.push(host.sent("x-llm-cluster").unwrap());
        host.respond(&mut stream, 200, &[]);
        host.done(stream, None);
    }
    assert!(clusters.iter().any(|cluster| cluster == "own-cluster"), "{clusters:?}");
    assert!(clusters.iter().any(|cluster| cluster == "open-cluster"), "{clusters:?}");
    // Failures are forgotten, so nothing cools.
    for _ in 0..10 {
        let mut stream = host.request(&engine, &head(&[]), &[br#"{"model":"own"}"#]);
        assert_eq!(host.refused(), None);
        host.respond(&mut stream, 500, &[]);
        host.done(stream, None);
    }
}

#[test]
fn a_configuration_that_needs_a_missing_part_is_refused() {
    let refused = |lacks: Lacks, with: &Value| {
        let mut document = json!({
            "providers": {"p": {"cluster": "p"}}, "default_cluster": "p",
            "deployments": {"d": {"provider": "p", "model": "d"}}, "models": {"m": {"candidates": ["d"]}}
        });
        document.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        Engine::start(&lacking(lacks), document.to_string().as_bytes()).err()
    };
    let properties = Lacks { properties: true, ..Lacks::default() };
    let foreign = Lacks { foreign_functions: true, ..Lacks::default() };
    let alone = Lacks { shared_data: true, ..Lacks::default() };
    let tenants = json!({"limits": {"tenants": {"budget": {"requests_per_day": 1}}}});
    let failover = json!({"failover": {"max_attempts": 2}});
    let held = json!({"hold": "buffer_filter"});
    let attempt = json!({"role": "attempt", "failover": {"max_attempts": 2}});
    for (lacks, with, wanted) in [
        (properties, &failover, Some("no properties")),
        (properties, &held, Some("no properties")),
        (properties, &attempt, Some("no properties")),
        (foreign, &held, Some("clear_route_cache")),
        (foreign, &failover, None),
        (foreign, &attempt, None),
        (alone, &failover, None),
        (alone, &tenants, Some("limits.tenants")),
    ] {
        let problem = refused(lacks, with);
        match wanted {
            None => assert_eq!(problem, None, "{with}"),
            Some(text) => assert!(problem.as_deref().unwrap_or("").contains(text), "{problem:?}"),
        }
    }
}
