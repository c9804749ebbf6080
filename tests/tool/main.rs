//! The native tool on whole files: replay, translate, lint, envoy, run, import and catalog.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod admin;
mod catalog;
mod documents;
mod envoy;
mod gateway;
mod import;
mod import_files;
mod import_rules;
mod istio;
mod lint;
mod messages;
mod notation;
mod page;
mod replay;
#[cfg(unix)]
mod running;
mod spelling;
mod translate;
mod written;
#[path = "../support/yaml.rs"]
mod yaml;

#[path = "../support/tool.rs"]
mod run;

use run::{file, pointsman, with_input};
