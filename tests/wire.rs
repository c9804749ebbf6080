//! What goes upstream: requests that real SDKs sent, and forms that no SDK sends.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[expect(dead_code, reason = "the lifecycle tests use more of it")]
#[path = "support/fake_host.rs"]
mod fake_host;
#[path = "wire/form.rs"]
mod form;
#[path = "support/recorded.rs"]
mod recorded;
#[path = "wire/shadow.rs"]
mod shadow;
#[path = "wire/upstream.rs"]
mod upstream;

/// The lock of shared data.
mod sync {
    pub(crate) use std::sync::{Arc, Mutex};
}
