//! An attempt that has begun: its request on the way to the provider, the response on the way
//! back, and the choice of what is tried next.

use crate::config::ProviderId;
use crate::host::Host;
use crate::lifecycle::answer::{Answered, Finished, Heard, SeenPart, UpstreamResponse, hear};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::{Action, Following, millis};
use crate::lifecycle::handover::{Leg, Legs};
use crate::lifecycle::ledger::{AttemptEnd, AttemptLedger};
use crate::lifecycle::progress::{NextAttempt, Progress};
use crate::lifecycle::properties::{CLUSTER, CONNECTED, ENDED, PROGRESS};
use crate::lifecycle::work::Work;
use crate::request::rewrite::Splicer;
use crate::response::details::{self, End};
use crate::state::evidence::{Blame, Weight};
use crate::state::outcome::Outcome;
use crate::state::report::Report;

use super::hindsight;
use super::holding::{HoldStep, count, held, may_hold, seen};
use super::ready::{is_drained, is_ready};

/// An attempt that has begun, with what is needed to choose the next one. The ledger is in the
/// stage, because the response takes it over.
#[derive(Debug)]
pub(super) struct Trying {
    pub(super) legs: Legs,
    /// What is known of the request, which the next deployment must have room for.
    pub(super) work: Work,
    /// How far the attempts have come. The last entry is this attempt.
    pub(super) progress: Progress,
    pub(super) provider: ProviderId,
    /// Edits the body while it passes.
    splicer: Splicer,
    /// When the attempt began, in milliseconds since the epoch.
    pub(super) began_ms: u64,
    pub(super) stage: AnswerStage,
    /// How many pieces of the answer have come, including its head, modulo the range. A change shows
    /// that more has come.
    pub(super) pieces: u32,
}

/// How far the response to an attempt has come.
#[derive(Debug)]
pub(super) enum AnswerStage {
    /// It has not begun.
    Waiting(AttemptLedger),
    /// It passes to the client, and its body is read meanwhile.
    Passing(Box<UpstreamResponse>),
    /// It is held until it tells what it is: an error what went wrong, a success that there is
    /// content. The number says how much of it has been read, in bytes.
    Holding(Box<UpstreamResponse>, usize),
    /// The attempt has ended. The rest of request and response may still pass.
    Ended,
}

impl Trying {
    /// Returns an attempt that has just begun. Its leg is the last entry of `progress`.
    pub(super) fn new<H: Host + ?Sized>(
        host: &H,
        legs: Legs,
        progress: Progress,
        provider: ProviderId,
        ledger: AttemptLedger,
    ) -> Self {
        let tried = progress.tried.last().map(|tried| tried.leg);
        let leg = tried.and_then(|leg| legs.get(leg));
        let splicer = Splicer::new(leg.map(|leg| legs.edits(leg).into_owned()).unwrap_or_default());
        let work = *ledger.work();
        let (began_ms, stage) = (millis(host.now()), AnswerStage::Waiting(ledger));
        Self { legs, work, progress, provider, splicer, began_ms, stage, pieces: 0 }
    }

    /// Takes a piece of the request's body, `length` bytes long, and edits it.
    pub(super) fn take_chunk<H: Host + ?Sized>(&mut self, host: &H, length: usize, is_end: bool) {
        if !self.splicer.is_done() && length > 0 {
            // Nothing after the last edit needs to be copied into the module.
            let read = self.splicer.reach().min(length);
            let piece = host.request_body(0, read).unwrap_or_default();
            let mut spliced = Vec::with_capacity(piece.len().saturating_add(64));
            self.splicer.push(&piece, &mut spliced);
            host.replace_request_body(read, &spliced);
        }
        if is_end {
            self.note_sent(host);
        }
    }

    /// Notes that all of the request has gone on. From then on it is the provider that takes time.
    pub(super) fn note_sent<H: Host + ?Sized>(&mut self, host: &H) {
        let ledger = match &mut self.stage {
            AnswerStage::Waiting(ledger) => ledger,
            AnswerStage::Passing(answer) | AnswerStage::Holding(answer, _) => &mut answer.ledger,
            AnswerStage::Ended => return,
        };
        ledger.note_sent(millis(host.now()), 0);
    }

    /// Takes the head of the response, and returns whether the host holds it.
    ///
    /// A failure that shows in the status is retried at once. All else [may be held](may_hold) where
    /// something is left to try. Only the body tells whether an error is the deployment's: a 400 may
    /// say that the request is too long for this model but not for another. A success counts as an
    /// answer only once it has content.
    pub(super) fn take_answer<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, is_end: bool) -> Action {
        let AnswerStage::Waiting(ledger) = std::mem::replace(&mut self.stage, AnswerStage::Ended)
        else {
            return Action::Continue;
        };
        self.pieces = self.pieces.wrapping_add(1);
        let Heard { report, mut answer, .. } = hear(cx, ledger, self.provider);
        let Some(report) = report else { return Action::Continue };
        self.note_head(cx.host, report);
        if let Answered::Open(answer) = &mut answer {
            answer.seen = seen(cx.engine, answer);
        }
        let is_failure = report.evidence.weight == Weight::Failure;
        match answer {
            Answered::Open(answer)
                if !is_end
                    && may_hold(cx.engine, &answer)
                    && self.may_follow(cx.engine, &answer) =>
            {
                self.stage = AnswerStage::Holding(answer, 0);
                Action::Pause
            }
            // A success that is empty is no answer, and the client has got nothing of it yet.
            Answered::Open(answer)
                if is_end
                    || answer.is_announced_empty()
                    || (is_failure && self.has_attempts_left(cx.engine)) =>
            {
                let finished = answer.finish(cx, End::Whole);
                self.go_on(cx, Finished { report: finished.report.or(Some(report)), ..finished });
                Action::Continue
            }
            Answered::Open(answer) => {
                self.retry(cx, answer.result_so_far());
                self.stage = AnswerStage::Passing(answer);
                Action::Continue
            }
            Answered::Closed(charge) => {
                self.go_on(cx, Finished { report: Some(report), charge });
                Action::Continue
            }
        }
    }

    /// Takes a piece of the response's body, and returns whether the host holds it. `length` is
    /// the length of what the host has: of this piece, or of the whole body while it is held.
    pub(super) fn take_piece<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        length: usize,
        then: Following,
    ) -> Action {
        self.pieces = self.pieces.wrapping_add(1);
        match std::mem::replace(&mut self.stage, AnswerStage::Ended) {
            AnswerStage::Passing(mut answer) => {
                answer.pass(cx.host, 0, length);
                if then.is_end() {
                    self.close(cx, answer.finish_whole(cx, then));
                } else {
                    self.stage = AnswerStage::Passing(answer);
                }
            }
            AnswerStage::Holding(mut answer, read) => {
                answer.pass(cx.host, read, length);
                match held(&answer, length, then.is_end(), &cx.engine.config.failover) {
                    HoldStep::On => {
                        self.stage = AnswerStage::Holding(answer, length);
                        return Action::Pause;
                    }
                    HoldStep::Known => {
                        answer.seen = SeenPart::Nothing;
                        let error = answer.missing_error(then);
                        self.go_on(cx, answer.finish(cx, End::Whole));
                        // With nothing left to try, the client gets it all the same.
                        if let Some(error) = error.filter(|_| !self.has_next()) {
                            cx.host.append_response_body(&error);
                        }
                        return Action::Continue;
                    }
                    HoldStep::Committed(commit) => count(cx, self.leg(), commit),
                    HoldStep::TooLong => {}
                }
                answer.seen = SeenPart::All;
                self.retry(cx, answer.result_so_far());
                self.stage = AnswerStage::Passing(answer);
                // All of it has been read, so the rest of this call reads nothing.
                return self.take_piece(cx, 0, then);
            }
            stage @ (AnswerStage::Waiting(_) | AnswerStage::Ended) => self.stage = stage,
        }
        Action::Continue
    }

    /// Takes the end of the stream. An attempt that is still open ends here: nothing else tells
    /// that a connection has failed.
    pub(super) fn end<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        match std::mem::replace(&mut self.stage, AnswerStage::Ended) {
            AnswerStage::Waiting(ledger) => self.end_unanswered(cx, ledger),
            AnswerStage::Passing(answer) => self.close(cx, answer.end_broken_off(cx)),
            AnswerStage::Holding(answer, _) => self.end_held(cx, *answer),
            AnswerStage::Ended => {}
        }
    }

    /// Ends an attempt that was not answered. Envoy does not say why, so this counts as the
    /// deployment's failure unless the client or the router ended the request, or the provider
    /// was still waiting for the client.
    fn end_unanswered<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, ledger: AttemptLedger) {
        let code = cx.host.property(&["response", "code_details"]).unwrap_or_default();
        // A client that left, broke the protocol or sent too much.
        let is_clients = cx.host.property(ENDED).is_some()
            || details::is_left_unanswered(str::from_utf8(&code).unwrap_or_default());
        // A provider that has a connection and not yet the whole request waits for the client.
        let is_connected =
            || cx.host.property(CONNECTED).is_some_and(|address| !address.is_empty());
        let is_waiting = !ledger.is_sent() && is_connected();
        if is_waiting && let Some(tried) = self.progress.tried.last_mut() {
            tried.report = Report::CANCELLED;
            self.log_attempts(cx.host);
        }
        let is_late = self.is_late(cx, &ledger);
        let unanswered = if is_late { Report::LATE } else { Report::UNANSWERED };
        let report = (!is_clients && !is_waiting).then_some(unanswered);
        if let (true, Some(report)) = (is_late, report) {
            self.note_late(cx.host, report);
        }
        self.note_time(cx.host);
        self.write_progress(cx.host);
        let charge = ledger.end(cx, &AttemptEnd::without_answer(report));
        self.close(cx, Finished { report, charge });
    }

    /// Goes on after an attempt that has ended with its answer: asks for another one, or judges
    /// all of them.
    pub(super) fn go_on<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, finished: Finished) {
        // The next attempt reads what this one has counted.
        self.note_end(finished);
        match finished.report {
            Some(report) => self.retry(cx, report),
            None => self.write_progress(cx.host),
        }
        self.judge(cx, finished);
    }

    /// Takes what the attempt came to and has counted, once it has ended and nothing is tried
    /// after it.
    pub(super) fn close<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, finished: Finished) {
        self.note_end(finished);
        self.judge(cx, finished);
    }

    /// Notes what the attempt came to, and what it has counted.
    pub(super) fn note_end(&mut self, finished: Finished) {
        if let Some(tried) = self.progress.tried.last_mut() {
            tried.charge = finished.charge;
            tried.report = finished.report.unwrap_or(tried.report);
        }
    }

    /// Judges all attempts anew, where the one that has ended is the last.
    fn judge<H: Host + ?Sized>(&self, cx: Ctx<'_, H>, finished: Finished) {
        // Another attempt may have begun by now. It knows more, and progress is its own.
        if !self.has_next() && finished.report.is_some() {
            hindsight::conclude(cx, &self.legs, &self.progress, &self.work);
        }
    }

    /// Returns the leg of this attempt.
    pub(super) fn leg(&self) -> Option<&Leg> {
        self.legs.get(self.progress.tried.last()?.leg)
    }

    /// Leaves in filter state how far the attempts have come, for the router and for the next
    /// attempt.
    pub(super) fn write_progress<H: Host + ?Sized>(&self, host: &H) {
        host.set_property(PROGRESS, &self.progress.encode());
    }

    /// Chooses the leg to try if this attempt is not answered at all.
    ///
    /// That must be chosen when the attempt begins: where a connection fails, Envoy makes the next
    /// attempt without a callback of this one. For the first attempt no state is read, since the
    /// router has just found that the plan's next leg may be picked.
    pub(super) fn plan_next<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, is_first: bool) {
        let retries = cx.engine.config.failover.retries_per_deployment;
        let next = self.after(cx.engine, Outcome::Network, retries, |leg| {
            is_first || is_ready(cx, leg, self.work.claim())
        });
        self.set_next(cx.host, next);
    }

    /// Chooses the leg to try after this attempt was answered, and asks Envoy for a retry where
    /// there is one.
    ///
    /// For example, after a 429 the next leg is another deployment of the model; the progress
    /// is written with that leg, the route is pointed to its cluster, and the retry header makes
    /// Envoy drop this response and begin the next attempt. After a 400 that is the client's
    /// fault nothing is chosen, and the client gets the response as it is.
    ///
    /// This replaces what [`Trying::plan_next`] chose, since by now the kind of failure is
    /// known. A deployment that was drained meanwhile gets no second try.
    pub(super) fn retry<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, report: Report) {
        // The body may have told another outcome than the head, for example a context window
        // that is exceeded, or that a success was none.
        let before = self.progress.tried.last_mut();
        let before = before.map(|tried| std::mem::replace(&mut tried.report, report));
        if before.is_some_and(|before| before.outcome != report.outcome) {
            self.log_attempts(cx.host);
        }
        let is_kept = report.outcome == Outcome::Empty && !self.may_follow_empty(cx.engine);
        if !report.evidence.try_next || is_kept {
            self.progress.next = NextAttempt::Nothing;
            self.write_progress(cx.host);
            return;
        }
        let retries = cx.engine.config.failover.retries_per_deployment;
        // Shared data is read only where a second try of the same leg is possible at all.
        let is_out = |leg: &Leg| is_drained(cx, leg);
        let retries = if retries > 0 && self.leg().is_some_and(is_out) { 0 } else { retries };
        // Deployments that cannot read the request's state come last, and get it without.
        let is_of_state = report.evidence.blame == Blame::State;
        let is_ready =
            |leg: &Leg| (leg.is_stripped || !is_of_state) && is_ready(cx, leg, self.work.claim());
        let next = self.after(cx.engine, report.outcome, retries, is_ready);
        self.set_next(cx.host, next);
        // Envoy's retry policy lists this header. It drops the response and begins the next
        // attempt only if the header is there.
        if next.is_some() {
            cx.host.set_response_header(&cx.engine.config.headers.retry, Some(b"1"));
        }
    }

    /// Notes what is to be tried next, and points Envoy's route to its cluster.
    fn set_next<H: Host + ?Sized>(&mut self, host: &H, next: Option<usize>) {
        // Both are written each time: a leg that was chosen when the attempt began must not be
        // tried after an outcome that leads elsewhere, or nowhere.
        self.progress.next = next.map_or(NextAttempt::Nothing, NextAttempt::Leg);
        self.write_progress(host);
        if let Some(leg) = next.and_then(|leg| self.legs.get(leg)) {
            host.set_property(CLUSTER, leg.cluster.as_bytes());
        }
    }

    /// Returns the number of the leg to try after a failure; `None` where all attempts that the
    /// configuration allows have been made.
    fn after(
        &self,
        engine: &Engine,
        outcome: Outcome,
        retries: u32,
        is_ready: impl Fn(&Leg) -> bool,
    ) -> Option<usize> {
        if !self.has_attempts_left(engine) {
            return None;
        }
        self.progress.after(&self.legs, outcome, retries, is_ready)
    }

    /// Returns whether another attempt is to follow.
    pub(super) const fn has_next(&self) -> bool {
        matches!(self.progress.next, NextAttempt::Leg(_))
    }

    /// Returns whether the configuration allows another attempt.
    fn has_attempts_left(&self, engine: &Engine) -> bool {
        self.progress.tried.len() < engine.config.failover.max_attempts as usize
    }

    /// Returns whether another deployment may be tried after an answer without content. Once in a
    /// request: where two have nothing to say, it is probably what was asked.
    fn may_follow_empty(&self, engine: &Engine) -> bool {
        let empty = self.progress.tried.iter().filter(|one| one.report.outcome == Outcome::Empty);
        engine.config.failover.on_empty && empty.count() < 2
    }

    /// Returns whether an attempt may follow a response that is held. Envoy ends one whose content
    /// does not come in time, so a success is held only where that would lead to another attempt.
    fn may_follow(&self, engine: &Engine, answer: &UpstreamResponse) -> bool {
        if answer.report.status < 300 {
            return self.has_next();
        }
        self.is_anything_left(engine)
    }

    /// Returns whether some kind of failure could be followed by another attempt. If none can,
    /// there is no use in holding an error.
    fn is_anything_left(&self, engine: &Engine) -> bool {
        let is_untried = |leg: usize| !self.progress.has_tried(leg);
        self.has_attempts_left(engine) && (0..self.legs.all.len()).any(is_untried)
    }
}
