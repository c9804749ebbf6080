//! Describes kinds and values in messages, and tells whether a value has the type of a kind.

use super::suggest::all;
use super::table::{Alternative, KeyKind};
use crate::config::document::TreeNode;
use crate::config::error::quoted;
use crate::decimal::Decimal;

/// Whether a value is of a type that a kind takes. Ranges, names and keys do not count: a value of
/// the right type that is wrong otherwise gets the message of that kind.
pub(super) fn fits(kind: &KeyKind, node: &TreeNode) -> bool {
    match kind {
        KeyKind::Bool => matches!(node, TreeNode::Bool(_)),
        // Envoy's YAML loader turns some numbers into text.
        KeyKind::Integer(..) | KeyKind::Number(..) => {
            matches!(node, TreeNode::Number(_) | TreeNode::Text(_))
        }
        KeyKind::Text(_) | KeyKind::Choice(_) => matches!(node, TreeNode::Text(_)),
        KeyKind::Scalar => {
            matches!(node, TreeNode::Text(_) | TreeNode::Number(_) | TreeNode::Bool(_))
        }
        KeyKind::List(_) => matches!(node, TreeNode::List(_)),
        KeyKind::Map(..) | KeyKind::Object(_) | KeyKind::Json => {
            matches!(node, TreeNode::Object(_))
        }
        KeyKind::Either(alternatives) => {
            alternatives.iter().any(|alternative| fits(&alternative.kind, node))
        }
    }
}

/// Returns what a kind takes, for messages, to stand after "expected".
pub(super) fn described(kind: &KeyKind) -> String {
    match kind {
        KeyKind::Bool => "true or false".to_owned(),
        KeyKind::Integer(least, most) => format!("a whole number from {least} to {most}"),
        KeyKind::Number(least, most) => {
            format!("a number from {} to {}", Decimal(*least), Decimal(*most))
        }
        KeyKind::Text(_) => "text".to_owned(),
        KeyKind::Choice([name]) => quoted(name),
        KeyKind::Choice(names) => format!("one of {}", all(names.iter().copied())),
        KeyKind::Scalar => "text, a number, true or false".to_owned(),
        KeyKind::List(_) => "a list".to_owned(),
        KeyKind::Map(..) | KeyKind::Object(_) | KeyKind::Json => "an object".to_owned(),
        KeyKind::Either(alternatives) => all_described(alternatives.iter()),
    }
}

/// Returns what the alternatives take, each said once, for messages.
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

/// Returns what a value is, for messages, to stand after "found": scalars as they are written,
/// lists and objects by their type alone.
pub(super) fn found(node: &TreeNode) -> String {
    const MOST_SHOWN: usize = 16;

    match node {
        TreeNode::Null => "null".to_owned(),
        TreeNode::Bool(value) => value.to_string(),
        TreeNode::Number(value) => value.to_string(),
        // It may be a secret in the wrong place, as in `"credential": "sk-…"`.
        TreeNode::Text(text) if text.len() > MOST_SHOWN => {
            let start: String = text.chars().take(3).collect();
            format!("a text that begins with {}", quoted(&start))
        }
        TreeNode::Text(text) => quoted(text),
        TreeNode::List(_) => "a list".to_owned(),
        TreeNode::Object(_) => "an object".to_owned(),
    }
}

/// Returns the first sentence of a key's description, to stand in the middle of a message. None in
/// the module, which has no descriptions.
pub(super) fn told(doc: &str) -> Option<String> {
    let first = doc.split_once(". ").map_or(doc, |(first, _)| first).trim_end_matches('.');
    let mut rest = first.chars();
    let initial = rest.next()?;
    Some(format!("{}{}", initial.to_ascii_lowercase(), rest.as_str()))
}
