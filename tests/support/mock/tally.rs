//! What a provider did, counted by itself: the other side of every record that
//! the filter keeps.

use std::collections::BTreeMap;

use super::answer::Refusal;

/// What was done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Did {
    /// Answered with this status, as a whole.
    Answer(u16),
    /// Answered with this error, as a whole.
    Refuse(Refusal),
    /// Streamed an answer to its end.
    Stream,
    /// Ended a stream by an error event.
    ErrorEvent,
    /// Broke the connection within the answer.
    Cut,
    /// Broke the connection before the answer.
    Reset,
    /// Kept a stream waiting after its first event.
    Hold,
    /// Did not answer.
    Hang,
    /// Was left by the client within a stream.
    Left,
}

/// How often something was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// For so many requests.
    pub(crate) times: u64,
    /// Tokens that were said to be used, in all of them.
    pub(crate) tokens: u64,
}

/// What was done, by upstream model.
pub(crate) type Tally = BTreeMap<(String, Did), Count>;
