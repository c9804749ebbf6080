//! An answer on its way to the client: what its head says of the deployment, and its body,
//! which is read as it passes.
//!
//! Both roles hear answers in the same way. However an answer ends, the attempt that it
//! belongs to ends exactly once: [`Answer`] owns the attempt's ledger.

use crate::config::{ProviderId, Role};
use crate::host::{Headers, Host};
use crate::response::body::BodyReader;
use crate::response::headroom;
use crate::response::outcome::{self, AskedWith, End, Head};
use crate::state::Ending;
use crate::state::headroom::Headroom;
use crate::state::outcome::{Outcome, Report, Weight};

use super::ctx::Ctx;
use super::event::millis;
use super::ledger::{AttemptEnd, AttemptLedger, PROXY, SpentTokens, log_tokens};

/// Longest piece of a body that is copied at once, in bytes.
const WINDOW: usize = 64 * 1024;

/// An answer whose body is still to come.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) ledger: AttemptLedger,
    /// What the head says.
    pub(super) report: Report,
    has_own_credential: bool,
    is_events: bool,
    /// `None`: nothing can be read in the body.
    reader: Option<BodyReader>,
    headroom: Headroom,
    first_byte_ms: Option<u64>,
    /// Bytes of the body so far.
    length: u64,
}

/// What the head of an answer has come to.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    /// What it says of the deployment; `None`: nothing.
    pub(super) report: Option<Report>,
    /// The answer, where its body may say more. Without it the attempt has ended.
    pub(super) open: Option<Box<Answer>>,
}

/// Takes the head of the answer to an attempt at that provider, and ends the attempt where
/// the body can add nothing.
pub(super) fn hear<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: AttemptLedger,
    provider: ProviderId,
) -> Heard {
    let headers = cx.host.response_headers();
    let status = status(&headers);
    // The one answer below 400 that Envoy makes itself is asked for by a header that
    // is withheld from the requests of this filter.
    let details =
        (status >= 400).then(|| cx.host.property(&["response", "code_details"])).flatten();
    let now_ms = millis(cx.host.now());
    let has_own_credential = cx.engine.secret(provider).is_some();
    let of_failure = |name| text(&headers, name).filter(|_| status >= 400);
    let headroom = headroom::headroom(&headers, now_ms);
    let limit = headroom.tokens.and_then(|left| left.limit);
    let report = outcome::report(&Head {
        status,
        is_request_whole: ledger.is_sent(),
        is_over_limit: limit.is_some_and(|limit| ledger.work().tokens > u64::from(limit)),
        // An attempt hears nothing but its provider.
        details: details
            .as_deref()
            .filter(|_| cx.engine.config.role == Role::Router)
            .and_then(|details| str::from_utf8(details).ok()),
        has_own_credential,
        retry_after: of_failure("retry-after"),
        retry_after_ms: of_failure("retry-after-ms"),
        reset_ms: headroom::reset_hint(status, &headers, now_ms),
        now_ms,
    });
    // What is left of a client's own account says nothing to others.
    let is_own = has_own_credential || !ledger.work().has_clients_credential;
    let headroom = if is_own { headroom } else { Headroom::default() };
    let open = open(cx, ledger, report, headroom, &headers, has_own_credential);
    let names = &cx.engine.config.headers;
    if text(&headers, &names.retry).is_some() {
        cx.host.set_response_header(&names.retry, None);
    }
    Heard { status, report, open }
}

/// Returns the answer whose body may say more of the deployment than its head does, or
/// ends the attempt.
fn open<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    mut ledger: AttemptLedger,
    report: Option<Report>,
    headroom: Headroom,
    headers: &Headers,
    has_own_credential: bool,
) -> Option<Box<Answer>> {
    // An attempt without a record is counted by its head alone. Of a failure all others
    // are to know at once.
    let is_recorded = ledger.deployment().is_some();
    let open = report.filter(|r| is_recorded && r.outcome.weight() != Weight::Failure);
    let Some(report) = open else {
        let ending = Ending { report, headroom, ..Ending::default() };
        let tokens = SpentTokens::default();
        ledger.end(cx, &AttemptEnd { ending, tokens, otherwise: PROXY });
        return None;
    };
    ledger.release_probe(cx);
    let content_type = text(headers, "content-type");
    let encoding = text(headers, "content-encoding");
    let format = ledger.work().format;
    Some(Box::new(Answer {
        report,
        has_own_credential,
        is_events: content_type.is_some_and(|text| text.starts_with("text/event-stream")),
        // What follows a switch of protocols is no answer's body.
        reader: (report.status != 101)
            .then(|| BodyReader::new(format, report.status, content_type, encoding))
            .flatten(),
        headroom,
        first_byte_ms: None,
        length: 0,
        ledger,
    }))
}

impl Answer {
    /// Returns whether the body can say anything.
    pub(super) const fn is_read(&self) -> bool {
        self.reader.is_some()
    }

    /// Reads what has come after the first `seen` bytes at hand.
    pub(super) fn pass<H: Host + ?Sized>(&mut self, host: &H, seen: usize, length: usize) {
        if length <= seen {
            return;
        }
        if self.first_byte_ms.is_none() {
            self.first_byte_ms = self.ledger.since_sent(host);
        }
        self.length = self.length.saturating_add(length.saturating_sub(seen) as u64);
        let Some(reader) = &mut self.reader else { return };
        let mut at = seen;
        while at < length {
            let window = host.response_body(at, length.saturating_sub(at).min(WINDOW));
            let Some(window) = window.filter(|window| !window.is_empty()) else { return };
            at = at.saturating_add(window.len());
            reader.feed(&window);
        }
    }

    /// Ends the attempt, and returns what it came to; `None` where that says nothing about
    /// the deployment.
    pub(super) fn finish<H: Host + ?Sized>(self, cx: Ctx<'_, H>, end: End) -> Option<Report> {
        let told = self.reader.map(BodyReader::finish);
        let work = self.ledger.work();
        let asked = AskedWith {
            has_own_credential: self.has_own_credential,
            may_name_others: work.may_name_others,
        };
        let status = self.report.status;
        let report = outcome::of_body(self.report, told.as_ref(), self.is_events, asked, end);
        let told = told.unwrap_or_default();
        let tokens = SpentTokens::of(work, status, self.is_events, self.length, told);
        let ending = Ending {
            report,
            tokens: tokens.sum(),
            first_byte_ms: self.first_byte_ms,
            answer_ms: self.ledger.since_sent(cx.host),
            headroom: self.headroom,
        };
        let deployment = self.ledger.deployment();
        let otherwise = Outcome::Cancelled.name();
        self.ledger.end(cx, &AttemptEnd { ending, tokens, otherwise });
        if let (End::Whole, Some(deployment)) = (end, deployment) {
            log_tokens(cx, deployment, tokens);
        }
        report
    }

    /// Ends the attempt of an answer whose last byte was not said to be the last: the
    /// stream is over.
    pub(super) fn broken_off<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        let details = cx.host.property(&["response", "code_details"]).unwrap_or_default();
        let details = str::from_utf8(&details).unwrap_or_default();
        // An upgraded connection has no end but this.
        let is_attempt = cx.engine.config.role == Role::Attempt && self.report.status != 101;
        let end = outcome::end(details, self.ledger.is_sent(), is_attempt);
        self.finish(cx, end);
    }
}

/// Returns the status of a response, 0 where it has none.
pub(super) fn status(headers: &Headers) -> u16 {
    text(headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Returns a header's first value, where it is text.
pub(super) fn text<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known == name)?;
    str::from_utf8(value).ok()
}
