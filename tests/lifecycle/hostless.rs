//! A cluster without a host: Envoy answers by itself, asks no attempt filter and makes no other attempt.

use pointsman::lifecycle::Stream;
use serde_json::json;

use crate::failover::Proxy;

/// What Envoy sends in place of an answer.
const ENVOYS: &[u8] = b"no healthy upstream";

/// A proxy whose clusters have no host from now on.
fn proxy() -> Proxy {
    Proxy::new(json!({"log_fields": true}))
}

/// Lets Envoy answer a request by itself.
fn answer(proxy: &Proxy, mut request: Stream, details: &str) {
    let code = ("response.code_details".to_owned(), details.as_bytes().to_vec());
    proxy.host.properties.borrow_mut().extend([code]);
    proxy.host.answer(&mut request, 503, &[("content-type", "text/plain")], &[ENVOYS]);
    proxy.host.done(request, None);
}

#[test]
fn the_deployment_cools_down_at_once() {
    let proxy = proxy();
    let request = proxy.send(&[]);
    answer(&proxy, request, "no_healthy_upstream");
    let record = proxy.host.shared.record("a");
    assert_eq!((record.total.attempts, record.total.failures), (1, 1));
    assert_eq!(record.flight.count(proxy.host.now_ms.get()), 0);
    assert_eq!(proxy.host.received("x-llm-attempts").as_deref(), Some("a=network"));
    assert_eq!(proxy.property("llm.attempts"), "a=network");
    assert_eq!(proxy.property("llm.deployment"), "a");
    let body = String::from_utf8_lossy(&proxy.host.response_body.borrow()).into_owned();
    assert!(body.contains("no_deployment_available"), "{body}");
    // The other deployment was not tried.
    assert!(body.contains("the deployment that was picked has no host; try again"), "{body}");
    assert!(!body.contains("no deployment that could"), "{body}");
    proxy.host.properties.borrow_mut().clear();
    proxy.send(&[]);
    drop(proxy.attempt(1000));
    assert_eq!(proxy.upstream_model(), "model-b");
}

#[test]
fn the_client_learns_that_others_have_failed_before() {
    let proxy = proxy();
    let request = proxy.send(&[]);
    let first = proxy.attempt(1000);
    assert!(proxy.answer(first, 500, b"{}"));
    answer(&proxy, request, "no_healthy_upstream");
    assert_eq!(proxy.host.received("x-llm-attempts").as_deref(), Some("a=500,b=network"));
    let body = String::from_utf8_lossy(&proxy.host.response_body.borrow()).into_owned();
    assert!(body.contains("tried failed, the last because it has no host; try again"), "{body}");
}

#[test]
fn an_attempt_after_others_is_recorded_once() {
    let proxy = proxy();
    let request = proxy.send(&[]);
    let first = proxy.attempt(1000);
    assert!(proxy.answer(first, 429, b"{}"));
    answer(&proxy, request, "no_healthy_upstream");
    let [a, b] = ["a", "b"].map(|id| proxy.host.shared.record(id));
    assert_eq!((a.total.attempts, b.total.attempts, b.total.failures), (1, 1, 1));
    assert_eq!(b.flight.count(proxy.host.now_ms.get()), 0);
    assert_eq!(proxy.host.received("x-llm-attempts").as_deref(), Some("a=429,b=network"));
    assert_eq!(proxy.host.received(":status").as_deref(), Some("429"), "it may try again later");
}

#[test]
fn what_envoy_refuses_for_another_reason_counts_nowhere() {
    for details in ["cluster_not_found", "upstream_reset_before_response_started{overflow}", ""] {
        let proxy = proxy();
        let request = proxy.send(&[]);
        answer(&proxy, request, details);
        let record = proxy.host.shared.record("a");
        assert_eq!((record.total.failures, record.flight.count(proxy.host.now_ms.get())), (0, 0));
        assert_eq!(proxy.host.received("x-llm-attempts"), None, "{details}");
    }
}
