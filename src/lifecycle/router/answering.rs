//! An answer on its way to the client. Its request's body may still follow.

use std::borrow::Cow;

use crate::config::Config;
use crate::host::{Headers, Host};
use crate::lifecycle::answer::{self, Answer, Heard, hear};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, millis};
use crate::lifecycle::ledger::{AttemptLedger, Labels, RequestLedger};
use crate::lifecycle::progress::{Next, Progress, Tried, is_taken_over, listed};
use crate::lifecycle::properties::{ATTEMPTS, PROGRESS};
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::response::outcome::End;
use crate::routing::{Decision, Step};
use crate::text::header_value;

use super::streaming::Streaming;
use super::upload::Upload;

/// An answer on its way to the client.
#[derive(Debug)]
pub(super) struct Answering {
    upload: Upload,
    body: AnswerBody,
}

/// What is done with the answer's body.
#[derive(Debug)]
enum AnswerBody {
    /// It passes, unread by the router.
    Passing,
    /// It is read as it passes: it belongs to the attempt.
    Read(Box<Answer>),
    /// The client gets this refusal in its place.
    Replaced(Refusal),
}

impl Answering {
    /// Takes the head of the answer to a request.
    pub(super) fn begin<H: Host + ?Sized>(
        cx: Ctx<'_, H>,
        streaming: Streaming,
        is_end: bool,
    ) -> Self {
        let Streaming { ledger, decision, attempt, upload } = streaming;
        let body = if cx.engine.delivery.hands_over() {
            end_handed_over(cx, ledger, &decision, attempt, is_end)
        } else {
            end_direct(cx, ledger, &decision, attempt)
        };
        let mut answering = Self { upload, body };
        if is_end {
            answering.finish(cx);
        }
        answering
    }

    /// Takes the next chunk of the request's body.
    ///
    /// # Errors
    /// What the client is told where the body is not one that may be sent on.
    pub(super) fn take_chunk<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
    ) -> Result<(), Refusal> {
        self.upload.read(cx, held, is_end)?;
        if let (true, AnswerBody::Read(answer)) = (is_end, &mut self.body) {
            answer.ledger.sent(millis(cx.host.now()), self.upload.tokens());
        }
        Ok(())
    }

    /// Takes a piece of the answer's body.
    pub(super) fn take_piece<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        length: usize,
        is_end: bool,
    ) -> Action {
        match &mut self.body {
            AnswerBody::Passing => {}
            AnswerBody::Read(answer) => answer.pass(cx.host, 0, length),
            // What is replaced comes in pieces, and is replaced as a whole.
            AnswerBody::Replaced(_) if !is_end => return Action::Pause,
            AnswerBody::Replaced(refusal) => {
                let body = refusal.body(self.upload.dialect);
                cx.host.replace_response_body(length, body.as_bytes());
            }
        }
        if is_end {
            self.finish(cx);
        }
        Action::Continue
    }

    /// Takes the end of the answer.
    fn finish<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        let body = std::mem::replace(&mut self.body, AnswerBody::Passing);
        if let AnswerBody::Read(answer) = body {
            answer.finish(cx, End::Whole);
        }
    }

    /// Returns the dialect in which the client is answered.
    pub(super) const fn dialect(&self) -> Dialect {
        self.upload.dialect
    }

    /// Ends a request whose body may not be sent on after all.
    pub(super) fn refused<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        if let AnswerBody::Read(answer) = self.body {
            answer.finish(cx, End::Left);
        }
        self.upload.end(cx);
    }

    /// Takes the end of the stream.
    pub(super) fn dropped<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.upload.end(cx);
        if let AnswerBody::Read(answer) = self.body {
            answer.broken_off(cx);
        }
    }
}

/// Takes the head of an answer to the router's own attempt, and names who served.
fn end_direct<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: RequestLedger,
    decision: &Decision,
    attempt: AttemptLedger,
) -> AnswerBody {
    let config = &cx.engine.config;
    let Some(step) = decision.plan.first() else { return AnswerBody::Passing };
    let Heard { status, report, open } = hear(cx, attempt, step.server.provider(config));
    ledger.served(cx, Labels::of(config, decision), status);
    if config.response_headers || config.log_fields {
        let name = step.server.name(config);
        let attempts = report.map(|report| listed(std::iter::once((&*name, report))));
        if let (true, Some(attempts)) = (config.log_fields, &attempts) {
            cx.host.set_property(ATTEMPTS, attempts.as_bytes());
        }
        if config.response_headers {
            name_server(cx.host, config, decision, step, attempts.as_deref());
        }
    }
    open.map_or(AnswerBody::Passing, AnswerBody::Read)
}

/// Takes the head of the answer to a request that was handed over: names who served, and
/// answers for providers of which none did.
fn end_handed_over<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    ledger: RequestLedger,
    decision: &Decision,
    attempt: AttemptLedger,
    is_end: bool,
) -> AnswerBody {
    let config = &cx.engine.config;
    let left = cx.host.property(PROGRESS);
    if !is_taken_over(left.as_deref()) {
        attempt.handed_back(cx);
    }
    let progress = left.as_deref().and_then(Progress::decode);
    let progress = progress.filter(|progress| !progress.tried.is_empty());
    let last = progress.as_ref().and_then(|progress| progress.tried.last());
    // Such an answer is a provider's, and no other attempt was asked for.
    let is_served = last.and_then(Tried::status) == Some(200);
    let mut instead = None;
    let mut status = last.and_then(Tried::status);
    if !is_served {
        let headers = cx.host.response_headers();
        if let (false, Some(progress)) = (is_end, &progress) {
            instead = self::instead(cx.host, &headers, progress);
        }
        status = status.or_else(|| Some(answer::status(&headers)));
        cx.host.set_response_header(&config.headers.retry, None);
    }
    if let Some(refusal) = &instead {
        status = Some(refusal.status);
        set_refusal(cx.host, refusal);
    }
    let labels = Labels::of(config, decision);
    ledger.served(cx, labels, status.unwrap_or_default());
    if config.response_headers {
        name_last_server(cx.host, config, decision, progress.as_ref());
    }
    instead.map_or(AnswerBody::Passing, AnswerBody::Replaced)
}

/// Returns what the client is told where the last attempt was not answered by its
/// provider: when to come back if one of them said so, else that all have failed.
fn instead<H: Host + ?Sized>(host: &H, headers: &Headers, progress: &Progress) -> Option<Refusal> {
    let details = host.property(&["response", "code_details"]).unwrap_or_default();
    // What the attempt filter answers comes from upstream, like a provider's answer.
    if details.starts_with(b"via_upstream") && progress.next != Next::Surplus {
        return None;
    }
    let status = answer::status(headers);
    if !matches!(status, 503 | 504) {
        return None;
    }
    Some(if progress.tried.iter().any(|tried| tried.status() == Some(429)) {
        let message =
            "every deployment that could serve this request is at its limit or has failed";
        let seconds = progress.retry_after_ms().unwrap_or(1000).div_ceil(1000).max(1);
        Refusal::new(429, "rate_limited", message).retry_after(seconds)
    } else {
        let message = "no deployment that could serve this request could be reached";
        Refusal::new(status, "no_deployment_available", message)
    })
}

/// Makes the head of an answer that of a refusal.
fn set_refusal<H: Host + ?Sized>(host: &H, refusal: &Refusal) {
    host.set_response_header(":status", Some(refusal.status.to_string().as_bytes()));
    host.set_response_header("content-type", Some(b"application/json"));
    host.set_response_header("content-length", None);
    let seconds = refusal.retry_after_s.map(|seconds| seconds.to_string());
    host.set_response_header("retry-after", seconds.as_deref().map(str::as_bytes));
}

/// Names in response headers who was tried, and who served in the end.
fn name_last_server<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    decision: &Decision,
    progress: Option<&Progress>,
) {
    let tried = progress.map(|progress| progress.tried.as_slice()).unwrap_or_default();
    let name = |leg| step(decision, leg).map_or(Cow::Borrowed(""), |s| s.server.name(config));
    let names: Vec<_> = tried.iter().map(|tried| name(tried.leg)).collect();
    let attempts = names.iter().map(|name| &**name).zip(tried.iter().map(|t| t.report));
    let attempts = (!tried.is_empty()).then(|| listed(attempts));
    let last = tried.last().map_or(0, |tried| tried.leg);
    if let Some(step) = step(decision, last) {
        name_server(host, config, decision, step, attempts.as_deref());
    }
}

/// Returns the step of a plan that a leg was made of: legs are numbered through the plan
/// and its lists by kind of failure, in the order in which they are handed over.
fn step(decision: &Decision, leg: usize) -> Option<&Step> {
    let kinds = &decision.kinds;
    let lists = [kinds.context_window.as_ref(), kinds.rate_limit.as_ref()];
    let lists = lists.into_iter().flatten().chain([&kinds.content_policy]);
    decision.plan.iter().chain(lists.flatten()).nth(leg)
}

/// Names in response headers who served.
fn name_server<H: Host + ?Sized>(
    host: &H,
    config: &Config,
    decision: &Decision,
    step: &Step,
    attempts: Option<&str>,
) {
    let names = &config.headers;
    let set = |name: &str, text: &str| host.set_response_header(name, Some(text.as_bytes()));
    set(&names.model, &header_value(&step.model));
    set(&names.deployment, &header_value(&step.server.name(config)));
    set(&names.provider, &header_value(&config.provider(step.server.provider(config)).name));
    // Without any, Envoy answered by itself.
    host.set_response_header(&names.attempts, attempts.map(str::as_bytes));
    match decision.route {
        Some(route) => set(&names.route, &header_value(&config.route(route).name)),
        None => host.set_response_header(&names.route, None),
    }
}
