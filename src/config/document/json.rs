//! JSON text as a tree that keeps the order of members and their duplicates.
//!
//! The syntax, and the depth at which it stops, are serde_json's.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::node::TreeNode;

/// What is wrong with the syntax of a JSON text, and where.
#[derive(Debug)]
pub(in crate::config) struct SyntaxError {
    /// From 1 on.
    pub(in crate::config) line: usize,
    /// The byte of that line, from 1 on; 0 before its first.
    pub(in crate::config) column: usize,
    message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Parses one JSON value.
///
/// # Errors
/// Line, column and what was expected there.
pub(super) fn parse(text: &[u8]) -> Result<TreeNode, SyntaxError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    TreeNode::deserialize(&mut deserializer)
        // Half of a document must not pass for the whole, so only white space may follow.
        .and_then(|node| deserializer.end().map(|()| node))
        .map_err(|error| located(&error))
}

/// Returns the error without its place, which serde_json writes at the end of the message.
fn located(error: &serde_json::Error) -> SyntaxError {
    let (line, column) = (error.line(), error.column());
    // The place is written before the message here, so it is cut off after it.
    let text = error.to_string();
    let message = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    SyntaxError { line, column, message: message.to_lowercase() }
}

impl<'de> Deserialize<'de> for TreeNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// Builds a [`TreeNode`] of whatever value comes next.
struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = TreeNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<TreeNode, E> {
        Ok(TreeNode::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<TreeNode, E> {
        Ok(TreeNode::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<TreeNode, E> {
        Ok(TreeNode::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<TreeNode, E> {
        Ok(TreeNode::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<TreeNode, E> {
        Number::from_f64(value)
            .map(TreeNode::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<TreeNode, E> {
        Ok(TreeNode::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<TreeNode, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(TreeNode::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<TreeNode, A::Error> {
        // Not a map, which would keep one of two equal keys and hide the mistake.
        let mut members = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            members.push(entry);
        }
        Ok(TreeNode::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_duplicates_are_kept() {
        let node = parse(br#"{"b": 1, "a": [null, true, "x", 0.5], "b": -2}"#).expect("JSON");
        let list = vec![
            TreeNode::Null,
            TreeNode::Bool(true),
            TreeNode::from("x"),
            TreeNode::Number(Number::from_f64(0.5).expect("finite")),
        ];
        let expected = vec![
            ("b".to_owned(), TreeNode::Number(1.into())),
            ("a".to_owned(), TreeNode::List(list)),
            ("b".to_owned(), TreeNode::Number((-2).into())),
        ];
        assert_eq!(node, TreeNode::Object(expected));
    }

    #[test]
    fn invalid_utf8_and_huge_numbers_are_errors() {
        assert!(parse(b"{\"a\": \"\xff\"}").is_err());
        assert!(parse(b"{\"a\": 1e999}").is_err());
    }
}
