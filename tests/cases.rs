//! Decisions, row by row: runs every table in `tests/cases/` through the core.
//!
//! The same rows run natively and as wasm32 code, where `usize` has 32 bits and there is no clock,
//! environment or file to rely on. `tests/lifecycle/tables.rs` runs them as whole streams.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(target_os = "wasi", allow(unused))]

#[expect(dead_code, reason = "what goes upstream is for the tests of streams")]
#[path = "cases/row.rs"]
mod row;

use row::{Row, TABLES};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Runs every row of a table.
fn run(table: &str) {
    let (_, text) = TABLES.iter().find(|(name, _)| *name == table).unwrap();
    let mut failures = Vec::new();
    for row in Row::all(text) {
        for problem in row.problems(&row.trace()) {
            failures.push(format!("{}: {problem}", row.name));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

macro_rules! tables {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                run(stringify!($name));
            }
        )*

        #[test]
        fn no_table_is_left_out() {
            let run = [$(stringify!($name)),*];
            assert!(TABLES.iter().all(|(name, _)| run.contains(name)));
        }
    };
}

tables!(
    conditions,
    content,
    release,
    routes,
    names,
    eligibility,
    strategies,
    plans,
    boundary,
    refusals,
    search
);
