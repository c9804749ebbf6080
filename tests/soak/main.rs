//! Memory and bills under a long load: `make soak`.
//!
//! Sends requests of every kind, many times over, and measures Envoy's memory while nothing is in
//! progress. After everything has been done often, the memory must not grow. At the end the records,
//! the metrics and what the admin endpoint says must equal what clients and providers counted.

// Tests say what went wrong by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic
)]

#[expect(dead_code, unused_imports, reason = "the end-to-end tests use more of it")]
#[path = "../e2e/harness/mod.rs"]
mod harness;
#[expect(dead_code, reason = "the end-to-end tests use more of it")]
#[path = "../support/mock/mod.rs"]
mod mock;

mod counts;
mod tenants;

use std::sync::LazyLock;
use std::time::Instant;

use harness::ledger::{DEPLOYMENTS, LAYOUT, MODELS, assert_equal, document};
use harness::load::{Ends, FAULTY, Load, drive};
use harness::{Group, Spec, run};

/// How many requests there are, unless `REQUESTS` says otherwise.
const REQUESTS: usize = 200_000;

/// How often memory is measured.
const LOOKS: usize = 20;

/// How many requests are sent at a time, at most; then nothing is in progress.
const MOST_AT_A_TIME: usize = 10_000;

/// How much growth counts as none, from a fifth of the requests to the last, in percent.
const FLAT_PERCENT: u64 = 5;

const TOKEN: &str = "the-admin-token-of-the-soak";

static GROUP: LazyLock<Group> = LazyLock::new(|| {
    let mut document = document();
    document["admin"] = serde_json::json!({"token_env": "ADMIN_TOKEN"});
    let mut spec = Spec { is_observed: true, with_peek: true, ..Spec::new(document) };
    spec.environment.push(("ADMIN_TOKEN", TOKEN));
    Group::start(&spec)
});

/// How many requests `REQUESTS` asks for.
fn requests() -> usize {
    std::env::var("REQUESTS").map_or(REQUESTS, |text| text.parse().expect("REQUESTS is a number"))
}

#[test]
fn tenants_are_billed_for_what_was_sent() {
    for spec in tenants::specs() {
        tenants::assert_billed(spec, requests() / 20);
    }
}

#[test]
fn memory_is_flat_and_everything_is_counted() {
    LazyLock::force(&GROUP);
    let started = Instant::now();
    let requests = requests();
    let mut resident = vec![GROUP.envoy().resident_kib()];
    let mut ends = Ends::new();
    println!("  0 %: {} KiB", resident[0]);
    for look in 1..=LOOKS {
        let of_look = requests / LOOKS;
        for first in (0..of_look).step_by(MOST_AT_A_TIME) {
            let load = Load {
                models: &MODELS,
                requests: MOST_AT_A_TIME.min(of_look - first),
                connections: 64,
                seed: (look * of_look + first) as u64 * 1000,
                kinds: &FAULTY,
            };
            counts::add(&mut ends, &run(drive(&GROUP, load)));
            GROUP.forget();
        }
        resident.push(GROUP.envoy().resident_kib());
        println!("{:3} %: {} KiB", look * 100 / LOOKS, resident[look]);
    }
    let sent: u64 = ends.values().sum();
    println!("{sent} requests in {} s", started.elapsed().as_secs());
    run(assert_equal(&GROUP, &[LAYOUT]));
    println!("the records of {} deployments equal what the providers counted", DEPLOYMENTS.len());
    let compared = counts::assert_equal(&GROUP, &ends, TOKEN);
    println!(
        "{compared} counts of metrics and admin state equal what clients and providers counted"
    );
    GROUP.assert_no_trap();
    let (warm, last) = (resident[LOOKS / 5], resident[LOOKS]);
    assert!(last <= warm + warm * FLAT_PERCENT / 100, "from {warm} to {last} KiB");
    println!("memory is flat: {warm} KiB after a fifth of the requests, {last} KiB after all");
}
