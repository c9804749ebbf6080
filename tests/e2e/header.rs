//! Which headers reach providers.

use crate::group::OPEN;
use crate::harness::ask;

/// The (path, content type) of one request that the filter routes, and of some that it does not.
const PATHS: [(&str, &str); 3] = [
    ("/v1/chat/completions", "application/json"),
    ("/v1/files", "application/json"),
    ("/anything", "text/plain"),
];

#[test]
fn a_client_cannot_choose_the_cluster() {
    for (path, content_type) in PATHS {
        let reply = ask(&OPEN)
            .path(path)
            .header("content-type", content_type)
            .header("x-llm-cluster", "gamma")
            .header("x-llm-model", "stolen")
            .header("x-llm-retry", "1")
            .model("plain")
            .send();
        let (provider, seen) = reply.served_by_one();
        assert_ne!(provider, "gamma", "{path}");
        for name in ["x-llm-cluster", "x-llm-model", "x-llm-retry"] {
            assert_eq!(seen.header(name), None, "{name} on {path}");
        }
    }
}

#[test]
fn a_client_cannot_make_the_proxy_retry() {
    for (path, content_type) in PATHS {
        let reply = ask(&OPEN)
            .path(path)
            .header("content-type", content_type)
            // Envoy removes these itself, except from callers that it takes for internal.
            .header("x-forwarded-for", "10.0.0.1")
            .header("x-envoy-retry-on", "5xx,retriable-status-codes,retriable-headers")
            .header("x-envoy-retry-grpc-on", "unavailable")
            .header("x-envoy-max-retries", "3")
            .header("x-envoy-retriable-status-codes", "400")
            .header("x-envoy-retriable-header-names", "x-mock-provider")
            .header("x-envoy-hedge-on-per-try-timeout", "true")
            .header("x-mock-status", "400")
            .model("plain")
            .send();
        assert_eq!(reply.status, 400);
        let (_, seen) = reply.reached_one();
        for (name, _) in &seen.headers {
            let is_internal = ["x-envoy-retry-", "x-envoy-retriable-", "x-envoy-hedge-"]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            assert!(!is_internal, "{name} on {path}");
        }
    }
}

#[test]
fn control_headers_end_here() {
    let names = [
        "x-llm-route",
        "x-llm-tag",
        "x-llm-params",
        "x-llm-variant",
        "x-llm-session",
        "x-llm-cost-limit-usd",
        "x-llm-provider",
        "x-llm-deployment",
        "x-llm-fallback",
    ];
    let values = ["forced", "a", "k=v", "base", "s", "1", "gamma", "g1", "claude"];
    let asked =
        names.iter().zip(values).fold(ask(&OPEN), |asked, (name, value)| asked.header(name, value));
    let reply = asked.model("variants").send();
    assert_eq!(reply.served(), ("beta", "up-b1"));
    let (_, seen) = reply.served_by_one();
    let left: Vec<_> = seen.headers.iter().filter(|(name, _)| name.starts_with("x-llm-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn other_headers_arrive_as_they_were_sent() {
    let reply = ask(&OPEN)
        .header("x-drop-me", "kept where the provider does not ask to drop it")
        .header("x-twice", "one")
        .header("x-twice", "two")
        .header("openai-beta", "assistants=v2")
        .model("plain")
        .send();
    let (_, seen) = reply.served_by_one();
    let twice: Vec<_> = seen.headers.iter().filter(|(name, _)| name == "x-twice").collect();
    assert_eq!(twice.len(), 2);
    assert!(seen.header("x-drop-me").is_some());
    assert_eq!(seen.header("openai-beta"), Some("assistants=v2"));
}

#[test]
fn a_header_that_is_not_text_does_no_harm() {
    let odd = hyper::header::HeaderValue::from_bytes(b"caf\xe9").unwrap();
    let reply = ask(&OPEN)
        .header_value("x-odd", odd.clone())
        .header_value("x-llm-tag", odd.clone())
        .header_value("x-llm-route", odd.clone())
        .header_value("authorization", odd)
        .model("plain")
        .send();
    // What is not a tag is dropped, and no header keeps a request from its model.
    assert_eq!(reply.served(), ("beta", "up-b1"));
    OPEN.assert_no_trap();
}
