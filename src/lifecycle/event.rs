//! The events of a stream and the actions they lead to, and two small things that every
//! state needs: the time in milliseconds and the debug log.

use std::time::Duration;

use log::Level;

use crate::host::{Called, Host};

/// What the host does next with what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It lets the headers or the piece of a body go on.
    Continue,
    /// It holds them, and calls again when more has come.
    Pause,
}

/// What happens to a stream. Each role matches it together with its state.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// The request headers have come; `is_end`: the request has no body.
    RequestHead { is_end: bool },
    /// More of the request's body has come. While the body is held, `held` is the length of
    /// all that the host holds, in bytes; once the headers have gone on, it is the length of
    /// this chunk.
    RequestBody { held: usize, is_end: bool },
    /// The request's trailers have come: its body has ended.
    RequestTrailers,
    /// The response headers have come; `is_end`: the response has no body.
    ResponseHead { is_end: bool },
    /// A piece of the response's body has come, `length` bytes long.
    ResponseBody { length: usize, then: Following },
    /// A call to a service is over, with or without an answer.
    Called(Called),
    /// The stream is over, for whatever reason. This is the one event that every stream has,
    /// so whatever is still open closes here.
    Dropped,
}

/// What follows a piece of a response's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Following {
    /// More of it, or trailers.
    More,
    /// Nothing: the response ends with this piece, which may be empty.
    Nothing,
    /// Trailers. The piece stands for them, and is empty. Nothing can be added to the body.
    Trailers,
}

impl Following {
    /// Returns whether the body ends with the piece.
    pub(super) fn is_end(self) -> bool {
        self != Self::More
    }
}

/// Returns a time since the epoch in milliseconds. A time beyond their range becomes the greatest
/// number.
pub(super) fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// Writes a line to the debug log. `line` is called only if the host writes debug lines.
///
/// Callers must put no text of a request into the line.
pub(super) fn debug<H: Host + ?Sized>(host: &H, line: impl FnOnce() -> String) {
    if host.is_logged(Level::Debug) {
        host.log(Level::Debug, &line());
    }
}
