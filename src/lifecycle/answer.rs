//! The response of a provider: what its head says of the deployment, and its body, which is
//! read while it passes.
//!
//! Both roles read responses by this. However a response ends, its attempt ends exactly once,
//! because [`UpstreamResponse`] owns the attempt's ledger.

mod end;

pub(super) use end::SeenPart;

use std::cell::LazyCell;

use crate::config::{ProviderId, Role};
use crate::host::{Headers, Host};
use crate::request::format::{BodyKind, Format};
use crate::request::path::Entry;
use crate::request::refusal::Refusal;
use crate::response::body::{BodyReader, FirstSign, Told};
use crate::response::details::End;
use crate::response::outcome::{self, Body, Head, KeyOwner, RequestProfile};
use crate::response::words::Wording;
use crate::response::{headroom, stray};
use crate::state::Ending;
use crate::state::cooldown::Charge;
use crate::state::headroom::{Headroom, Left};
use crate::state::outcome::Outcome;
use crate::state::report::Report;

use super::ctx::Ctx;
use super::event::millis;
use super::ledger::{AnswerSize, AttemptEnd, AttemptLedger, PROXY, SpentTokens, log_tokens};
use super::work::Work;

/// Longest piece of a body that is copied into the module at once, in bytes.
const WINDOW: usize = 64 * 1024;

/// A response whose head has been read and whose body is still to come.
///
/// It gathers what the end of the attempt records: the result, tokens, times and what is left of
/// the provider's limits. End it by [`UpstreamResponse::finish`] or, where the stream is over
/// first, by [`UpstreamResponse::end_broken_off`].
#[derive(Debug)]
pub(super) struct UpstreamResponse {
    pub(super) ledger: AttemptLedger,
    /// What the head says of the deployment.
    pub(super) report: Report,
    /// What of the request the meaning of the response depends on.
    profile: RequestProfile,
    /// What a header says of a failure in words.
    header: Option<&'static Wording>,
    /// Whether an empty body may be an answer: after a switch of protocols, or where the text of
    /// a recording is asked for, in which nobody may speak.
    may_be_empty: bool,
    /// Reads the body; `None` where it cannot be read, because it is compressed for example.
    reader: Option<BodyReader>,
    /// What of it counts as seen by the client. It is the same for all attempts of a request,
    /// though the last one is not held.
    pub(super) seen: SeenPart,
    /// What the provider says is left of its limits.
    headroom: Headroom,
    /// How long after the end of the request the body began, in milliseconds.
    first_byte_ms: Option<u64>,
    /// How long after the end of the request all of the answer had come, in milliseconds; `None`
    /// while more is expected. The stream may stay open longer.
    answer_ms: Option<u64>,
    /// Length of the body so far, in bytes.
    length: u64,
    /// Length of the body by its head, in bytes.
    announced: Option<u64>,
}

/// What [`hear`] has found in the head of a response.
#[derive(Debug)]
pub(super) struct Heard {
    /// The status, 0 where there is none.
    pub(super) status: u16,
    /// What the head says of the deployment; `None` where it says nothing, because Envoy made
    /// the response for reasons of its own.
    pub(super) report: Option<Report>,
    /// The response, or what has ended with it.
    pub(super) answer: Answered,
}

/// A response whose head has been read.
#[derive(Debug)]
pub(super) enum Answered {
    /// Its body may say more.
    Open(Box<UpstreamResponse>),
    /// The attempt has ended, and has counted this against its deployment.
    Closed(Option<Charge>),
}

/// An attempt that has ended with its response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finished {
    /// Its result; `None` where that says nothing about the deployment.
    pub(super) report: Option<Report>,
    /// What it has counted against its deployment.
    pub(super) charge: Option<Charge>,
}

/// Reads the head of the response to an attempt at a provider, and ends the attempt where the
/// body can add nothing.
///
/// For example:
/// - a 503 of the provider is a failure. It ends the attempt at once, so that other requests
///   avoid the deployment while the body is still on its way;
/// - a 200 keeps the attempt open, since the body tells the tokens, and may still hold an error;
/// - a 503 that Envoy made because of a circuit breaker says nothing of the deployment. The
///   attempt ends and is counted as the proxy's.
pub(super) fn hear<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: AttemptLedger,
    provider: ProviderId,
) -> Heard {
    let headers = cx.host.response_headers();
    let status = status(&headers);
    let now = LazyCell::new(|| millis(cx.host.now()));
    let profile = ledger.work().profile(cx.engine.has_credential(provider));
    let headroom = headroom::headroom(&headers, || *now);
    // Nearly every answer is a success. The one below 300 that Envoy makes itself is asked for by
    // a header that is withheld from the requests of this filter.
    let report = if (200..300).contains(&status) {
        Some(Report::of(Outcome::Success, status))
    } else {
        refused(cx, &ledger, &headers, RefusedHead { status, profile, headroom, now_ms: *now })
    };
    // What is left of a client's own account says nothing for the requests of others.
    let is_clients = profile.key == KeyOwner::Client;
    let headroom = if is_clients { Headroom::default() } else { headroom };
    let mut answer = open(cx, ledger, report, headroom, &headers, profile);
    if let Answered::Open(answer) = &mut answer
        && let Some(reader) = &mut answer.reader
        && !cx.engine.config.provider(provider).stream_marks
    {
        reader.expect_no_mark();
    }
    remove_own(cx, &headers);
    Heard { status, report, answer }
}

/// What is known of a response whose status is no success.
struct RefusedHead {
    status: u16,
    profile: RequestProfile,
    headroom: Headroom,
    /// In milliseconds since the epoch.
    now_ms: u64,
}

/// Returns what the head of such a response says of the deployment; `None` where it says nothing.
#[cold]
fn refused<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: &AttemptLedger,
    headers: &Headers,
    RefusedHead { status, profile, headroom, now_ms }: RefusedHead,
) -> Option<Report> {
    if is_stray(ledger.work(), status) {
        return Some(Report::of(Outcome::Server, status));
    }
    let details =
        (status >= 300).then(|| cx.host.property(&["response", "code_details"])).flatten();
    let of_failure = |name| text(headers, name).filter(|_| status >= 400);
    let tokens = ledger.work().tokens;
    let limit = headroom.tokens.limit;
    let is_too_little = |left: Left| left.remaining > 0 && tokens > u64::from(left.remaining);
    outcome::report(&Head {
        status,
        is_request_whole: ledger.is_sent(),
        is_over_limit: limit > 0 && tokens > u64::from(limit),
        is_over_room: headroom.tokens.known().is_some_and(is_too_little)
            && headroom.requests.known().is_none_or(|left| left.remaining > 0),
        // An attempt filter sees only responses that came from its provider, never one that
        // Envoy made.
        details: details
            .as_deref()
            .filter(|_| cx.engine.config.role == Role::Router)
            .and_then(|details| str::from_utf8(details).ok()),
        profile,
        retry_after: of_failure("retry-after"),
        retry_after_ms: of_failure("retry-after-ms"),
        reset_ms: headroom::reset_hint(status, headers, now_ms),
        now_ms,
    })
}

/// Removes the headers that a provider must not send.
///
/// The first asks Envoy for a retry, which the attempt filter alone may ask for. The second names the
/// route, and the router sets it only where there is a route. The third comes from an Envoy before
/// the provider, and would keep this one from making another attempt.
fn remove_own<H: Host + ?Sized>(cx: Ctx<'_, H>, headers: &Headers) {
    let names = &cx.engine.config.headers;
    let limited = (cx.engine.config.role == Role::Attempt).then_some("x-envoy-ratelimited");
    for name in [&*names.retry, &*names.route].into_iter().chain(limited) {
        if headers.first(name).is_some() {
            cx.host.set_response_header(name, None);
        }
    }
}

/// Returns the response, open if its body may say more of the deployment than its head does;
/// otherwise it ends the attempt.
fn open<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    mut ledger: AttemptLedger,
    report: Option<Report>,
    headroom: Headroom,
    headers: &Headers,
    profile: RequestProfile,
) -> Answered {
    // Without a record and a budget there is nothing to learn from the body. A failure is recorded
    // at once, so that other requests know of it.
    let is_followed = ledger.is_followed();
    let open = report.filter(|report| is_followed && !outcome::is_told_by_head(report));
    let Some(report) = open else {
        let ending = Ending { report, headroom, ..Ending::default() };
        let tokens = Some(SpentTokens::default());
        return Answered::Closed(ledger.end(cx, &AttemptEnd { ending, tokens, otherwise: PROXY }));
    };
    // The provider answers, so the next request may probe the deployment. Waiting for the end of
    // a long stream would keep others away for minutes.
    ledger.release_probe(cx);
    let content_type = text(headers, "content-type");
    let encoding = text(headers, "content-encoding");
    let format = ledger.work().format;
    let named = text(headers, "x-amzn-errortype").filter(|_| report.status >= 400);
    let is_of = |start: &str| content_type.is_some_and(|of| of.starts_with(start));
    Answered::Open(Box::new(UpstreamResponse {
        report,
        profile,
        header: named.and_then(Wording::of_header),
        may_be_empty: report.status == 101
            || (format == Format::OpenAiAudio && is_of("text/") && !is_of("text/html")),
        // After a switch of protocols the bytes are no body.
        reader: (report.status != 101)
            .then(|| BodyReader::new(format, report.status, content_type, encoding))
            .flatten(),
        seen: SeenPart::All,
        headroom,
        first_byte_ms: None,
        answer_ms: None,
        length: 0,
        announced: text(headers, "content-length").and_then(|length| length.parse().ok()),
        ledger,
    }))
}

impl UpstreamResponse {
    /// Returns whether the body is short enough to be held, by the length that its head says.
    pub(super) fn is_announced_within(&self, longest: u64) -> bool {
        self.announced.is_some_and(|length| length <= longest)
    }

    /// Returns whether the body is read, so that it can say more than the head.
    pub(super) const fn is_read(&self) -> bool {
        self.reader.is_some()
    }

    /// Returns the result as far as it is known before the body has come. A body that is not
    /// read adds nothing to it.
    pub(super) fn result_so_far(&self) -> Report {
        if self.is_read() || self.report.status < 400 {
            return self.report;
        }
        outcome::of_body(self.report, self.body(None, End::Whole), self.profile)
            .unwrap_or(self.report)
    }

    /// Returns what there is to say of the body.
    fn body<'a>(&self, told: Option<&'a Told>, end: End) -> Body<'a> {
        let is_empty = self.length == 0 && matches!(end, End::Whole);
        let has_output = told.is_some_and(|told| told.has_output);
        let is_unseen = is_empty
            || match self.seen {
                SeenPart::All => false,
                SeenPart::Content => !has_output,
                SeenPart::Nothing => true,
            };
        Body { told, header: self.header, is_unseen, end }
    }

    /// Returns what has come so far that a client could use.
    pub(super) fn first_sign(&self) -> FirstSign {
        self.reader.as_ref().map_or(FirstSign::Content, BodyReader::first_sign)
    }

    /// Returns whether the head says that there is no body.
    pub(super) fn is_announced_empty(&self) -> bool {
        self.announced == Some(0)
    }

    /// Returns whether all of the answer has come, whatever becomes of the stream.
    fn is_complete(&self) -> bool {
        self.announced.is_some_and(|length| self.length >= length)
            || self.reader.as_ref().is_some_and(BodyReader::is_complete)
    }

    /// Reads a piece of the body, which stays with the host.
    ///
    /// `length` is the length of what the host has, in bytes. The first `seen` bytes of that
    /// have been read before: a response that is held comes again with each piece.
    pub(super) fn pass<H: Host + ?Sized>(&mut self, host: &H, seen: usize, length: usize) {
        if length <= seen {
            return;
        }
        let is_first = self.first_byte_ms.is_none();
        self.length = self.length.saturating_add(length.saturating_sub(seen) as u64);
        self.read(host, seen, length);
        let is_complete = self.is_complete();
        if !is_complete {
            self.answer_ms = None;
        }
        // The host is asked for the time where something has begun or ended, not for each piece.
        if is_first || (is_complete && self.answer_ms.is_none()) {
            let since_ms = self.ledger.since_sent(millis(host.now()));
            self.first_byte_ms = self.first_byte_ms.or(since_ms);
            self.answer_ms = since_ms.filter(|_| is_complete);
        }
    }

    /// Hands what the host has of the body, from the byte `from` to the byte `to`, to the reader.
    fn read<H: Host + ?Sized>(&mut self, host: &H, from: usize, to: usize) {
        let Some(reader) = &mut self.reader else { return };
        let mut at = from;
        while at < to {
            let window = host.response_body(at, to.saturating_sub(at).min(WINDOW));
            // A window that the host does not give is not counted. The client gets it all the same.
            let Some(window) = window.filter(|window| !window.is_empty()) else { return };
            at = at.saturating_add(window.len());
            reader.feed(&window);
        }
    }

    /// Ends the attempt, with its tokens and times, and returns its result. `end` says how the
    /// body ended. Where all of the answer has come before, it does not matter who closed the
    /// stream.
    pub(super) fn finish<H: Host + ?Sized>(mut self, cx: Ctx<'_, H>, end: End) -> Finished {
        let end = if self.is_complete() { End::Whole } else { end };
        let now_ms = millis(cx.host.now());
        let is_empty = self.length == 0 && self.report.outcome == Outcome::Success;
        let told = self.reader.take().map(BodyReader::finish);
        // A body that is empty is no answer, whatever it was to be.
        let told = told
            .or_else(|| is_empty.then(Told::default))
            .filter(|_| !(is_empty && self.may_be_empty));
        let work = self.ledger.work();
        let status = self.report.status;
        let report = outcome::of_body(self.report, self.body(told.as_ref(), end), self.profile);
        let is_answer = report.is_none_or(|report| report.outcome == Outcome::Success);
        let answer = AnswerSize { status, is_answer, length: self.length };
        let deployment = self.ledger.deployment();
        let facts = deployment.map(|id| &cx.engine.config.deployment(id).facts);
        let tokens = SpentTokens::of(work, facts, &answer, told);
        let ending = Ending {
            report,
            tokens: tokens.sum(),
            first_byte_ms: self.first_byte_ms,
            // How long a session lasts says nothing of how fast its provider is.
            answer_ms: self
                .answer_ms
                .or_else(|| self.ledger.since_sent(now_ms))
                .filter(|_| status != 101),
            headroom: self.headroom,
            ..Ending::default()
        };
        let ended =
            AttemptEnd { ending, tokens: Some(tokens), otherwise: Outcome::Cancelled.name() };
        let charge = self.ledger.end_at(cx, &ended, now_ms);
        // A body that broke off has no complete count that a log could show.
        if let (End::Whole, Some(deployment)) = (end, deployment) {
            log_tokens(cx, deployment, tokens);
        }
        Finished { report, charge }
    }
}

/// Returns whether a status is no answer to the request, so that the client has to get another
/// one.
pub(super) fn is_stray(work: &Work, status: u16) -> bool {
    // Only requests without a body ask for another protocol.
    let may_switch = Entry::of(work.format).is_some_and(|entry| entry.body == BodyKind::None);
    stray::is_stray(status, may_switch)
}

/// Returns the error that the client gets in place of such an answer.
pub(super) fn stray_refusal() -> Refusal {
    Refusal::new(502, "invalid_answer", "the provider sent no valid answer to this request")
}

/// Returns the status of a response; 0 where it has none that can be read.
pub(super) fn status(headers: &Headers) -> u16 {
    text(headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// Returns the first value of a header; `None` where it is absent or not UTF-8.
pub(super) fn text<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    str::from_utf8(headers.first(name)?).ok()
}
