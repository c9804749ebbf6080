//! What an endpoint has at hand.

use std::fmt;

use crate::config::Config;
use crate::host::{Headers, SharedData};
use crate::live::Origin;
use crate::state::SharedFleet;

use super::reply::EndpointReply;

/// What requests are answered from: one worker at one moment.
pub struct Desk<'a, S: ?Sized> {
    /// The rules.
    pub config: &'a Config,
    /// Where shared state is kept.
    pub fleet: &'a SharedFleet,
    /// What the rules were made of.
    pub origin: Option<&'a Origin>,
    /// What all workers share.
    pub shared: &'a S,
    /// Milliseconds since the epoch.
    pub now_ms: u64,
    /// Explains a request of that head and body, as JSON.
    pub explain: &'a dyn Fn(Headers, &[u8]) -> String,
}

impl<S: ?Sized> fmt::Debug for Desk<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Returns what the configuration was made of: there is such wherever there are endpoints.
    pub(super) fn origin(&self) -> Result<&Origin, EndpointReply> {
        self.origin.ok_or_else(EndpointReply::unknown_endpoint)
    }
}
