//! Answers whose status ends them before their body, though the request did not ask for that.

/// Returns whether a status is no answer to a request of this filter: 304 compares with what the
/// client has, which no request for an answer of a model does, and 101 begins another protocol.
/// A client that goes on to wait for a body would wait until its own timeout. `may_switch`: the
/// request asks for another protocol.
#[must_use]
pub const fn is_stray(status: u16, may_switch: bool) -> bool {
    status == 304 || (status == 101 && !may_switch)
}
