//! What is wrong with a configuration, and where.
//!
//! Decides how problems and paths are written. Knows no rule of the
//! configuration. The number of problems kept is bounded, so that a hostile
//! configuration cannot flood the log of its host.

use std::fmt;

use crate::text::MOST_QUOTED;
pub(super) use crate::text::quoted;

/// Problems kept; further ones are counted.
const MOST_PROBLEMS: usize = 100;

/// Everything that is wrong with a configuration: first what its text and keys
/// get wrong, in document order, then what its names and rules do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    omitted: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is (`models.fast.candidates[1]`); `configuration` is the whole.
    pub path: String,
    /// What it is and what is allowed, in lower case.
    pub message: String,
}

impl Problem {
    /// Returns a warning as a problem: its path, then what it says. Where a key of the path holds
    /// `: `, the path ends too early.
    #[must_use]
    pub fn of_warning(warning: &str) -> Self {
        let (path, message) = warning.split_once(": ").unwrap_or(("configuration", warning));
        Self { path: path.to_owned(), message: message.to_owned() }
    }
}

impl Problems {
    /// Returns the problems kept, in the order found. Of a large number the first hundred are
    /// kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Returns how many problems there are. Those that are not kept are counted, so this may be
    /// more than [`iter`](Self::iter) yields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len().saturating_add(self.omitted)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns a list of one problem, for a failure that is found without a pass over a document.
    #[must_use]
    pub fn of(path: &str, message: impl Into<String>) -> Self {
        let problem = Problem { path: path.to_owned(), message: message.into() };
        Self { list: vec![problem], omitted: 0 }
    }

    /// Returns the same problems, of a document that is called by another name. Only those of the
    /// whole document change: others have paths of their own.
    pub(super) fn in_document(mut self, name: &str) -> Self {
        let root = Path::Root.to_string();
        for problem in self.list.iter_mut().filter(|problem| problem.path == root) {
            name.clone_into(&mut problem.path);
        }
        self
    }

    /// Keeps a problem, or only counts it once [`MOST_PROBLEMS`] are kept.
    fn add(&mut self, problem: Problem) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(problem);
        } else {
            self.omitted = self.omitted.saturating_add(1);
        }
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// One problem per line. A last line says how many more there are, if some were not kept.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.list.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more problems; fix the ones above first", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What one pass over a configuration finds.
#[derive(Debug, Default)]
pub(super) struct Diagnostics {
    /// What makes it fail.
    pub(super) problems: Problems,
    /// What is accepted, but worth a second look.
    pub(super) warnings: Vec<String>,
}

impl Diagnostics {
    /// Notes a problem. The same one at the same place counts once, as long as it is among those
    /// that are kept.
    #[inline(never)]
    pub(super) fn problem(&mut self, path: &Path<'_>, message: impl Into<String>) {
        let problem = Problem { path: path.to_string(), message: message.into() };
        // Document and shadow share parts, whose problems are found twice.
        if !self.problems.list.contains(&problem) {
            self.problems.add(problem);
        }
    }

    /// Notes something suspicious but legal. The same warning about the same place is kept once.
    #[inline(never)]
    pub(super) fn warn(&mut self, path: &Path<'_>, message: impl fmt::Display) {
        let warning = format!("{path}: {message}");
        // Bounded as problems are; nothing counts those that are dropped.
        if self.warnings.len() < MOST_PROBLEMS && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Whether a problem of exactly this place is known, so that what follows from it need not be
    /// reported.
    pub(super) fn is_reported(&self, path: &Path<'_>) -> bool {
        let path = path.to_string();
        self.problems.list.iter().any(|problem| problem.path == path)
    }
}

/// A place in the configuration, as a list on the stack. It becomes text only in a message, so
/// a document without problems pays nothing for its paths.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    /// The whole configuration.
    Root,
    /// A member of an object.
    Key(&'a Path<'a>, &'a str),
    /// An element of a list.
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    /// Returns the place of the member of that key.
    #[inline(never)]
    pub(super) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }

    /// Returns the place of the element at that index.
    pub(super) fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => f.write_str("configuration"),
            Path::Key(parent, key) => {
                // The root is named only where it is the whole path.
                if !matches!(parent, Path::Root) {
                    write!(f, "{parent}.")?;
                }
                if is_plain(key) { f.write_str(key) } else { f.write_str(&quoted(key)) }
            }
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Whether a key can stand in a path unquoted: it is short, and no character of it has a meaning in
/// paths, as `.` and `[` do.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= MOST_QUOTED
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/:#@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_quotes_keys_that_could_be_misread() {
        let models = Path::Root.key("models");
        let model = models.key("gpt-4.1");
        let candidates = model.key("candidates");
        assert_eq!(candidates.index(2).to_string(), "models.\"gpt-4.1\".candidates[2]");
        assert_eq!(Path::Root.to_string(), "configuration");
    }

    #[test]
    fn problems_are_bounded_and_told_once() {
        let mut findings = Diagnostics::default();
        for at in 0..150 {
            findings.problem(&Path::Root.index(at), "bad");
            findings.problem(&Path::Root.index(at), "bad");
        }
        let text = findings.problems.to_string();
        assert_eq!(text.lines().count(), MOST_PROBLEMS + 1);
        // Beyond the bound nothing is compared any more.
        assert!(text.ends_with("and 100 more problems; fix the ones above first"), "{text}");
    }
}
