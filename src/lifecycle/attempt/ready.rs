//! Whether the deployment of a planned attempt can still be used when the attempt comes, and
//! how an attempt ends whose deployment has gone from the configuration.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::handover::Handover;
use crate::lifecycle::legs::Leg;
use crate::lifecycle::progress::Progress;
use crate::metrics::table;
use crate::request::format::Task;
use crate::state::{ATTEMPT_NUMBERS, Claim, SharedFleet, Standing, World};

/// Returns the leg that was chosen for this attempt, or a substitute where an operator has
/// drained its deployment since; `None` where there is no substitute.
///
/// The substitute comes later in the same list, has not been tried, may be picked now, and is
/// in the same cluster: Envoy has already connected to that. For example, with the list
/// `a b c d`, of which `b` and `d` are in one cluster, a drained `b` is replaced by `d`.
pub(super) fn find_leg_in_service<H: Host + ?Sized>(
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
    // Legs before the chosen one have been tried, or could not be picked when it was chosen.
    let list = legs.list_of(chosen)?;
    (chosen.saturating_add(1)..list.end).find(|other| {
        let there = legs.get(*other).filter(|other| other.cluster == leg.cluster);
        let is_ready = |leg: &Leg| is_ready(cx, leg, work.claim());
        !progress.has_tried(*other) && there.is_some_and(is_ready)
    })
}

/// Ends an attempt that the router began at a deployment which this configuration does not
/// have. No one else will end it, and until then it counts as in flight.
pub(super) fn abandon<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    name: &str,
    of: (Task, [u64; ATTEMPT_NUMBERS]),
) {
    let now_ms = millis(cx.host.now());
    // The key of the record follows from the name alone, so it is found without a deployment.
    match SharedFleet::abandon(cx.host, name, of, &cx.engine.config.cooldown, now_ms) {
        Some(in_flight) => {
            cx.engine.meter.put(cx.host, &table::IN_FLIGHT, &[name], u64::from(in_flight));
        }
        None => cx.engine.count_exhausted(cx.host, 1),
    }
}

/// Returns whether an operator has drained the deployment of a leg, by one read of shared data.
/// What has no deployment cannot be drained.
pub(super) fn is_drained<H: Host + ?Sized>(cx: Ctx<'_, H>, leg: &Leg) -> bool {
    let id = leg.deployment.as_ref().and_then(|id| cx.engine.config.names.deployments.get(id));
    id.is_some_and(|id| cx.engine.fleet.record(cx.host, *id).is_drained())
}

/// Returns whether the deployment of a leg may be picked now, for a request with that claim. A leg
/// without a deployment (`provider:model`) has no record, so nothing speaks against it.
pub(super) fn is_ready<H: Host + ?Sized>(cx: Ctx<'_, H>, leg: &Leg, claim: Claim) -> bool {
    let config = &cx.engine.config;
    let Some(id) = &leg.deployment else { return true };
    let Some(id) = config.names.deployments.get(id) else { return false };
    let snapshot = cx.engine.fleet.at(cx.host, config, millis(cx.host.now()));
    matches!(snapshot.standing(*id, claim), Standing::Ready | Standing::Probing)
}
