//! Memory under a long load: `make soak`.
//!
//! Sends requests of every kind, many times over, and measures Envoy's memory while nothing is in
//! progress. After everything has been done often, the memory must not grow, and the records must
//! equal what the providers counted.

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

use std::sync::LazyLock;

use harness::ledger::{LAYOUT, MODELS, assert_equal, document};
use harness::load::{FAULTY, Load, drive};
use harness::{Group, Spec, run};

/// How many requests there are, unless `REQUESTS` says otherwise.
const REQUESTS: usize = 200_000;

/// How many parts the load has. Memory is measured between them.
const PARTS: usize = 20;

/// How much growth counts as none, from the first part that counts to the last, in percent.
const FLAT_PERCENT: u64 = 5;

static GROUP: LazyLock<Group> =
    LazyLock::new(|| Group::start(&Spec { with_peek: true, ..Spec::new(document()) }));

#[test]
fn memory_is_flat_after_warm_up() {
    LazyLock::force(&GROUP);
    let requests = std::env::var("REQUESTS")
        .map_or(REQUESTS, |text| text.parse().expect("REQUESTS is a number"));
    let mut resident = vec![GROUP.envoy().resident_kib()];
    println!("  0 %: {} KiB", resident[0]);
    for part in 1..=PARTS {
        let load = Load {
            models: &MODELS,
            requests: requests / PARTS,
            connections: 64,
            seed: part as u64 * 1000,
            kinds: &FAULTY,
        };
        run(drive(&GROUP, load));
        GROUP.forget();
        resident.push(GROUP.envoy().resident_kib());
        println!("{:3} %: {} KiB", part * 100 / PARTS, resident[part]);
    }
    run(assert_equal(&GROUP, &[LAYOUT]));
    GROUP.assert_no_trap();
    let (warm, last) = (resident[PARTS / 5], resident[PARTS]);
    assert!(last <= warm + warm * FLAT_PERCENT / 100, "from {warm} to {last} KiB");
}
