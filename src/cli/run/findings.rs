//! What is worth a second look in the document that serves, each said once.

use std::collections::BTreeMap;

use crate::cli::routing_file::Finding;

/// The warnings of a document and the notes of its Envoy: the line that is printed, by what it is
/// about. Lines of the file move, so they tell no finding from another.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(String, String)>);

impl Findings {
    /// Returns the findings of a document; `name` is what the user calls it.
    pub(super) fn of(name: &str, warnings: &[Finding], notes: &[String]) -> Self {
        let warnings = warnings
            .iter()
            .map(|found| (found.problem.to_string(), found.line_of(name, found.severity())));
        let notes = notes.iter().map(|note| (note.clone(), format!("note: {note}")));
        Self(warnings.chain(notes).collect())
    }

    /// Returns what is there now and was not in the document before, and then what is gone, a line
    /// each.
    pub(super) fn since(&self, former: &Self) -> Vec<String> {
        let (before, now) = (former.by_subject(), self.by_subject());
        let new = self.0.iter().filter(|(subject, _)| !before.contains_key(subject.as_str()));
        let gone = former.0.iter().filter(|(subject, _)| !now.contains_key(subject.as_str()));
        // What to do about it is no longer of interest.
        let what = |subject: &str| subject.split("; ").next().unwrap_or_default().to_owned();
        let gone = gone.map(|(subject, _)| format!("no longer: {}", what(subject)));
        new.map(|(_, line)| line.clone()).chain(gone).collect()
    }

    fn by_subject(&self) -> BTreeMap<&str, &str> {
        self.0.iter().map(|(subject, line)| (subject.as_str(), line.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Problem;

    fn findings(warnings: &[(usize, &str)], notes: &[&str]) -> Findings {
        let finding = |(line, text): &(usize, &str)| Finding {
            problem: Problem::of_warning(text),
            line: Some(*line),
            column: None,
        };
        let warnings: Vec<Finding> = warnings.iter().map(finding).collect();
        let notes: Vec<String> = notes.iter().map(|note| (*note).to_owned()).collect();
        Findings::of("r.yaml", &warnings, &notes)
    }

    #[test]
    fn a_change_tells_only_what_is_new_or_gone() {
        let first = findings(&[(1, "a: x"), (2, "b: y")], &["cluster c; add d"]);
        assert_eq!(
            first.since(&Findings::default()),
            ["r.yaml:1: warning: a: x", "r.yaml:2: warning: b: y", "note: cluster c; add d"]
        );
        // What moves to another line is the same.
        assert_eq!(
            findings(&[(5, "a: x"), (6, "b: y")], &["cluster c; add d"]).since(&first),
            [""; 0]
        );
        let other = findings(&[(1, "b: y"), (4, "d: z")], &[]);
        assert_eq!(
            other.since(&first),
            ["r.yaml:4: warning: d: z", "no longer: a: x", "no longer: cluster c"]
        );
    }
}
