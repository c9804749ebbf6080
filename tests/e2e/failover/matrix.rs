//! Every way in which a first provider can fail × what the second does × streamed or not × small
//! and large bodies. The tests check what the client gets, what each provider gets, byte by byte,
//! and what is recorded.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::ledger::{LAYOUT, WRITTEN, now_ms, record};
use crate::harness::{Group, Reply, ask, run};
use crate::mock::Seen;

use super::rows::{Row, Then, headers_for, spec};
use super::{hash_of, text_of};

/// How many rows run at a time.
const AT_ONCE: usize = 24;

/// Headers that Envoy itself adds for a provider.
const ENVOYS: [&str; 4] =
    ["x-request-id", "x-forwarded-proto", "x-envoy-expected-rq-timeout-ms", "x-case"];

static GROUP: LazyLock<Group> = LazyLock::new(|| Group::start(&spec()));

#[test]
fn every_failure_is_followed_as_it_should() {
    LazyLock::force(&GROUP);
    let (rows, next) = (Row::all(), AtomicUsize::new(0));
    assert_eq!(rows.len(), 15 * 3 * 2 * 2);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    go(row);
                }
            });
        }
    });
    GROUP.assert_no_trap();
}

fn go(row: &Row) {
    let mut ask = ask(&GROUP)
        .body(row.body(&row.model()))
        .header("authorization", "Bearer sk-client")
        .header("x-common", "of client")
        .header("x-client", "of client")
        .header("x-not-to-alpha", "of client")
        .header("x-mock-each", &row.each());
    if !row.is_hanging() {
        ask = ask.header("x-patient", "1");
    }
    let reply = ask.send();
    assert_told(row, &reply);
    assert_answered(row, &reply);
    let mut seen = reply.seen.iter();
    if !row.is_refused() {
        assert_received(row, "alpha", "first", seen.next());
    }
    assert_received(row, row.second_provider(), "second", seen.next());
    assert_eq!(seen.next().map(|(provider, _)| provider), None, "{row:?}");
    run(assert_recorded(row));
}

/// Checks what the client is told about the attempts. It must learn nothing else of the inside.
fn assert_told(row: &Row, reply: &Reply) {
    let then = match row.then {
        Then::Answers => "200",
        Then::Fails => "503",
        Then::Hangs => "network",
    };
    let (first, second) = (row.deployment("first"), row.deployment("second"));
    let attempts = format!("{first}={},{second}={then}", row.fault.told);
    let model = if row.fault.list.is_some() { second.clone() } else { row.model() };
    let mut told: Vec<(&str, &str)> = reply
        .headers
        .keys()
        .map(|name| (name.as_str(), reply.header(name.as_str()).unwrap()))
        .filter(|(name, _)| name.starts_with("x-llm-"))
        .collect();
    told.sort_unstable();
    let wanted = [
        ("x-llm-attempts", attempts.as_str()),
        ("x-llm-deployment", second.as_str()),
        ("x-llm-model", model.as_str()),
        ("x-llm-provider", row.second_provider()),
    ];
    assert_eq!(told, wanted, "{row:?}");
}

fn assert_answered(row: &Row, reply: &Reply) {
    let status = match row.then {
        Then::Answers => 200,
        Then::Fails => 503,
        Then::Hangs if row.fault.told == "429" => 429,
        // Envoy retries with no deployment left: it makes as many attempts as the longest plan has.
        Then::Hangs if row.fault.list.is_some() => 503,
        Then::Hangs => 504,
    };
    assert_eq!(reply.status, status, "{row:?}: {:?}", reply.body);
    let error = || reply.json()["error"].clone();
    match row.then {
        Then::Answers => {
            let body = reply.body.as_ref().expect("a whole answer");
            assert_eq!(text_of(body, row.is_stream), "Hello from beta.", "{row:?}");
        }
        Then::Fails => {
            let message = "The mock provider was asked to answer 503.";
            assert_eq!(error()["message"], message, "{row:?}");
        }
        Then::Hangs if status == 429 => {
            assert_eq!(error()["code"], "rate_limited", "{row:?}");
            assert_eq!(reply.header("retry-after"), Some("1"), "{row:?}");
        }
        Then::Hangs => assert_eq!(error()["code"], "no_deployment_available", "{row:?}"),
    }
}

/// Checks that a provider got the client's body with its own model, and the client's headers with
/// its own.
fn assert_received(row: &Row, provider: &str, which: &str, seen: Option<&(&'static str, Seen)>) {
    let (name, seen) = seen.unwrap_or_else(|| panic!("{provider} got nothing: {row:?}"));
    let (cluster, path) = match provider {
        "alpha" => ("alpha", "/alpha/v1/chat/completions"),
        "beta" => ("beta", "/v1/chat/completions"),
        _ => ("beta", "/keyed/v1/chat/completions"),
    };
    assert_eq!((*name, seen.path.as_str()), (cluster, path), "{row:?}");
    assert!(seen.is_complete, "{row:?}");
    let body = row.body(&row.upstream_model(which));
    assert_eq!(seen.body_bytes, body.len(), "{row:?} at {provider}");
    assert_eq!(seen.body_sha256, hash_of(body.as_bytes()), "{row:?} at {provider}");
    let mut headers = json!({});
    for (name, value) in &seen.headers {
        if !ENVOYS.contains(&name.as_str()) {
            assert_eq!(headers.get(name), None, "{row:?}: {name} twice");
            headers[name] = value.as_str().into();
        }
    }
    let mut wanted = headers_for(row, provider);
    wanted["content-length"] = body.len().to_string().into();
    assert_eq!(headers, wanted, "{row:?} at {provider}");
}

async fn assert_recorded(row: &Row) {
    // What has failed at both says nothing of either.
    let is_taken_back = row.then == Then::Fails && row.fault.may_be_the_requests();
    let second = match row.then {
        Then::Answers => (1, 1, 0, 0),
        Then::Fails | Then::Hangs => (1, 0, u64::from(!is_taken_back), 0),
    };
    let first = (1, 0, u64::from(row.fault.is_failure && !is_taken_back), 0);
    let mut wanted = vec![("first", first), ("second", second)];
    if row.fault.list.is_some() {
        wanted.push(("other", (0, 0, 0, 0)));
    }
    let started = Instant::now();
    loop {
        let mut found = Vec::new();
        for (which, _) in &wanted {
            let record = record(&GROUP, LAYOUT, &row.deployment(which)).await;
            let (total, in_flight) = (record.total, record.flight.count(now_ms()));
            found.push((*which, (total.attempts, total.successes, total.failures, in_flight)));
        }
        if found == wanted || started.elapsed() > WRITTEN {
            return assert_eq!(found, wanted, "{row:?}: attempts, successes, failures, in flight");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
