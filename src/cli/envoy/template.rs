//! A YAML text with places that are filled in, found by what stands there.
//!
//! The shipped configurations are templates without marks, so that they stay examples that
//! Envoy runs as they are. A place that is no longer there is an error, never a silent gap;
//! `tests/tool/envoy.rs` writes all of them. Knows nothing of Envoy.

use std::ops::Range;

/// A text whose places are filled in; remembers the first that it does not have.
///
/// ```yaml
/// listen: 1        # replace("listen: 1", "listen: 2")
/// map:             # fill("map:", "  new: entry\n")
///   old: entry
/// keys: {a: 1}     # line("keys:", "keys: {}")
/// ```
#[derive(Debug)]
pub(super) struct Template {
    text: String,
    missing: Option<String>,
}

impl Template {
    pub(super) fn new(text: String) -> Self {
        Self { text, missing: None }
    }

    /// Replaces every occurrence of a text, in comments too: they quote values.
    ///
    /// A text that is not there makes [`Template::finish`] fail.
    pub(super) fn replace(&mut self, from: &str, to: &str) {
        let is_there = self.text.contains(from);
        self.text = self.text.replace(from, to);
        self.require(is_there, from);
    }

    /// Replaces the first line that begins with `first` after its indentation.
    ///
    /// The indentation stays, and so do equal lines after it.
    pub(super) fn line(&mut self, first: &str, to: &str) {
        let is_it = |line: &&str| line.trim_start().starts_with(first);
        let found = self.text.lines().find(is_it).map(|line| line.trim_start().to_owned());
        if let Some(line) = &found {
            self.text = self.text.replacen(line, to, 1);
        }
        self.require(found.is_some(), first);
    }

    /// Replaces everything below the first line that begins with `first`, and keeps the line.
    pub(super) fn fill(&mut self, first: &str, below: &str) {
        let found = block(&self.text, first).and_then(|Range { start, end }| {
            // The first line of the block stays, with its anchor if it has one.
            let line = self.text.get(start..end)?.find('\n')?;
            Some(start.checked_add(line)?.checked_add(1)?..end)
        });
        let is_there = found.is_some();
        if let Some(range) = found {
            self.text.replace_range(range, below);
        }
        self.require(is_there, first);
    }

    fn require(&mut self, is_there: bool, place: &str) {
        if !is_there {
            self.missing.get_or_insert_with(|| place.to_owned());
        }
    }

    /// Returns the text with its places filled in.
    ///
    /// # Errors
    /// The first place that was to be filled in and is not there.
    pub(super) fn finish(self) -> Result<String, String> {
        self.missing.map_or(Ok(self.text), Err)
    }
}

/// Returns where a block is: the first line that begins with `first` after its indentation,
/// and the lines after it that are indented further, blank ones included.
fn block(text: &str, first: &str) -> Option<Range<usize>> {
    let (mut at, mut found) = (0usize, None);
    for line in text.split_inclusive('\n') {
        // A blank line has no content, so it ends no block.
        let content = line.trim_start();
        let indent = line.len().saturating_sub(content.len());
        match found {
            None if content.starts_with(first) => found = Some((at, indent)),
            Some((start, limit)) if !content.is_empty() && indent <= limit => {
                return Some(start..at);
            }
            _ => {}
        }
        at = at.saturating_add(line.len());
    }
    found.map(|(start, _)| start..at)
}

/// Returns a block together with the comment lines right above it, which say what it is for.
///
/// None where no line begins with `first`.
pub(super) fn commented<'a>(text: &'a str, first: &str) -> Option<&'a str> {
    let Range { mut start, end } = block(text, first)?;
    for line in text.get(..start)?.split_inclusive('\n').rev() {
        if !line.trim_start().starts_with('#') {
            break;
        }
        start = start.saturating_sub(line.len());
    }
    text.get(start..end)
}

/// Returns the lines of a text, each indented by `spaces`; blank lines stay empty.
///
/// Spaces at the ends of lines are dropped.
pub(super) fn indented(text: &str, spaces: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if !line.trim().is_empty() {
            out.push_str(&" ".repeat(spaces));
            out.push_str(line.trim_end());
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_where_nothing_stands_deeper() {
        let text = "a:\n  # why\n  # so\n  b:\n    c: 1\n\n    d: 2\n  e: 3\nf: 4\n";
        assert_eq!(commented(text, "b:"), Some("  # why\n  # so\n  b:\n    c: 1\n\n    d: 2\n"));
        assert_eq!(commented(text, "f:"), Some("f: 4\n"));
        assert_eq!(commented(text, "g:"), None);
        let mut template = Template::new(text.to_owned());
        template.fill("b:", "    x: 5\n");
        template.replace("f: 4", "f: 6");
        template.line("e:", "e: 7");
        assert_eq!(
            template.finish().unwrap(),
            "a:\n  # why\n  # so\n  b:\n    x: 5\n  e: 7\nf: 6\n"
        );
    }

    #[test]
    fn a_place_that_is_not_there_is_told() {
        let mut template = Template::new("a: 1\n".to_owned());
        template.replace("b", "c");
        template.fill("d:", "");
        assert_eq!(template.finish().unwrap_err(), "b");
    }
}
