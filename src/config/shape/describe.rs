//! Kinds and values in words, and whether one is of the other's type.

use super::suggest::all;
use super::table::{Alternative, Kind};
use crate::config::document::Node;
use crate::config::error::quoted;

/// Whether a value is of a type that a kind takes.
pub(super) fn fits(kind: &Kind, node: &Node) -> bool {
    match kind {
        Kind::Bool => matches!(node, Node::Bool(_)),
        Kind::Integer(..) | Kind::Number(..) => matches!(node, Node::Number(_) | Node::Text(_)),
        Kind::Text(_) | Kind::Choice(_) => matches!(node, Node::Text(_)),
        Kind::Scalar => matches!(node, Node::Text(_) | Node::Number(_) | Node::Bool(_)),
        Kind::List(_) => matches!(node, Node::List(_)),
        Kind::Map(..) | Kind::Object(_) | Kind::Json => matches!(node, Node::Object(_)),
        Kind::Either(alternatives) => {
            alternatives.iter().any(|alternative| fits(&alternative.kind, node))
        }
    }
}

/// What a kind takes, for messages.
pub(super) fn described(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::Integer(least, most) => format!("a whole number from {least} to {most}"),
        Kind::Number(least, most) => format!("a number from {least} to {most}"),
        Kind::Text(_) => "text".to_owned(),
        Kind::Choice(names) => format!("one of {}", all(names.iter().copied())),
        Kind::Scalar => "text, a number, true or false".to_owned(),
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(..) | Kind::Object(_) | Kind::Json => "an object".to_owned(),
        Kind::Either(alternatives) => all_described(alternatives.iter()),
    }
}

/// What the alternatives take, for messages.
pub(super) fn all_described(alternatives: impl Iterator<Item = &'static Alternative>) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for alternative in alternatives {
        let kind = described(&alternative.kind);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.join(" or ")
}

/// What a value is, for messages.
pub(super) fn found(node: &Node) -> String {
    match node {
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Number(value) => value.to_string(),
        Node::Text(text) => quoted(text),
        Node::List(_) => "a list".to_owned(),
        Node::Object(_) => "an object".to_owned(),
    }
}
