//! An attempt that has begun: its request on the way to the provider, its answer back, and
//! what is tried after it.

use crate::config::{Hold, ProviderId};
use crate::host::Host;
use crate::lifecycle::answer::{Answer, Heard, hear};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::{Action, millis};
use crate::lifecycle::handover::{Leg, Legs};
use crate::lifecycle::ledger::{AttemptEnd, AttemptLedger};
use crate::lifecycle::progress::{Failure, Next, Progress, listed};
use crate::lifecycle::properties::{ATTEMPTS, CLUSTER, ENDED, PROGRESS, TIMES};
use crate::request::rewrite::Splicer;
use crate::response::outcome::End;
use crate::state::outcome::{Outcome, Report, Weight};

use super::ready::{is_drained, is_ready};

/// Longest body of an error that is held until it tells what went wrong, in bytes.
const LONGEST_HELD: usize = 64 * 1024;

/// An attempt that has begun.
#[derive(Debug)]
pub(super) struct Trying {
    legs: Legs,
    /// Of the request's input, by which limits are checked.
    tokens: u64,
    /// How far the attempts have come; the last one tried is this.
    progress: Progress,
    provider: ProviderId,
    /// Changes the body as it goes on.
    splicer: Splicer,
    /// In milliseconds since the epoch.
    began_ms: u64,
    stage: Stage,
}

/// How far the attempt has come.
#[derive(Debug)]
enum Stage {
    /// It waits for an answer.
    Waiting(AttemptLedger),
    /// Its answer passes.
    Passing(Box<Answer>),
    /// So much of its answer is held until it tells what went wrong, in bytes.
    Holding(Box<Answer>, usize),
    /// It has ended; what is left of request and answer may still pass.
    Ended,
}

impl Trying {
    /// Returns an attempt that has just begun, at the leg last tried.
    pub(super) fn new<H: Host + ?Sized>(
        host: &H,
        legs: Legs,
        progress: Progress,
        provider: ProviderId,
        ledger: AttemptLedger,
    ) -> Self {
        let tried = progress.tried.last().map(|tried| tried.leg);
        let leg = tried.and_then(|leg| legs.get(leg));
        let splicer = Splicer::new(leg.map(|leg| leg.edits.clone()).unwrap_or_default());
        let tokens = ledger.work().tokens;
        let (began_ms, stage) = (millis(host.now()), Stage::Waiting(ledger));
        Self { legs, tokens, progress, provider, splicer, began_ms, stage }
    }

    /// Takes a piece of the request's body.
    pub(super) fn take_chunk<H: Host + ?Sized>(&mut self, host: &H, length: usize, is_end: bool) {
        if !self.splicer.is_done() && length > 0 {
            // What follows the last edit stays where it is.
            let read = self.splicer.reach().min(length);
            let piece = host.request_body(0, read).unwrap_or_default();
            let mut spliced = Vec::with_capacity(piece.len().saturating_add(64));
            self.splicer.push(&piece, &mut spliced);
            host.replace_request_body(read, &spliced);
        }
        if is_end {
            self.sent(host);
        }
    }

    /// Notes that all of the request has gone on.
    pub(super) fn sent<H: Host + ?Sized>(&mut self, host: &H) {
        let ledger = match &mut self.stage {
            Stage::Waiting(ledger) => ledger,
            Stage::Passing(answer) | Stage::Holding(answer, _) => &mut answer.ledger,
            Stage::Ended => return,
        };
        ledger.sent(millis(host.now()), 0);
    }

    /// Takes the head of the answer.
    pub(super) fn take_answer<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, is_end: bool) -> Action {
        let Stage::Waiting(ledger) = std::mem::replace(&mut self.stage, Stage::Ended) else {
            return Action::Continue;
        };
        let Heard { report, open, .. } = hear(cx, ledger, self.provider);
        let Some(report) = report else { return Action::Continue };
        self.note(cx.host, report);
        let is_unclear = report.status >= 400 && report.outcome.weight() != Weight::Failure;
        match open {
            // Without the flag that holds heads, one that is held is never followed by its
            // body.
            Some(answer)
                if cx.engine.config.hold == Hold::StopIteration
                    && is_unclear
                    && answer.is_read()
                    && !is_end
                    && self.is_anything_left(cx.engine) =>
            {
                self.stage = Stage::Holding(answer, 0);
                Action::Pause
            }
            Some(answer) if is_end => {
                let report = answer.finish(cx, End::Whole).unwrap_or(report);
                self.retry(cx, report);
                Action::Continue
            }
            Some(answer) => {
                self.retry(cx, report);
                self.stage = Stage::Passing(answer);
                Action::Continue
            }
            None => {
                self.retry(cx, report);
                Action::Continue
            }
        }
    }

    /// Takes a piece of the answer's body.
    pub(super) fn take_piece<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        length: usize,
        is_end: bool,
    ) -> Action {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Passing(mut answer) => {
                answer.pass(cx.host, 0, length);
                if is_end {
                    answer.finish(cx, End::Whole);
                } else {
                    self.stage = Stage::Passing(answer);
                }
            }
            Stage::Holding(mut answer, seen) => {
                answer.pass(cx.host, seen, length);
                if length > LONGEST_HELD {
                    // It goes on without having told what went wrong.
                    self.write_progress(cx.host);
                    self.stage = Stage::Passing(answer);
                    return self.take_piece(cx, 0, is_end);
                }
                if !is_end {
                    self.stage = Stage::Holding(answer, length);
                    return Action::Pause;
                }
                match answer.finish(cx, End::Whole) {
                    Some(report) => self.retry(cx, report),
                    None => self.write_progress(cx.host),
                }
            }
            stage @ (Stage::Waiting(_) | Stage::Ended) => self.stage = stage,
        }
        Action::Continue
    }

    /// Takes the end of the stream.
    pub(super) fn dropped<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Waiting(ledger) => self.unanswered(cx, ledger),
            Stage::Passing(answer) | Stage::Holding(answer, _) => answer.broken_off(cx),
            Stage::Ended => {}
        }
    }

    /// Ends an attempt that nobody has answered. Envoy does not say why, so it is the
    /// deployment's fault unless client or router ended it.
    fn unanswered<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, ledger: AttemptLedger) {
        let details = cx.host.property(&["response", "code_details"]).unwrap_or_default();
        let is_of = |start: &[u8]| details.starts_with(start);
        let is_clients = cx.host.property(ENDED).is_some()
            || is_of(b"downstream_")
            || is_of(b"http")
            || is_of(b"request_payload_too_large");
        let network = Report { outcome: Outcome::Network, status: 0, retry_after_ms: None };
        self.note_time(cx.host);
        self.write_progress(cx.host);
        ledger.end(cx, &AttemptEnd::without_answer((!is_clients).then_some(network)));
    }

    fn leg(&self) -> Option<&Leg> {
        self.legs.get(self.progress.tried.last()?.leg)
    }

    /// Notes what the answer's head says, and how long it took to come.
    fn note<H: Host + ?Sized>(&mut self, host: &H, report: Report) {
        if let Some(tried) = self.progress.tried.last_mut() {
            tried.report = report;
        }
        self.log_attempts(host);
        self.note_time(host);
    }

    /// Notes how long the attempt has taken until now.
    fn note_time<H: Host + ?Sized>(&mut self, host: &H) {
        let took_ms = millis(host.now()).saturating_sub(self.began_ms);
        if let Some(tried) = self.progress.tried.last_mut() {
            tried.took_ms = Some(took_ms);
        }
        let tried = self.progress.tried.iter();
        let times = tried.filter_map(|tried| Some((self.name(tried.leg), tried.took_ms?)));
        host.set_property(TIMES, listed(times).as_bytes());
    }

    /// Keeps for logs what the attempts came to.
    pub(super) fn log_attempts<H: Host + ?Sized>(&self, host: &H) {
        let tried = self.progress.tried.iter();
        let attempts = tried.map(|tried| (self.name(tried.leg), tried.report));
        host.set_property(ATTEMPTS, listed(attempts).as_bytes());
    }

    fn name(&self, leg: usize) -> &str {
        self.legs.get(leg).map(|leg| leg.name.as_str()).unwrap_or_default()
    }

    /// Keeps how far the attempts have come, for the router and for the next one.
    fn write_progress<H: Host + ?Sized>(&self, host: &H) {
        host.set_property(PROGRESS, &self.progress.encode());
    }

    /// Chooses what follows if the connection fails, which nobody says afterwards.
    /// `is_first`: what follows the first attempt could be picked when it was planned, a
    /// moment ago.
    pub(super) fn plan_next<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, is_first: bool) {
        let retries = cx.engine.config.failover.retries_per_deployment;
        let next = self.after(cx.engine, Failure::Passing, retries, |leg| {
            is_first || is_ready(cx, leg, self.tokens)
        });
        self.go_on(cx.host, next);
    }

    /// Asks Envoy for the next attempt, where that outcome is one to go on after.
    fn retry<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, report: Report) {
        // The header has the status; what the body adds may be another outcome.
        if let Some(tried) = self.progress.tried.last_mut() {
            tried.report = report;
        }
        let Some(failure) = Failure::of(report.outcome) else {
            self.write_progress(cx.host);
            return;
        };
        let retries = cx.engine.config.failover.retries_per_deployment;
        let is_out = |leg: &Leg| is_drained(cx, leg);
        let retries = if retries > 0 && self.leg().is_some_and(is_out) { 0 } else { retries };
        let is_ready = |leg: &Leg| is_ready(cx, leg, self.tokens);
        let next = self.after(cx.engine, failure, retries, is_ready);
        self.go_on(cx.host, next);
        if next.is_some() {
            cx.host.set_response_header(&cx.engine.config.headers.retry, Some(b"1"));
        }
    }

    /// Notes the next leg, if there is to be one, and has the route go to its cluster.
    fn go_on<H: Host + ?Sized>(&mut self, host: &H, next: Option<usize>) {
        self.progress.next = next.map_or(Next::Nothing, Next::Leg);
        self.write_progress(host);
        if let Some(leg) = next.and_then(|leg| self.legs.get(leg)) {
            host.set_property(CLUSTER, leg.cluster.as_bytes());
        }
    }

    /// Returns the leg to try after a failure, while attempts are left.
    fn after(
        &self,
        engine: &Engine,
        failure: Failure,
        retries: u32,
        is_ready: impl Fn(&Leg) -> bool,
    ) -> Option<usize> {
        if !self.has_attempts_left(engine) {
            return None;
        }
        self.progress.after(&self.legs, failure, retries, is_ready)
    }

    fn has_attempts_left(&self, engine: &Engine) -> bool {
        self.progress.tried.len() < engine.config.failover.max_attempts as usize
    }

    /// Returns whether some failure would be followed by another attempt.
    fn is_anything_left(&self, engine: &Engine) -> bool {
        let is_untried = |leg: usize| !self.progress.has_tried(leg);
        self.has_attempts_left(engine) && (0..self.legs.all.len()).any(is_untried)
    }
}
