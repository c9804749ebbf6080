//! The configuration as the page has it, in JSON or YAML.
//!
//! Decides which of the two it is, as the tool does, and where a problem is in the text. All else sees
//! JSON.

use pointsman::config::Located;
use pointsman::yaml::{self, JsonText};
use serde_json::{Value, json};

/// A configuration that has been read as text, and not been checked yet.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a str,
    /// The text as JSON, if it is YAML.
    converted: Option<JsonText>,
}

impl<'a> Document<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with the YAML, as a problem for the page.
    pub(crate) fn read(text: &'a str) -> Result<Self, Value> {
        if !yaml::is_yaml(text) {
            return Ok(Self { text, converted: None });
        }
        match yaml::document(text) {
            Ok(json) => Ok(Self { text, converted: Some(json) }),
            Err(what) => {
                // The message begins with the line.
                let line = what.strip_prefix("line ").and_then(|rest| rest.split(':').next());
                let line = line.and_then(|line| line.parse().ok()).unwrap_or(1);
                Err(in_line(text, line, "configuration", &format!("is not YAML: {what}")))
            }
        }
    }

    /// Returns the configuration as JSON, as the filter gets it.
    pub(crate) fn json(&self) -> &str {
        self.converted.as_ref().map_or(self.text, |json| &json.text)
    }

    /// Returns a problem with its place for the page.
    pub(crate) fn located(&self, one: &Located) -> Value {
        let (path, message) = (&one.problem.path, &one.problem.message);
        if let Some(json) = &self.converted {
            return in_line(self.text, json.line(one.range.start), path, message);
        }
        json!({
            "path": path,
            "message": message,
            "line": one.line,
            "column": one.column,
            "from": units(self.text, one.range.start),
            "to": units(self.text, one.range.end),
        })
    }
}

/// Returns a problem of a line, which is marked as a whole. `line`: from 1.
fn in_line(text: &str, line: usize, path: &str, message: &str) -> Value {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let whole = text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let blank = whole.len() - whole.trim_start().len();
    let (from, to) = (before + blank, before + whole.trim_end().len());
    json!({
        "path": path,
        "message": message,
        "line": line,
        "column": blank + 1,
        "from": units(text, from),
        "to": units(text, to.max(from)),
    })
}

/// Returns a place in the page's editor, which counts texts in UTF-16.
fn units(text: &str, end: usize) -> usize {
    text.get(..end).map_or(0, |before| before.encode_utf16().count())
}
