//! A request that has been read to its end: what it says, and how it is decided.

use crate::config::OnBoundary;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Committed, Ruling, decide};
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::RequestLedger;
use crate::lifecycle::reader::{Onward, RequestReader};
use crate::lifecycle::unread::unreadable;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::request::rewrite::Edit;
use crate::request::scan::{Layout, Looks};
use crate::request::strip::{StateReport, StateScan};
use crate::routing::{Answers, Question};

use super::window::window;

/// A request that has been read to its end, with the answers of services about it. It lives
/// until it is sent, passed or refused, and meanwhile the host holds its body.
#[derive(Debug)]
pub(super) struct WholeRequest {
    pub(super) intake: Intake,
    pub(super) facts: RequestFacts,
    pub(super) controls: Controls,
    pub(super) layout: Layout,
    /// The edits that leave out what only one account can read, where that may come to others.
    pub(super) removal: Vec<Edit>,
    /// Length of the body, in bytes.
    pub(super) length: usize,
    /// What services have answered so far.
    pub(super) answers: Answers,
    /// Whether the client may be answered: its request has ended, or has no body.
    pub(super) is_end: bool,
    pub(super) ledger: RequestLedger,
}

impl WholeRequest {
    /// Returns the dialect in which the client is answered.
    pub(super) const fn dialect(&self) -> Dialect {
        self.intake.call.format().dialect()
    }

    /// Decides by all that is known of the request, and acts on the decision. `now_ms` is the
    /// time in milliseconds since the epoch.
    ///
    /// # Errors
    /// The question that a service has to answer first. Nothing has been done then.
    pub(super) fn decide<H: Host + ?Sized>(
        &self,
        cx: Ctx<'_, H>,
        now_ms: u64,
    ) -> Result<Committed, Box<Question>> {
        let known = (&self.facts, &self.controls);
        let pending = decide(cx, &self.intake, known, &self.answers, now_ms);
        pending.begin(cx, &self.intake, known, &self.answers)
    }

    /// Reads the held body again to find the request's state, if the request may go to deployments that
    /// cannot read it.
    pub(super) fn look_for_state<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) {
        let may_cross = cx.engine.config.failover.on_boundary == OnBoundary::Strip;
        if !may_cross || !self.facts.state.may_be_removable() || self.layout.boundary.is_some() {
            return;
        }
        let removal = self.read_state(cx).and_then(|report| report.removal.ok());
        self.facts.state.is_removable = removal.is_some();
        self.removal = removal.unwrap_or_default();
    }

    #[cold]
    fn read_state<H: Host + ?Sized>(&self, cx: Ctx<'_, H>) -> Option<StateReport> {
        let mut scan = StateScan::new(self.intake.call.entry);
        let mut seen = 0_usize;
        while seen < self.length {
            let window = window(cx.host, seen, self.length)?;
            scan.feed(&window).ok()?;
            seen = seen.saturating_add(window.len());
        }
        scan.finish().ok()
    }

    /// Returns whether too little of the body was looked at to decide.
    ///
    /// What to look at is guessed when the model is first named. The guess can be too small: a
    /// second `model` in the body counts instead of the first, or images push a short text over
    /// a bound.
    pub(super) const fn is_open(decided: &Result<Committed, Box<Question>>) -> bool {
        matches!(decided, Ok(Committed { ruling: Ruling::Undecided, .. }))
    }

    /// Reads the held body again, this time looking at everything, and completes the facts.
    ///
    /// # Errors
    /// The error for the client, where the host does not give what it holds.
    pub(super) fn look_at_everything<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
    ) -> Result<(), Refusal> {
        let again = self.read_again(cx, Looks::EVERYTHING).ok_or_else(unreadable)?;
        // All other facts are read whatever is looked at, so the first scan has them.
        self.facts.keywords = again.keywords;
        self.facts.input_tokens = again.input_tokens;
        self.facts.unseen = again.unseen;
        Ok(())
    }

    /// Returns the beginning of the prompt, for a service that is sent it; `None` where the host
    /// does not give what it holds.
    pub(super) fn prompt<H: Host + ?Sized>(&self, cx: Ctx<'_, H>) -> Option<String> {
        let looks = Looks { prompt: true, ..Looks::NOTHING };
        self.read_again(cx, looks)?.prompt
    }

    /// Reads the held body again, looking at that much. Returns `None` where the host does not
    /// give what it holds.
    fn read_again<H: Host + ?Sized>(&self, cx: Ctx<'_, H>, looks: Looks) -> Option<RequestFacts> {
        let intake = &self.intake;
        let reader = RequestReader::new(&cx.engine.config, intake, looks, cx.engine.seed).ok()?;
        // A request without a body has nothing more to say.
        let Some(mut reader) = reader else { return Some(RequestFacts::new(intake.call.entry)) };
        while reader.seen() < self.length {
            let window = window(cx.host, reader.seen(), self.length)?;
            // The whole body is there, so there is nothing to decide at the model.
            reader.read(intake, &window, |_| Onward::Look(looks)).ok()?;
        }
        reader.finish().ok().map(|scan| scan.facts)
    }
}
