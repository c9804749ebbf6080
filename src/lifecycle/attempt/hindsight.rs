//! What the end of a request says of its earlier attempts.
//!
//! One failure alone does not tell whether the deployment or the request is to blame. When the
//! last attempt has ended, more is known: what has failed at all deployments is probably itself
//! to blame.

use crate::config::DeploymentId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::ledger::report_transition;
use crate::lifecycle::legs::Legs;
use crate::lifecycle::progress::{Progress, Tried};
use crate::lifecycle::work::Work;
use crate::state::Dropped;
use crate::state::outcome::Outcome;

/// Judges the attempts of a request anew, once the last of them has ended.
///
/// For example, `a` answered 500 and `b` 500, and the plan has no more. Both failures are taken
/// back: a request that fails everywhere says nothing of either. Had `b` answered 200, the one
/// of `a` would stay. A 403 of `a` would then stay the suspicion that it is: one provider may
/// refuse a request that another takes, and that is no reason to take the first from everybody.
pub(super) fn conclude<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    legs: &Legs,
    progress: &Progress,
    work: &Work,
) {
    if is_the_requests(legs, progress) {
        for tried in progress.tried.iter().filter(|tried| tried.report.is_excusable()) {
            take_back(cx, legs, tried, work);
        }
    }
}

/// Returns whether a request has failed because of itself: its whole plan has been tried, no
/// deployment has answered it, and two or more have failed for reasons that may be the request's.
fn is_the_requests(legs: &Legs, progress: &Progress) -> bool {
    if progress.last_outcome() == Outcome::Success || progress.tried.len() < 2 {
        return false;
    }
    let excusable = progress.tried.iter().filter(|tried| tried.report.is_excusable());
    // Two tries of one leg are one deployment, which may be the one that is broken.
    let mut failed = excusable.map(|tried| tried.leg);
    let first = failed.next();
    failed.any(|leg| first != Some(leg)) && progress.has_tried_all(legs)
}

/// Takes back what an attempt has counted against its deployment.
fn take_back<H: Host + ?Sized>(cx: Ctx<'_, H>, legs: &Legs, tried: &Tried, work: &Work) {
    let (Some(id), Some(charge)) = (deployment(cx, legs, tried), tried.charge) else { return };
    let of = (work.task, work.fingerprint);
    let now_ms = millis(cx.host.now());
    match cx.engine.fleet.take_back(cx.host, id, of, charge, now_ms) {
        Ok(Some(transition)) => report_transition(cx, id, transition, None),
        Ok(None) => {}
        Err(Dropped) => cx.engine.count_exhausted(cx.host, 1),
    }
}

/// Returns the deployment of an attempt, if this configuration has it.
fn deployment<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    legs: &Legs,
    tried: &Tried,
) -> Option<DeploymentId> {
    let name = legs.get(tried.leg)?.deployment.as_ref()?;
    cx.engine.config.names.deployments.get(name).copied()
}
