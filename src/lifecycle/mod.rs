//! The life of a request: two state machines over the callbacks of a
//! [`crate::host::Host`], one for each role.
//!
//! [`Worker`] is one configuration in one worker of the proxy, [`Engine`] what that is made into
//! for requests, and [`Stream`] one request. They have no clock, no randomness and no memory
//! beyond the request: all of that is the host's.
//!
//! # The router
//!
//! `router/` has one struct for each state, which owns just what that state needs.
//! `router/mod.rs` is this table as code.
//!
//! | state | event | next |
//! |---|---|---|
//! | New | head, on the admin path | Admin, or Done: answered here |
//! | | head, not for this filter | Done: goes on untouched, or the models are listed |
//! | | head, of an operation without a body | as Reading when the body is whole |
//! | | head | Reading, or Done: the head says that the body is not to be read |
//! | Admin | body | Admin, or Done: answered here |
//! | Reading | body | Reading: more is to come |
//! | | body, its model decides | Streaming: the rest follows while it comes, or Done: refused, as it cannot be rewritten |
//! | | body, whole | Streaming: sent · Asking: a service is to pick · Refusing: until the client has sent all · Done: refused, or goes on untouched |
//! | | body, unreadable | Done: refused, or goes on untouched |
//! | Asking | body | Asking: this may be the end of the request |
//! | | call is over | as Reading when the body is whole |
//! | Streaming | body | Streaming, or Done: refused after all |
//! | | response head | Answering |
//! | Answering | body | Answering, or Done: refused after all |
//! | | response body | Answering |
//! | Refusing | body | Refusing, or at its end Done: answered here |
//! | Reading, Asking | response head | Done: the proxy has answered by itself |
//! | any | stream is over | Done: whatever is open closes |
//!
//! Trailers count as the end of the body they follow. Other events leave a state as it is.
//!
//! # The attempt
//!
//! `attempt/` runs in the upstream filter of a provider's cluster, once for every attempt of a
//! request that the router has handed over. An attempt that has begun is one struct, `Trying`,
//! with a stage for its answer; the request's body is edited as it passes, in every stage.
//!
//! | state | event | next |
//! |---|---|---|
//! | New | head | Waiting, or Done: not handed over, or nothing is left to try |
//! | Waiting | response head | Passing · Holding: an error whose body says what it is · Ended |
//! | | stream is over | Ended: not answered |
//! | Passing | response body | Passing, or at its end Ended |
//! | Holding | response body | Holding, Passing: it is too long to hold, or Ended: retried or not |
//! | Passing, Holding | stream is over | Ended: broken off, and not retried |
//! | Waiting, Passing, Holding | too late, at a tick of the worker | Ended: retried, answered here, or broken off |
//!
//! # What closes once
//!
//! A request's ledger opens in New, and closes at the response head, or where the request ends
//! without one. An attempt's ledger opens with the decision, or in the attempt filter that takes the
//! attempt over, and closes with the response, or where the attempt ends without one.
//! Closing takes the ledger (`ledger/`), so that counting something twice does not compile.

mod answer;
mod attempt;
mod billing;
mod callout;
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
mod legs;
mod payer;
mod progress;
mod properties;
mod reader;
mod refuse;
mod rounds;
mod router;
mod secrets;
mod send;
mod shadow;
mod shown;
mod stream;
mod tenancy;
mod texts;
mod translation;
mod unknown;
mod unread;
mod unshown;
mod version;
mod work;
mod worker;

pub use engine::Engine;
pub use event::Action;
pub use explain::{Explained, Read, Whole, explained, whole};
pub use head::RequestHead;
pub use shown::{ShownAttempt, ShownAttempts, ShownLeg};
pub use stream::Stream;
pub use tenancy::{Accounts, billed};
pub use texts::texts;
pub use unknown::unknown;
pub use version::VERSION;
pub use worker::Worker;
