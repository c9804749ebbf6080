//! The live configuration: what is added to a document while the proxy runs, and where
//! all workers find it.
//!
//! Additions are kept in shared data: dynamic routes and aliases in one value, what the
//! route source delivered in another. Whoever changes one writes it first and then the
//! *generation*, a key that says nothing but that something is new. A worker that reads
//! another generation than its configuration was made of makes a new one, before it
//! serves the next request. Knows nothing of requests, and of the proxy only its shared
//! data. Bounded in number and size: shared data frees nothing.

mod additions;
mod dynamic;
mod key;
mod list;
mod names;
pub mod source;
mod table;

pub use additions::{Additions, Origin, is_open};
pub use key::generation;
pub use list::{ListedAlias, ListedModel, ServedBy, Source, aliases, routes};
pub use table::{DynamicEntry, Refused, put, remove};
