//! Whether an attempt that was planned may still be made when its time has come, and what
//! becomes of one whose deployment has gone.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::handover::{Handover, Leg};
use crate::lifecycle::progress::Progress;
use crate::metrics::table;
use crate::state::{SharedFleet, Standing, World};

/// Returns the leg that was chosen for this attempt. Where its deployment has been drained
/// since, another one of its list in the cluster that Envoy has gone to.
pub(super) fn in_service<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &Handover<'_>,
    progress: &Progress,
    chosen: usize,
) -> Option<usize> {
    let Handover { legs, work, .. } = handover;
    let leg = legs.get(chosen)?;
    if !is_drained(cx, leg) {
        return Some(chosen);
    }
    let list = legs.list_of(chosen)?;
    (chosen.saturating_add(1)..list.end).find(|other| {
        let there = legs.get(*other).filter(|other| other.cluster == leg.cluster);
        let is_ready = |leg: &Leg| is_ready(cx, leg, work.tokens);
        !progress.has_tried(*other) && there.is_some_and(is_ready)
    })
}

/// Ends an attempt that was begun at a deployment which has gone since: this filter is the
/// last that knows of it.
pub(super) fn abandon<H: Host + ?Sized>(cx: Ctx<'_, H>, name: &str, numbers: [u64; 4]) {
    let now_ms = millis(cx.host.now());
    match SharedFleet::abandon(cx.host, name, numbers, &cx.engine.config.cooldown, now_ms) {
        Some(in_flight) => {
            cx.engine.meter.put(cx.host, &table::IN_FLIGHT, &[name], u64::from(in_flight));
        }
        None => cx.engine.count_exhausted(cx.host, 1),
    }
}

/// Returns whether an operator has taken a leg's deployment out.
pub(super) fn is_drained<H: Host + ?Sized>(cx: Ctx<'_, H>, leg: &Leg) -> bool {
    let id = leg.deployment.as_ref().and_then(|id| cx.engine.config.names.deployments.get(id));
    id.is_some_and(|id| cx.engine.fleet.record(cx.host, *id).is_drained)
}

/// Returns whether a leg may be tried now, by a request of that many tokens.
pub(super) fn is_ready<H: Host + ?Sized>(cx: Ctx<'_, H>, leg: &Leg, tokens: u64) -> bool {
    let config = &cx.engine.config;
    let Some(id) = &leg.deployment else { return true };
    let Some(id) = config.names.deployments.get(id) else { return false };
    let snapshot = cx.engine.fleet.at(cx.host, config, millis(cx.host.now()));
    snapshot.standing(*id, tokens) == Standing::Ready
}
