//! Both roles as state machines over the callbacks of a [`crate::host::Host`].
//!
//! [`Engine`] is one configuration in one worker, [`Stream`] one request. They own no
//! clock, no randomness and no memory beyond the request: all of it is the host's.

mod answer;
mod attempt;
mod ctx;
mod decide;
mod delivery;
mod early;
mod engine;
mod event;
mod explain;
mod handover;
mod head;
mod intake;
mod lacks;
mod ledger;
mod progress;
mod properties;
mod reader;
mod refuse;
mod router;
mod send;
mod shadow;
mod stream;
mod unread;
mod version;
mod work;
mod worker;

pub use engine::Engine;
pub use event::Action;
pub use explain::{Explained, Read, Whole, explained, whole};
pub use head::RequestHead;
pub use stream::Stream;
pub use worker::Worker;
