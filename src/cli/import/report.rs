//! What an import says of places that have no counterpart, or mean something else here.

use std::collections::BTreeSet;

/// Lines of the report. Never has a value of the file in it: some are secrets.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Line, path and message, as they came.
    lines: Vec<(usize, String, String)>,
    /// What is said once only, and has been.
    once: BTreeSet<&'static str>,
}

impl Report {
    pub(super) fn add(&mut self, line: usize, path: &str, message: String) {
        let said = (line, path.to_owned(), message);
        // What is read twice is said once.
        if !self.lines.contains(&said) {
            self.lines.push(said);
        }
    }

    /// Whether a message that is said once has not been said yet. Now it has.
    pub(super) fn is_new(&mut self, message: &'static str) -> bool {
        self.once.insert(message)
    }

    /// Returns the lines in the order of the file: `config.yaml:12: path: message`. JSON is read
    /// without lines, so there they have none.
    pub(super) fn lines(&self, file: &str) -> Vec<String> {
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_by_key(|(line, _, _)| *line);
        let written = |(line, path, message): &(usize, String, String)| match line {
            0 => format!("{file}: {path}: {message}"),
            _ => format!("{file}:{line}: {path}: {message}"),
        };
        lines.into_iter().map(written).collect()
    }
}
