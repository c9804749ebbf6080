//! YAML and JSON as people write them: read into a tree with lines, and written again.
//!
//! Both of Envoy's notations are read here, for its own files and for routing documents. Knows no
//! key of either.

mod json;
mod ordered;
mod read;
mod tree;
mod write;

pub(super) use json::{JsonText, json_text};
pub(super) use ordered::Ordered;
pub(super) use read::{read_merging, read_only_document, read_tree};
pub(super) use tree::{At, TreeNode};
pub(super) use write::{documents, escape, is_unprintable, scalar, tree_document};
