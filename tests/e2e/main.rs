//! The filter in a real Envoy, between a real client and scripted providers.
//!
//! `make test-e2e` builds the module, finds an Envoy and runs this. Tests of one topic share an
//! Envoy with several workers. Each request carries its own case, which identifies it in the
//! providers' records. The assertions are about what clients and providers saw, never about how
//! long it took.

// Tests say what went wrong by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic
)]

#[path = "../support/frames.rs"]
mod frames;
#[expect(dead_code, reason = "the soak uses more of it")]
mod harness;
#[path = "../support/mock/mod.rs"]
mod mock;
#[path = "../support/yaml.rs"]
mod yaml;

mod admin;
mod attack;
mod bad_input;
mod balance;
mod certificate;
mod configuration;
mod cooldown;
mod credential;
mod custom;
mod early;
mod ended;
mod ending;
mod error;
mod evidence;
mod failover;
mod format;
mod gateway;
mod generated;
mod group;
mod header;
mod hold;
mod imported;
mod istio;
mod layout;
mod live;
mod observe;
mod odd_answer;
mod passing;
mod picker;
#[path = "../support/promql.rs"]
mod promql;
mod providers;
mod recipe;
mod rewrite;
mod routing;
mod run;
mod shadow;
mod shipped;
mod signed;
mod sigv4;
mod socket;
mod source;
mod state;
mod tenants;
mod transport;
