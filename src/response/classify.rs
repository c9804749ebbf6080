//! What the filter makes of an answer that is whole in memory, and why: for the command line and the
//! playground.
//!
//! By the functions that the filter calls. What the answer does to a deployment depends on what came
//! before it, which lives in Envoy; here it is told what the answer says by itself.

use crate::request::format::Format;
use crate::state::evidence::{Reach, Weight};
use crate::state::outcome::Outcome;
use crate::state::report::Report;

use super::body::{BodyReader, Cut, FirstSign, Told};
use super::details::End;
use super::kind::{Failure, ToldBy};
use super::outcome::{Body, Head, RequestProfile, is_told_by_head, of_body, report};
use super::verdict::failure;
use super::words::Wording;

/// An answer that is whole in memory.
#[derive(Debug, Clone, Copy)]
pub struct WholeAnswer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Its body; empty where there is none.
    pub body: &'a [u8],
    /// The format that its provider speaks.
    pub format: Format,
    /// What of the request its meaning depends on.
    pub profile: RequestProfile,
    /// Whether failover holds it, so that it is judged before any of it has gone to the client.
    pub is_held: bool,
}

/// What an answer comes to.
#[derive(Debug, Clone)]
pub struct Classified {
    /// Its outcome, and what that says of the deployment.
    pub report: Report,
    /// The kind of failure, where there is one.
    pub failure: Option<Failure>,
    /// What told that, as text.
    pub because: String,
    /// How long a held answer is held, as text; `None` for an answer that is not held.
    pub held: Option<String>,
}

impl Classified {
    /// Returns for which requests a report says something, as text.
    #[must_use]
    pub fn scope(report: &Report) -> &'static str {
        match (report.evidence.reach, report.evidence.weight) {
            (Reach::Everyone, Weight::Nothing) => "nobody, because nothing is recorded",
            (Reach::OwnKey, _) => "the client's own key, so nothing is recorded",
            (Reach::Everyone, _) => "all requests for this operation at this deployment",
        }
    }
}

/// Returns what an answer comes to, with its headers by their lower-case names; `None` where it says
/// nothing of the deployment.
#[must_use]
pub fn classify<'h>(
    answer: &WholeAnswer<'_>,
    header: impl Fn(&str) -> Option<&'h str>,
) -> Option<Classified> {
    let WholeAnswer { status, body: read, format, profile, .. } = *answer;
    let (kind, encoding) = (header("content-type"), header("content-encoding"));
    let reader = || BodyReader::new(format, status, kind, encoding);
    let is_held = answer.is_held && matches!(status, 200..=299);
    let held = reader().filter(|_| is_held).map(|reader| held(reader, read));
    let told = reader().map(|mut reader| {
        reader.feed(read);
        reader.finish()
    });
    let head = Head {
        retry_after: header("retry-after").filter(|_| status >= 400),
        retry_after_ms: header("retry-after-ms").filter(|_| status >= 400),
        ..Head::of_status(status, profile)
    };
    let head = report(&head)?;
    let named = header("x-amzn-errortype").and_then(Wording::of_header);
    let has_output = told.is_none_or(|told| told.has_output);
    let is_unseen = read.is_empty() || (is_held && !has_output);
    let body = Body { told: told.as_ref(), header: named, is_unseen, end: End::Whole };
    // A failure that its status tells ends the attempt in the filter before the body is read, so
    // the body must not change it here either.
    let is_known = is_told_by_head(&head);
    let report = if is_known { head } else { of_body(head, body, profile).unwrap_or(head) };
    let told = told.filter(|_| !is_known);
    let error = told.as_ref().and_then(|told| told.error);
    let failure = if report.status >= 400 { failure(report.status, error, named) } else { error };
    let because = because(&report, failure, told.as_ref().and_then(|told: &Told| told.cut));
    Some(Classified { report, failure, because, held })
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

/// Returns what told the kind of a failure: the row of the table with its source, or what of the
/// answer stands in for one.
fn because(report: &Report, failure: Option<Failure>, cut: Option<Cut>) -> String {
    let Report { outcome, status, .. } = *report;
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
