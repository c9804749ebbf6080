//! Configuration bytes as a tree.
//!
//! Decides which encoding the bytes are in, and reports what is wrong with the
//! encoding. Knows no key of the configuration. Members keep their order and
//! duplicates, so that the next step can report them; depth is bounded by both
//! decoders, so that every later walk may recurse.

mod fingerprint;
mod json;
mod node;
pub(super) mod number;
mod protobuf;
mod read;

pub(super) use fingerprint::fingerprint;
pub(super) use json::SyntaxError;
pub(super) use node::{Tree, TreeNode};
pub(super) use read::{malformed, read, text};
