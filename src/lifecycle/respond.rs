//! The head of a response: what it says of the deployment, and who served.

use std::rc::Rc;

use crate::config::{ProviderId, Role};
use crate::host::{Headers, Host};
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::response::body::BodyReader;
use crate::response::headroom;
use crate::response::outcome::{self, End, Head};
use crate::routing::{Decision, Step};
use crate::state::Ending;
use crate::state::headroom::Headroom;
use crate::state::outcome::{Report, Weight};
use crate::text::header_value;

use super::answer::{Answer, Started};
use super::attempt::number;
use super::count::PROXY;
use super::engine::Engine;
use super::hand::{ATTEMPTS, PROGRESS, RETRY_AFTER, SURPLUS};
use super::progress::Progress;
use super::spent::Tokens;
use super::stream::{Action, Stream, millis};

impl Stream {
    /// Takes the head of the response to a request that was sent.
    pub(super) fn respond<H: Host + ?Sized>(
        &mut self,
        host: &H,
        decision: &Decision,
        is_end: bool,
    ) {
        let engine = Rc::clone(&self.engine);
        if engine.config.is_handing_over() {
            return self.respond_handed_over(host, decision, is_end);
        }
        let Some(step) = decision.plan.first() else { return };
        let (report, status) = self.came(host, step.server.provider(&engine.config));
        self.count_served(host, decision, status);
        let (is_told, is_logged) = (engine.config.response_headers, engine.config.log_fields);
        if is_told || is_logged {
            let attempt = report.map(|report| {
                let deployment = step.server.name(&engine.config);
                format!("{}={report}", header_value(&deployment))
            });
            if let (true, Some(attempt)) = (is_logged, &attempt) {
                host.set_property(ATTEMPTS, attempt.as_bytes());
            }
            if is_told {
                name_server(host, &engine, decision, step, attempt);
            }
        }
        if is_end {
            self.finish(host, End::Whole);
        }
    }

    /// What an answer's head says of the deployment that was asked (`None`: nothing), and
    /// its status.
    pub(super) fn came<H: Host + ?Sized>(
        &mut self,
        host: &H,
        id: ProviderId,
    ) -> (Option<Report>, u16) {
        let headers = host.response_headers();
        let status = text(&headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        // The one answer below 400 that Envoy makes itself is asked for by a header that
        // is withheld from judged requests.
        let details =
            (status >= 400).then(|| host.property(&["response", "code_details"])).flatten();
        let now_ms = millis(host.now());
        let has_own_credential = self.engine.secret(id).is_some();
        let of_failure = |name| text(&headers, name).filter(|_| status >= 400);
        let started = self.started.take();
        let is_request_whole = started.as_ref().is_none_or(|started| started.sent_ms.is_some());
        let headroom = headroom::headroom(&headers, now_ms);
        let limit = headroom.tokens.and_then(|left| left.limit);
        let report = outcome::report(&Head {
            status,
            is_request_whole,
            is_over_limit: limit
                .zip(started.as_ref())
                .is_some_and(|(limit, started)| started.work.tokens > u64::from(limit)),
            // An attempt hears nothing but its provider.
            details: details
                .as_deref()
                .filter(|_| self.engine.config.role == Role::Router)
                .and_then(|details| str::from_utf8(details).ok()),
            has_own_credential,
            retry_after: of_failure("retry-after"),
            retry_after_ms: of_failure("retry-after-ms"),
            reset_ms: headroom::reset_hint(status, &headers, now_ms),
            now_ms,
        });
        if let Some(started) = started {
            // What is left of a client's own account says nothing to others.
            let is_own = has_own_credential || !started.work.has_clients_credential;
            let headroom = if is_own { headroom } else { Headroom::default() };
            self.answered(host, started, report, headroom, &headers, has_own_credential);
        }
        let names = &self.engine.config.headers;
        if text(&headers, &names.retry).is_some() {
            host.set_response_header(&names.retry, None);
        }
        self.count_stateless(host, report.map_or(PROXY, |report| report.outcome.name()));
        (report, status)
    }

    /// Names who served a request that was handed over.
    fn respond_handed_over<H: Host + ?Sized>(
        &mut self,
        host: &H,
        decision: &Decision,
        is_end: bool,
    ) {
        let attempts = host.property(ATTEMPTS).and_then(|text| String::from_utf8(text).ok());
        if attempts.is_some() {
            // An attempt filter has taken it over.
            self.started = None;
        }
        // Such an answer is a provider's, and no other attempt was asked for.
        let is_served = attempts.as_deref().is_some_and(|attempts| attempts.ends_with("=200"));
        if let (false, false, Some(attempts)) = (is_end, is_served, &attempts) {
            self.instead = instead(host, attempts);
        }
        if let Some(refusal) = &self.instead {
            host.set_response_header(":status", Some(refusal.status.to_string().as_bytes()));
            host.set_response_header("content-type", Some(b"application/json"));
            host.set_response_header("content-length", None);
            let seconds = refusal.retry_after_s.map(|seconds| seconds.to_string());
            host.set_response_header("retry-after", seconds.as_deref().map(str::as_bytes));
        }
        let status = match &self.instead {
            Some(refusal) => refusal.status,
            None => attempts.as_deref().and_then(last_status).unwrap_or_else(|| status(host)),
        };
        self.count_served(host, decision, status);
        let engine = &*self.engine;
        let names = &engine.config.headers;
        if !is_served {
            host.set_response_header(&names.retry, None);
        }
        if !engine.config.response_headers {
            return;
        }
        // The first is the plan's first.
        let is_first = attempts.as_deref().is_none_or(|attempts| !attempts.contains(','));
        let progress = (!is_first).then(|| host.property(PROGRESS)).flatten();
        let progress = progress.as_deref().and_then(Progress::decode);
        let last = progress.and_then(|progress| progress.tried.last().copied()).unwrap_or(0);
        let kinds = &decision.kinds;
        let lists = [kinds.context_window.as_ref(), kinds.rate_limit.as_ref()];
        let lists = lists.into_iter().flatten().chain([&kinds.content_policy]);
        let mut steps = decision.plan.iter().chain(lists.flatten());
        let Some(step) = steps.nth(last) else { return };
        name_server(host, engine, decision, step, attempts);
    }

    /// Puts an answer of this filter's in the place of the proxy's, which comes in pieces.
    pub(super) fn answer_instead<H: Host + ?Sized>(
        &mut self,
        host: &H,
        refusal: Refusal,
        length: usize,
        is_end: bool,
    ) -> Action {
        if !is_end {
            self.instead = Some(refusal);
            return Action::Pause;
        }
        let dialect = self.work.map_or(Dialect::OpenAi, |work| work.format.dialect());
        host.replace_response_body(length, refusal.body(dialect).as_bytes());
        Action::Continue
    }

    /// Whether an attempt filter has taken the request over.
    pub(super) fn is_handed_over<H: Host + ?Sized>(&self, host: &H) -> bool {
        self.engine.config.is_handing_over() && host.property(ATTEMPTS).is_some()
    }

    /// Ends the attempt, or goes on to the body where that may say more.
    fn answered<H: Host + ?Sized>(
        &mut self,
        host: &H,
        mut started: Started,
        report: Option<Report>,
        headroom: Headroom,
        headers: &Headers,
        has_own_credential: bool,
    ) {
        let engine = &*self.engine;
        let format = started.work.format;
        let ending = Ending { report, headroom, ..Ending::default() };
        let Some(report) = report else {
            return engine.end(host, &started, &ending, Tokens::default(), PROXY);
        };
        // Where the body can add nothing, others are to know at once.
        if report.outcome.weight() == Weight::Failure {
            return engine.end(host, &started, &ending, Tokens::default(), PROXY);
        }
        if started.attempt.is_probe() && engine.fleet.release(host, &mut started.attempt).is_err() {
            engine.count_exhausted(host, 1);
        }
        let content_type = text(headers, "content-type");
        let encoding = text(headers, "content-encoding");
        self.answer = Some(Box::new(Answer {
            started,
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
        }));
    }
}

/// What the client is told where the last attempt was not answered by its provider: when
/// to come back if one of them said so, else that all have failed.
fn instead<H: Host + ?Sized>(host: &H, attempts: &str) -> Option<Refusal> {
    // There are none yet where Envoy tries once more than there is to try, and the attempt
    // filter answers.
    let details = host.property(&["response", "code_details"]).unwrap_or_default();
    // What the attempt filter answers comes from below.
    if details.starts_with(b"via_upstream") && host.property(SURPLUS).is_none() {
        return None;
    }
    let headers = host.response_headers();
    let status = text(&headers, ":status")?.parse().ok()?;
    if !matches!(status, 503 | 504) {
        return None;
    }
    let soonest = host.property(RETRY_AFTER).as_deref().and_then(number);
    let mut attempts = attempts.split(',');
    Some(if attempts.any(|attempt| attempt.ends_with("=429")) {
        let message =
            "every deployment that could serve this request is at its limit or has failed";
        let seconds = soonest.unwrap_or(1000).div_ceil(1000).max(1);
        Refusal::new(429, "rate_limited", message).retry_after(seconds)
    } else {
        let message = "no deployment that could serve this request could be reached";
        Refusal::new(status, "no_deployment_available", message)
    })
}

/// The status that the last of several attempts was answered with.
fn last_status(attempts: &str) -> Option<u16> {
    attempts.rsplit('=').next()?.parse().ok()
}

/// The status of what goes to the client.
fn status<H: Host + ?Sized>(host: &H) -> u16 {
    let headers = host.response_headers();
    text(&headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// A header's first value, where it is text.
fn text<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known == name)?;
    str::from_utf8(value).ok()
}

fn name_server<H: Host + ?Sized>(
    host: &H,
    engine: &Engine,
    decision: &Decision,
    step: &Step,
    attempts: Option<String>,
) {
    let config = &engine.config;
    let names = &config.headers;
    let deployment = step.server.name(config);
    let deployment = header_value(&deployment);
    let set = |name: &str, text: &str| host.set_response_header(name, Some(text.as_bytes()));
    set(&names.model, &header_value(&step.model));
    set(&names.deployment, &deployment);
    set(&names.provider, &header_value(&config.provider(step.server.provider(config)).name));
    // Without any, Envoy answered by itself.
    host.set_response_header(&names.attempts, attempts.as_deref().map(str::as_bytes));
    match decision.route {
        Some(route) => set(&names.route, &header_value(&config.route(route).name)),
        None => host.set_response_header(&names.route, None),
    }
}
