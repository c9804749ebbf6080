//! Endpoints for the people who operate the proxy: requests in, replies out.
//!
//! Works on what a worker has at hand: its configuration and what all workers share.
//! Knows neither the proxy nor how a request came; `lifecycle` reads it, asks the
//! [`Gate`] before anything else of it, and sends the reply. Nothing here goes upstream,
//! and no reply tells a secret.

mod deployment;
mod gate;
mod json;
mod reply;
mod request;
mod state;

use crate::config::Config;
use crate::host::SharedData;
use crate::state::SharedFleet;

pub use gate::Gate;
pub use json::Json;
pub use reply::Reply;
pub use request::{Request, text_of};

/// Longest body of most endpoints, in bytes.
const LONGEST_BODY: u64 = 64 * 1024;

/// What requests are answered from: one worker at one moment.
#[derive(Debug)]
pub struct Desk<'a, S: ?Sized> {
    /// The rules.
    pub config: &'a Config,
    /// Where shared state is kept.
    pub fleet: &'a SharedFleet,
    /// What all workers share.
    pub shared: &'a S,
    /// Milliseconds since the epoch.
    pub now_ms: u64,
}

/// The longest body that an endpoint takes, in bytes.
#[must_use]
pub fn longest_body(_config: &Config, _path: &str) -> u64 {
    LONGEST_BODY
}

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Answers a request.
    #[must_use]
    pub fn answer(&self, request: &Request<'_>) -> Reply {
        // An endpoint answers alike whether all is well or not.
        self.endpoint(request).unwrap_or_else(|error| error)
    }

    fn endpoint(&self, request: &Request<'_>) -> Result<Reply, Reply> {
        // One line for each endpoint, by what is below the admin path.
        match request.path {
            "/state" => self.state(request),
            path => match path.strip_prefix(deployment::FOLDER) {
                Some(path) => self.operate(request, path),
                None => Err(Reply::unknown_endpoint()),
            },
        }
    }
}
