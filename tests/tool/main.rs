//! The native tool on whole files: replay, translate, lint, envoy, import and catalog.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod catalog;
mod envoy;
mod gateway;
mod import;
mod lint;
mod notation;
mod page;
mod replay;
mod translate;
mod yaml;

#[path = "../support/tool.rs"]
mod run;

use run::{file, pointsman, with_input};
