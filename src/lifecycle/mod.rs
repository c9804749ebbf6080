//! The life of a request: two state machines over the callbacks of a
//! [`crate::host::Host`], one for each role.
//!
//! [`Engine`] is one configuration in one worker, [`Stream`] one request. They own no
//! clock, no randomness and no memory beyond the request: all of it is the host's.
//!
//! # The router
//!
//! `router/` has one struct for each state, which owns just what the state needs.
//! `router/mod.rs` is the table below as code.
//!
//! | state | event | next |
//! |---|---|---|
//! | New | head, on the admin path | Admin, or Done: answered here |
//! | | head, not ours | Done: goes on untouched, or the models are listed |
//! | | head, without a body | as Reading when the body is whole |
//! | | head | Reading, or Done: the head says that the body is not to be read |
//! | Admin | body | Admin, or Done: answered here |
//! | Reading | body | Reading: more is to come |
//! | | body, its model decides | Streaming: the rest follows by itself |
//! | | body, whole | Streaming: sent · Asking: a service is to pick · Refusing · Done: goes on untouched |
//! | | body, unreadable | Done: refused, or goes on untouched |
//! | Asking | call is over | as Reading when the body is whole |
//! | Streaming | body | Streaming, or Done: refused after all |
//! | | response head | Answering |
//! | Answering | body, response body | Answering |
//! | Refusing | body | Refusing, or at its end Done: answered here |
//! | Reading, Asking | response head | Done: the proxy has answered by itself |
//! | any | stream is over | Done: what is open is closed |
//!
//! # The attempt
//!
//! `attempt/` is in front of a cluster's connection, once for every attempt of a request
//! that the router handed over.
//!
//! | state | event | next |
//! |---|---|---|
//! | New | head | Waiting, or Done: not ours, or nothing is left to try |
//! | Waiting | response head | Passing · Holding: an error whose body says what it is · Ended |
//! | | stream is over | Ended: nobody has answered |
//! | Passing | response body | Passing, or at its end Ended |
//! | Holding | response body | Holding, Passing: it is too long to hold, or Ended: retried or not |
//!
//! # What closes once
//!
//! A request's ledger is opened in New and closed by whoever ends its request; an attempt's
//! ledger is opened by the decision, or by the attempt filter, and closed by the answer.
//! Closing takes the ledger (`ledger/`), so what is counted twice does not compile.

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
mod secrets;
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
