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

#[derive(Debug, clap::Args)]
pub(super) struct ClassifyArgs {
    /// The HTTP status of the answer
    #[arg(long, short, required_unless_present = "words")]
    status: Option<u16>,
    /// The body of the answer; `-` reads standard input; without it, there is none
    #[arg(long, short)]
    body: Option<PathBuf>,
    /// The wire format of the request
    #[arg(long, short, default_value = "openai-chat")]
    format: String,
    /// A header of the answer, `name: value`; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Whose credential was sent
    #[arg(long, value_enum, default_value_t = KeyArg::Proxy)]
    key: KeyArg,
    /// The request names files or state that a provider keeps
    #[arg(long)]
    names_files: bool,
    /// The answer is held by failover: judge it before any of it has gone to the client
    #[arg(long)]
    held: bool,
    /// Instead, print the table of all words as Markdown
    #[arg(long)]
    words: bool,
}

/// Whose credential was sent, as the command line says it.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyArg {
    /// The proxy's own
    Proxy,
    /// The client's
    Client,
    /// None
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
            format!("--format {:?}: wanted one of {}", arguments.format, known.join(", "));
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
            FirstSign::Content => "there is content, and the answer is committed",
            FirstSign::Failure => "it has failed, and another deployment may be tried",
        };
        Some((at.saturating_add(1), sign))
    });
    match sign {
        Some((bytes, sign)) => format!("{bytes} bytes: then {sign}"),
        None => format!("all {} bytes: no content has come", body.len()),
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
        (_, Weight::Nothing, _) if reach == Reach::Everyone => "nobody: it is kept nowhere",
        (Reach::OwnKey, ..) => "the client's own key: it is kept nowhere",
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
                "a stream that ends without the mark of its end".to_owned()
            }
            _ if cut == Some(Cut::InDocument) => "a document that is cut".to_owned(),
            Outcome::Success => "the answer is whole, and tells of no failure".to_owned(),
            Outcome::InBand => "a stream that ends before its first token".to_owned(),
            Outcome::Empty => "an answer without any content".to_owned(),
            _ => format!("the status {status}"),
        };
    };
    match told_by {
        ToldBy::Status => format!("the status {status}, or one that the body names"),
        ToldBy::Parameter => "the body names a parameter other than the model".to_owned(),
        ToldBy::Flag => "the body says what was objected to".to_owned(),
        ToldBy::UnknownWord => "a code or type that no row of the table has".to_owned(),
        ToldBy::Nothing => "an error without a code, in an answer that had begun".to_owned(),
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
