//! The attempt role: before a cluster's connection, once for every attempt of a request.
//!
//! Makes of what the client sent what the attempt's deployment is to get, and of a
//! failure the next attempt, by the header that Envoy's retry policy waits for. What
//! has been set for one attempt stays in the request's headers for the next, so each
//! begins by putting back what the client sent.

use std::rc::Rc;

use crate::config::{Hold, ProviderId};
use crate::host::Host;
use crate::request::refusal::Refusal;
use crate::request::rewrite::{Splicer, length_after};
use crate::response::outcome::End;
use crate::state::outcome::{Outcome, Report, Weight};
use crate::state::{Asking, Attempt, Ending, Fleet};
use crate::text::header_value;

use super::answer::Started;
use super::apply::set_providers_headers;
use super::engine::Engine;
use super::hand::{ATTEMPTS, CLUSTER, ENDED, PLAN, PROGRESS, RETRY_AFTER, SURPLUS, TIMES};
use super::handover::{Handover, Leg};
use super::headers::credential_names;
use super::progress::{Failure, Progress};
use super::refuse::refuse;
use super::spent::Tokens;
use super::stream::{Action, State, Stream, millis};

/// Longest body of an error that is held until it tells what went wrong, in bytes.
const LONGEST_HELD: usize = 64 * 1024;

/// An attempt of a request that was handed over.
#[derive(Debug)]
pub(super) struct Try {
    handover: Handover,
    progress: Progress,
    at: usize,
    provider: ProviderId,
    splicer: Splicer,
    /// What came before, as the attempts header says it.
    before: String,
    /// How long that took.
    times_before: String,
    /// In milliseconds since the epoch.
    began_ms: u64,
    /// How much of its answer is held; `None`: it passes.
    held: Option<usize>,
}

impl Stream {
    /// Takes the head of a request on its way to a provider.
    pub(super) fn attempt<H: Host + ?Sized>(&mut self, host: &H, is_end: bool) -> Action {
        let engine = Rc::clone(&self.engine);
        // What was not judged passes.
        let Some(handover) = host.property(PLAN).as_deref().and_then(Handover::decode) else {
            return Action::Continue;
        };
        let mut progress = match host.property(PROGRESS) {
            // Nothing has been tried yet.
            None => Progress { next: Some(0), ..Progress::default() },
            Some(bytes) => Progress::decode(&bytes).unwrap_or_default(),
        };
        let dialect = handover.work.format.dialect();
        let is_first = progress.tried.is_empty();
        let next = progress.next.filter(|_| is_first).or_else(|| {
            // It was chosen when the one before began, perhaps a long time ago.
            engine.in_service(host, &handover, &progress)
        });
        let next = next.and_then(|at| Some((at, handover.legs.get(at)?)));
        let known = next.and_then(|(at, leg)| Some((at, leg, engine.provider(&leg.provider)?)));
        let Some((at, leg, provider)) = known else {
            // Envoy tries once more than there is something to try.
            host.set_property(SURPLUS, b"1");
            let message = "no deployment is left to try";
            return refuse(host, &Refusal::new(503, "no_deployment_available", message), dialect);
        };
        self.start(host, &handover, leg, is_first);
        if progress.tried.last().is_some_and(|last| *last != at) {
            let deployment = self.started.as_ref().map(|started| started.attempt.deployment);
            engine.count_fallback(host, &handover.asked, deployment, progress.last);
        }
        progress.last = Outcome::Network;
        engine.log_server(host, &leg.name, &leg.provider);
        let told = |path| {
            let text = (!is_first).then(|| host.property(path)).flatten().unwrap_or_default();
            String::from_utf8(text).unwrap_or_default()
        };
        let (before, times_before) = (told(ATTEMPTS), told(TIMES));
        progress.tried.push(at);
        let splicer = Splicer::new(leg.edits.clone());
        set_headers(host, &engine, &handover, leg, provider, is_first);
        let mut this = Try {
            handover,
            progress,
            at,
            provider,
            splicer,
            before,
            times_before,
            began_ms: millis(host.now()),
            held: None,
        };
        this.note(host, "network");
        // A connection that fails is answered by nobody: what follows it is said before.
        // What follows the first could be picked when it was planned, a moment ago.
        let retries = engine.config.failover.retries_per_deployment;
        let next = this.after(&engine, Failure::Passing, retries, |leg| {
            is_first || engine.is_ready(host, leg, this.handover.work.tokens)
        });
        this.go_on(host, next);
        self.state = State::Try(Box::new(this));
        if is_end {
            self.sent(host);
        }
        Action::Continue
    }

    /// Starts the attempt, or takes over the one that was started with the decision.
    fn start<H: Host + ?Sized>(
        &mut self,
        host: &H,
        handover: &Handover,
        leg: &Leg,
        is_first: bool,
    ) {
        let engine = &*self.engine;
        let config = &engine.config;
        let id = leg.deployment.as_ref().and_then(|id| config.names.deployments.get(id)).copied();
        let begun = handover.begun.filter(|_| is_first);
        let Some(id) = id else {
            self.is_uncounted = true;
            if let (Some(name), Some(numbers)) = (&leg.deployment, begun) {
                engine.abandon(host, name, numbers);
            }
            return;
        };
        let attempt = if let Some(numbers) = begun {
            Attempt::from_numbers(id, numbers)
        } else {
            let now_ms = millis(host.now());
            let mut fleet = engine.fleet.at(host, config, now_ms);
            let mut ask = |is_forced| {
                let asking = Asking { tokens: handover.work.tokens, is_forced };
                fleet.begin(id, asking).is_ok()
            };
            // It could be picked when it was chosen, a moment ago; the connection is to
            // this one now, whatever has come since.
            let _ = ask(false) || ask(true);
            engine.count_exhausted(host, fleet.exhausted);
            engine.show_in_flight(host, id, fleet.in_flight);
            fleet.attempt.unwrap_or_else(|| Attempt::uncounted(id, now_ms))
        };
        self.started = Some(Started { attempt, work: handover.work, sent_ms: None });
    }

    /// Takes a piece of the request's body.
    pub(super) fn attempt_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        this: &mut Try,
        length: usize,
        is_end: bool,
    ) {
        if !this.splicer.is_done() && length > 0 {
            // What follows the last edit stays where it is.
            let read = this.splicer.reach().min(length);
            let piece = host.request_body(0, read).unwrap_or_default();
            let mut spliced = Vec::with_capacity(piece.len().saturating_add(64));
            this.splicer.push(&piece, &mut spliced);
            host.replace_request_body(read, &spliced);
        }
        if is_end {
            self.sent(host);
        }
    }

    /// Takes the head of the answer.
    pub(super) fn attempt_answered<H: Host + ?Sized>(
        &mut self,
        host: &H,
        this: &mut Try,
        is_end: bool,
    ) -> Action {
        let (report, _) = self.came(host, this.provider);
        let Some(report) = report else { return Action::Continue };
        this.note(host, &report.to_string());
        this.note_time(host);
        let is_told = self.answer.as_ref().is_some_and(|answer| answer.reader.is_some());
        let is_open = report.status >= 400 && report.outcome.weight() != Weight::Failure;
        // Without the flag that holds heads, one that is held is never followed by its body.
        let may_hold = self.engine.config.hold == Hold::StopIteration;
        if may_hold && is_open && is_told && !is_end && this.is_anything_left(&self.engine) {
            this.held = Some(0);
            return Action::Pause;
        }
        let report = if is_end { self.finish(host, End::Whole).unwrap_or(report) } else { report };
        this.retry(host, &self.engine, report);
        Action::Continue
    }

    /// Takes a piece of the answer's body.
    pub(super) fn attempt_answer_body<H: Host + ?Sized>(
        &mut self,
        host: &H,
        this: &mut Try,
        length: usize,
        is_end: bool,
    ) -> Action {
        let seen = this.held.unwrap_or(0);
        if let Some(answer) = &mut self.answer {
            answer.pass(host, seen, length);
        }
        let is_held = this.held.is_some() && length <= LONGEST_HELD;
        if is_end {
            let report = self.finish(host, End::Whole);
            if let (true, Some(report)) = (is_held, report) {
                this.retry(host, &self.engine, report);
            }
        }
        this.held = (is_held && !is_end).then_some(length);
        if this.held.is_some() { Action::Pause } else { Action::Continue }
    }

    /// Takes the end of an attempt that nobody has answered.
    pub(super) fn attempt_done<H: Host + ?Sized>(&mut self, host: &H, this: &Try) {
        if self.started.is_none() && !self.is_uncounted {
            return;
        }
        let details = host.property(&["response", "code_details"]).unwrap_or_default();
        let is_of = |start: &[u8]| details.starts_with(start);
        let is_clients = host.property(ENDED).is_some()
            || is_of(b"downstream_")
            || is_of(b"http")
            || is_of(b"request_payload_too_large");
        let network = Report { outcome: Outcome::Network, status: 0, retry_after_ms: None };
        let report = (!is_clients).then_some(network);
        let cancelled = Outcome::Cancelled.name();
        this.note_time(host);
        if let Some(started) = self.started.take() {
            let ending = Ending { report, ..Ending::default() };
            self.engine.end(host, &started, &ending, Tokens::default(), cancelled);
        }
        let outcome = report.map_or(cancelled, |report| report.outcome.name());
        self.count_stateless(host, outcome);
    }
}

impl Try {
    fn leg(&self) -> Option<&Leg> {
        self.handover.legs.get(self.at)
    }

    /// Writes down what the attempt has come to so far.
    fn note<H: Host + ?Sized>(&self, host: &H, what: &str) {
        host.set_property(ATTEMPTS, self.with_this(&self.before, what).as_bytes());
    }

    /// Writes down how long it took until now.
    fn note_time<H: Host + ?Sized>(&self, host: &H) {
        let took_ms = millis(host.now()).saturating_sub(self.began_ms).to_string();
        host.set_property(TIMES, self.with_this(&self.times_before, &took_ms).as_bytes());
    }

    fn with_this(&self, before: &str, what: &str) -> String {
        let name = self.leg().map(|leg| header_value(&leg.name)).unwrap_or_default();
        let comma = if before.is_empty() { "" } else { "," };
        format!("{before}{comma}{name}={what}")
    }

    /// Sees to the attempt after this one, if there is to be one; whether there is.
    fn go_on<H: Host + ?Sized>(&mut self, host: &H, next: Option<usize>) -> bool {
        self.progress.next = next;
        host.set_property(PROGRESS, &self.progress.encode());
        let next = self.progress.next.and_then(|at| self.handover.legs.get(at));
        if let Some(next) = next {
            host.set_property(CLUSTER, next.cluster.as_bytes());
        }
        next.is_some()
    }

    fn after(
        &self,
        engine: &Engine,
        failure: Failure,
        retries: u32,
        is_ready: impl Fn(&Leg) -> bool,
    ) -> Option<usize> {
        if self.progress.tried.len() >= engine.config.failover.max_attempts as usize {
            return None;
        }
        self.progress.after(&self.handover, failure, retries, is_ready)
    }

    /// Whether some failure would be followed by another attempt.
    fn is_anything_left(&self, engine: &Engine) -> bool {
        let most = engine.config.failover.max_attempts as usize;
        let is_tried = |at: usize| self.progress.tried.contains(&at);
        self.progress.tried.len() < most && (0..self.handover.legs.len()).any(|at| !is_tried(at))
    }

    /// Asks Envoy for the next attempt, where that outcome is one to go on after.
    fn retry<H: Host + ?Sized>(&mut self, host: &H, engine: &Engine, report: Report) {
        let failure = match report.outcome {
            Outcome::Timeout | Outcome::Server | Outcome::Network => Failure::Passing,
            Outcome::RateLimit => Failure::RateLimit,
            Outcome::Auth | Outcome::Quota | Outcome::NotFound => Failure::Other,
            Outcome::ContextWindow => Failure::ContextWindow,
            Outcome::ContentPolicy => Failure::ContentPolicy,
            Outcome::Success | Outcome::InBand | Outcome::Client | Outcome::Cancelled => return,
        };
        if let (Outcome::RateLimit, Some(ms)) = (report.outcome, report.retry_after_ms) {
            let known = host.property(RETRY_AFTER).as_deref().and_then(number);
            let soonest = known.map_or(ms, |known| known.min(ms));
            host.set_property(RETRY_AFTER, soonest.to_string().as_bytes());
        }
        let tokens = self.handover.work.tokens;
        self.progress.last = report.outcome;
        let retries = engine.config.failover.retries_per_deployment;
        let is_out = |leg: &Leg| engine.is_drained(host, leg);
        let retries = if retries > 0 && self.leg().is_some_and(is_out) { 0 } else { retries };
        let next = self.after(engine, failure, retries, |leg| engine.is_ready(host, leg, tokens));
        if self.go_on(host, next) {
            host.set_response_header(&engine.config.headers.retry, Some(b"1"));
        }
    }
}

impl Engine {
    /// The provider of that name, unless the configuration has changed since.
    fn provider(&self, name: &str) -> Option<ProviderId> {
        self.config.providers.iter().position(|provider| provider.name == name).map(ProviderId)
    }
}

/// Puts back what the client sent, and sets what the provider is to get.
fn set_headers<H: Host + ?Sized>(
    host: &H,
    engine: &Engine,
    handover: &Handover,
    leg: &Leg,
    id: ProviderId,
    is_first: bool,
) {
    let has_secret = engine.secret(id).is_some();
    for (name, sent) in &handover.original {
        let is_credential = credential_names().any(|known| known == name);
        let sent = sent.as_deref().filter(|_| !(is_credential && has_secret));
        // Of the first, credentials alone have been taken away.
        if !is_first || (is_credential && sent.is_some()) {
            host.set_request_header(name, sent);
        }
    }
    set_providers_headers(host, engine, id);
    let sent = |wanted: &str| {
        let mut all = handover.original.iter();
        all.find(|(name, _)| name == wanted).and_then(|(_, sent)| sent.as_deref())
    };
    if sent(":path") != Some(leg.path.as_bytes()) {
        host.set_request_header(":path", Some(leg.path.as_bytes()));
    }
    if sent("accept-encoding").is_some_and(|accepted| accepted != b"identity") {
        host.set_request_header("accept-encoding", Some(b"identity"));
    }
    if handover.disable_cache {
        host.set_request_header("cache-control", Some(b"no-cache, no-store"));
    }
    if let (Some(length), Some(_)) = (handover.length, sent("content-length")) {
        let length = length_after(length, &leg.edits).to_string();
        host.set_request_header("content-length", Some(length.as_bytes()));
    }
}

/// A number that stands in a property.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}
