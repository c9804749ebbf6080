//! What is added to a document while the proxy runs: further models, aliases and
//! routes of the route source, and dynamic routes and aliases.
//!
//! The *live configuration* is the document with these laid over it before any name is
//! resolved, so that requests meet one configuration and know nothing of its layers.
//! What was fetched is further: a name that the document has is a problem, and any
//! problem refuses the set as a whole. What is dynamic wins over what it shares a name
//! with; an entry that does not fit is left out, and the others hold. Knows nothing of
//! where additions are kept.

mod base;
mod dynamic;
mod entry;
mod fit;
mod live;
mod outline;
mod overlay;
#[cfg(test)]
mod tests;

pub use base::Base;
pub use dynamic::{Dynamic, DynamicRoute, Endpoint};
pub use entry::{Added, Unfit};
pub use live::{Live, parse_live};
