//! Names to indices, and every rule that one key alone cannot break.
//!
//! Reads [`Raw`](super::raw::Raw), reports what is wrong and goes on with placeholders, so
//! that one pass finds everything; a configuration with problems never leaves this module's
//! caller. What refers to something that was reported already is not reported again.

mod admin;
mod boundaries;
mod candidates;
mod conditions;
mod credentials;
mod deployments;
mod document;
mod hold;
mod idle;
mod lists;
mod models;
mod names;
mod overrides;
mod providers;
mod reach;
mod resolved;
mod routes;
mod rules;
mod scope;
mod settings;
mod timeouts;
mod translation;
mod unpriced;
mod ways;

pub(super) use deployments::unknown;
pub(super) use document::resolve;
pub(super) use lists::given;
pub(super) use reach::deployments as reached;
pub(super) use rules::Layers;
pub use settings::NO_DEFAULT_CLUSTER;
