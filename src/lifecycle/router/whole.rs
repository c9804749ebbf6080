//! A request that has been read to its end: what it says, and its decision.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::decide::{Decided, Ruling, decide};
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::RequestLedger;
use crate::lifecycle::reader::{Onward, RequestReader};
use crate::lifecycle::unread::unreadable;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::request::scan::{Layout, Looks};
use crate::routing::{Answers, Question};

use super::window::window;

/// A request that has been read, and what services have said of it.
#[derive(Debug)]
pub(super) struct WholeRequest {
    pub(super) intake: Intake,
    pub(super) facts: RequestFacts,
    pub(super) controls: Controls,
    pub(super) layout: Layout,
    /// Length of the body, in bytes.
    pub(super) length: usize,
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

    /// Decides by what is known of the request, and acts on it.
    ///
    /// # Errors
    /// What a service is to be asked first.
    pub(super) fn decide<H: Host + ?Sized>(
        &self,
        cx: Ctx<'_, H>,
        now_ms: u64,
    ) -> Result<Decided, Box<Question>> {
        let known = (&self.facts, &self.controls);
        let pending = decide(cx, &self.intake, known, &self.answers, now_ms);
        pending.begin(cx, &self.intake, known, &self.answers)
    }

    /// Returns whether too little of the body was looked at for that decision: the bounds
    /// did not decide, or another model than the first one counts.
    pub(super) const fn is_open(decided: &Result<Decided, Box<Question>>) -> bool {
        matches!(decided, Ok(Decided { ruling: Ruling::Undecided, .. }))
    }

    /// Reads the held body again, and looks at everything.
    ///
    /// # Errors
    /// What the client is told where the proxy does not give what it holds.
    pub(super) fn look_at_everything<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
    ) -> Result<(), Refusal> {
        let again = self.read_again(cx, Looks::EVERYTHING).ok_or_else(unreadable)?;
        self.facts.keywords = again.keywords;
        self.facts.input_tokens = again.input_tokens;
        self.facts.unseen = again.unseen;
        Ok(())
    }

    /// Returns the beginning of the prompt, for a service that is to be sent it.
    pub(super) fn prompt<H: Host + ?Sized>(&self, cx: Ctx<'_, H>) -> Option<String> {
        let looks = Looks { prompt: true, ..Looks::NOTHING };
        self.read_again(cx, looks)?.prompt
    }

    /// Reads the held body again, and looks at that much.
    fn read_again<H: Host + ?Sized>(&self, cx: Ctx<'_, H>, looks: Looks) -> Option<RequestFacts> {
        let intake = &self.intake;
        let reader = RequestReader::new(&cx.engine.config, intake, looks, cx.engine.seed).ok()?;
        let Some(mut reader) = reader else { return Some(RequestFacts::new(intake.call.entry)) };
        while reader.seen() < self.length {
            let window = window(cx.host, reader.seen(), self.length)?;
            reader.read(intake, &window, |_| Onward::Look(looks)).ok()?;
        }
        reader.finish().ok().map(|scan| scan.facts)
    }
}
