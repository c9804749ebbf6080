//! The router role as a state machine over the callbacks of a [`crate::host::Host`].
//!
//! [`Engine`] is one configuration in one worker, [`Stream`] one request. They
//! own no clock, no randomness and no memory beyond the request: all of it is
//! the host's.

mod admin;
mod answer;
mod apply;
mod attempt;
mod decide;
mod early;
mod engine;
mod hand;
mod handover;
mod headers;
mod progress;
mod read;
mod ready;
mod refuse;
mod respond;
mod rest;
mod stream;

pub use engine::Engine;
pub use headers::RequestHead;
pub use read::{Read, Whole, whole};
pub use stream::{Action, Stream};
