//! Pointsman routes LLM API traffic inside Envoy.
//!
//! One request, as data: its head becomes an `Intake` and its body [`RequestFacts`]; of
//! those and of the state that workers share comes a [`Decision`], without any effect;
//! committing it begins an attempt, which is sent; the answer becomes a [`Report`], and
//! closing the ledger writes that to the deployment's [`Record`]. [`lifecycle`] drives the
//! stations from the callbacks of a [`Host`], and on `wasm32-wasip1` the `filter` module
//! connects that trait to the proxy-wasm ABI.
//!
//! [`RequestFacts`]: request::facts::RequestFacts
//! [`Decision`]: routing::Decision
//! [`Report`]: state::report::Report
//! [`Record`]: state::Record
//! [`Host`]: host::Host
//!
//! Dependencies point one way:
//! `filter → lifecycle → admin → {routing, response, live} → {condition, state} → config
//! → {translate, strategy} → request`. `host` and the modules that are private here are leaves; `metrics`
//! knows `host` alone. ARCHITECTURE.md follows one request file by file, and gives the reasons.

// What overflows on hostile input would be wrong where it does not trap.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod admin;
pub mod condition;
pub mod config;
pub mod host;
pub mod json;
pub mod lifecycle;
pub mod live;
pub mod metrics;
pub mod models;
pub mod request;
pub mod response;
pub mod routing;
pub mod state;
pub mod strategy;
pub mod translate;

mod cas;
mod codec;
mod decimal;
mod framing;
mod hash;
mod load;
mod sort;
mod text;

#[cfg(not(target_family = "wasm"))]
pub mod cli;

// The module gets its document as JSON, and the playground only reads YAML.
#[cfg(not(target_os = "wasi"))]
#[cfg_attr(target_family = "wasm", allow(dead_code, unused_imports))]
pub mod yaml;

#[cfg(target_os = "wasi")]
mod filter;
