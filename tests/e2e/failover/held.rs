//! Failover where a buffer filter holds the heads because the flag of this filter is not set.
//! Attempts do not see one another's heads, and they do not wait for the bodies of errors.

use std::sync::LazyLock;

use serde_json::json;

use crate::harness::{Group, ask};
use crate::hold::{CLIENT, assert_went, with, with_credential};

static FAILING_OVER: LazyLock<Group> = LazyLock::new(|| with(json!({"max_attempts": 3})));

#[test]
fn a_failing_provider_is_followed_by_the_next() {
    for status in ["500", "503", "429", "401", "402", "408"] {
        let reply = with_credential(&FAILING_OVER)
            .model("ab")
            .header("x-mock-only", "alpha")
            .header("x-mock-status", status)
            .send();
        assert_eq!(reply.status, 200, "{status}");
        assert_went(&FAILING_OVER, &reply, &["alpha", "beta"], &format!("a={status},b=200"));
        let second = &reply.seen[1].1;
        assert_eq!(second.header("authorization"), Some(CLIENT));
        assert_eq!(second.header("x-alpha"), None);
        assert_eq!(second.path, "/v1/chat/completions");
        assert_eq!(second.upstream_model.as_deref(), Some("model-b"));
    }
    let reply = ask(&FAILING_OVER).model("down").send();
    assert_eq!(reply.status, 200);
    assert_went(&FAILING_OVER, &reply, &["beta"], "none=network,b=200");
}

#[test]
fn when_no_deployment_is_left_the_client_gets_the_last_answer() {
    let reply = ask(&FAILING_OVER).model("all-down").send();
    assert_eq!(reply.refused(503)["error"]["code"], "no_deployment_available");
    assert_went(&FAILING_OVER, &reply, &[], "none=network");
    let reply = ask(&FAILING_OVER)
        .model("limited-then-down")
        .header("x-mock-only", "alpha")
        .header("x-mock-status", "429")
        .header("x-mock-retry-after", "7")
        .send();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.json()["error"]["code"], "rate_limited");
    assert_eq!(reply.header("retry-after"), Some("7"));
    assert_went(&FAILING_OVER, &reply, &["alpha"], "a=429,none=network");
}

#[test]
fn an_error_whose_body_is_not_waited_for_passes() {
    let reply = ask(&FAILING_OVER)
        .model("fitting")
        .header("x-mock-only", "alpha")
        .header("x-mock-refusal", "context-length")
        .send();
    assert_eq!(reply.status, 400);
    assert_went(&FAILING_OVER, &reply, &["alpha"], "a=400");
    let reply = ask(&FAILING_OVER).model("ab").header("x-mock-status", "400").send();
    assert_went(&FAILING_OVER, &reply, &["alpha"], "a=400");
}

#[test]
fn a_request_that_the_filter_does_not_route_is_sent_once() {
    for (name, value) in [("x-mock-reset", "before-headers"), ("x-llm-retry", "1")] {
        let asked = with_credential(&FAILING_OVER).path("/v1/files").header(name, value);
        let reply = asked.body("anything").send();
        let (provider, seen) = reply.reached_one();
        assert_eq!((provider, seen.header("authorization")), ("site", Some(CLIENT)));
    }
}
