//! A request that is answered with an error as soon as it has ended.

use crate::request::format::Dialect;
use crate::request::refusal::Refusal;

/// An error that waits for the end of its request. Envoy closes the connection of a client that is
/// answered while it still sends, and such a client often sees no answer at all.
///
/// The request has been counted already.
#[derive(Debug)]
pub(super) struct Refusing {
    pub(super) refusal: Refusal,
    /// The dialect in which the client is answered.
    pub(super) dialect: Dialect,
}
