//! Requests of every kind, whose providers fail at random. Each request ends as predicted, and
//! nothing turns up where it does not belong.
//!
//! A seed decides what each request is and which provider fails it. How the requests interleave
//! depends on the machine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Bytes;
use serde_json::json;

use crate::harness::ledger::{LAYOUT, WRITTEN, now_ms, record};
use crate::harness::load::settle;
use crate::harness::{Client, Group, Spec, run};
use crate::mock::{Did, Seen};

use super::draw::{Drawn, PROVIDERS, UPSTREAM};
use super::{hash_of, text_of};

const REQUESTS: usize = 2000;
const CONNECTIONS: usize = 32;
const SEED: u64 = 0x5EED_0005;

/// Names of deployments and providers, which must stay inside the proxy.
const DEPLOYMENTS: [&str; 3] = ["deployment-one", "deployment-two", "deployment-three"];

/// Strings that no provider may get, in a header or a body.
const INTERNAL: [&str; 6] =
    ["x-llm-", "llm.plan", "wasm.llm", "public-name", "deployment-", "provider-"];

/// The credential that each provider gets: the proxy's at the first and third, the client's at the
/// second.
const CREDENTIALS: [&str; 3] = ["sk-of-alpha", "sk-of-client", "sk-of-gamma"];

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let document = json!({
        "providers": {
            "provider-one": {"cluster": "alpha", "api": "any", "authority": "api.alpha.test",
                             "path_prefix": "/alpha", "credential": {"env": "ALPHA_KEY"},
                             "headers": {"x-of-alpha": "mark-of-alpha"}},
            "provider-two": {"cluster": "beta", "api": "any",
                             "headers": {"x-of-beta": "mark-of-beta"}},
            "provider-three": {"cluster": "gamma", "api": "any", "authority": "api.gamma.test",
                               "headers": {"x-of-gamma": "mark-of-gamma"},
                               "credential": {"env": "GAMMA_KEY", "header": "x-api-key", "prefix": ""}},
        },
        "deployments": {
            "deployment-one": {"provider": "provider-one", "model": UPSTREAM[0]},
            "deployment-two": {"provider": "provider-two", "model": UPSTREAM[1]},
            "deployment-three": {"provider": "provider-three", "model": UPSTREAM[2]},
        },
        "models": {"public-name": {"candidates": DEPLOYMENTS}},
        "failover": {"max_attempts": 3},
        "cooldown": {"enabled": false},
    });
    let environment = vec![("ALPHA_KEY", CREDENTIALS[0]), ("GAMMA_KEY", CREDENTIALS[2])];
    Group::start(&Spec { with_peek: true, environment, ..Spec::failing_over(document) })
});

#[test]
fn whatever_fails_the_client_is_served_while_anybody_serves() {
    LazyLock::force(&GROUP);
    run(async {
        let next = Arc::new(AtomicUsize::new(0));
        let client = |_| {
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                let mut client = Client::new(&GROUP);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= REQUESTS {
                        break;
                    }
                    go(&mut client, number).await;
                }
            })
        };
        for client in (0..CONNECTIONS).map(client).collect::<Vec<_>>() {
            client.await.unwrap();
        }
        settle(&GROUP).await;
        assert_recorded().await;
    });
    assert_nothing_leaked();
    GROUP.assert_no_trap();
}

/// Makes one request, and compares the result with what was drawn.
async fn go(client: &mut Client, number: usize) {
    let drawn = Drawn::new(SEED, number);
    let response = client.send(drawn.request()).await;
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap_or_else(|error| panic!("{error}: {drawn:?}")).to_bytes();
    let told = head.headers.get("x-llm-attempts").map(|value| value.to_str().unwrap());
    assert_eq!(told, Some(drawn.attempts(&DEPLOYMENTS).as_str()), "{drawn:?}");
    assert_eq!(head.status.as_u16(), drawn.status(), "{drawn:?}: {body:?}");
    let server = drawn.served_by();
    if let Some(server) = server {
        let text = text_of(&body, drawn.is_stream);
        assert_eq!(text, format!("Hello from {}.", PROVIDERS[server]), "{drawn:?}");
    }
    assert_clean(&head.headers, &body, drawn.asked().checked_sub(1).unwrap());
    for (at, provider) in PROVIDERS.iter().enumerate() {
        let seen = GROUP.mock(provider).seen_with("x-case", &drawn.case());
        assert_eq!(seen.len(), usize::from(at < drawn.asked()), "{drawn:?} at {provider}");
        for seen in seen {
            assert!(seen.is_complete, "{drawn:?} at {provider}");
            let body = drawn.body(UPSTREAM[at]).concat();
            assert_eq!(seen.body_bytes, body.len(), "{drawn:?} at {provider}");
            assert_eq!(seen.body_sha256, hash_of(&body), "{drawn:?} at {provider}");
        }
    }
}

/// Fails if the client learns anything internal, or anything of another provider.
fn assert_clean(headers: &HeaderMap, body: &Bytes, last: usize) {
    let named = ["model", "deployment", "provider", "attempts"].map(|name| format!("x-llm-{name}"));
    for (name, value) in headers {
        let (name, value) = (name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        assert!(!name.starts_with("x-llm-") || named.iter().any(|known| known == name), "{name}");
        for secret in CREDENTIALS.iter().chain(&["mark-of", "llm.plan"]) {
            assert!(!value.contains(secret), "the client got {name}: {value}");
        }
    }
    // The mock providers repeat what they received.
    let body = String::from_utf8_lossy(body);
    for (at, secret) in CREDENTIALS.iter().enumerate().filter(|(at, _)| *at != last) {
        assert!(!body.contains(secret), "the client got the credential of {at}: {body}");
    }
}

/// Searches everything that every provider received, and Envoy's log.
fn assert_nothing_leaked() {
    for (at, provider) in PROVIDERS.iter().enumerate() {
        let all = GROUP.mock(provider).seen();
        assert!(all.len() > 100, "{provider} has hardly been asked");
        for seen in all {
            let text = everything(&seen);
            for (_, secret) in CREDENTIALS.iter().enumerate().filter(|(of, _)| *of != at) {
                assert!(!text.contains(secret), "{provider} got {secret}: {:?}", seen.headers);
            }
            for mark in PROVIDERS.iter().filter(|other| *other != provider) {
                let mark = format!("mark-of-{mark}");
                assert!(!text.contains(&mark), "{provider} got {mark}: {:?}", seen.headers);
            }
            for internal in INTERNAL {
                assert!(!text.contains(internal), "{provider} got {internal}: {:?}", seen.headers);
            }
            assert_eq!(text.matches(CREDENTIALS[at]).count(), 1, "{provider}: {:?}", seen.headers);
        }
    }
    assert_eq!(GROUP.mock("site").seen().len(), 0);
    let log = GROUP.envoy().log();
    for secret in CREDENTIALS {
        assert!(!log.contains(secret), "a credential is in Envoy's log");
    }
}

fn everything(seen: &Seen) -> String {
    let mut text = format!("{} {}\n", seen.path, seen.authority);
    for (name, value) in seen.headers.iter().chain(&seen.trailers) {
        text.extend([name, ": ", value, "\n"]);
    }
    text + &seen.text()
}

/// Attempts, successes, failures, tokens, in flight.
type Counts = (u64, u64, u64, u64, u32);

/// What the providers counted, and how many of their failures count.
fn counted() -> BTreeMap<&'static str, Counts> {
    let mut counts = BTreeMap::new();
    for ((model, did), count) in GROUP.tally() {
        let at = UPSTREAM.iter().position(|known| *known == model).expect("a model of ours");
        let of_one: &mut Counts = counts.entry(DEPLOYMENTS[at]).or_default();
        of_one.0 += count.times;
        of_one.3 += count.tokens;
        match did {
            Did::Answer(200) | Did::Stream => of_one.1 += count.times,
            Did::Answer(400..) | Did::Reset | Did::Hang => {}
            other => panic!("{other:?}"),
        }
    }
    for drawn in (0..REQUESTS).map(|number| Drawn::new(SEED, number)) {
        for (deployment, counts_there) in DEPLOYMENTS.iter().zip(drawn.failures()) {
            counts.entry(*deployment).or_default().2 += u64::from(counts_there);
        }
    }
    counts
}

async fn assert_recorded() {
    let started = Instant::now();
    loop {
        let mut recorded = BTreeMap::new();
        for deployment in DEPLOYMENTS {
            let record = record(&GROUP, LAYOUT, deployment).await;
            let (total, in_flight) = (record.total, record.flight.count(now_ms()));
            let counts = (total.attempts, total.successes, total.failures, total.tokens, in_flight);
            recorded.insert(deployment, counts);
        }
        if recorded == counted() || started.elapsed() > WRITTEN {
            return assert_eq!(recorded, counted(), "{:#?}", GROUP.tally());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
