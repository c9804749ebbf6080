//! `pointsman classify`: what the filter makes of a provider's answer, and why.
//!
//! By `response/classify.rs`; here are its arguments, and its result as text.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::request::format::Format;
use crate::response::classify::{Classified, WholeAnswer, classify};
use crate::response::outcome::{KeyOwner, RequestProfile};
use crate::response::words;
use crate::state::evidence::Evidence;

use super::io::{ToolError, read_body};

const EXAMPLE: &str = "\
Example:
  pointsman classify --status 429 --body answer.json --header \"retry-after: 20\"";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct ClassifyArgs {
    /// The HTTP status of the answer, such as 429
    #[arg(long, short, required_unless_present = "words")]
    status: Option<u16>,
    /// The file with the body of the answer, or the body itself if it begins with `{`; `-` reads
    /// standard input. Without it, the body is empty
    #[arg(long, short, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The wire format of the request, such as anthropic-messages
    #[arg(long, short, default_value = "openai-chat")]
    format: String,
    /// A header of the answer; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Whose credential the provider was sent
    #[arg(long, value_enum, default_value_t = KeyArg::Proxy)]
    key: KeyArg,
    /// The request refers to files or state that a provider keeps
    #[arg(long)]
    names_files: bool,
    /// Failover holds the answer: judge it before any of it goes to the client
    #[arg(long)]
    held: bool,
    /// Print the table of all known error words in Markdown instead
    #[arg(long)]
    words: bool,
}

/// Whose credential was sent, as the command line says it.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyArg {
    /// The proxy's credential
    Proxy,
    /// The client's credential
    Client,
    /// No credential
    None,
}

impl From<KeyArg> for KeyOwner {
    fn from(key: KeyArg) -> Self {
        match key {
            KeyArg::Proxy => Self::Proxy,
            KeyArg::Client => Self::Client,
            KeyArg::None => Self::Nobody,
        }
    }
}

/// Returns what the answer comes to, as lines of a name and a value.
///
/// # Errors
/// The body cannot be read, the format is none, or a header has no name.
pub(super) fn run(arguments: &ClassifyArgs) -> Result<String, ToolError> {
    let Some(status) = arguments.status else { return Ok(table()) };
    let headers = super::explain::headers(&arguments.headers)?;
    let header = |name: &str| headers.first(name).and_then(|value| str::from_utf8(value).ok());
    let Some(format) = Format::from_name(&arguments.format) else {
        let known: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
        let message =
            format!("--format: found {:?}; expected one of {}", arguments.format, known.join(", "));
        return Err(ToolError::unusable(message));
    };
    let body = arguments.body.as_deref().map(read_body).transpose()?.unwrap_or_default();
    let profile =
        RequestProfile { key: arguments.key.into(), may_name_others: arguments.names_files };
    let answer = WholeAnswer { status, body: &body, format, profile, is_held: arguments.held };
    let classified = classify(&answer, header);
    Ok(classified.map_or_else(|| "outcome  none".to_owned(), |classified| shown(&classified)))
}

/// Returns what an answer comes to as lines of a name and a value.
fn shown(classified: &Classified) -> String {
    let Classified { report, failure, because, held } = classified;
    let Evidence { blame, try_next, weight, .. } = report.evidence;
    let mut lines = vec![
        ("outcome", report.outcome.name()),
        ("fault", blame.name()),
        ("try_next", if try_next { "yes" } else { "no" }),
        ("weight", weight.name()),
        ("scope", Classified::scope(report)),
        ("kind", failure.map_or("none", |failure| failure.kind.name())),
        ("because", because),
    ];
    let wait_ms = report.retry_after_ms.map(|ms| ms.to_string());
    lines.extend(wait_ms.as_deref().map(|ms| ("wait_ms", ms)));
    lines.extend(held.as_deref().map(|held| ("held", held)));
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name:<9} {value}")).collect();
    lines.join("\n")
}

/// Returns the table of all words as Markdown, as docs/state-reference.md has it.
fn table() -> String {
    let mut table = String::from("| kind | text | where | status | provider | source |\n");
    table.push_str("|---|---|---|---|---|---|\n");
    for row in words::all() {
        let named = |status: &u16| match status {
            0 => "in band".to_owned(),
            status => status.to_string(),
        };
        let statuses: Vec<_> = row.statuses.iter().map(named).collect();
        let statuses = if statuses.is_empty() { "any".to_owned() } else { statuses.join(", ") };
        // A quote is written as in JSON; a bar would end the cell.
        let text = row.text.replace('|', "\\|");
        let (kind, place) = (row.kind.name(), row.place.name());
        let _ = writeln!(
            table,
            "| {kind} | `` {text} `` | {place} | {statuses} | {} | {} |",
            row.provider, row.source
        );
    }
    table.trim_end().to_owned()
}
