//! One request, counted once by the router however it ends.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::debug;
use crate::metrics::{NONE, table};
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::attempt::PROXY;
use super::label::{Labels, class, deployment};
use super::log_fields::{log_decision, log_refusal};

/// The kind of fallback that was chosen because nothing before it may be picked.
const UNAVAILABLE: &str = "unavailable";

/// A request that is not counted yet.
#[derive(Debug)]
#[must_use = "a request is counted when its ledger closes"]
pub(crate) struct RequestLedger(());

impl RequestLedger {
    /// Opens the ledger of a request.
    pub(crate) const fn open() -> Self {
        Self(())
    }

    /// Closes it: the request goes on untouched.
    pub(crate) fn passed<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.close(cx, Labels::UNDECIDED, ["passed", NONE]);
    }

    /// Closes it: the proxy has answered before the request was decided.
    pub(crate) fn answered_by_proxy<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.close(cx, Labels::UNDECIDED, ["refused", PROXY]);
    }

    /// Closes it: the client left before it was answered.
    pub(crate) fn cancelled<H: Host + ?Sized>(self, cx: Ctx<'_, H>, labels: Labels<'_>) {
        self.close(cx, labels, ["cancelled", NONE]);
    }

    /// Closes it: the request is answered here with that refusal.
    pub(crate) fn refused<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        labels: Labels<'_>,
        refusal: &Refusal,
    ) {
        debug(cx.host, || format!("refused: {} {}", refusal.status, refusal.code));
        log_refusal(cx, refusal);
        self.close(cx, labels, ["refused", refusal.code]);
    }

    /// Closes it: the request was answered with that status.
    pub(crate) fn served<H: Host + ?Sized>(self, cx: Ctx<'_, H>, labels: Labels<'_>, status: u16) {
        self.close(cx, labels, ["served", class(status)]);
    }

    fn close<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        Labels { model, route }: Labels<'_>,
        [result, detail]: [&str; 2],
    ) {
        cx.engine.meter.put(cx.host, &table::REQUESTS, &[model, route, result, detail], 1);
    }
}

/// Counts what a decision has come to, and keeps it for logs.
pub(crate) fn note_decision<H: Host + ?Sized>(cx: Ctx<'_, H>, decision: &Decision) {
    let Some(step) = decision.plan.first() else { return };
    let Labels { model, route } = Labels::of(&cx.engine.config, decision);
    if decision.route.is_some() {
        cx.engine.meter.put(cx.host, &table::ROUTE_MATCHES, &[route], 1);
    }
    if step.model != decision.model {
        let values = [model, deployment(&cx.engine.config, step), UNAVAILABLE];
        cx.engine.meter.put(cx.host, &table::FALLBACKS, &values, 1);
    }
    log_decision(cx, decision, step);
}
