//! What the end of a request says of its earlier attempts.
//!
//! One failure alone does not tell whether the deployment or the request is to blame. When the
//! last attempt has ended, more is known: a request that another deployment has answered was
//! well, and one that has failed at all of them was probably not.

use std::collections::BTreeSet;

use crate::config::DeploymentId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::millis;
use crate::lifecycle::handover::Legs;
use crate::lifecycle::ledger::report_transition;
use crate::lifecycle::progress::{Progress, Tried};
use crate::lifecycle::work::Work;
use crate::state::Dropped;
use crate::state::cooldown::Transition;
use crate::state::evidence::{Evidence, Weight};
use crate::state::outcome::{Outcome, Report};

/// Judges the attempts of a request anew, once the last of them has ended.
///
/// For example, `a` answered 500 and `b` 500, and the plan has no more. Both failures are taken
/// back: a request that fails everywhere says nothing of either. Had `b` answered 200, the one
/// of `a` would stay. And had `a` answered 403, which may be of the request alone, it would be
/// counted now, as one failure.
pub(super) fn conclude<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    legs: &Legs,
    progress: &Progress,
    work: &Work,
) {
    let Some((last, earlier)) = progress.tried.split_last() else { return };
    match last.report.outcome {
        Outcome::Success => {
            for tried in earlier {
                prove(cx, legs, tried, work);
            }
        }
        _ if is_the_requests(legs, progress) => {
            for tried in progress.tried.iter().filter(|tried| tried.report.is_excusable()) {
                take_back(cx, legs, tried, work);
            }
        }
        _ => {}
    }
}

/// Returns whether a request has failed because of itself: its whole plan has been tried, and
/// no deployment has answered it, of which two or more for reasons that may be the request's.
fn is_the_requests(legs: &Legs, progress: &Progress) -> bool {
    let excusable = progress.tried.iter().filter(|tried| tried.report.is_excusable());
    let failed: BTreeSet<usize> = excusable.map(|tried| tried.leg).collect();
    failed.len() > 1 && progress.has_tried_all(legs)
}

/// Counts weak evidence as a failure, because the request has turned out to be well. It
/// starts no cooldown by itself: that a client has a request which one provider takes and another
/// does not is no reason to take the other from everybody.
fn prove<H: Host + ?Sized>(cx: Ctx<'_, H>, legs: &Legs, tried: &Tried, work: &Work) {
    let is_weak = tried.report.evidence.weight == Weight::Weak;
    let is_counted = tried.charge.is_none_or(|charge| charge.minute_at != 0);
    let Some(id) = deployment(cx, legs, tried).filter(|_| is_weak && !is_counted) else { return };
    let evidence = Evidence { weight: Weight::Failure, ..tried.report.evidence };
    let report = Report { evidence, ..tried.report };
    let of = (work.task, work.fingerprint);
    let now_ms = millis(cx.host.now());
    let changed = cx.engine.fleet.prove(cx.host, (&cx.engine.config, id), of, report, now_ms);
    note(cx, id, changed, Some(report));
}

/// Takes back what an attempt has counted against its deployment.
fn take_back<H: Host + ?Sized>(cx: Ctx<'_, H>, legs: &Legs, tried: &Tried, work: &Work) {
    let (Some(id), Some(charge)) = (deployment(cx, legs, tried), tried.charge) else { return };
    let of = (work.task, work.fingerprint);
    let now_ms = millis(cx.host.now());
    note(cx, id, cx.engine.fleet.take_back(cx.host, id, of, charge, now_ms), None);
}

/// Logs and counts how the phase of a deployment has changed, or that the update was given up.
fn note<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    id: DeploymentId,
    changed: Result<Option<Transition>, Dropped>,
    report: Option<Report>,
) {
    match changed {
        Ok(transition) => report_transition(cx, id, transition, report),
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
