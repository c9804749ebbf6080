//! A request that has been read to its end: what it says, and how it is decided.

use crate::config::OnBoundary;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Committed, Ruling, decide};
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::RequestLedger;
use crate::lifecycle::reader::{Onward, RequestReader};
use crate::lifecycle::shadow::Shadowed;
use crate::lifecycle::translation::look;
use crate::lifecycle::unread::unreadable;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::format::{Dialect, Task};
use crate::request::refusal::Refusal;
use crate::request::rewrite::Edit;
use crate::request::scan::{Layout, Looks};
use crate::request::strip::{StateReport, StateScan};
use crate::routing::{Answers, Question, Server};

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

    /// Finds out more of the request, and decides again until enough is known.
    ///
    /// What to look at is guessed when the model is first named. The guess can be too small: a
    /// second `model` in the body counts instead of the first, or images push a short text over
    /// a bound. What the request would lose by being translated is found out only for candidates that
    /// are asked for.
    ///
    /// # Errors
    /// The error for the client, where the host does not give what it holds.
    pub(super) fn decide_at_last<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        now_ms: u64,
    ) -> Result<Result<Committed, Box<Question>>, Refusal> {
        let mut has_looked = false;
        loop {
            let decided = self.decide(cx, now_ms);
            let Ok(Committed { ruling: Ruling::Undecided(untranslated), .. }) = &decided else {
                return Ok(decided);
            };
            if !untranslated.is_empty() {
                let servers = untranslated.clone();
                self.look_for_translations(cx, servers)?;
                // The count that is answered here is the estimate.
                if self.facts.task == Task::CountTokens && !self.facts.input_tokens.is_exact() {
                    self.look_at_everything(cx)?;
                }
            } else if has_looked {
                // Everything is known now.
                return Ok(decided);
            } else {
                self.look_at_everything(cx)?;
                has_looked = true;
            }
        }
    }

    /// Reads the held body again, this time looking at everything, and completes the facts.
    ///
    /// # Errors
    /// The error for the client, where the host does not give what it holds.
    fn look_at_everything<H: Host + ?Sized>(&mut self, cx: Ctx<'_, H>) -> Result<(), Refusal> {
        let again = self.read_again(cx, Looks::EVERYTHING).ok_or_else(unreadable)?;
        // All other facts are read whatever is looked at, so the first scan has them.
        self.facts.keywords = again.keywords;
        self.facts.input_tokens = again.input_tokens;
        self.facts.unseen = again.unseen;
        Ok(())
    }

    /// Finds out what the request would lose for the candidates that the shadow asks for, until it can decide.
    /// Where the host does not give what it holds, the shadow stays undecided.
    pub(super) fn look_for_shadow<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        shadowed: &mut Shadowed,
    ) {
        loop {
            let (untranslated, known) = (shadowed.untranslated(), self.facts.translations.count());
            if untranslated.is_empty() || self.look_for_translations(cx, untranslated).is_err() {
                return;
            }
            // What was asked for is known now. If it were not, the same would be asked again.
            if self.facts.translations.count() == known {
                return;
            }
            shadowed.decide_again(cx, &self.facts);
        }
    }

    /// Finds out what the request would lose by being translated for these servers.
    #[cold]
    fn look_for_translations<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        servers: impl IntoIterator<Item = Server>,
    ) -> Result<(), Refusal> {
        let config = &cx.engine.config;
        let is_short = self.length as u64 <= config.limits.max_translated_bytes;
        let body = is_short.then(|| cx.host.request_body(0, self.length)).flatten();
        if is_short && body.as_ref().is_none_or(|body| body.len() != self.length) {
            return Err(unreadable());
        }
        let known = &mut self.facts.translations;
        look(config, self.intake.call.entry, body.as_deref(), servers, known);
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
