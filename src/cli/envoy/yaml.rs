//! Pieces of YAML text: scalars as Envoy reads them, blocks and what replaces them.
//!
//! Knows nothing of Envoy but how it reads scalars.

/// A text as a scalar: plain where it can only be text, else in quotes.
pub(in crate::cli) fn scalar(text: &str) -> String {
    // What Envoy takes for a boolean or null, or reads as a number.
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_word = WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let mut characters = text.chars();
    let is_first = |it: char| it.is_ascii_alphabetic() || matches!(it, '_' | '/');
    let begins = characters.next().is_some_and(is_first);
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.' | '/');
    if begins && !is_word && characters.all(is_plain) {
        return text.to_owned();
    }
    quoted(text)
}

/// The same, always in quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for one in text.chars() {
        match one {
            '"' | '\\' => out.extend(['\\', one]),
            _ if one.is_control() || matches!(one, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(one)));
            }
            _ => out.push(one),
        }
    }
    out.push('"');
    out
}

/// Where a block of a text begins and ends: the first line that begins like this after
/// its indentation, and all that stand deeper.
fn block(text: &str, first: &str) -> Option<(usize, usize)> {
    let (mut at, mut found) = (0usize, None);
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let indent = line.len().saturating_sub(content.len());
        match found {
            None if content.starts_with(first) => found = Some((at, indent)),
            Some((begin, limit)) if !content.is_empty() && indent <= limit => {
                return Some((begin, at));
            }
            _ => {}
        }
        at = at.saturating_add(line.len());
    }
    found.map(|(begin, _)| (begin, at))
}

/// A block with the comment above it.
pub(super) fn commented<'a>(text: &'a str, first: &str) -> Option<&'a str> {
    let (mut begin, end) = block(text, first)?;
    for line in text.get(..begin)?.split_inclusive('\n').rev() {
        if !line.trim_start().starts_with('#') {
            break;
        }
        begin = begin.saturating_sub(line.len());
    }
    text.get(begin..end)
}

/// A text whose places are filled in; remembers the first that it does not have.
#[derive(Debug)]
pub(super) struct Template {
    text: String,
    missing: Option<String>,
}

impl Template {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), missing: None }
    }

    /// Replaces every occurrence.
    pub(super) fn replace(&mut self, from: &str, to: &str) {
        if !self.text.contains(from) {
            self.missing.get_or_insert_with(|| from.to_owned());
        }
        self.text = self.text.replace(from, to);
    }

    /// Replaces the first line that begins like this after its indentation.
    pub(super) fn line(&mut self, first: &str, to: &str) {
        let is_it = |line: &&str| line.trim_start().starts_with(first);
        let found = self.text.lines().find(is_it).map(|line| line.trim_start().to_owned());
        match found {
            Some(line) => self.text = self.text.replacen(&line, to, 1),
            None => {
                self.missing.get_or_insert_with(|| first.to_owned());
            }
        }
    }

    /// Replaces what stands deeper than the line that begins like this, and keeps the line.
    pub(super) fn fill(&mut self, first: &str, below: &str) {
        let found = block(&self.text, first).and_then(|(begin, end)| {
            let line = self.text.get(begin..end)?.find('\n')?;
            Some((begin.checked_add(line)?.checked_add(1)?, end))
        });
        match found {
            Some((begin, end)) => self.text.replace_range(begin..end, below),
            None => {
                self.missing.get_or_insert_with(|| first.to_owned());
            }
        }
    }

    /// The text.
    ///
    /// # Errors
    /// What was to be replaced and is not there.
    pub(super) fn finish(self) -> Result<String, String> {
        self.missing.map_or(Ok(self.text), Err)
    }
}

/// Text, each line after so many spaces.
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
    fn scalars_stay_the_text_that_they_are() {
        for text in [
            "openai", "_a", "gpt-4.1", "a/b", "y", "No", "null", "1", "-1", "1e3", "", "a b",
            "a: b", "#a", "\"q\"", "\\", "*a", "ü", "a\tb", "\u{2028}", "{a}", "~", "0x1f", ".5",
        ] {
            let line = format!("{{a: {}}}\n", scalar(text));
            let tree = super::super::super::lint::read_tree(&line).unwrap();
            assert_eq!(tree.get("a").json().unwrap(), text, "{line}");
        }
        assert_eq!(scalar("openai"), "openai");
        assert_eq!(scalar("off"), "\"off\"");
    }

    #[test]
    fn blocks_end_where_nothing_stands_deeper() {
        let text = "a:\n  # why\n  # so\n  b:\n    c: 1\n\n    d: 2\n  e: 3\nf: 4\n";
        assert_eq!(commented(text, "b:"), Some("  # why\n  # so\n  b:\n    c: 1\n\n    d: 2\n"));
        assert_eq!(commented(text, "f:"), Some("f: 4\n"));
        assert_eq!(commented(text, "g:"), None);
        let mut template = Template::new(text);
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
        let mut template = Template::new("a: 1\n");
        template.replace("b", "c");
        template.fill("d:", "");
        assert_eq!(template.finish().unwrap_err(), "b");
    }
}
