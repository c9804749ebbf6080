//! What responses leave in shared data, and what other workers see of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use log::Level;
use pointsman::lifecycle::Engine;
use serde_json::json;

use crate::fake_host::{FakeHost, NOW_MS};
use crate::{document, engine, head, host};

/// Sends a request for a model and lets its deployment answer. Returns the deployment's name.
fn ask(
    host: &FakeHost,
    engine: &Rc<Engine>,
    model: &str,
    status: u16,
    with: &[(&str, &str)],
) -> String {
    let body = format!(r#"{{"model":"{model}"}}"#);
    let mut stream = host.request(engine, &head(&[]), &[body.as_bytes()]);
    if let Some((status, _)) = host.refused() {
        return status.to_string();
    }
    host.respond(&mut stream, status, with);
    host.received("x-llm-deployment").unwrap()
}

#[test]
fn responses_name_who_served() {
    let host = host();
    let engine = engine(&host, &document());
    ask(&host, &engine, "own", 200, &[]);
    assert_eq!(host.received("x-llm-model").as_deref(), Some("own"));
    assert_eq!(host.received("x-llm-provider").as_deref(), Some("own"));
    assert_eq!(host.received("x-llm-attempts").as_deref(), Some("own=200"));
    assert_eq!(host.received("x-llm-route"), None);
}

#[test]
fn a_provider_cannot_speak_for_the_filter() {
    let host = host();
    let engine = engine(&host, &document());
    ask(&host, &engine, "own", 200, &[("x-llm-route", "evil"), ("x-llm-deployment", "evil")]);
    assert_eq!(host.received("x-llm-route"), None);
    assert_eq!(host.received("x-llm-deployment").as_deref(), Some("own"));
}

#[test]
fn response_headers_can_be_switched_off() {
    let host = host();
    let mut document = document();
    document["response_headers"] = json!(false);
    let engine = engine(&host, &document);
    let mut stream = host.request(&engine, &head(&[]), &[br#"{"model":"own"}"#]);
    host.respond(&mut stream, 200, &[]);
    assert_eq!(host.received("x-llm-deployment"), None);
}

#[test]
fn turns_are_even_over_workers() {
    let one = host();
    let mut two = FakeHost::sharing(&one.shared);
    two.environment.clone_from(&one.environment);
    let engines = [engine(&one, &document()), engine(&two, &document())];
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for at in 0..99usize {
        // The two workers have very uneven load.
        let (host, engine) = if at % 5 == 0 { (&two, &engines[1]) } else { (&one, &engines[0]) };
        *counts.entry(ask(host, engine, "turns", 200, &[])).or_default() += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [33, 33, 33]);
}

#[test]
fn another_worker_starting_keeps_the_count() {
    let one = host();
    let first = engine(&one, &document());
    assert_eq!(ask(&one, &first, "turns", 200, &[]), "own");
    let again = engine(&one, &document());
    assert_eq!(ask(&one, &again, "turns", 200, &[]), "open");
}

#[test]
fn a_turn_survives_lost_writes() {
    let host = host();
    let engine = engine(&host, &document());
    for wanted in ["own", "open", "open2", "own"] {
        host.shared.conflicts.set(15);
        assert_eq!(ask(&host, &engine, "turns", 404, &[]), wanted);
    }
    assert_eq!(host.counted("pointsman.cas.exhausted"), 0);
}

#[test]
fn exhausted_write_tries_are_counted_and_fail_no_request() {
    let host = host();
    let engine = engine(&host, &document());
    host.shared.conflicts.set(16);
    assert_eq!(ask(&host, &engine, "turns", 404, &[]), "own");
    assert_eq!(host.counted("pointsman.cas.exhausted"), 1);
    host.shared.conflicts.set(16);
    ask(&host, &engine, "open", 503, &[]);
    assert_eq!(host.counted("pointsman.cas.exhausted"), 2);
}

#[test]
fn a_rate_limit_takes_a_deployment_out_for_every_worker_until_it_ends() {
    let one = host();
    let mut two = FakeHost::sharing(&one.shared);
    two.environment.clone_from(&one.environment);
    one.now_ms.stop();
    two.now_ms.stop();
    let (first, second) = (engine(&one, &document()), engine(&two, &document()));
    assert_eq!(ask(&one, &first, "pair", 429, &[("retry-after", "2")]), "open");
    assert_eq!(ask(&two, &second, "pair", 200, &[]), "open2");
    two.now_ms.set(NOW_MS + 1999);
    assert_eq!(ask(&two, &second, "pair", 200, &[]), "open2");
    two.now_ms.set(NOW_MS + 2000);
    assert_eq!(ask(&two, &second, "pair", 200, &[]), "open");
}

#[test]
fn transitions_are_logged_once_at_info() {
    let host = host();
    let engine = engine(&host, &document());
    ask(&host, &engine, "open", 429, &[("retry-after", "2")]);
    host.now_ms.set(NOW_MS + 3000);
    for _ in 0..4 {
        ask(&host, &engine, "open", 200, &[]);
    }
    let (version, hash) = (env!("CARGO_PKG_VERSION"), &engine.config().document_hash);
    let configured = format!("pointsman {version} is configured with the document {hash}");
    let log = host.log.borrow();
    let lines: Vec<&str> = log
        .iter()
        .filter(|(level, _)| *level == Level::Info)
        .map(|(_, line)| line.as_str())
        .collect();
    assert_eq!(
        lines,
        [
            configured.as_str(),
            "deployment \"open\" cools for 2000 ms after rate_limit (429)",
            "deployment \"open\" is healthy again",
        ]
    );
}

#[test]
fn five_server_errors_in_a_row_cool_a_deployment() {
    let host = host();
    let engine = engine(&host, &document());
    for _ in 0..5 {
        assert_eq!(ask(&host, &engine, "pair", 500, &[]), "open");
    }
    assert_eq!(ask(&host, &engine, "pair", 200, &[]), "open2");
}

#[test]
fn a_refused_credential_cools_only_if_it_is_the_proxys() {
    let host = host();
    let mut document = document();
    document["cooldown"] = json!({"when_all_cooling": "reject"});
    let engine = engine(&host, &document);
    for _ in 0..20 {
        assert_eq!(ask(&host, &engine, "open", 401, &[]), "open");
    }
    assert_eq!(ask(&host, &engine, "own", 401, &[]), "own");
    assert_eq!(ask(&host, &engine, "own", 200, &[]), "503");
    let reply = host.reply.borrow().clone().unwrap();
    assert!(reply.headers.contains(&("retry-after".to_owned(), "5".to_owned())));
}

#[test]
fn bad_requests_cool_nothing() {
    let host = host();
    let engine = engine(&host, &document());
    for status in [400, 404, 413, 422].repeat(20) {
        assert_eq!(ask(&host, &engine, "pair", status, &[]), "open");
    }
}

#[test]
fn envoys_own_answers_count_if_the_deployment_is_to_blame() {
    let refused = "upstream_reset_before_response_started{remote_connection_failure}";
    for (details, cooled) in [(refused, true), ("cluster_not_found", false)] {
        let host = host();
        let engine = engine(&host, &document());
        host.properties
            .borrow_mut()
            .insert("response.code_details".to_owned(), details.as_bytes().to_vec());
        for _ in 0..5 {
            ask(&host, &engine, "pair", 503, &[]);
        }
        let attempts = host.received("x-llm-attempts");
        assert_eq!(attempts.as_deref(), cooled.then_some("open=network"));
        let next = ask(&host, &engine, "pair", 503, &[]);
        assert_eq!(next, if cooled { "open2" } else { "open" });
    }
}

#[test]
fn a_client_is_told_in_its_own_api_that_the_only_attempt_failed() {
    let reset = "upstream_reset_before_response_started{remote_connection_failure}";
    for (status, details, wanted) in [
        (503, reset, Some("could not be reached; try again")),
        (503, "no_healthy_upstream", Some("has no host; try again")),
        (504, "upstream_response_timeout", Some("did not answer in time; try again")),
        // What Envoy says of the request, or of itself, stays.
        (503, "upstream_reset_before_response_started{overflow}", None),
        (503, "cluster_not_found", None),
        // And what a provider says.
        (503, "via_upstream", None),
    ] {
        let host = host();
        let engine = engine(&host, &document());
        let code = ("response.code_details".to_owned(), details.as_bytes().to_vec());
        host.properties.borrow_mut().extend([code]);
        let mut stream = host.request(&engine, &head(&[]), &[br#"{"model":"pair"}"#]);
        let head = [("content-type", "text/plain"), ("content-length", "9")];
        host.answer(&mut stream, status, &head, &[b"Envoy's", b" own"]);
        let body = String::from_utf8_lossy(&host.response_body.borrow()).into_owned();
        match wanted {
            Some(text) => {
                let error: serde_json::Value = serde_json::from_str(&body).unwrap();
                assert_eq!(error["error"]["code"], "no_deployment_available", "{body}");
                assert!(error["error"]["message"].as_str().unwrap().contains(text), "{body}");
                assert_eq!(host.received("content-type").as_deref(), Some("application/json"));
                assert_eq!(host.received("content-length"), None);
                assert_eq!(host.received("x-llm-deployment").as_deref(), Some("open"));
            }
            None => assert_eq!(body, "", "it is not replaced: {details:?}"),
        }
        assert_eq!(host.received(":status"), Some(status.to_string()));
    }
}

#[test]
fn requests_that_pass_through_write_nothing() {
    let host = host();
    let engine = engine(&host, &document());
    let mut head = head(&[]);
    head[1].1 = "/v1/files";
    let mut stream = host.request(&engine, &head, &[b"anything"]);
    host.respond(&mut stream, 500, &[("x-llm-model", "theirs")]);
    assert_eq!(host.received("x-llm-model").as_deref(), Some("theirs"));
    assert_eq!(host.sent_body(), "anything");
}
