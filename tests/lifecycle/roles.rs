//! The two roles of one document, also where a newer configuration comes between router and attempt.

use std::rc::Rc;

use pointsman::config::Role;
use pointsman::host::Host as _;
use pointsman::lifecycle::{Action, Stream};
use serde_json::json;

use crate::failover::{Proxy, document};
use crate::fake_host::ANSWER;
use crate::{engine, host};

#[test]
fn one_document_serves_both_roles() {
    let host = host();
    let role = |root_id: &str| {
        host.set_property(&["plugin_root_id"], root_id.as_bytes());
        engine(&host, &document(json!({}))).config().role
    };
    assert_eq!(
        [role(""), role("other"), role("attempt")],
        [Role::Router, Role::Router, Role::Attempt]
    );
}

#[test]
fn an_attempt_for_a_removed_deployment_does_not_stay_in_flight() {
    let mut proxy = Proxy::new(json!({}));
    proxy.send(&[]);
    // A configuration without the deployment arrives between the decision and its attempt.
    let deployments = json!({"b": {"provider": "open", "model": "model-b"}});
    let models = json!({"m": {"candidates": ["b"]}});
    let newer = json!({"role": "attempt", "deployments": deployments, "models": models});
    proxy.attempts = engine(&proxy.host, &document(newer));
    let in_flight = || {
        let record = proxy.host.shared.record("a");
        (record.total.attempts, record.flight.count(proxy.host.now_ms.get()))
    };
    assert_eq!(in_flight(), (1, 1));
    let attempt = proxy.attempt(9);
    assert_eq!(proxy.upstream_model(), "model-a");
    proxy.answer(attempt, 200, ANSWER);
    assert_eq!(in_flight(), (1, 0));
    let gauge = "pointsman.in_flight.deployment=.a;";
    assert_eq!(proxy.host.recorded(gauge), [1, 0]);
}

#[test]
fn an_attempt_is_made_at_no_other_cluster_than_its_own() {
    let proxy = Proxy::new(json!({}));
    proxy.send(&[]);
    proxy.host.set_property(&["xds", "cluster_name"], b"another");
    let mut stream = Stream::new(Rc::clone(&proxy.attempts));
    assert_eq!(proxy.host.head(&mut stream, false), Action::Pause);
    assert_eq!(proxy.host.refused().unwrap().0, 503);
    assert_eq!(proxy.host.sent("authorization"), None, "no credential goes there");
    let record = proxy.host.shared.record("a");
    assert_eq!(record.flight.count(proxy.host.now_ms.get()), 0);
    let is_told = |(_, line): &(log::Level, String)| line.contains("came to \"another\"");
    assert!(proxy.host.log.borrow().iter().any(is_told));
}
