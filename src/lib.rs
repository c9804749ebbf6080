//! Pointsman routes LLM API traffic inside Envoy.
//!
//! One request, as data: `bytes → RequestFacts → Route → Model → Candidates →
//! Plan → Rewrite`, and on the way back `response → Outcome → State`. Each
//! arrow is one module and one pure function; [`lifecycle`] drives them from
//! the callbacks of a [`host::Host`], and on `wasm32-wasip1` the `filter`
//! module connects that trait to the proxy-wasm ABI.
//!
//! Dependencies point one way:
//! `filter → lifecycle → admin → {routing, response, live} → {condition, state} → config
//! → {request, strategy}`. `host` is a leaf, `metrics` knows it alone. ARCHITECTURE.md gives
//! the reasons.

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

mod cas;
mod codec;
mod hash;
mod load;
mod sort;
mod text;

#[cfg(not(target_family = "wasm"))]
pub mod cli;

#[cfg(target_os = "wasi")]
mod filter;
