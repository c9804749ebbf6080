//! The ledger of one request, which the router counts once, however the request ends.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::debug;
use crate::metrics::{NONE, table};
use crate::request::refusal::Refusal;
use crate::routing::Decision;

use super::label::{PROXY, RequestLabels, class, deployment};
use super::log_fields::{log_decision, log_refusal};

/// The label of a fallback that was chosen because no deployment of the model itself could be
/// picked.
const UNAVAILABLE: &str = "unavailable";

/// A request that has not been counted. It has no data: it is the right to count the request.
#[derive(Debug)]
#[must_use = "a request is counted when its ledger closes"]
pub(crate) struct RequestLedger(());

impl RequestLedger {
    /// Opens the ledger of a request. Call it once, when the request turns out to be one that is
    /// counted.
    pub(crate) const fn open() -> Self {
        Self(())
    }

    /// Closes the ledger of a request that goes on untouched.
    pub(crate) fn close_passed<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.close(cx, RequestLabels::UNDECIDED, ["passed", NONE]);
    }

    /// Closes the ledger of a request that Envoy has answered before it was decided.
    pub(crate) fn close_answered_by_proxy<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        self.close(cx, RequestLabels::UNDECIDED, ["refused", PROXY]);
    }

    /// Closes the ledger of a request whose client left before it was answered.
    pub(crate) fn close_cancelled<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        labels: RequestLabels<'_>,
    ) {
        self.close(cx, labels, ["cancelled", NONE]);
    }

    /// Closes the ledger of a request that is answered here with an error, and logs its code.
    pub(crate) fn close_refused<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        labels: RequestLabels<'_>,
        refusal: &Refusal,
    ) {
        // The message is left out: it may quote the request.
        debug(cx.host, || format!("refused: {} {}", refusal.status, refusal.code));
        log_refusal(cx, labels, refusal);
        self.close(cx, labels, ["refused", refusal.code]);
    }

    /// Closes the ledger of a request that was answered with a status from upstream, 0 where there
    /// was none.
    pub(crate) fn close_served<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        labels: RequestLabels<'_>,
        status: u16,
    ) {
        self.close(cx, labels, ["served", class(status)]);
    }

    /// Counts the request by its labels, its result and the detail of that.
    fn close<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        RequestLabels { model, route }: RequestLabels<'_>,
        [result, detail]: [&str; 2],
    ) {
        cx.engine.meter.put(cx.host, &table::REQUESTS, &[model, route, result, detail], 1);
    }
}

/// Counts the route of a decision, and the fallback where it begins with one, and leaves the
/// decision for logs. `operation` is that of the request, in the words of OpenTelemetry.
pub(crate) fn note_decision<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    operation: &'static str,
    decision: &Decision,
) {
    let Some(step) = decision.plan.first() else { return };
    let RequestLabels { model, route } = RequestLabels::of(&cx.engine.config, decision);
    if decision.route.is_some() {
        cx.engine.meter.put(cx.host, &table::ROUTE_MATCHES, &[route], 1);
    }
    // The plan begins with another model, so none of the model's own deployments was free.
    if step.model != decision.model {
        let values = [model, deployment(&cx.engine.config, step), UNAVAILABLE];
        cx.engine.meter.put(cx.host, &table::FALLBACKS, &values, 1);
    }
    log_decision(cx, operation, decision, step);
}
