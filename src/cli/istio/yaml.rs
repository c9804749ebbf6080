//! Values as YAML in blocks, as people write resources.

use std::fmt::Write;

use serde_json::Value;

use crate::cli::envoy::yaml::scalar;

/// One document for each.
pub(super) fn documents(values: &[Value]) -> String {
    let mut out = String::new();
    for value in values {
        out.push_str("---\n");
        block(&mut out, value, 0);
    }
    out.trim_end().to_owned()
}

/// Lines of a value that is not empty, at that depth.
fn block(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                indent(out, depth);
                let _ = write!(out, "{}:", scalar(key));
                member(out, value, depth, depth.saturating_add(1));
            }
        }
        Value::Array(elements) => {
            for value in elements {
                let mut inner = String::new();
                block(&mut inner, value, depth.saturating_add(1));
                indent(out, depth);
                if is_block(value) {
                    // The first line's indentation becomes the dash.
                    out.push_str("- ");
                    out.push_str(inner.trim_start());
                } else {
                    out.push('-');
                    member(out, value, depth, depth.saturating_add(1));
                }
            }
        }
        _ => {}
    }
}

/// What stands behind a key or a dash, and the lines below it.
fn member(out: &mut String, value: &Value, depth: usize, below: usize) {
    match value {
        _ if is_block(value) => {
            out.push('\n');
            // Lists stand at the depth of their key.
            let depth = if value.is_array() { depth } else { below };
            block(out, value, depth);
        }
        Value::String(text) if text.contains('\n') && is_plain(text) => {
            out.push_str(" |-\n");
            for line in text.lines() {
                indent(out, below);
                let _ = writeln!(out, "{line}");
            }
        }
        Value::String(text) => {
            let _ = writeln!(out, " {}", scalar(text));
        }
        other => {
            let _ = writeln!(out, " {other}");
        }
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        _ => false,
    }
}

/// Whether a literal block says the same.
fn is_plain(text: &str) -> bool {
    !text.starts_with([' ', '\n'])
        && !text.ends_with('\n')
        && !text.contains(|it: char| {
            (it.is_control() && it != '\n')
                || matches!(it, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        })
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}
