//! Endpoints for the people who operate the proxy: requests in, replies out.
//!
//! Works on what a worker has at hand: its configuration and what all workers share.
//! Knows neither the proxy nor how a request came; `lifecycle` reads it, asks the
//! [`Gate`] before anything else of it, and sends the reply. Nothing here goes upstream,
//! and no reply tells a secret.

mod aliases;
mod deployment;
mod desk;
mod endpoint;
mod explain;
mod gate;
mod reply;
mod request;
mod routes;
mod state;

pub use crate::json::Json;
pub use desk::Desk;
pub use endpoint::longest_body;
pub use gate::Gate;
pub use reply::EndpointReply;
pub use request::EndpointRequest;
