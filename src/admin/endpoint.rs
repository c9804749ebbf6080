//! The endpoints, by what is below the admin path.

use crate::config::Config;
use crate::host::SharedData;

use super::desk::Desk;
use super::reply::EndpointReply;
use super::request::EndpointRequest;
use super::{aliases, deployment, explain, routes};

/// Longest body of most endpoints, in bytes.
const LONGEST_BODY: u64 = 64 * 1024;

/// Returns the longest body that an endpoint takes, in bytes.
#[must_use]
pub fn longest_body(config: &Config, path: &str) -> u64 {
    if path == explain::PATH { config.limits.max_body_bytes } else { LONGEST_BODY }
}

impl<S: SharedData + ?Sized> Desk<'_, S> {
    /// Answers a request.
    #[must_use]
    pub fn answer(&self, request: &EndpointRequest<'_>) -> EndpointReply {
        // An endpoint answers alike whether all is well or not.
        self.endpoint(request).unwrap_or_else(|error| error)
    }

    fn endpoint(&self, request: &EndpointRequest<'_>) -> Result<EndpointReply, EndpointReply> {
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
                    Err(EndpointReply::unknown_endpoint())
                }
            }
        }
    }
}
