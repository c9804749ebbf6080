//! A request that is answered here with an error, at its end.

use crate::request::format::Dialect;
use crate::request::refusal::Refusal;

/// A refusal that waits for the end of its request: Envoy closes the connection of a client
/// that is answered before. The request has been counted.
#[derive(Debug)]
pub(super) struct Refusing {
    pub(super) refusal: Refusal,
    pub(super) dialect: Dialect,
}
