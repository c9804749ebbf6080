//! How fast the pure parts are: reading bodies, deciding, reading a configuration.
//!
//! `make bench-engine` runs it and prints how times grow with routes and keywords.
//! What it all costs in Envoy, `make bench` measures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs, reason = "criterion makes public functions")]

// The workspace compiles tests and benchmarks for wasm too.
#[cfg(not(target_family = "wasm"))]
mod answer;
#[cfg(not(target_family = "wasm"))]
mod config;
#[cfg(not(target_family = "wasm"))]
mod decide;
#[cfg(not(target_family = "wasm"))]
mod group;
#[cfg(not(target_family = "wasm"))]
mod material;
#[cfg(not(target_family = "wasm"))]
mod scan;

#[cfg(not(target_family = "wasm"))]
criterion::criterion_main!(
    scan::benches,
    decide::benches,
    group::benches,
    answer::benches,
    config::benches
);

#[cfg(target_family = "wasm")]
fn main() {}
