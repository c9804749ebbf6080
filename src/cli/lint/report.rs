//! What lint has to say: findings with their places.
//!
//! Decides the order of findings and the words around them. Knows no rule.

use std::fmt::Write;

use serde::Serialize;

use super::code::LintCode;
use crate::yaml::At;

/// How bad a finding is. In this order they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Requests fail, or go where they should not.
    Error,
    /// It works, but not always or not for every client.
    Warning,
    /// Right as it is, and worth knowing before it is changed.
    Note,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that does not fit, where it is, and what to write there.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    #[serde(serialize_with = "by_name")]
    code: LintCode,
    severity: Severity,
    path: String,
    /// None where the file is JSON, which is read without line numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    what: String,
    instead: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn by_name<S: serde::Serializer>(code: &LintCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&code.name())
}

/// All findings so far, in the order of the checks, which only add to them.
#[derive(Debug, Default)]
pub(super) struct LintReport(Vec<Finding>);

impl LintReport {
    /// Adds a finding at its place.
    ///
    /// The same finding in the same line is added once: what an anchor has is looked at again
    /// for each of its aliases.
    pub(super) fn add(
        &mut self,
        (code, severity): (LintCode, Severity),
        at: &At,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let line = Some(at.line()).filter(|line| *line > 0);
        let (what, instead) = (what.into(), instead.into());
        let is_same = |one: &&Finding| one.code == code && one.line == line && one.what == what;
        // Without lines an alias cannot be distinguished from a copy, and each copy has to be changed.
        if line.is_some() && self.0.iter().any(|one| is_same(&one)) {
            return;
        }
        self.0.push(Finding { code, severity, path: at.path().to_owned(), line, what, instead });
    }

    /// Adds an error at its place.
    ///
    /// One error is enough for the exit code to be 1.
    pub(super) fn error(
        &mut self,
        code: LintCode,
        at: &At,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.add((code, Severity::Error), at, what, instead);
    }

    /// Adds a warning at its place.
    ///
    /// Warnings and notes leave the exit code at 0.
    pub(super) fn warning(
        &mut self,
        code: LintCode,
        at: &At,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.add((code, Severity::Warning), at, what, instead);
    }

    /// Returns all findings, errors first; of one severity, in the order of the checks.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.severity);
        self.0
    }
}

/// Returns the findings for people, and their numbers in the last line:
///
/// ```text
/// error route-timeout: …routes[0].route.timeout (line 12)
///   Envoy ends an answer after 15 s (the default), streams included
///   fix: set timeout: 0s
/// envoy.yaml: 1 error, 0 warnings, 0 notes
/// ```
pub(super) fn text(findings: &[Finding], file: &str) -> String {
    let mut out = String::new();
    for one in findings {
        let _ = write!(out, "{} {}: {}", one.severity.name(), one.code.name(), one.path);
        if let Some(line) = one.line {
            let _ = write!(out, " (line {line})");
        }
        let _ = writeln!(out, "\n  {}\n  fix: {}", one.what, one.instead);
    }
    // All three, also when they are 0: scripts and people look for them.
    let counted = |severity: Severity| {
        let count = count(findings, severity);
        format!("{count} {}{}", severity.name(), if count == 1 { "" } else { "s" })
    };
    let all = [Severity::Error, Severity::Warning, Severity::Note].map(counted);
    let _ = write!(out, "{file}: {}", all.join(", "));
    out
}

/// Returns the findings for programs.
///
/// A finding has no `line` where the Envoy file is JSON.
pub(super) fn json(findings: &[Finding]) -> serde_json::Value {
    serde_json::json!({
        "errors": count(findings, Severity::Error),
        "warnings": count(findings, Severity::Warning),
        "notes": count(findings, Severity::Note),
        "findings": findings,
    })
}

/// Returns how many findings have this severity.
pub(super) fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|one| one.severity == severity).count()
}
