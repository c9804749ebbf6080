//! YAML and JSON as people write them: read into a tree with lines, and written again.
//!
//! Both of Envoy's notations are read here, for its own files and for routing documents. Knows no
//! key of either.

mod json;
mod mistake;
mod ordered;
mod read;
mod tree;
mod write;

pub use json::JsonText;
pub(crate) use json::json_text;
pub(crate) use ordered::Ordered;
pub(crate) use read::{read_merging, read_only_document, read_tree};
pub(crate) use tree::{At, TreeNode};
pub(crate) use write::{documents, escape, is_unprintable, scalar, tree_document};

/// Returns a routing document in YAML as JSON, which is what the filter reads.
///
/// # Errors
/// What is wrong, with its line.
pub fn document(text: &str) -> Result<JsonText, String> {
    read_only_document(text).map(|node| json_text(&node))
}

/// Returns whether a text is a document in YAML. A text that begins with `{` is JSON, so that a mistake in JSON
/// is never read as YAML. Control characters are in no YAML: such a text is a serialized `Struct`.
#[must_use]
pub fn is_yaml(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let is_binary = text.contains(|it: char| it.is_control() && !"\n\r\t".contains(it));
    !is_binary && !text.trim().is_empty() && !text.trim_start().starts_with('{')
}
