//! Attempts that take too long: when one is late, and what becomes of it.
//!
//! Before the head of the answer has come, only Envoy can end an attempt so that another one follows.
//! From the head on, this filter does it.

use crate::config::Timeouts;
use crate::host::Host;
use crate::lifecycle::answer::{Finished, UpstreamResponse};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::millis;
use crate::lifecycle::ledger::{AttemptEnd, AttemptLedger};
use crate::lifecycle::progress::NextAttempt;
use crate::lifecycle::refuse::refuse;
use crate::request::refusal::Refusal;
use crate::response::body::FirstSign;
use crate::response::details::End;
use crate::state::report::Report;

use super::trying::{AnswerStage, Trying};
use super::watch::Motion;

/// How much too early Envoy's timer may seem to end, in milliseconds. It starts a little before the end
/// of the request has passed this filter, and clocks of callbacks are not exact.
const EARLIEST_MS: u64 = 50;

impl Trying {
    /// Returns how long the attempt may take: what holds for its deployment, or else for its
    /// provider.
    pub(super) fn times(&self, engine: &Engine) -> Timeouts {
        let config = &engine.config;
        let id = self.leg().and_then(|leg| leg.deployment.as_ref());
        match id.and_then(|id| config.names.deployments.get(id)) {
            Some(id) => config.deployment(*id).timeouts,
            None => config.provider(self.provider).timeouts,
        }
    }

    /// Returns whether the attempt has ended.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.stage, AnswerStage::Ended)
    }

    /// Returns whether the attempt has taken too long by now. Times begin when all of the request
    /// has gone on: before that, it may be the client that is slow.
    ///
    /// For example, with `first_token_ms: 5000` and `idle_ms: 2000`, an answer whose first word
    /// comes after 4 seconds is due once nothing has come after it for 2 seconds.
    pub(super) fn is_due(&self, times: Timeouts, motion: &mut Motion, now_ms: u64) -> bool {
        let (ledger, has_content) = match &self.stage {
            AnswerStage::Waiting(ledger) => (ledger, false),
            AnswerStage::Holding(answer, _) => (&answer.ledger, false),
            AnswerStage::Passing(answer) => {
                (&answer.ledger, answer.first_sign() == FirstSign::Content)
            }
            AnswerStage::Ended => return false,
        };
        let still_ms = motion.still_ms(self.pieces, now_ms);
        let Some(since_ms) = ledger.since_sent(now_ms) else { return false };
        let is_over = |limit: Option<u64>, ms: u64| limit.is_some_and(|limit| ms >= limit);
        is_over(times.total_ms, since_ms)
            || if has_content {
                is_over(times.idle_ms, still_ms)
            } else {
                is_over(times.first_token_ms, since_ms)
            }
    }

    /// Ends an attempt that is due.
    ///
    /// - A held answer has not reached the client. Another attempt follows; if none is left, the client
    ///   gets an error.
    /// - Before the head, this filter has nothing to release that would make Envoy retry. If another
    ///   attempt is to follow, Envoy ends this one, at the time that the router has set.
    /// - An answer that the client already gets is broken off. If the answer is translated as a whole, the client has got
    ///   nothing of it yet, and gets an error.
    pub(super) fn cut<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        match std::mem::replace(&mut self.stage, AnswerStage::Ended) {
            AnswerStage::Waiting(ledger) if self.has_next() => {
                self.stage = AnswerStage::Waiting(ledger);
            }
            AnswerStage::Waiting(ledger) => {
                self.note_late(cx.host, Report::LATE);
                self.note_time(cx.host);
                let charge = ledger.end(cx, &AttemptEnd::without_answer(Some(Report::LATE)));
                self.close(cx, Finished { report: Some(Report::LATE), charge });
                self.answer_late(cx);
            }
            AnswerStage::Holding(answer, _) => {
                let is_success = answer.report.status < 400;
                let finished = answer.finish(cx, End::Late);
                if let Some(report) = finished.report {
                    self.note_late(cx.host, report);
                }
                self.go_on(cx, finished);
                // What is held of an error is not translated yet.
                if (is_success || self.body.is_translated()) && !self.has_next() {
                    self.answer_late(cx);
                } else {
                    cx.host.resume_response();
                }
            }
            AnswerStage::Passing(answer) => {
                let end = if answer.may_await_client() { End::Left } else { End::Late };
                let finished = answer.finish(cx, end);
                self.close(cx, finished);
                if self.body.holds_head() {
                    self.answer_late(cx);
                } else {
                    cx.host.break_off();
                }
            }
            AnswerStage::Ended => {}
        }
    }

    /// Ends the attempt of an answer that was held when the stream was over: broken off, or ended by
    /// Envoy because its first content has not come in time.
    pub(super) fn end_held<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>, answer: UpstreamResponse) {
        let is_late = self.is_late(cx, &answer.ledger);
        let end = match answer.broken_off(cx) {
            End::Broken if is_late => End::Late,
            end => end,
        };
        let finished = answer.finish(cx, end);
        if let (End::Late, Some(report)) = (end, finished.report) {
            self.note_late(cx.host, report);
            self.note_end(finished);
            self.write_progress(cx.host);
        }
        self.close(cx, finished);
    }

    /// Returns whether the first content is overdue, for an attempt without content. If so, it was
    /// Envoy's timer that ended the attempt.
    pub(super) fn is_late<H: Host + ?Sized>(&self, cx: Ctx<'_, H>, ledger: &AttemptLedger) -> bool {
        let limit = self.times(cx.engine).first_content_ms();
        limit.is_some_and(|limit| {
            ledger
                .since_sent(millis(cx.host.now()))
                .is_some_and(|ms| ms.saturating_add(EARLIEST_MS) >= limit)
        })
    }

    /// Notes the result of an attempt that was too late, and writes it for logs.
    pub(super) fn note_late<H: Host + ?Sized>(&mut self, host: &H, report: Report) {
        if let Some(tried) = self.progress.tried.last_mut() {
            tried.report = report;
        }
        self.log_attempts(host);
    }

    /// Answers the client with an error when nothing is left to try, and leaves a note for the router that
    /// this response does not come from a provider.
    fn answer_late<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        self.progress.next = NextAttempt::Surplus;
        self.write_progress(cx.host);
        let message = "no deployment answered in time; try again later";
        let refusal = Refusal::new(504, "no_deployment_available", message);
        refuse(cx.host, &refusal, self.work.format.dialect());
    }
}
