//! Endpoints for the people who operate the proxy: requests in, replies out.
//!
//! Works on what a worker has: its configuration, and what all workers share. Knows neither
//! the proxy nor how a request came. `lifecycle` reads the request, asks the [`Gate`] before
//! it looks at anything else, and sends the reply. Nothing here goes upstream, and no reply
//! contains a secret.

mod aliases;
mod deployment;
mod explain;
mod gate;
mod reply;
mod request;
mod routes;
mod state;
mod tenants;
mod traces;

use std::fmt;

use crate::config::Config;
use crate::host::{Headers, SharedData};
use crate::live::Origin;
use crate::state::{SharedFleet, TenantTable};

pub use crate::json::Json;
pub use gate::Gate;
pub use reply::HttpReply;
pub use request::HttpRequest;

/// Longest body that most endpoints take, in bytes: room for a dynamic route with some hundred
/// endpoints.
const LONGEST_BODY: u64 = 64 * 1024;

/// All that requests are answered from: the state of one worker at one moment.
///
/// Each endpoint is a method of its own file; [`Desk::answer`] finds the one by the path.
pub struct Desk<'a, S: ?Sized> {
    /// The configuration that this worker decides by.
    pub config: &'a Config,
    /// The records of deployments and the turns.
    pub fleet: &'a SharedFleet,
    /// The budgets of tenants, if there are any.
    pub tenants: Option<&'a TenantTable>,
    /// What the configuration was made of; `None` where nothing can be added to it, which is
    /// never so where there are endpoints.
    pub origin: Option<&'a Origin>,
    /// The proxy's shared data.
    pub shared: &'a S,
    /// Milliseconds since the epoch.
    pub now_ms: u64,
    /// Returns the explanation of a request with that head and body, as JSON. The caller passes
    /// it in, because this module cannot decide requests.
    pub explain: &'a dyn Fn(Headers, &[u8]) -> String,
}

/// Returns the longest body that the endpoint at `path` takes, in bytes. To explain a request
/// takes as long a body as to decide it.
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
    /// Answers a request that the gate has let in. Every request has a reply; one that is wrong has
    /// an error as its reply.
    #[must_use]
    pub fn answer(&self, request: &HttpRequest<'_>) -> HttpReply {
        // Both sides are replies: `Err` only lets an endpoint stop early with `?`.
        self.endpoint(request).unwrap_or_else(|error| error)
    }

    /// Returns the reply of the endpoint at the request's path.
    fn endpoint(&self, request: &HttpRequest<'_>) -> Result<HttpReply, HttpReply> {
        // One line for each endpoint, by the path below the admin path. Exact paths come first,
        // because names below a folder may be anything.
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
                    Err(HttpReply::unknown_endpoint())
                }
            }
        }
    }
}
