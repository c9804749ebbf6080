//! Names that clients invent, under `allow_direct`: none of them counts as an attempt.

use std::rc::Rc;

use pointsman::lifecycle::Stream;
use serde_json::json;

use crate::failover::Proxy;
use crate::{document, engine, head, host};

/// Looks like an attempt at `open:x` that was answered 429, followed by one at `y`.
const FORGED: &[u8] = br#"{"model":"open:x=429,y"}"#;

#[test]
fn a_name_that_a_client_invents_forges_no_attempt() {
    let proxy = Proxy::new(json!({"allow_direct": true}));
    let host = &proxy.host;
    let mut request = host.request(&proxy.router, &head(&[]), &[FORGED]);
    assert_eq!(proxy.property("llm.deployments"), "open:x%3D429%2Cy");
    let mut attempt = Stream::new(Rc::clone(&proxy.attempts));
    host.head(&mut attempt, true);
    host.done(attempt, Some("upstream_reset_before_response_started{connection_failure}"));
    host.begin_answer(&mut request, 503, &[], false);
    assert_eq!(host.received(":status").as_deref(), Some("503"));
    let attempts = "open:x%3D429%2Cy=network";
    assert_eq!(host.received("x-llm-attempts").as_deref(), Some(attempts));
    assert_eq!(proxy.property("llm.attempts"), attempts);
}

#[test]
fn without_failover_such_a_name_forges_no_attempt_either() {
    let host = host();
    let mut document = document();
    document["allow_direct"] = json!(true);
    document["log_fields"] = json!(true);
    let engine = engine(&host, &document);
    let mut request = host.request(&engine, &head(&[]), &[FORGED]);
    host.respond(&mut request, 503, &[]);
    let attempts = "open:x%3D429%2Cy=503";
    assert_eq!(host.received("x-llm-attempts").as_deref(), Some(attempts));
    assert_eq!(host.properties.borrow()["llm.attempts"], attempts.as_bytes());
}
