//! A response on its way to the client. The rest of the request's body may still follow.

use crate::config::Config;
use crate::host::Host;
use crate::lifecycle::answer::{
    self, Answered, Heard, UpstreamResponse, hear, is_stray, stray_refusal,
};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, Following, millis};
use crate::lifecycle::ledger::{AttemptLedger, RequestLabels, RequestLedger};
use crate::lifecycle::progress::{AttemptList, Progress, Tried, is_taken_over};
use crate::lifecycle::properties::{ATTEMPTS, PROGRESS};
use crate::lifecycle::work::Work;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::response::details::{End, is_of_no_host};
use crate::routing::{Decision, Step};
use crate::state::outcome::Outcome;
use crate::text::header_value;

use super::hostless::{self, attempts};
use super::streaming::Streaming;
use super::unserved;
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
            take_direct_head(cx, ledger, &decision, attempt, is_end)
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
    is_end: bool,
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
    if let Some(refusal) = report.filter(|_| !is_end).and_then(|it| unserved::direct(status, &it)) {
        unserved::set_head(cx.host, &refusal);
        return Ok(AnswerBody::Replaced(refusal));
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
    // An attempt that no attempt filter has taken over is still the router's.
    let own = (!is_taken_over(left.as_deref())).then_some(attempt);
    let mut progress = left.as_deref().and_then(Progress::decode).unwrap_or_default();
    let (mut status, is_served) = status_of_last(cx, decision, work, &progress);
    let mut instead = None;
    if !is_served {
        let details = cx.host.property(&["response", "code_details"]).unwrap_or_default();
        if is_of_no_host(&details) {
            hostless::record(cx, decision, own, work, &mut progress);
        } else if let Some(own) = own {
            // Envoy has answered before any attempt was made.
            own.hand_back(cx);
        }
        let headers = cx.host.response_headers();
        if !is_end && !progress.tried.is_empty() {
            instead = unserved::after_attempts(&details, &headers, &progress);
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
        unserved::set_head(cx.host, refusal);
    }
    // The request is counted with the status that the client gets.
    ledger.close_served(cx, labels, status.unwrap_or_default());
    if config.response_headers {
        name_last_server(cx.host, config, decision, &progress);
    }
    Ok(instead.map_or(AnswerBody::Passing, AnswerBody::Replaced))
}

/// Returns the status that the last attempt has got, if the client gets it too, and whether its
/// answer goes to the client as it is.
fn status_of_last<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    decision: &Decision,
    work: Work,
    progress: &Progress,
) -> (Option<u16>, bool) {
    let Some(last) = progress.tried.last() else { return (None, false) };
    if is_translated(cx, decision, work, last) {
        return (None, false);
    }
    // A 200 is always the last attempt's own response, so response headers need not be read. An
    // empty one may have asked for a retry.
    let is_served = last.status() == Some(200) && last.report.outcome == Outcome::Success;
    (last.status(), is_served)
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

/// Names in response headers what was tried, and what served in the end. If nothing was tried, Envoy
/// has answered before any attempt: then the plan's first step is named, without attempts.
fn name_last_server<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    decision: &Decision,
    progress: &Progress,
) {
    let last = progress.tried.last().map_or(0, |tried| tried.leg);
    if let Some(step) = decision.steps().nth(last) {
        name_server(host, config, decision, step, &attempts(config, decision, progress));
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
