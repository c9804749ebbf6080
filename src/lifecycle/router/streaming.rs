//! A request that has gone on and has not been answered. The rest of its body may still follow.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::ledger::{AttemptLedger, RequestLabels, RequestLedger};
use crate::lifecycle::progress::is_taken_over;
use crate::lifecycle::properties::{ENDED, PROGRESS};
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::upload::Upload;

/// A request that has gone on and has not been answered. Both its ledgers are open.
///
/// It ends by the response headers, by a refusal of the rest of its body, or by the end of the
/// stream.
#[derive(Debug)]
pub(super) struct Streaming {
    pub(super) ledger: RequestLedger,
    pub(super) decision: Box<Decision>,
    /// The first attempt of the plan. Where requests are handed over, it is the attempt filter
    /// that ends it.
    pub(super) attempt: AttemptLedger,
    pub(super) upload: Upload,
}

impl Streaming {
    /// Takes the next chunk of the body, `held` bytes long.
    ///
    /// # Errors
    /// The error for the client, where the body may not be sent on after all.
    pub(super) fn take_chunk<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
    ) -> Result<(), Refusal> {
        self.upload.read(cx, held, is_end)?;
        // Tokens that were not estimated before the request went on are guessed by its length.
        if is_end {
            self.attempt.note_sent(millis(cx.host.now()), self.upload.tokens());
        }
        Ok(())
    }

    /// Ends a request that is refused while its body is on the way upstream. A note for
    /// the attempt filter says that this is no failure of the deployment.
    pub(super) fn refuse<H: Host + ?Sized>(self, cx: Ctx<'_, H>, refusal: &Refusal) {
        // Envoy tells the attempt filter that the stream is over, but not why.
        if cx.engine.delivery.is_handed_over() {
            cx.host.set_property(ENDED, b"1");
        }
        let labels = RequestLabels::of(&cx.engine.config, &self.decision);
        self.ledger.close_refused(cx, labels, refusal);
        give_up(cx, self.attempt);
        self.upload.end(cx);
    }

    /// Ends a request whose stream is over before it was answered.
    pub(super) fn end<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.upload.end(cx);
        // Where a provider cannot be reached, Envoy answers. So without any answer it was the
        // client that left.
        give_up(cx, self.attempt);
        let labels = RequestLabels::of(&cx.engine.config, &self.decision);
        self.ledger.close_cancelled(cx, labels);
    }
}

/// Ends an attempt that will not be answered, unless an attempt filter has taken it over and ends
/// it there.
pub(super) fn give_up<H: Host + ?Sized>(cx: Ctx<'_, H>, attempt: AttemptLedger) {
    if !cx.engine.delivery.is_handed_over() {
        attempt.cancel(cx);
    } else if !is_taken_over(cx.host.property(PROGRESS).as_deref()) {
        attempt.hand_back(cx);
    }
}
