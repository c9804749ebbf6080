//! The native tool on whole files: replay, translate, lint and envoy.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod envoy;
mod lint;
mod notation;
mod page;
mod replay;
mod translate;

#[path = "../support/tool.rs"]
mod run;

use run::{file, pointsman, with_input};
