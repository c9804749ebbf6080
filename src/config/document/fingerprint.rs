//! The hash of a document, by which operators tell documents apart.
//!
//! A document has one hash however it is delivered: as JSON or as a Struct, whose members Envoy
//! puts into another order, whose integers are doubles, and whose fractions may have become text.
//! So members count in any order, and a number counts the same as its text.

use super::node::TreeNode;
use super::number::{float, integer};
use crate::decimal::Decimal;
use crate::hash::{EMPTY, continued, mixed};

/// Ends a key and a value. No text in UTF-8 contains this byte.
const END: [u8; 1] = [0xff];

/// Returns the hash of a document without one of its members: 12 hexadecimal digits.
pub(in crate::config) fn fingerprint(root: &TreeNode, without: &str) -> String {
    let hash = match root {
        TreeNode::Object(members) => with_members(EMPTY, members, |key| key != without),
        other => with(EMPTY, other),
    };
    // Twelve digits are short enough to compare by eye, and long enough for all documents of a fleet.
    format!("{:012x}", mixed(hash) >> 16)
}

/// Returns the hash of what `hash` is of and a value after it.
fn with(hash: u64, node: &TreeNode) -> u64 {
    match node {
        TreeNode::Null => continued(hash, b"0"),
        TreeNode::Bool(value) => continued(hash, if *value { b"+" } else { b"-" }),
        TreeNode::Number(number) => with_text(hash, &spelled(node).unwrap_or(number.to_string())),
        TreeNode::Text(text) => match spelled(node) {
            Some(number) => with_text(hash, &number),
            None => with_text(hash, text),
        },
        TreeNode::List(list) => {
            let hash = list.iter().fold(continued(hash, b"["), with);
            continued(hash, b"]")
        }
        TreeNode::Object(members) => with_members(hash, members, |_| true),
    }
}

/// Returns the hash of what `hash` is of and an object after it, with the members whose keys
/// `counts` accepts.
fn with_members(hash: u64, members: &[(String, TreeNode)], counts: impl Fn(&str) -> bool) -> u64 {
    let counted = members.iter().filter(|(key, _)| counts(key));
    // A sum has no order, so the members need not be sorted.
    let sum = counted.fold(0, |sum: u64, (key, value)| {
        sum.wrapping_add(mixed(with(with_text(EMPTY, key), value)))
    });
    continued(continued(hash, b"{"), &sum.to_le_bytes())
}

/// Returns the hash of what `hash` is of and a text after it.
fn with_text(hash: u64, text: &str) -> u64 {
    continued(continued(continued(hash, b"\""), text.as_bytes()), &END)
}

/// Returns a number as text in its one spelling, whether it was written as a number or as text;
/// `None` for what is no number. For example, 1, 1.0, "1" and "1e0" are all `1`.
fn spelled(node: &TreeNode) -> Option<String> {
    match integer(node) {
        Some(integer) => Some(integer.to_string()),
        None => float(node).map(|float| Decimal(float).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::document::text;

    fn of(json: &str) -> String {
        fingerprint(&text(json).expect("JSON"), "role")
    }

    #[test]
    fn the_same_document_has_one_hash_however_it_is_written() {
        let one = of(r#"{"b": {"y": 1, "x": 0.5}, "a": [true, null, "text", 100000]}"#);
        assert_eq!(one.len(), 12);
        for same in [
            r#"{"a":[true,null,"text",100000],"b":{"x":0.5,"y":1}}"#,
            "{\n \"a\": [true, null, \"text\", 1e5],\n \"b\": {\"y\": 1.0, \"x\": 5e-1}}",
            r#"{"a": [true, null, "text", "100000"], "b": {"x": "0.50", "y": "1"}}"#,
            r#"{"a": [true, null, "te\u0078t", 100000.0], "b": {"x": 0.5, "y": 1}}"#,
        ] {
            assert_eq!(of(same), one, "{same}");
        }
    }

    #[test]
    fn what_differs_has_another_hash() {
        let all = [
            "{}",
            r#"{"a": 1}"#,
            r#"{"a": -1}"#,
            r#"{"a": 10}"#,
            r#"{"a": true}"#,
            r#"{"a": "true"}"#,
            r#"{"a": null}"#,
            r#"{"a": "0"}"#,
            r#"{"a": ""}"#,
            r#"{"a": []}"#,
            r#"{"a": {}}"#,
            r#"{"a": [[]]}"#,
            r#"{"a": ["b", "c"]}"#,
            r#"{"a": ["c", "b"]}"#,
            r#"{"a": ["bc"]}"#,
            r#"{"a": {"b": "c"}}"#,
            r#"{"a": {}, "b": "c"}"#,
            r#"{"a": 9007199254740993}"#,
            r#"{"a": 9007199254740992}"#,
            r#"{"a": 0.1}"#,
            r#"{"ab": "c"}"#,
            r#"{"a": "bc"}"#,
        ];
        let mut hashes = all.map(of).to_vec();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), all.len());
    }

    #[test]
    fn one_member_of_the_document_does_not_count() {
        assert_eq!(of(r#"{"a": 1, "role": "attempt"}"#), of(r#"{"a": 1}"#));
        assert_ne!(of(r#"{"a": {"role": "x"}}"#), of(r#"{"a": {}}"#));
    }

    #[test]
    fn hashes_stay_as_they_are() {
        // A newer module that hashes otherwise would look like a newer document.
        assert_eq!(of(r#"{"providers": {"p": {"cluster": "c"}}}"#), "ab6fcdd789ca");
    }
}
