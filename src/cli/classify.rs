//! `pointsman classify`: what the filter makes of a provider's answer, and why.
//!
//! By the same functions as the filter. What the answer does to a deployment depends on what
//! came before it, which lives in Envoy; here it is told what the answer says by itself.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::request::format::Format;
use crate::response::body::{BodyReader, Cut, FirstSign, Told};
use crate::response::details::End;
use crate::response::kind::{Failure, ToldBy};
use crate::response::outcome::{
    Body, Head, KeyOwner, RequestProfile, is_told_by_head, of_body, report,
};
use crate::response::verdict::failure;
use crate::response::words::{self, Wording};
use crate::state::evidence::{Evidence, Reach, Weight};
use crate::state::outcome::Outcome;
use crate::state::report::Report;

use super::io::{ToolError, read};

const EXAMPLE: &str = "\
Example:
  pointsman classify --status 429 --body answer.json --header \"retry-after: 20\"";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct ClassifyArgs {
    /// The HTTP status of the answer, such as 429
    #[arg(long, short, required_unless_present = "words")]
    status: Option<u16>,
    /// The file with the body of the answer; `-` reads standard input. Without it, the body is empty
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
    let read = arguments.body.as_deref().map(read).transpose()?.unwrap_or_default();
    let (kind, encoding) = (header("content-type"), header("content-encoding"));
    let reader = || BodyReader::new(format, status, kind, encoding);
    let is_held = arguments.held && matches!(status, 200..=299);
    let held = reader().filter(|_| is_held).map(|reader| held(reader, &read));
    let told = reader().map(|mut reader| {
        reader.feed(&read);
        reader.finish()
    });
    let key = arguments.key.into();
    let profile = RequestProfile { key, may_name_others: arguments.names_files };
    let head = Head {
        status,
        details: None,
        profile,
        is_request_whole: true,
        is_over_limit: false,
        is_over_room: false,
        retry_after: header("retry-after").filter(|_| status >= 400),
        retry_after_ms: header("retry-after-ms").filter(|_| status >= 400),
        reset_ms: None,
        now_ms: 0,
    };
    let Some(head) = report(&head) else { return Ok("outcome  none".to_owned()) };
    let named = header("x-amzn-errortype").and_then(Wording::of_header);
    let has_output = told.is_none_or(|told| told.has_output);
    let is_unseen = read.is_empty() || (is_held && !has_output);
    let body = Body { told: told.as_ref(), header: named, is_unseen, end: End::Whole };
    // A failure that its status tells ends the attempt in the filter before the body is read, so
    // the body must not change it here either.
    let is_known = is_told_by_head(&head);
    let report = if is_known { head } else { of_body(head, body, profile).unwrap_or(head) };
    let mut shown = shown(report, told.as_ref().filter(|_| !is_known), named, key);
    if let Some(held) = held {
        let _ = write!(shown, "\n{:<9} {held}", "held");
    }
    Ok(shown)
}

/// Returns how many bytes of a body are held, and what is known then.
fn held(mut reader: BodyReader, body: &[u8]) -> String {
    let sign = body.iter().enumerate().find_map(|(at, byte)| {
        reader.feed(std::slice::from_ref(byte));
        let sign = match reader.first_sign() {
            FirstSign::Nothing => return None,
            FirstSign::Content => "content comes and the answer is committed",
            FirstSign::Failure => "the answer fails and another deployment may be tried",
        };
        Some((at.saturating_add(1), sign))
    });
    match sign {
        Some((bytes, sign)) => format!("{bytes} bytes, until {sign}"),
        None => format!("all {} bytes, because no content comes", body.len()),
    }
}

/// Returns a report as lines of a name and a value.
fn shown(
    report: Report,
    told: Option<&Told>,
    named: Option<&'static Wording>,
    key: KeyOwner,
) -> String {
    let Report { outcome, status, retry_after_ms, evidence } = report;
    let Evidence { blame, try_next, weight, reach } = evidence;
    let error = told.and_then(|told| told.error);
    let failure = if status >= 400 { failure(status, error, named) } else { error };
    let scope = match (reach, weight, key) {
        (_, Weight::Nothing, _) if reach == Reach::Everyone => {
            "nobody, because nothing is recorded"
        }
        (Reach::OwnKey, ..) => "the client's own key, so nothing is recorded",
        (Reach::Everyone, ..) => "all requests for this operation at this deployment",
    };
    let mut lines = vec![
        ("outcome", outcome.name().to_owned()),
        ("fault", blame.name().to_owned()),
        ("try_next", if try_next { "yes" } else { "no" }.to_owned()),
        ("weight", weight.name().to_owned()),
        ("scope", scope.to_owned()),
        ("kind", failure.map_or("none", |failure| failure.kind.name()).to_owned()),
        ("because", because(outcome, status, failure, told.and_then(|told| told.cut))),
    ];
    if let Some(ms) = retry_after_ms {
        lines.push(("wait_ms", ms.to_string()));
    }
    let lines: Vec<_> = lines.iter().map(|(name, value)| format!("{name:<9} {value}")).collect();
    lines.join("\n")
}

/// Returns what told the kind of a failure: the row of the table with its source, or what of the
/// answer stands in for one.
fn because(outcome: Outcome, status: u16, failure: Option<Failure>, cut: Option<Cut>) -> String {
    let Some(Failure { told_by, .. }) = failure else {
        return match outcome {
            Outcome::InBand if cut == Some(Cut::AfterEvent) => {
                "the stream ends without the end mark of its format".to_owned()
            }
            _ if cut == Some(Cut::InDocument) => "the document is cut off".to_owned(),
            Outcome::Success => "the answer is complete and reports no failure".to_owned(),
            Outcome::InBand => "the stream ends before its first token".to_owned(),
            Outcome::Empty => "the answer has no content".to_owned(),
            _ => format!("the status {status}"),
        };
    };
    match told_by {
        ToldBy::Status => format!("the status {status}, or one that the body names"),
        ToldBy::Parameter => "the body names a parameter that is not the model".to_owned(),
        ToldBy::Flag => "the body says what the provider objects to".to_owned(),
        ToldBy::UnknownWord => "the code or type is in no row of the table".to_owned(),
        ToldBy::Nothing => "the answer had begun and ends with an error without a code".to_owned(),
        ToldBy::Wording(row) => {
            let (text, place) = (row.text, row.place.name());
            format!("{text:?}, {place} ({}; {})", row.provider, row.source)
        }
    }
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
