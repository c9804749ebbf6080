//! What the host tells a stream, what a stream answers, and two small things that every
//! state needs: the time in milliseconds and the debug log.

use std::time::Duration;

use log::Level;

use crate::host::{Called, Host};

/// What the host does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Goes on.
    Continue,
    /// Holds what it has and calls again.
    Pause,
}

/// What happens to a stream. A machine matches it together with its state.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// The head of the request has come.
    RequestHead { is_end: bool },
    /// More of the request's body has come. `held` is the length of all that the host
    /// holds; once the head has gone on, the length of this chunk.
    RequestBody { held: usize, is_end: bool },
    /// The request's trailers have come: its body has ended.
    RequestTrailers,
    /// The head of the response has come.
    ResponseHead { is_end: bool },
    /// A piece of the response's body has come. Trailers end it with a piece of length 0.
    ResponseBody { length: usize, is_end: bool },
    /// A call to a service is over.
    Called(Called),
    /// The stream is over, for whatever reason.
    Dropped,
}

/// Returns a time as milliseconds since the epoch.
pub(super) fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Writes a line to the debug log, which never holds text of a request. The line is only
/// made where the host writes it.
pub(super) fn debug<H: Host + ?Sized>(host: &H, line: impl FnOnce() -> String) {
    if host.is_logged(Level::Debug) {
        host.log(Level::Debug, &line());
    }
}
