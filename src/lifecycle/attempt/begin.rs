//! The beginning of an attempt: the choice of its leg, its ledger, and its request headers.

use log::Level;

use crate::config::ProviderId;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::Action;
use crate::lifecycle::handover::Handover;
use crate::lifecycle::ledger::{AttemptLedger, count_fallback, log_server, release};
use crate::lifecycle::legs::Leg;
use crate::lifecycle::progress::{NextAttempt, Progress, Tried};
use crate::lifecycle::properties::{PLAN, PROGRESS, ROUTED};
use crate::lifecycle::refuse::refuse;
use crate::lifecycle::work::Work;
use crate::request::format::Format;
use crate::request::refusal::Refusal;
use crate::state::{Attempt, TenantHold};
use crate::text::lossy;

use super::leg_headers::set_headers;
use super::ready::{abandon, find_leg_in_service};
use super::translating::BodyWork;
use super::trying::Trying;

/// Takes the headers of a request on its way to a provider, and begins the attempt.
///
/// Returns the attempt and what the host does. There is no attempt where the router did not
/// hand the request over, so that it passes untouched, or where nothing is left to try, so
/// that Envoy's retry is answered here.
pub(super) fn begin<H: Host + ?Sized>(cx: Ctx<'_, H>, is_end: bool) -> (Option<Trying>, Action) {
    let bytes = cx.host.property(PLAN);
    let Some(handover) = bytes.as_deref().and_then(Handover::decode) else {
        return (None, Action::Continue);
    };
    let mut progress = match cx.host.property(PROGRESS) {
        // Nothing has been tried yet. The plan's first leg is what the router began.
        None => Progress { next: NextAttempt::Leg(0), tried: Vec::new() },
        Some(bytes) => Progress::decode(&bytes).unwrap_or_default(),
    };
    // Progress that cannot be read has no next leg, so nothing more is tried.
    let is_first = progress.tried.is_empty();
    let chosen = choose_leg(cx, &handover, &progress);
    let Some((at, leg, provider)) = chosen.filter(|(_, leg, _)| is_routed_to(cx.host, leg)) else {
        if is_first {
            give_back(cx, &handover);
            release(cx, hold_of(&handover));
        }
        return (None, nothing_left(cx.host, &handover, progress));
    };
    let mut ledger = start(cx, &handover, leg, is_first);
    // What is reserved is the first attempt's. What others spend comes on top.
    let own = |hold: TenantHold| if is_first { hold } else { hold.of_another_attempt() };
    ledger.hold = hold_of(&handover).map(own).map(Box::new);
    // Another try of the same leg is no fallback.
    if progress.tried.last().is_some_and(|last| last.leg != at) {
        let after = progress.last_outcome();
        count_fallback(cx, handover.asked, ledger.deployment(), after);
    }
    log_server(cx, &leg.name, &leg.provider, upstream_model(cx, leg, &ledger));
    progress.tried.push(Tried::new(at));
    set_headers(cx, &handover, leg, provider, is_first);
    let body = BodyWork::of(&handover, leg);
    let is_translated = body.is_translated();
    let mut trying =
        Trying::new(cx.host, handover.legs, progress, (provider, body), ledger, handover.work);
    // Both must be in filter state from the beginning. If the connection fails, there is no
    // callback in which they could be written before the next attempt reads them.
    trying.log_attempts(cx.host);
    trying.plan_next(cx, is_first);
    // What follows a request that opens a WebSocket is its session.
    let is_session = handover.work.format == Format::OpenAiRealtime;
    if is_end || is_session {
        trying.note_sent(cx.host);
    }
    // The head of a translated request waits for the body, which says the path and the length.
    (Some(trying), if is_translated && !is_end { Action::Pause } else { Action::Continue })
}

/// Returns the number of the leg to try now, the leg, and its provider; `None` where nothing can
/// be tried.
///
/// The leg is the one that the attempt before this chose, because Envoy has connected to that
/// leg's cluster already. Only where its deployment has been drained since, another leg in the
/// same cluster takes its place. For example, `a` fails and chooses `b`, and before Envoy tries
/// again an operator drains `b`. Then the next leg in the list that is in the cluster of `b` and
/// may be picked is tried. Where there is none, nothing is.
fn choose_leg<'h, H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &'h Handover<'_>,
    progress: &Progress,
) -> Option<(usize, &'h Leg, ProviderId)> {
    let NextAttempt::Leg(next) = progress.next else { return None };
    let at = if progress.tried.is_empty() {
        next
    } else {
        // The attempt before this chose it, perhaps a long time ago.
        find_leg_in_service(cx, handover, progress, next)?
    };
    let leg = handover.legs.get(at)?;
    // By its name, because this configuration may be newer than the router's.
    let mut providers = cx.engine.config.providers.iter();
    let provider = providers.position(|provider| provider.name == leg.provider)?;
    Some((at, leg, ProviderId(provider)))
}

/// Returns whether Envoy's route goes where the leg is. A route that does not follow the plan must
/// not bring the credential of one provider to another.
fn is_routed_to<H: Host + ?Sized>(host: &H, leg: &Leg) -> bool {
    let cluster = host.property(ROUTED).filter(|cluster| !cluster.is_empty());
    let is_there = cluster.as_ref().is_none_or(|cluster| cluster == leg.cluster.as_bytes());
    if let (false, Some(cluster)) = (is_there, cluster) {
        let cluster = lossy(&cluster);
        let message = format!(
            "an attempt for the cluster {:?} came to {cluster:?} and is not made; let every route \
             for LLM requests follow filter state, also on retries (`pointsman lint` finds these \
             routes)",
            leg.cluster
        );
        host.log(Level::Error, &message);
    }
    is_there
}

/// Ends the attempt that the router has begun at the plan's first leg, where it is not made.
fn give_back<H: Host + ?Sized>(cx: Ctx<'_, H>, handover: &Handover<'_>) {
    let name = handover.legs.get(0).and_then(|leg| leg.deployment.as_ref());
    if let (Some(name), Some(numbers)) = (name, handover.begun) {
        abandon(cx, name, (handover.work.task, numbers));
    }
}

/// Returns what the router has reserved for the request of its tenant's budget.
fn hold_of(handover: &Handover<'_>) -> Option<TenantHold> {
    let (name, numbers) = handover.hold?;
    TenantHold::from_numbers(name, numbers)
}

/// Answers a retry of Envoy's for which nothing is left to try, and leaves a note for the
/// router that this is no provider's response.
fn nothing_left<H: Host + ?Sized>(host: &H, handover: &Handover<'_>, progress: Progress) -> Action {
    let progress = Progress { next: NextAttempt::Surplus, ..progress };
    host.set_property(PROGRESS, &progress.encode());
    let message = "no deployment is left to try; try again later";
    let refusal = Refusal::new(503, "no_deployment_available", message);
    refuse(host, &refusal, handover.work.format.dialect())
}

/// Returns the upstream model of a leg: that of its deployment, or the one that the client named
/// itself.
fn upstream_model<'a, H: Host + ?Sized>(
    cx: Ctx<'a, H>,
    leg: &'a Leg,
    ledger: &AttemptLedger,
) -> &'a str {
    match ledger.deployment() {
        Some(id) => &cx.engine.config.deployment(id).upstream_model,
        None => leg.name.split_once(':').map_or(&leg.name, |(_, model)| model),
    }
}

/// Opens the ledger of the attempt. The first attempt began with the decision and is taken
/// over; later ones begin here.
fn start<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    handover: &Handover<'_>,
    leg: &Leg,
    is_first: bool,
) -> AttemptLedger {
    let begun = handover.begun.filter(|_| is_first);
    // The answer is one of the provider's format.
    let work = Work { format: leg.format(handover.work.format), ..handover.work };
    let name = leg.deployment.as_ref();
    let Some(id) = name.and_then(|name| cx.engine.config.names.deployments.get(name)).copied()
    else {
        // The deployment has gone from this configuration. Its slot must still be given back.
        if is_first {
            give_back(cx, handover);
        }
        return AttemptLedger::open(work, None);
    };
    match begun {
        Some(numbers) => {
            let attempt = Attempt::from_numbers(id, handover.work.task, numbers);
            AttemptLedger::open(work, Some(attempt))
        }
        None => AttemptLedger::open_chosen(cx, id, work),
    }
}
