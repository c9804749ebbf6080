//! A request that has gone on and is not answered yet. Its body may still follow.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::ledger::{AttemptLedger, Labels, RequestLedger};
use crate::lifecycle::progress::is_taken_over;
use crate::lifecycle::properties::{ENDED, PROGRESS};
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::upload::Upload;

/// A request that has gone on and is not answered yet.
#[derive(Debug)]
pub(super) struct Streaming {
    pub(super) ledger: RequestLedger,
    pub(super) decision: Box<Decision>,
    /// The plan's first attempt.
    pub(super) attempt: AttemptLedger,
    pub(super) upload: Upload,
}

impl Streaming {
    /// Takes the next chunk of the body.
    ///
    /// # Errors
    /// What the client is told instead, where the body is not one that may be sent on.
    pub(super) fn take_chunk<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
    ) -> Result<(), Refusal> {
        self.upload.read(cx, held, is_end)?;
        if is_end {
            self.attempt.sent(millis(cx.host.now()), self.upload.tokens());
        }
        Ok(())
    }

    /// Ends a request whose body may not be sent on after all.
    pub(super) fn refused<H: Host + ?Sized>(self, cx: Ctx<'_, H>, refusal: &Refusal) {
        if cx.engine.delivery.hands_over() {
            cx.host.set_property(ENDED, b"1");
        }
        let labels = Labels::of(&cx.engine.config, &self.decision);
        self.ledger.refused(cx, labels, refusal);
        give_up(cx, self.attempt);
        self.upload.end(cx);
    }

    /// Ends a request that was not answered: its client left.
    pub(super) fn dropped<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.upload.end(cx);
        // For a provider that cannot be reached the proxy answers, so without an answer it
        // was the client that ended the attempt.
        give_up(cx, self.attempt);
        let labels = Labels::of(&cx.engine.config, &self.decision);
        self.ledger.cancelled(cx, labels);
    }
}

/// Ends an attempt that will not be answered, unless an attempt filter has taken it over.
pub(super) fn give_up<H: Host + ?Sized>(cx: Ctx<'_, H>, attempt: AttemptLedger) {
    if !cx.engine.delivery.hands_over() {
        attempt.cancelled(cx);
    } else if !is_taken_over(cx.host.property(PROGRESS).as_deref()) {
        attempt.handed_back(cx);
    }
}
