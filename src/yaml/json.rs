//! JSON to a tree and back, with the order of members kept.
//!
//! serde_json's own values sort their members. Somebody who converts a document expects to find
//! it again.

use std::fmt;
use std::rc::Rc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::tree::{TreeMember, TreeNode, TreeValue};

/// Lists and objects that fit in so many characters are written in one line.
const LINE_LENGTH: usize = 80;

impl<'de> Deserialize<'de> for TreeNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(TreeVisitor)?;
        Ok(Self { line: 0, value })
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = TreeValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<TreeValue, E> {
        Ok(TreeValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<TreeValue, E> {
        Ok(TreeValue::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<TreeValue, E> {
        Ok(TreeValue::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<TreeValue, E> {
        Ok(TreeValue::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<TreeValue, E> {
        // JSON has no number that is not finite.
        let number = Number::from_f64(value);
        Ok(number.map_or(TreeValue::Null, |number| TreeValue::Number(number.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<TreeValue, E> {
        Ok(TreeValue::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<TreeValue, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = elements.next_element()? {
            list.push(Rc::new(node));
        }
        Ok(TreeValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<TreeValue, A::Error> {
        let mut members = Vec::new();
        while let Some((key, node)) = entries.next_entry()? {
            members.push(TreeMember::unplaced(key, node));
        }
        Ok(TreeValue::Map(members))
    }
}

/// The JSON text of a tree, and which line of the tree's file each part of it comes from.
#[derive(Debug, Default)]
pub struct JsonText {
    /// The JSON.
    pub text: String,
    /// The first byte of each key and value, and the line that it comes from; in order.
    lines: Vec<(usize, usize)>,
}

impl JsonText {
    /// Returns the line that a byte of the text comes from, from 1.
    #[must_use]
    pub fn line(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|(start, _)| *start <= at);
        let before = after.checked_sub(1).and_then(|before| self.lines.get(before));
        before.map_or(1, |(_, line)| *line)
    }
}

/// Writes a tree as JSON, two spaces deep. What is short stays in one line:
///
/// ```json
/// {
///   "providers": { "openai": { "cluster": "openai" } }
/// }
/// ```
pub(crate) fn json_text(node: &TreeNode) -> JsonText {
    let mut json = JsonText::default();
    json.block(node, 0);
    json
}

impl JsonText {
    /// Writes a value at that depth, a list or an object over several lines.
    fn block(&mut self, node: &TreeNode, depth: usize) {
        self.begins(node.line);
        let inner = depth.saturating_add(1);
        match &node.value {
            TreeValue::List(items) if !items.is_empty() => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.next_line(at, inner);
                    self.one_line_or_block(item, inner);
                }
                self.end(']', depth);
            }
            TreeValue::Map(members) if !members.is_empty() => {
                self.text.push('{');
                for (at, member) in members.iter().enumerate() {
                    self.next_line(at, inner);
                    self.key(member);
                    self.one_line_or_block(&member.node, inner);
                }
                self.end('}', depth);
            }
            _ => self.inline(node),
        }
    }

    /// Writes a value in the rest of the line if it fits, else as a block.
    fn one_line_or_block(&mut self, node: &TreeNode, depth: usize) {
        let (bytes, lines) = (self.text.len(), self.lines.len());
        let line = self.text.rfind('\n').map_or(0, |at| at.saturating_add(1));
        self.inline(node);
        if self.text.len().saturating_sub(line) > LINE_LENGTH {
            self.text.truncate(bytes);
            self.lines.truncate(lines);
            self.block(node, depth);
        }
    }

    /// Writes a value without line breaks.
    fn inline(&mut self, node: &TreeNode) {
        self.begins(node.line);
        match &node.value {
            TreeValue::Null => self.text.push_str("null"),
            TreeValue::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            TreeValue::Number(text) => self.text.push_str(text),
            TreeValue::Text(text) => self.quoted(text),
            TreeValue::List(items) => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.text.push_str(if at > 0 { ", " } else { "" });
                    self.inline(item);
                }
                self.text.push(']');
            }
            TreeValue::Map(members) if members.is_empty() => self.text.push_str("{}"),
            TreeValue::Map(members) => {
                self.text.push_str("{ ");
                for (at, member) in members.iter().enumerate() {
                    self.text.push_str(if at > 0 { ", " } else { "" });
                    self.key(member);
                    self.inline(&member.node);
                }
                self.text.push_str(" }");
            }
        }
    }

    fn key(&mut self, member: &TreeMember) {
        self.begins(member.line);
        self.quoted(&member.key);
        self.text.push_str(": ");
    }

    fn quoted(&mut self, text: &str) {
        // A text is always JSON.
        self.text.push_str(&serde_json::to_string(text).unwrap_or_default());
    }

    /// Notes that what comes next is from that line.
    fn begins(&mut self, line: usize) {
        self.lines.push((self.text.len(), line));
    }

    /// Begins the line of a member or an element.
    fn next_line(&mut self, at: usize, depth: usize) {
        self.text.push_str(if at > 0 { ",\n" } else { "\n" });
        self.text.extend(std::iter::repeat_n("  ", depth));
    }

    fn end(&mut self, bracket: char, depth: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", depth));
        self.text.push(bracket);
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::read;
    use super::*;

    #[test]
    fn a_tree_is_json_in_its_own_order_with_lines() {
        let json = json_text(&read("b:\n  c: [1, x]\n# no\na: \"é\"\n").unwrap());
        assert_eq!(json.text, "{\n  \"b\": { \"c\": [1, \"x\"] },\n  \"a\": \"é\"\n}");
        let line = |part| json.line(json.text.find(part).unwrap());
        assert_eq!((line("{"), line("\"b\""), line("\"c\""), line("\"a\"")), (1, 1, 2, 4));
    }

    #[test]
    fn what_is_too_long_for_a_line_has_several() {
        let word = "w".repeat(30);
        let text = format!("{{\"a\": [\"{word}\", \"{word}\", {{}}, \"{word}\"], \"b\": 1.0}}");
        let json = json_text(&read(&text).unwrap()).text;
        let wanted = format!(
            "{{\n  \"a\": [\n    \"{word}\",\n    \"{word}\",\n    {{}},\n    \"{word}\"\n  ],\n  \"b\": 1.0\n}}"
        );
        assert_eq!(json, wanted);
    }
}
