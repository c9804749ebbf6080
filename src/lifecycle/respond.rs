//! The head of a response: what it says of the deployment, and who served.

use crate::host::{Headers, Host};
use crate::response::body::BodyReader;
use crate::response::headroom;
use crate::response::outcome::{self, End, Head};
use crate::routing::{Decision, Step};
use crate::state::Ending;
use crate::state::headroom::Headroom;
use crate::state::outcome::{Report, Weight};

use super::answer::{Answer, Started};
use super::engine::Engine;
use super::headers::value;
use super::stream::{Stream, millis};

impl Stream {
    /// Takes the head of the response to a request that was sent.
    pub(super) fn respond<H: Host + ?Sized>(
        &mut self,
        host: &H,
        decision: &Decision,
        is_end: bool,
    ) {
        let Some(step) = decision.plan.first() else { return };
        let headers = host.response_headers();
        let status = text(&headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        // The one answer below 400 that Envoy makes itself is asked for by a header that
        // is withheld from judged requests.
        let details =
            (status >= 400).then(|| host.property(&["response", "code_details"])).flatten();
        let now_ms = millis(host.now());
        let provider = step.server.provider(&self.engine.config);
        let has_own_credential = self.engine.secret(provider).is_some();
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
                .is_some_and(|(limit, started)| started.tokens > u64::from(limit)),
            details: details.as_deref().and_then(|details| str::from_utf8(details).ok()),
            has_own_credential,
            retry_after: of_failure("retry-after"),
            retry_after_ms: of_failure("retry-after-ms"),
            reset_ms: headroom::reset_hint(status, &headers, now_ms),
            now_ms,
        });
        if let Some(started) = started {
            // What is left of a client's own account says nothing to others.
            let is_own = has_own_credential || !started.has_clients_credential;
            let headroom = if is_own { headroom } else { Headroom::default() };
            self.answered(host, started, report, headroom, &headers, has_own_credential);
        }
        if self.engine.config.response_headers {
            name_server(host, &self.engine, decision, step, report.map(attempt));
        }
        if is_end {
            self.finish(host, End::Whole);
        }
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
        let format = started.format;
        let ending = Ending { report, headroom, ..Ending::default() };
        let Some(report) = report else {
            return engine.end(host, &started.attempt, &ending);
        };
        // Where the body can add nothing, others are to know at once.
        if report.outcome.weight() == Weight::Failure {
            return engine.end(host, &started.attempt, &ending);
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

/// A header's first value, where it is text.
fn text<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known == name)?;
    str::from_utf8(value).ok()
}

/// How an attempt is written in the attempts header: the provider's status, or what happened.
fn attempt(report: Report) -> String {
    match report.status {
        0 => report.outcome.name().to_owned(),
        status => status.to_string(),
    }
}

fn name_server<H: Host + ?Sized>(
    host: &H,
    engine: &Engine,
    decision: &Decision,
    step: &Step,
    attempt: Option<String>,
) {
    let config = &engine.config;
    let names = &config.headers;
    let deployment = step.server.name(config);
    let deployment = value(&deployment);
    let set = |name: &str, text: &str| host.set_response_header(name, Some(text.as_bytes()));
    set(&names.model, &value(&step.model));
    set(&names.deployment, &deployment);
    set(&names.provider, &value(&config.provider(step.server.provider(config)).name));
    match attempt {
        Some(attempt) => set(&names.attempts, &format!("{deployment}={attempt}")),
        // Envoy answered without an attempt.
        None => host.set_response_header(&names.attempts, None),
    }
    match decision.route {
        Some(route) => set(&names.route, &value(&config.route(route).name)),
        None => host.set_response_header(&names.route, None),
    }
}
