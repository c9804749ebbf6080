//! What lint has to say: codes that stay, and a place for each.
//!
//! Decides the order and the words around a finding. Knows no rule.

use std::fmt::Write;

use clap::ValueEnum;
use serde::Serialize;

use super::tree::At;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Requests fail, or go where they should not.
    Error,
    /// It works, but not always or not for everybody.
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

/// What is looked at; each has a name that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(super) enum LintRow {
    /// No listener has the filter
    NoFilter,
    /// The document in the Envoy file is not valid
    DocumentInvalid,
    /// The document in the Envoy file is not the one of --config
    DocumentDiffers,
    /// A cluster's attempt filter has another document than the filter that decides
    RolesDiffer,
    /// Requests that are no LLM requests have nowhere to go
    NoDefaultCluster,
    /// The default cluster is a provider's
    DefaultClusterProvider,
    /// Without allow_on_headers_stop_iteration a request with a body hangs
    StopIteration,
    /// Without FAIL_RELOAD a trap ends service
    FailurePolicy,
    /// Shared data belongs to nobody in particular
    VmIdEmpty,
    /// The two roles do not share their data
    VmIdDiffers,
    /// A variable that the document names does not reach the filter
    Environment,
    /// The filter of a listener makes attempts, or that of a cluster does not
    Role,
    /// Nobody is asked who they are before a credential is added
    Authentication,
    /// Bodies that the document allows do not fit the listener's buffer
    ListenerBuffer,
    /// Nothing behind the filter holds the headers that it lets go
    BufferFilter,
    /// The buffer filter holds headers before the filter, not behind it
    BufferFilterOrder,
    /// Bodies that the document allows do not fit the buffer filter
    BufferFilterBytes,
    /// Silence before the first token ends a stream
    IdleTimeout,
    /// Long streams are cut
    StreamDuration,
    /// Paths mean one thing to authentication and another to providers
    PathNormalization,
    /// Envoy's admin page can be reached from elsewhere
    AdminExposed,
    /// A token is all that guards the filter's own admin endpoints
    AdminEndpoints,
    /// The access log names what the document keeps from it
    LogFields,
    /// Routes come from elsewhere and are not looked at
    RoutesUnseen,
    /// No route goes where the filter decides
    NoDecisionRoute,
    /// A route that chooses the cluster once cannot fail over
    ClusterHeaderFailover,
    /// Internal headers go on to the provider
    HeadersToRemove,
    /// Envoy ends answers that take long
    RouteTimeout,
    /// The route's map lacks a cluster of the document, or leads elsewhere
    MatcherCluster,
    /// Failover without a retry policy
    RetryPolicy,
    /// A failure that Envoy is not told to retry on
    RetryOn,
    /// Envoy retries what the filter decided not to
    RetryOnStatuses,
    /// The header that asks for another attempt is not known to Envoy
    RetriableHeaders,
    /// Every attempt goes to the first cluster
    RefreshCluster,
    /// Fewer retries than the document has attempts
    NumRetries,
    /// A provider that says nothing is waited for without end
    PerTryTimeout,
    /// Attempts wait for each other
    RetryBackOff,
    /// Bodies that the document allows are not kept for another attempt
    RetryBuffer,
    /// Envoy makes attempts at the same time
    Hedging,
    /// A cluster that the document names does not exist
    UnknownCluster,
    /// Attempts in this cluster have no model, path or credential
    AttemptFilter,
    /// A cluster that the filter calls runs the filter
    CalledCluster,
    /// Bodies that the listener holds do not fit the cluster's buffer
    ClusterBuffer,
    /// Envoy retries no more than a few requests at a time
    CircuitBreakers,
    /// The TLS server name is the client's, not the provider's
    AutoSni,
    /// TLS without a server name
    TlsSni,
    /// Any certificate, or that of any host, is accepted
    TlsSan,
}

impl LintRow {
    /// Its name.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Every code and what it is about, a line each.
pub(super) fn codes() -> String {
    let mut out = String::new();
    for value in LintRow::value_variants().iter().filter_map(ValueEnum::to_possible_value) {
        let about = value.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(out, "{:<24} {about}", value.get_name());
    }
    out.trim_end().to_owned()
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    #[serde(rename = "code", serialize_with = "by_name")]
    row: LintRow,
    pub(super) severity: Severity,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    what: String,
    instead: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn by_name<S: serde::Serializer>(row: &LintRow, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&row.name())
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct LintFindings(Vec<Finding>);

impl LintFindings {
    /// Notes something at its place; once, where an alias repeats it.
    pub(super) fn add(
        &mut self,
        (row, severity): (LintRow, Severity),
        at: &At,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let line = Some(at.line()).filter(|line| *line > 0);
        let (what, instead) = (what.into(), instead.into());
        let is_same = |one: &&Finding| one.row == row && one.line == line && one.what == what;
        if line.is_some() && self.0.iter().any(|one| is_same(&one)) {
            return;
        }
        self.0.push(Finding { row, severity, path: at.path().to_owned(), line, what, instead });
    }

    /// Notes an error.
    pub(super) fn error(
        &mut self,
        row: LintRow,
        at: &At,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.add((row, Severity::Error), at, what, instead);
    }

    /// Notes a warning.
    pub(super) fn warning(
        &mut self,
        row: LintRow,
        at: &At,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        self.add((row, Severity::Warning), at, what, instead);
    }

    /// All of them, errors first.
    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.severity);
        self.0
    }
}

/// The findings for people.
pub(super) fn text(findings: &[Finding], file: &str) -> String {
    let mut out = String::new();
    for one in findings {
        let _ = write!(out, "{} {}: {}", one.severity.name(), one.row.name(), one.path);
        if let Some(line) = one.line {
            let _ = write!(out, " (line {line})");
        }
        let _ = writeln!(out, "\n  {}\n  instead: {}", one.what, one.instead);
    }
    let count = |severity| findings.iter().filter(|one| one.severity == severity).count();
    let counted = |severity: Severity| {
        let count = count(severity);
        format!("{count} {}{}", severity.name(), if count == 1 { "" } else { "s" })
    };
    let all = [Severity::Error, Severity::Warning, Severity::Note].map(counted);
    let _ = write!(out, "{file}: {}", all.join(", "));
    out
}

/// The findings for programs.
pub(super) fn json(findings: &[Finding]) -> serde_json::Value {
    let count = |severity| findings.iter().filter(|one| one.severity == severity).count();
    serde_json::json!({
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note),
        "findings": findings,
    })
}
