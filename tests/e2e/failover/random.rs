//! Requests of every kind, whose providers fail at random. Each request ends as predicted, and
//! nothing turns up where it does not belong.
//!
//! A seed decides what each request is and which provider fails it. How the requests interleave
//! depends on the machine.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Bytes, Incoming};
use serde_json::json;

use crate::harness::ledger::{LAYOUT, WRITTEN, now_ms, record};
use crate::harness::load::settle;
use crate::harness::{Client, Group, Spec, run};
use crate::mock::Seen;

use super::draw::{Drawn, Ended, PROVIDERS, UPSTREAM};
use super::faults::{FAULTS, Fault, Hollow, LATE_TOKENS, Late};
use super::{hash_of, text_of};

/// How many requests there are, unless `REQUESTS` says otherwise: `make chaos`.
const REQUESTS: usize = 2000;

/// After how many requests the providers forget what they have seen.
const KEPT: usize = 2000;

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
            "provider-one": {"cluster": "alpha", "api": "any", "boundary": "both", "authority": "api.alpha.test",
                             "path_prefix": "/alpha", "credential": {"env": "ALPHA_KEY"},
                             "headers": {"x-of-alpha": "mark-of-alpha"}},
            "provider-two": {"cluster": "beta", "api": "any", "boundary": "both",
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
    let requests = std::env::var("REQUESTS")
        .map_or(REQUESTS, |text| text.parse().expect("REQUESTS is a number"));
    for first in (0..requests).step_by(KEPT) {
        run(go_all(first..requests.min(first + KEPT)));
        assert_nothing_leaked();
        GROUP.forget();
    }
    assert_all_met(requests);
    run(async {
        settle(&GROUP).await;
        assert_recorded(requests).await;
    });
    GROUP.assert_no_trap();
}

/// Fails unless every fault was met, and every end.
fn assert_all_met(requests: usize) {
    let mut met = Vec::new();
    let mut ends = [0, 0, 0];
    for drawn in (0..requests).map(|number| Drawn::new(SEED, number)) {
        let course = drawn.course();
        met.extend((0..course.told.len()).filter_map(|at| drawn.fault(at)));
        ends[match course.end {
            Ended::Served(_) => 0,
            Ended::Broken(_) => 1,
            Ended::Refused(_) => 2,
        }] += 1;
    }
    assert!(FAULTS.iter().all(|fault| met.contains(fault)), "{met:?}");
    assert!(ends.into_iter().min() > Some(requests / 200), "{ends:?}");
    println!(
        "{requests} requests: {} served, {} broken, {} refused; {} attempts failed",
        ends[0],
        ends[1],
        ends[2],
        met.len()
    );
}

/// Makes the requests of these numbers, over several connections.
async fn go_all(numbers: Range<usize>) {
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let client = |_| {
        let next = Arc::clone(&next);
        tokio::spawn(async move {
            let mut client = Client::new(&GROUP);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= numbers.end {
                    break;
                }
                go(&mut client, number).await;
            }
        })
    };
    for client in (0..CONNECTIONS).map(client).collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

/// Makes one request, and compares the result with what was drawn.
async fn go(client: &mut Client, number: usize) {
    let drawn = Drawn::new(SEED, number);
    let course = drawn.course();
    let response = client.send(drawn.request()).await;
    let (head, body) = response.into_parts();
    let (body, is_whole) = collected(body).await;
    let told = head.headers.get("x-llm-attempts").map(|value| value.to_str().unwrap());
    assert_eq!(told, Some(drawn.attempts(&DEPLOYMENTS).as_str()), "{drawn:?}");
    let status = match course.end {
        Ended::Refused(status) => status,
        Ended::Served(_) | Ended::Broken(_) => 200,
    };
    assert_eq!(head.status.as_u16(), status, "{drawn:?}: {body:?}");
    match course.end {
        Ended::Served(at) => {
            assert!(is_whole, "{drawn:?}");
            let text = text_of(&body, drawn.is_stream);
            assert_eq!(text, format!("Hello from {}.", PROVIDERS[at]), "{drawn:?}");
        }
        Ended::Broken(at) => assert_seen_to_be_broken(&drawn, at, &body, is_whole),
        Ended::Refused(_) => assert!(is_whole, "{drawn:?}"),
    }
    assert_clean(&head.headers, &body, course.told.len().checked_sub(1).unwrap());
    for (at, provider) in PROVIDERS.iter().enumerate() {
        let seen = GROUP.mock(provider).seen_with("x-case", &drawn.case());
        assert_eq!(seen.len(), usize::from(at < course.told.len()), "{drawn:?} at {provider}");
        for seen in seen {
            assert!(seen.is_complete, "{drawn:?} at {provider}");
            let body = drawn.body(UPSTREAM[at]).concat();
            assert_eq!(seen.body_bytes, body.len(), "{drawn:?} at {provider}");
            assert_eq!(seen.body_sha256, hash_of(&body), "{drawn:?} at {provider}");
        }
    }
}

/// Returns what comes of a body, and whether that is all of it.
async fn collected(mut body: Incoming) -> (Bytes, bool) {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return (bytes.into(), false) };
        bytes.extend(frame.into_data().unwrap_or_default());
    }
    (bytes.into(), true)
}

/// Fails if the client could take an answer for whole that its provider has not sent whole. Nothing
/// of another provider's answer is in it.
fn assert_seen_to_be_broken(drawn: &Drawn, at: usize, body: &Bytes, is_whole: bool) {
    let text = String::from_utf8_lossy(body);
    assert!(!text.contains("Hello from"), "{drawn:?}: {text}");
    let Some(fault) = drawn.fault(at) else { panic!("{drawn:?} is broken without a fault") };
    match fault {
        Fault::Late(Late::Cut) => assert!(text.contains("before it was complete"), "{text}"),
        Fault::Late(Late::Failed) | Fault::Hollow(Hollow::Overloaded | Hollow::Limited) => {
            assert!(text.ends_with("}\n\n") || text.ends_with('}'), "{drawn:?}: {text}");
            assert!(is_whole && text.contains("Fails."), "{drawn:?}: {text}");
        }
        Fault::Late(Late::Dies) | Fault::Hollow(Hollow::Dies) => {
            assert!(!is_whole, "{drawn:?}: {text}");
        }
        Fault::Hollow(Hollow::Empty) => assert!(!text.contains("Hel"), "{drawn:?}: {text}"),
        Fault::Hollow(Hollow::Silent) | Fault::Refused(..) => panic!("{drawn:?}"),
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
        assert!(all.len() > 20, "{provider} has hardly been asked");
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

/// Attempts, successes, tokens, in flight.
type Counts = (u64, u64, u64, u32);

/// What the providers counted of each deployment, and how many failures count: at least and at most.
fn counted(requests: usize) -> BTreeMap<&'static str, (Counts, (u64, u64))> {
    let mut counts: BTreeMap<&str, (Counts, (u64, u64))> = BTreeMap::new();
    for ((model, _), count) in GROUP.tally() {
        let at = UPSTREAM.iter().position(|known| *known == model).expect("a model of ours");
        let (of_one, _) = counts.entry(DEPLOYMENTS[at]).or_default();
        of_one.0 += count.times;
        of_one.2 += count.tokens;
    }
    for drawn in (0..requests).map(|number| Drawn::new(SEED, number)) {
        match drawn.course().end {
            Ended::Served(at) => counts.entry(DEPLOYMENTS[at]).or_default().0.1 += 1,
            Ended::Broken(at) if matches!(drawn.fault(at), Some(Fault::Late(_))) => {
                counts.entry(DEPLOYMENTS[at]).or_default().0.2 += LATE_TOKENS;
            }
            Ended::Broken(_) | Ended::Refused(_) => {}
        }
        for (deployment, (least, most)) in DEPLOYMENTS.iter().zip(drawn.failures()) {
            let (_, failures) = counts.entry(*deployment).or_default();
            *failures = (failures.0 + least, failures.1 + most);
        }
    }
    counts
}

/// Fails unless the records finally say what the providers and the drawing have counted.
async fn assert_recorded(requests: usize) {
    let started = Instant::now();
    loop {
        let wanted = counted(requests);
        let mut recorded = BTreeMap::new();
        for deployment in DEPLOYMENTS {
            let record = record(&GROUP, LAYOUT, deployment).await;
            let (total, in_flight) = (record.total, record.flight.count(now_ms()));
            let counts = (total.attempts, total.successes, total.tokens, in_flight);
            let (least, most) = wanted[deployment].1;
            let failures = if (least..=most).contains(&total.failures) {
                (least, most)
            } else {
                (total.failures, 0)
            };
            recorded.insert(deployment, (counts, failures));
        }
        if recorded == wanted || started.elapsed() > WRITTEN {
            return assert_eq!(recorded, wanted, "{:#?}", GROUP.tally());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
