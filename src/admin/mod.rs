//! Endpoints for the people who operate the proxy: requests in, replies out.
//!
//! Works on what a worker has at hand: its configuration and what all workers share.
//! Knows neither the proxy nor how a request came; `lifecycle` reads it, asks the
//! [`Gate`] before anything else of it, and sends the reply. Nothing here goes upstream,
//! and no reply tells a secret.

mod aliases;
mod deployment;
mod explain;
mod gate;
mod reply;
mod request;
mod routes;
mod state;

use std::fmt;

use crate::config::Config;
use crate::host::{Headers, SharedData};
use crate::live::Origin;
use crate::state::SharedFleet;

pub use crate::json::Json;
pub use gate::Gate;
pub use reply::Reply;
pub use request::Request;

/// Longest body of most endpoints, in bytes.
const LONGEST_BODY: u64 = 64 * 1024;

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

/// The longest body that an endpoint takes, in bytes.
#[must_use]
pub fn longest_body(config: &Config, path: &str) -> u64 {
    if path == explain::PATH { config.limits.max_body_bytes } else { LONGEST_BODY }
}

impl<S: ?Sized> fmt::Debug for Desk<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
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
            explain::PATH => self.explained(request),
            routes::PATH => self.routes(request),
            aliases::PATH => self.aliases(request),
            path => {
                if let Some(path) = path.strip_prefix(deployment::FOLDER) {
                    self.operate(request, path)
                } else if let Some(name) = path.strip_prefix(routes::FOLDER) {
                    self.route(request, name)
                } else if let Some(name) = path.strip_prefix(aliases::FOLDER) {
                    self.alias(request, name)
                } else {
                    Err(Reply::unknown_endpoint())
                }
            }
        }
    }
}
