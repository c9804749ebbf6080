//! A response on its way to the client. The rest of the request's body may still follow.

use std::borrow::Cow;

use crate::config::Config;
use crate::host::{Headers, Host};
use crate::lifecycle::answer::{
    self, Answered, Heard, UpstreamResponse, hear, is_stray, stray_refusal,
};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, Following, millis};
use crate::lifecycle::ledger::{AttemptLedger, RequestLabels, RequestLedger};
use crate::lifecycle::progress::{AttemptList, NextAttempt, Progress, Tried, is_taken_over};
use crate::lifecycle::properties::{ATTEMPTS, PROGRESS};
use crate::lifecycle::work::Work;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::response::details::End;
use crate::routing::{Decision, Step};
use crate::state::outcome::Outcome;
use crate::text::header_value;

use super::streaming::Streaming;
use super::upload::Upload;

/// A response on its way to the client. The request has been counted.
#[derive(Debug)]
pub(super) struct Answering {
    upload: Upload,
    body: AnswerBody,
}

/// How the body of the response is handled.
#[derive(Debug)]
enum AnswerBody {
    /// It passes without being read here.
    Passing,
    /// It passes and is read meanwhile, for the router's own attempt.
    Read(Box<UpstreamResponse>),
    /// The client gets this error in its place.
    Replaced(Refusal),
}

impl Answering {
    /// Takes the response headers for a request that has gone on. `is_end`: there is no body.
    ///
    /// # Errors
    /// The error for the client and its dialect, where the provider's status is no answer.
    pub(super) fn begin<H: Host + ?Sized>(
        cx: Ctx<'_, H>,
        streaming: Streaming,
        is_end: bool,
    ) -> Result<Self, (Refusal, Dialect)> {
        let Streaming { ledger, decision, attempt, upload } = streaming;
        let body = if cx.engine.delivery.is_handed_over() {
            take_handed_over_head(cx, ledger, &decision, attempt, is_end)
        } else {
            take_direct_head(cx, ledger, &decision, attempt)
        };
        let body = match body {
            Ok(body) => body,
            Err(refusal) => {
                let dialect = upload.dialect;
                upload.end(cx);
                return Err((refusal, dialect));
            }
        };
        let mut answering = Self { upload, body };
        if is_end {
            answering.finish(cx, Following::Nothing);
        }
        Ok(answering)
    }

    /// Takes the next chunk of the request's body, `held` bytes long: a provider may answer
    /// before it has read the whole request.
    ///
    /// # Errors
    /// The error for the client, where the body may not be sent on after all.
    pub(super) fn take_chunk<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
    ) -> Result<(), Refusal> {
        self.upload.read(cx, held, is_end)?;
        if let (true, AnswerBody::Read(answer)) = (is_end, &mut self.body) {
            answer.ledger.note_sent(millis(cx.host.now()), self.upload.tokens());
        }
        Ok(())
    }

    /// Takes a piece of the response's body, `length` bytes long, and returns whether the host
    /// holds it.
    pub(super) fn take_piece<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        length: usize,
        then: Following,
    ) -> Action {
        match &mut self.body {
            AnswerBody::Passing => {}
            AnswerBody::Read(answer) => answer.pass(cx.host, 0, length),
            // The body comes in pieces, and can be replaced only as a whole.
            AnswerBody::Replaced(_) if !then.is_end() => return Action::Pause,
            AnswerBody::Replaced(refusal) => {
                let body = refusal.body(self.upload.dialect);
                cx.host.replace_response_body(length, body.as_bytes());
            }
        }
        if then.is_end() {
            self.finish(cx, then);
        }
        Action::Continue
    }

    /// Ends the router's own attempt, at the end of the response.
    fn finish<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, then: Following) {
        let body = std::mem::replace(&mut self.body, AnswerBody::Passing);
        if let AnswerBody::Read(answer) = body {
            answer.finish_whole(cx, then);
        }
    }

    /// Returns the dialect in which the client is answered.
    pub(super) const fn dialect(&self) -> Dialect {
        self.upload.dialect
    }

    /// Ends a request that is refused while its body is on the way upstream.
    pub(super) fn refuse<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        if let AnswerBody::Read(answer) = self.body {
            answer.finish(cx, End::Left);
        }
        self.upload.end(cx);
    }

    /// Takes the end of the stream, which may come before that of the response.
    pub(super) fn end<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.upload.end(cx);
        if let AnswerBody::Read(answer) = self.body {
            answer.end_broken_off(cx);
        }
    }
}

/// Takes the response headers for the router's own attempt: counts the request, and names the
/// deployment that served it. Returns how the body is handled.
///
/// # Errors
/// The error for the client, where the provider's status is no answer.
fn take_direct_head<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: RequestLedger,
    decision: &Decision,
    attempt: AttemptLedger,
) -> Result<AnswerBody, Refusal> {
    let config = &cx.engine.config;
    let Some(step) = decision.plan.first() else { return Ok(AnswerBody::Passing) };
    let work = *attempt.work();
    let Heard { status, report, answer } = hear(cx, attempt, step.server.provider(config));
    let labels = RequestLabels::of(config, decision);
    // Its status ends the response, so the client would wait for the rest of it.
    if is_stray(&work, status) {
        return Err(refuse_stray(cx, ledger, labels));
    }
    ledger.close_served(cx, labels, status);
    if config.response_headers || config.log_fields {
        let name = step.server.name(config);
        let mut attempts = AttemptList::default();
        if let Some(report) = report {
            attempts.add(&name, &report.word());
        }
        // Attempt filters log their attempts by themselves; here there is none.
        if config.log_fields && report.is_some() {
            cx.host.set_property(ATTEMPTS, attempts.text().as_bytes());
        }
        if config.response_headers {
            name_server(cx.host, config, decision, step, &attempts);
        }
    }
    Ok(match answer {
        Answered::Open(answer) => AnswerBody::Read(answer),
        Answered::Closed(_) => AnswerBody::Passing,
    })
}

/// Counts a request whose provider has sent no answer, and returns the error for the client.
fn refuse_stray<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: RequestLedger,
    labels: RequestLabels<'_>,
) -> Refusal {
    let refusal = stray_refusal();
    ledger.close_served(cx, labels, refusal.status);
    refusal
}

/// Takes the response headers for a request that was handed over: counts the request, names the
/// deployment that served it, and replaces the response where no provider has given one. Returns
/// how the body is handled.
///
/// # Errors
/// The error for the client, where the provider's status is no answer.
fn take_handed_over_head<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: RequestLedger,
    decision: &Decision,
    attempt: AttemptLedger,
    is_end: bool,
) -> Result<AnswerBody, Refusal> {
    let config = &cx.engine.config;
    let work = *attempt.work();
    let left = cx.host.property(PROGRESS);
    // Envoy has answered before any attempt was made. Its attempt filter would have ended it.
    if !is_taken_over(left.as_deref()) {
        attempt.hand_back(cx);
    }
    let progress = left.as_deref().and_then(Progress::decode);
    let progress = progress.filter(|progress| !progress.tried.is_empty());
    let last = progress.as_ref().and_then(|progress| progress.tried.last());
    let is_translated = last.is_some_and(|tried| is_translated(cx, decision, work, tried));
    // A 200 is always the last attempt's own response, so response headers need not be read. An
    // empty one may have asked for a retry.
    let is_success =
        |tried: &Tried| tried.status() == Some(200) && tried.report.outcome == Outcome::Success;
    let is_served = !is_translated && last.is_some_and(is_success);
    let mut instead = None;
    let mut status = last.and_then(Tried::status).filter(|_| !is_translated);
    if !is_served {
        let headers = cx.host.response_headers();
        if let (false, Some(progress)) = (is_end, &progress) {
            instead = replacement(cx.host, &headers, progress);
        }
        status = status.or_else(|| Some(answer::status(&headers)));
        // The last attempt may have asked for a retry that Envoy did not make any more. That is
        // not the client's concern.
        cx.host.set_response_header(&config.headers.retry, None);
    }
    let labels = RequestLabels::of(config, decision);
    if is_stray(&work, status.unwrap_or_default()) {
        return Err(refuse_stray(cx, ledger, labels));
    }
    if let Some(refusal) = &instead {
        status = Some(refusal.status);
        set_refusal(cx.host, refusal);
    }
    // The request is counted with the status that the client gets.
    ledger.close_served(cx, labels, status.unwrap_or_default());
    if config.response_headers {
        name_last_server(cx.host, config, decision, progress.as_ref());
    }
    Ok(instead.map_or(AnswerBody::Passing, AnswerBody::Replaced))
}

/// Returns whether the answer to an attempt is translated. One that cannot be is an error, whatever status its
/// provider has sent.
fn is_translated<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    decision: &Decision,
    work: Work,
    tried: &Tried,
) -> bool {
    let kind = (work.format, work.task);
    let step = decision.steps().nth(tried.leg);
    step.is_some_and(|step| step.server.translation(&cx.engine.config, kind).is_some())
}

/// Returns the error that the client gets in place of a response that no provider has made;
/// `None` where the response is a provider's, or tells enough.
///
/// Envoy's own text for a failed connection would mean nothing to a client that knows a model
/// and not the deployments. For example:
///
/// - `a` answered 429 with `retry-after: 7`, and the connection to `b` failed. Envoy answers 503
///   for `b`. The client gets a 429 that tells it to come back after 7 seconds;
/// - the connections to `a` and `b` failed. The client gets a 503 in its dialect that says so;
/// - `a` failed and `b` answered 503 itself. That response is the provider's and stays.
///
/// An attempt filter's own answer (nothing was left to try) looks to Envoy as if it came from
/// upstream, so progress tells it from a provider's.
fn replacement<H: Host + ?Sized>(
    host: &H,
    headers: &Headers,
    progress: &Progress,
) -> Option<Refusal> {
    let details = host.property(&["response", "code_details"]).unwrap_or_default();
    // To Envoy, what an attempt filter answers by itself comes from upstream as well.
    if details.starts_with(b"via_upstream") && progress.next != NextAttempt::Surplus {
        return None;
    }
    let status = answer::status(headers);
    // Envoy answers 503 where a connection fails and 504 after a timeout. Other responses of
    // its own, such as 413, tell the client something about its request.
    if !matches!(status, 503 | 504) {
        return None;
    }
    let is_limited =
        |tried: &Tried| tried.status() == Some(429) || tried.report.outcome == Outcome::RateLimit;
    Some(if progress.tried.iter().any(is_limited) {
        let message = "every deployment that could serve this request is at its limit or has \
                       failed; try again later";
        let seconds = progress.retry_after_ms().unwrap_or(1000).div_ceil(1000).max(1);
        Refusal::new(429, "rate_limited", message).retry_after(seconds)
    } else {
        let message = "no deployment that could serve this request could be reached; try again \
                       later";
        Refusal::new(status, "no_deployment_available", message)
    })
}

/// Turns the response headers into those of an error of this filter. The length is removed, since
/// the body will be another one.
fn set_refusal<H: Host + ?Sized>(host: &H, refusal: &Refusal) {
    host.set_response_header(":status", Some(refusal.status.to_string().as_bytes()));
    host.set_response_header("content-type", Some(b"application/json"));
    host.set_response_header("content-length", None);
    let seconds = refusal.retry_after_s.map(|seconds| seconds.to_string());
    host.set_response_header("retry-after", seconds.as_deref().map(str::as_bytes));
}

/// Names in response headers what was tried, and what served in the end. Without progress, Envoy
/// answered before any attempt: then the plan's first step is named, without attempts.
fn name_last_server<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    decision: &Decision,
    progress: Option<&Progress>,
) {
    let tried = progress.map(|progress| progress.tried.as_slice()).unwrap_or_default();
    let name = |leg| decision.steps().nth(leg).map_or(Cow::Borrowed(""), |s| s.server.name(config));
    let mut attempts = AttemptList::default();
    for tried in tried {
        attempts.add(&name(tried.leg), &tried.report.word());
    }
    let last = tried.last().map_or(0, |tried| tried.leg);
    if let Some(step) = decision.steps().nth(last) {
        name_server(host, config, decision, step, &attempts);
    }
}

/// Names in response headers the model, deployment, provider and route that served. Names that a
/// provider has set are replaced, since a client could take them for this filter's.
fn name_server<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    decision: &Decision,
    step: &Step,
    attempts: &AttemptList,
) {
    let names = &config.headers;
    let set = |name: &str, text: &str| host.set_response_header(name, Some(text.as_bytes()));
    set(&names.model, &header_value(&step.model));
    set(&names.deployment, &header_value(&step.server.name(config)));
    set(&names.provider, &header_value(&config.provider(step.server.provider(config)).name));
    // Without attempts Envoy has answered by itself.
    let attempts = Some(attempts.text()).filter(|text| !text.is_empty());
    host.set_response_header(&names.attempts, attempts.map(str::as_bytes));
    if let Some(route) = decision.route {
        set(&names.route, &header_value(&config.route(route).name));
    }
}
