//! Budgets of tenants under load: what is billed must equal what was sent, and a budget must let
//! exactly as many requests pass as it says, over all workers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::harness::ledger::{counted, document};
use crate::harness::load::{Ends, FAULTY, Load, drive};
use crate::harness::{Group, Spec, ask, chat, run};
use crate::{MODELS, TOKEN};

/// Longer than any settlement takes after the end of an answer.
const SETTLED: Duration = Duration::from_secs(10);

/// How many requests one tenant may send on a day.
const FEW: usize = 200;

/// Returns a document in which every token costs the same, with the tenants that [`before`] names.
fn billed() -> Value {
    let mut document = document();
    document["admin"] = json!({"token_env": "ADMIN_TOKEN"});
    for (_, deployment) in document["deployments"].as_object_mut().unwrap() {
        deployment["facts"] = json!({"input_usd_per_million": 1, "output_usd_per_million": 1});
    }
    // More than is ever spent here.
    let most = json!({"requests_per_day": 1_000_000_000, "tokens_per_day": 1_000_000_000_000_u64,
                      "usd_per_day": 1_000_000});
    let mut named: Map<String, Value> =
        (4..30).map(|words| (format!("t-{words}"), most.clone())).collect();
    named.insert("t-3".to_owned(), json!({"requests_per_day": FEW}));
    document["limits"]["tenants"] = json!({"named": named});
    document
}

/// A filter that names one of many tenants, by what the load asks of the provider.
fn before() -> Value {
    json!({
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {"request_mutations": [{"append": {
                "header": {"key": "x-llm-tenant", "value": "t-%REQ(x-mock-words)%"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"
            }}]}
        }
    })
}

/// Requests, tokens and billionths of a dollar of all tenants on this day.
fn spent(group: &Group) -> [u64; 3] {
    let asked = ask(group).method(hyper::Method::GET).path("/admin/state");
    let state = asked.header("authorization", &format!("Bearer {TOKEN}")).send().json();
    let named = state["tenants"]["named"].as_array().unwrap();
    let of_all = |key: &str| named.iter().map(|one| one["day"][key].as_u64().unwrap()).sum();
    ["requests", "tokens", "nano_usd"].map(of_all)
}

/// Returns what all tenants are to be billed for: every request that went on, what providers have
/// counted, and for a client that left before its answer what was reserved.
fn expected(group: &Group, ends: &Ends, reserved: u64) -> [u64; 3] {
    let of = |wanted: &str| -> u64 {
        ends.iter().filter(|((verdict, _), _)| *verdict == wanted).map(|(_, times)| *times).sum()
    };
    let requests = of("served") + of("cancelled");
    let answered: u64 = counted(group).values().map(|(counts, _)| counts.tokens).sum();
    let tokens = answered + of("cancelled") * reserved;
    // A dollar for a million tokens is a thousand billionths for one.
    [requests, tokens, tokens * 1000]
}

/// Returns the tokens that are reserved for a request of the load whose client leaves.
fn reserved(group: &Group) -> u64 {
    let body = json!({"model": "first", "stream": false, "max_tokens": 50,
                      "messages": [{"role": "user", "content": "Hello"}]});
    let asked = ask(group).path("/admin/explain").json(&body);
    let trace = asked.header("authorization", &format!("Bearer {TOKEN}")).send().json();
    trace["facts"]["input_tokens_estimate"].as_u64().unwrap() + 50
}

fn day() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400
}

/// Sends a load, and compares.
pub(crate) fn assert_billed(spec: Spec, requests: usize) {
    let mut spec = spec;
    spec.environment.push(("ADMIN_TOKEN", TOKEN));
    spec.filters_before.push(before());
    let group: &'static Group = Box::leak(Box::new(Group::start(&spec)));
    let reserved = reserved(group);
    let began = day();
    let load = Load { models: &MODELS, requests, connections: 64, seed: 5, kinds: &FAULTY };
    let ends = run(drive(group, load));
    let wanted = expected(group, &ends, reserved);
    let started = Instant::now();
    while spent(group) != wanted && started.elapsed() < SETTLED {
        std::thread::sleep(Duration::from_millis(100));
    }
    let found = spent(group);
    let went_on = few(group);
    if day() != began {
        println!("a day of UTC has ended meanwhile, and its budgets with it: nothing is compared");
        return;
    }
    assert_eq!(found, wanted, "requests, tokens and billionths of a dollar");
    assert_eq!(went_on, FEW, "a budget lets as many pass as it says");
    println!("tenants are billed for {found:?}, which is what was sent");
    group.assert_no_trap();
}

/// Sends more requests of one tenant at a time than it may, and returns how many went on.
fn few(group: &Group) -> usize {
    let went_on = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..FEW / 4 {
                    let asked = ask(group).header("x-mock-words", "3").json(&chat("first", "Hi"));
                    let status = asked.send().status.as_u16();
                    assert!([200, 429].contains(&status), "{status}");
                    went_on.fetch_add(usize::from(status == 200), Ordering::Relaxed);
                }
            });
        }
    });
    went_on.into_inner()
}

/// Returns the two ways in which requests are delivered, each with tenants.
pub(crate) fn specs() -> [Spec; 2] {
    let with_attempts = || {
        let mut document = billed();
        document["failover"] = json!({"max_attempts": 3});
        document
    };
    [Spec::new(billed()), Spec::failing_over(with_attempts())]
}
