//! The router role as a state machine over the callbacks of a [`crate::host::Host`].
//!
//! [`Engine`] is one configuration in one worker, [`Stream`] one request. They
//! own no clock, no randomness and no memory beyond the request: all of it is
//! the host's.

mod admin;
mod answer;
mod apply;
mod ask;
mod attempt;
mod count;
mod decide;
mod early;
mod engine;
mod explain;
mod hand;
mod handover;
mod headers;
mod hold;
mod label;
mod lacks;
mod logged;
mod models;
mod progress;
mod read;
mod ready;
mod refuse;
mod respond;
mod rest;
mod shadow;
mod spent;
mod stream;
mod version;
mod worker;

pub use engine::Engine;
pub use explain::{Explained, explained};
pub use headers::RequestHead;
pub use read::{Read, Whole, whole};
pub use stream::{Action, Stream};
pub use worker::Worker;
