//! What a provider did, as it counted itself. The tests compare the filter's records with this.

use std::collections::BTreeMap;

use super::answer::Refusal;

/// What was done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Did {
    /// Answered with this status, in full.
    Answer(u16),
    /// Answered with this error, in full.
    Refuse(Refusal),
    /// Streamed an answer to its end.
    Stream,
    /// Ended a stream with an error event.
    ErrorEvent,
    /// Broke the connection during the answer.
    Cut,
    /// Broke the connection before the answer.
    Reset,
    /// Kept a stream waiting after its first event.
    Hold,
    /// Did not answer.
    Hang,
    /// Was left by the client during a stream.
    Left,
}

/// How often something was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// For how many requests.
    pub(crate) times: u64,
    /// The tokens that were reported as used, over all of them.
    pub(crate) tokens: u64,
}

/// What was done, by upstream model.
pub(crate) type Tally = BTreeMap<(String, Did), Count>;
