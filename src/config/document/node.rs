//! The tree of a document.

use serde_json::Number;

/// A value of the document.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Members in order, duplicates included.
    Object(Vec<(String, Node)>),
}

/// A configuration as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct Document {
    /// Its outermost object.
    pub(in crate::config) root: Node,
    /// Whether it came as a `google.protobuf.Struct`, where Envoy's YAML loader
    /// has turned fractions and large integers into text.
    pub(in crate::config) is_struct: bool,
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
