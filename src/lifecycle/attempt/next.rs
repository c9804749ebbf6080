//! What is tried after an attempt: the choice of the next leg, and the request for it.

use crate::host::Host;
use crate::lifecycle::answer::UpstreamResponse;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::legs::Leg;
use crate::lifecycle::progress::NextAttempt;
use crate::lifecycle::properties::CLUSTER;
use crate::state::evidence::Blame;
use crate::state::outcome::Outcome;
use crate::state::report::Report;

use super::ready::{is_drained, is_ready};
use super::trying::Trying;

impl Trying {
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
            // The client gets nothing of an answer whose head waits for its end, so what was chosen may still be
            // tried if the answer is cut off.
            if !self.body.holds_head() {
                self.progress.next = NextAttempt::Nothing;
            }
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

    /// Takes the end of a translated answer whose head has waited for it. If the answer could not be translated, asks
    /// for the next attempt, because the client has got nothing yet.
    pub(super) fn end_translated<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        if !self.has_next() {
            return;
        }
        if self.body.has_failed() {
            cx.host.set_response_header(&cx.engine.config.headers.retry, Some(b"1"));
        } else {
            self.progress.next = NextAttempt::Nothing;
            self.write_progress(cx.host);
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
        let is_ready = |leg: &Leg| leg.may_serve(self.work.task) && is_ready(leg);
        self.progress.after(&self.legs, outcome, retries, is_ready)
    }

    /// Returns whether another attempt is to follow.
    pub(super) const fn has_next(&self) -> bool {
        matches!(self.progress.next, NextAttempt::Leg(_))
    }

    /// Returns whether the configuration allows another attempt.
    pub(super) fn has_attempts_left(&self, engine: &Engine) -> bool {
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
    pub(super) fn may_follow(&self, engine: &Engine, answer: &UpstreamResponse) -> bool {
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
