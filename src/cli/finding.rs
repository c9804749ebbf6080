//! A problem or a warning of a routing document, and how its place is written.

use crate::config::Problem;

/// A problem or a warning, and where the file has it.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) problem: Problem,
    /// From 1; `None` for a document that has no lines.
    pub(super) line: Option<usize>,
    /// From 1, in characters; `None` for YAML.
    pub(super) column: Option<usize>,
}

impl Finding {
    /// Returns how much a finding matters that is no problem. What is right for most documents is a note.
    pub(super) fn severity(&self) -> &'static str {
        if self.problem.path == "default_cluster" { "note" } else { "warning" }
    }

    /// Returns the finding as compilers write theirs: `routing.json:3:5: error: routes: …`.
    pub(super) fn line_of(&self, file: &str, severity: &str) -> String {
        let place: String =
            [self.line, self.column].iter().flatten().map(|at| format!("{at}:")).collect();
        format!("{file}:{place} {severity}: {}", self.problem)
    }
}
