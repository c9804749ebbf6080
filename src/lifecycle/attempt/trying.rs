//! An attempt that has begun: its request on the way to the provider, the response on the way
//! back, and the choice of what is tried next.

use crate::config::ProviderId;
use crate::host::Host;
use crate::lifecycle::answer::{Answered, Finished, Heard, SeenPart, UpstreamResponse, hear};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, Following, millis};
use crate::lifecycle::ledger::{AttemptEnd, AttemptLedger};
use crate::lifecycle::legs::{Leg, Legs};
use crate::lifecycle::progress::{NextAttempt, Progress};
use crate::lifecycle::properties::{CONNECTED, ENDED, PROGRESS};
use crate::lifecycle::refuse::refuse;
use crate::lifecycle::work::Work;
use crate::request::refusal::Refusal;
use crate::response::details::{self, End};
use crate::state::evidence::Weight;
use crate::state::report::Report;

use super::hindsight;
use super::holding::{HoldStep, count, held, may_hold, seen};
use super::translating::BodyWork;

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
    /// What becomes of the request's body, and of the answer's.
    pub(super) body: BodyWork,
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
        (provider, body): (ProviderId, BodyWork),
        ledger: AttemptLedger,
        work: Work,
    ) -> Self {
        let (began_ms, stage) = (millis(host.now()), AnswerStage::Waiting(ledger));
        Self { legs, work, progress, provider, body, began_ms, stage, pieces: 0 }
    }

    /// Takes a piece of the request's body, `length` bytes long, and returns whether the host holds it.
    pub(super) fn take_chunk<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        length: usize,
        is_end: bool,
    ) -> Action {
        let action = match self.body.take_request(cx, self.provider, length, is_end) {
            Ok(action) => action,
            Err(refusal) => return self.answer_untranslated(cx, &refusal),
        };
        if is_end {
            self.note_sent(cx.host);
        }
        action
    }

    /// Takes the trailers of the request, which end its body.
    pub(super) fn take_trailers<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) -> Action {
        self.take_chunk(cx, 0, true)
    }

    /// Answers a request that cannot be translated. The router has found that it can be, so this only happens if the
    /// two run different versions or configurations.
    #[cold]
    fn answer_untranslated<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        refusal: &Refusal,
    ) -> Action {
        if let AnswerStage::Waiting(ledger) = std::mem::replace(&mut self.stage, AnswerStage::Ended)
        {
            let charge = ledger.end(cx, &AttemptEnd::without_answer(None));
            self.close(cx, Finished { report: None, charge });
        }
        self.progress.next = NextAttempt::Surplus;
        self.write_progress(cx.host);
        refuse(cx.host, refusal, self.work.format.dialect())
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
        let heard = hear(cx, ledger, self.provider);
        // Only now: the translation changes what the provider has said of its body.
        let translating = self.body.take_head(cx, is_end);
        match (self.take_heard(cx, heard, is_end), translating) {
            (Action::Continue, Action::Continue) => Action::Continue,
            _ => Action::Pause,
        }
    }

    /// Acts upon what the head of the response says.
    fn take_heard<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        heard: Heard,
        is_end: bool,
    ) -> Action {
        let Heard { report, mut answer, .. } = heard;
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
        if self.follow_piece(cx, length, then) == Action::Pause {
            return Action::Pause;
        }
        let action = self.body.take_answer(cx.host, then);
        if then.is_end() && self.body.holds_head() {
            self.end_translated(cx);
        }
        action
    }

    /// Reads a piece of the response's body as the provider has sent it.
    fn follow_piece<H: Host + ?Sized>(
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
                return self.follow_piece(cx, 0, then);
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
}
