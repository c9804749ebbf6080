//! The beginning of an attempt: which leg it is for, and its request's head.

use crate::config::{DeploymentId, ProviderId};
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::{Action, millis};
use crate::lifecycle::handover::{Handover, Leg};
use crate::lifecycle::ledger::{AttemptLedger, count_fallback, log_server, show_in_flight};
use crate::lifecycle::progress::{Next, Progress, Tried};
use crate::lifecycle::properties::{PLAN, PROGRESS};
use crate::lifecycle::refuse::refuse;
use crate::request::refusal::Refusal;
use crate::state::Attempt;

use super::leg_headers::set_headers;
use super::ready::{abandon, in_service};
use super::trying::Trying;

/// Takes the head of a request on its way to a provider. Returns the attempt that has begun,
/// and what the host does; no attempt where the request was not handed over, or where
/// nothing is left to try.
pub(super) fn begin<H: Host + ?Sized>(cx: Ctx<'_, H>, is_end: bool) -> (Option<Trying>, Action) {
    let bytes = cx.host.property(PLAN);
    let Some(handover) = bytes.as_deref().and_then(Handover::decode) else {
        return (None, Action::Continue);
    };
    let mut progress = match cx.host.property(PROGRESS) {
        // Nothing has been tried yet.
        None => Progress { next: Next::Leg(0), tried: Vec::new() },
        Some(bytes) => Progress::decode(&bytes).unwrap_or_default(),
    };
    let is_first = progress.tried.is_empty();
    let Some((at, provider)) = chosen(cx, &handover, &progress) else {
        return (None, nothing_left(cx.host, &handover, progress));
    };
    let Some(leg) = handover.legs.get(at) else { return (None, Action::Continue) };
    let ledger = start(cx, &handover, leg, is_first);
    if progress.tried.last().is_some_and(|last| last.leg != at) {
        let after = progress.last_outcome();
        count_fallback(cx, handover.asked, ledger.deployment(), after);
    }
    log_server(cx, &leg.name, &leg.provider);
    progress.tried.push(Tried::new(at));
    set_headers(cx, &handover, leg, provider, is_first);
    let mut trying = Trying::new(cx.host, handover.legs, progress, provider, ledger);
    trying.log_attempts(cx.host);
    trying.plan_next(cx, is_first);
    if is_end {
        trying.sent(cx.host);
    }
    (Some(trying), Action::Continue)
}

/// Returns the leg to try now and its provider, if there is one that can be.
fn chosen<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &Handover<'_>,
    progress: &Progress,
) -> Option<(usize, ProviderId)> {
    let Next::Leg(next) = progress.next else { return None };
    let at = if progress.tried.is_empty() {
        next
    } else {
        // It was chosen when the one before began, perhaps a long time ago.
        in_service(cx, handover, progress, next)?
    };
    let leg = handover.legs.get(at)?;
    // The provider is found by its name: the configuration may have changed since.
    let mut providers = cx.engine.config.providers.iter();
    let provider = providers.position(|provider| provider.name == leg.provider)?;
    Some((at, ProviderId(provider)))
}

/// Answers where Envoy tries once more than there is something to try.
fn nothing_left<H: Host + ?Sized>(host: &H, handover: &Handover<'_>, progress: Progress) -> Action {
    let progress = Progress { next: Next::Surplus, ..progress };
    host.set_property(PROGRESS, &progress.encode());
    let message = "no deployment is left to try";
    let refusal = Refusal::new(503, "no_deployment_available", message);
    refuse(host, &refusal, handover.work.format.dialect())
}

/// Starts the attempt, or takes over the one that was started with the decision.
fn start<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &Handover<'_>,
    leg: &Leg,
    is_first: bool,
) -> AttemptLedger {
    let begun = handover.begun.filter(|_| is_first);
    let name = leg.deployment.as_ref();
    let Some(id) = name.and_then(|name| cx.engine.config.names.deployments.get(name)).copied()
    else {
        if let (Some(name), Some(numbers)) = (name, begun) {
            abandon(cx, name, numbers);
        }
        return AttemptLedger::open(handover.work, None);
    };
    let attempt = match begun {
        Some(numbers) => Attempt::from_numbers(id, numbers),
        None => start_now(cx, id, handover.work.tokens),
    };
    AttemptLedger::open(handover.work, Some(attempt))
}

/// Starts an attempt at a deployment that Envoy has gone to.
fn start_now<H: Host + ?Sized>(cx: Ctx<'_, H>, id: DeploymentId, tokens: u64) -> Attempt {
    // It could be picked when it was chosen, a moment ago. The connection is to this one
    // now, whatever has come since.
    let mut snapshot = cx.engine.fleet.at(cx.host, &cx.engine.config, millis(cx.host.now()));
    let begun = snapshot.begin_chosen(id, tokens);
    cx.engine.count_exhausted(cx.host, snapshot.dropped());
    show_in_flight(cx, id, begun.in_flight);
    begun.attempt
}
