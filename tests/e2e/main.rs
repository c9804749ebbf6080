//! The filter in a real Envoy, between a real client and scripted providers.
//!
//! Run by `make test-e2e`, which builds the module and finds an Envoy. Tests
//! of one topic share an Envoy with several workers; each request carries a
//! case of its own, by which the providers' records are told apart. What is
//! asserted is what clients and providers saw, never how long it took.

// Tests say what went wrong by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic
)]

#[expect(dead_code, reason = "the soak uses more of it")]
mod harness;
#[path = "../support/mock/mod.rs"]
mod mock;

mod admin;
mod attack;
mod bad_input;
mod balance;
mod configuration;
mod cooldown;
mod credential;
mod custom;
mod early;
mod ending;
mod error;
mod failover;
mod format;
mod generated;
mod group;
mod header;
mod hold;
mod istio;
mod layout;
mod live;
mod observe;
mod passing;
mod recipe;
mod rewrite;
mod routing;
mod shadow;
mod shipped;
mod socket;
mod source;
mod state;
mod transport;
