//! JSON: compact text that is written member by member, and values that are read one level at a
//! time. A leaf: it names no other module.
//!
//! Configurations have a tree of their own, in `config::document`, and bodies of requests and
//! answers are scanned as they come. What is read here is small and has arrived whole.

mod read;
mod write;

pub(crate) use read::{Level, level, text};
pub use write::Json;
