//! Written YAML: scalars as Envoy reads them, and values as people write resources.
//!
//! No crate writes this. Tried on what `pointsman istio` writes: serde_yaml_ng and
//! serde_norway write one line of eleven differently, serde-saphyr one of fourteen, because
//! each has rules of its own for which texts get quotes (Envoy takes `y` and `off` for
//! booleans, YAML 1.2 does not). saphyr's emitter indents lists below their key, and needs
//! another version of the parser that lint reads by. None writes comments, and what
//! `pointsman envoy` writes is for people: the text of envoy/*.yaml with its comments and
//! anchors.

use std::fmt::Write;

use serde_json::Value;

use super::tree::{TreeNode, TreeValue};

/// Returns a text as a scalar: plain where every reader takes it for a text, else in quotes.
///
/// `openai` and `a/b-c.d` stay as they are; `off`, `1e3`, `a b` and the empty text get
/// quotes. Some texts that would do without are quoted too: the rule is simple, not minimal.
pub(crate) fn scalar(text: &str) -> String {
    // What Envoy takes for a boolean or null. What it takes for a number has another
    // beginning.
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let has_safe_start = text.starts_with(|it: char| it.is_ascii_alphabetic() || "_/".contains(it));
    let is_safe = |it: char| it.is_ascii_alphanumeric() || "_-./".contains(it);
    if has_safe_start && !is_word && text.chars().all(is_safe) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for one in text.chars() {
        match one {
            '"' | '\\' => out.extend(['\\', one]),
            _ if is_unprintable(one) => escape(&mut out, one),
            _ => out.push(one),
        }
    }
    out.push('"');
    out
}

/// Whether YAML does not take a character as it is, or takes it for the end of a line.
///
/// All of them have codes below 65536, so [`escape`] needs four digits.
pub(crate) fn is_unprintable(one: char) -> bool {
    one.is_control() || matches!(one, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Writes a character by its code, as texts in quotes have it in JSON and YAML alike.
pub(crate) fn escape(out: &mut String, one: char) {
    let _ = write!(out, "\\u{:04x}", u32::from(one));
}

/// Returns one YAML document for each value.
///
/// Objects and lists are blocks, two spaces deep, and a list is at the depth of its key:
///
/// ```yaml
/// ---
/// hosts:
/// - api.example
/// port:
///   number: 443
/// ```
pub(crate) fn documents(values: &[Value]) -> String {
    let mut out = String::new();
    for value in values {
        out.push_str("---\n");
        block(&mut out, &value.clone().into(), 0);
    }
    out.trim_end().to_owned()
}

/// Returns a tree as one YAML document, in the style of [`documents`] and without the first line.
pub(crate) fn tree_document(node: &TreeNode) -> String {
    let mut out = String::new();
    if is_block(node) {
        block(&mut out, node, 0);
    } else {
        member(&mut out, node, 0);
    }
    out.trim().to_owned()
}

/// Writes the lines of an object or list that is not empty, at that depth.
fn block(out: &mut String, node: &TreeNode, depth: usize) {
    match &node.value {
        TreeValue::Map(members) => {
            for of in members {
                indent(out, depth);
                let _ = write!(out, "{}:", scalar(&of.key));
                // Lists are at the depth of their key.
                let is_list = matches!(of.node.value, TreeValue::List(_));
                let below = if is_list { depth } else { depth.saturating_add(1) };
                member(out, &of.node, below);
            }
        }
        TreeValue::List(items) => {
            for item in items {
                indent(out, depth);
                out.push('-');
                let below = depth.saturating_add(1);
                if is_block(item) {
                    // The first line's indentation becomes the space after the dash.
                    let mut inner = String::new();
                    block(&mut inner, item, below);
                    out.push(' ');
                    out.push_str(inner.trim_start());
                } else {
                    member(out, item, below);
                }
            }
        }
        _ => {}
    }
}

/// Writes what follows a key or a dash: the rest of the line, or lines at the depth `below`.
fn member(out: &mut String, node: &TreeNode, below: usize) {
    match &node.value {
        _ if is_block(node) => {
            out.push('\n');
            block(out, node, below);
        }
        TreeValue::Text(text) if text.contains('\n') && is_literal(text) => {
            // A document within a document stays readable: one line each, no quotes.
            out.push_str(" |-\n");
            for line in text.lines() {
                indent(out, below);
                let _ = writeln!(out, "{line}");
            }
        }
        value => {
            let _ = writeln!(out, " {}", in_line(value));
        }
    }
}

/// Returns a value that takes no lines of its own.
fn in_line(value: &TreeValue) -> String {
    match value {
        TreeValue::Text(text) => scalar(text),
        TreeValue::Number(text) => text.clone(),
        TreeValue::Bool(value) => value.to_string(),
        TreeValue::Null => "null".to_owned(),
        TreeValue::List(_) => "[]".to_owned(),
        TreeValue::Map(_) => "{}".to_owned(),
    }
}

/// Whether a value takes lines of its own. The empty ones are `[]` and `{}`.
fn is_block(node: &TreeNode) -> bool {
    match &node.value {
        TreeValue::Map(members) => !members.is_empty(),
        TreeValue::List(items) => !items.is_empty(),
        _ => false,
    }
}

/// Whether a literal block (`|-`) has exactly this text: its first line sets the
/// indentation, its last line break is dropped, and nothing in it can be escaped.
fn is_literal(text: &str) -> bool {
    !text.starts_with([' ', '\n'])
        && !text.ends_with('\n')
        && !text.contains(|it: char| it != '\n' && is_unprintable(it))
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_stay_the_text_that_they_are() {
        for text in [
            "openai", "_a", "gpt-4.1", "a/b", "y", "No", "null", "1", "-1", "1e3", "", "a b",
            "a: b", "#a", "\"q\"", "\\", "*a", "ü", "a\tb", "\u{2028}", "{a}", "~", "0x1f", ".5",
        ] {
            let line = format!("{{a: {}}}\n", scalar(text));
            let tree = super::super::read_tree(&line).unwrap();
            assert_eq!(tree.get("a").json().unwrap(), text, "{line}");
        }
        assert_eq!(scalar("openai"), "openai");
        assert_eq!(scalar("off"), "\"off\"");
    }
}
