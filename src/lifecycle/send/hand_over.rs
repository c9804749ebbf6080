//! Delivery by attempts: the router hands its decision to the attempt filters.
//!
//! The body does not change here. Of the headers only the credentials do: a cluster that lacks
//! the attempt filter by mistake must not see them.

use std::borrow::Cow;

use std::ops::Range;

use serde_json::Value;

use crate::config::{Config, Hold};
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::debug;
use crate::lifecycle::handover::Handover;
use crate::lifecycle::head::OF_ONE_API;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{AttemptLedger, metric_model};
use crate::lifecycle::legs::{Leg, LegRequest, Legs, TranslatedLeg};
use crate::lifecycle::properties::{CLUSTER, DEPLOYMENTS, PLAN};
use crate::request::refusal::Refusal;
use crate::request::rewrite::same_setting;
use crate::request::translations::TranslationTarget;
use crate::routing::{Decision, Server, Step};
use crate::sort::map_of;
use crate::state::TenantHold;
use crate::text::{header_value, list_name};

use super::client;
use super::edit::{self, Held};

/// Envoy's own header for how long each attempt of a request may take until its first content. A
/// client's has been removed.
const PER_TRY_TIMEOUT: &str = "x-envoy-upstream-rq-per-try-timeout-ms";

/// Changes the request headers before they go on to a buffer filter.
pub(super) fn let_head_go<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &Intake) {
    // The number of attempts depends on the plan, which is not known yet, so this is the most
    // that any plan can have. An attempt filter answers a retry for which nothing is left.
    set_head(cx.host, intake, u64::from(cx.engine.config.failover.max_attempts));
}

/// Takes every credential of the client's away, and sets how many attempts Envoy may make. The
/// attempt filter puts back what its provider gets.
fn set_head<H: Host + ?Sized>(host: &H, intake: &Intake, attempts: u64) {
    client::hold_back(host, intake, client::NOTHING);
    let retries = attempts.saturating_sub(1).to_string();
    host.set_request_header("x-envoy-max-retries", Some(retries.as_bytes()));
}

/// Hands a request to the attempts of its plan, by filter state. `attempt` is the first of them,
/// which has begun; `hold` says who holds the request headers.
///
/// # Errors
/// The error for the client, where the body cannot be rewritten for one of the deployments.
pub(super) fn send<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
    attempt: &AttemptLedger,
    hold: Hold,
) -> Result<(), Refusal> {
    let mut handover = handover(cx, held, decision, attempt)?;
    // The buffer filter adds a length to a request without one, and the attempts have to correct
    // that as if the client had announced it.
    if let (Hold::BufferFilter, Some(length @ 1..)) = (hold, handover.length) {
        handover.announce(length);
    }
    let legs = &handover.legs;
    let first = legs.all.first().map(|leg| leg.cluster.as_str()).unwrap_or_default();
    let names = legs.all.iter().take(legs.general.end);
    let names: Vec<_> = names.map(|leg| list_name(&leg.name)).collect();
    let names = names.join(",");
    cx.host.set_property(DEPLOYMENTS, names.as_bytes());
    cx.host.set_property(PLAN, &handover.encode());
    cx.host.set_property(CLUSTER, first.as_bytes());
    if hold == Hold::StopIteration {
        set_head(cx.host, held.intake, attempts(cx.engine, legs));
        if let Some(ms) = longest_first_ms(&cx.engine.config, decision) {
            cx.host.set_request_header(PER_TRY_TIMEOUT, Some(ms.to_string().as_bytes()));
        }
    }
    cx.host.clear_route_cache();
    debug(cx.host, || {
        let config = &cx.engine.config;
        let route = decision.route.map_or("none", |id| config.route(id).name.as_str());
        format!("route={route} model={} plan={names}", header_value(&decision.model))
    });
    Ok(())
}

/// Returns what the attempts need to know of a decision and its request.
///
/// For example, a chat request for `assistant`, which is served by `openai-eu` and then by
/// `azure`, gives two legs. Each has its cluster, the path for that provider, and the edits
/// that put its upstream model in the place of `"assistant"`. The body itself stays with Envoy,
/// which sends it anew for every attempt. Added to that are the client's headers that attempts
/// change, and the first attempt, which has begun in shared state.
fn handover<'a, H: Host + ?Sized>(
    cx: Ctx<'a, H>,
    held: Held<'a>,
    decision: &'a Decision,
    attempt: &'a AttemptLedger,
) -> Result<Handover<'a>, Refusal> {
    let legs = legs(cx, held, decision)?;
    Ok(Handover {
        work: *attempt.work(),
        asked: metric_model(decision),
        disable_cache: decision.disable_cache,
        begun: attempt.numbers(),
        hold: attempt.hold.as_deref().map(TenantHold::numbers),
        length: held.length,
        original: original(held.intake, &cx.engine.changed, legs.are_translated()),
        legs,
    })
}

/// Returns the legs of all lists of a decision. They are numbered in the order of
/// `Decision::steps`, by which the router finds a leg's step again.
fn legs<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
) -> Result<Legs, Refusal> {
    let mut all = Vec::new();
    let objects = edit::mergeable(cx.host, decision.steps());
    let mut add = |steps: &[Step]| -> Result<Range<usize>, Refusal> {
        let from = all.len();
        for step in steps {
            let request = match translated(cx.engine, held, step) {
                Some(leg) => LegRequest::Translated(Box::new(leg)),
                None => {
                    let path = edit::path(cx.engine, held, step);
                    let edits = edit::edits(cx, held, step, path.as_deref(), &objects)?;
                    let came = || held.intake.head.text(":path").unwrap_or_default().into_owned();
                    LegRequest::Edited { path: path.unwrap_or_else(came), edits }
                }
            };
            all.push(leg(cx, step, request));
        }
        Ok(from..all.len())
    };
    // The order in which lists are added is that of `Decision::steps`.
    let general = add(&decision.plan)?;
    let fallbacks = decision.own.min(general.end)..general.end;
    // Where no list is configured for a kind of failure, the fallbacks are its list.
    let mut list = |steps: &Option<Vec<Step>>| match steps {
        Some(steps) => add(steps),
        None => Ok(fallbacks.clone()),
    };
    let context_window = list(&decision.kinds.context_window)?;
    let rate_limit = list(&decision.kinds.rate_limit)?;
    let content_policy = add(&decision.kinds.content_policy)?;
    let is_any_stripped = all.iter().any(|leg| leg.is_stripped);
    let removal = if is_any_stripped { held.removal.to_vec() } else { Vec::new() };
    let own = decision.own;
    Ok(Legs { all, removal, own, general, context_window, content_policy, rate_limit })
}

/// Returns the most attempts that a request can have: the model's own legs and the longest other
/// list, with all tries of each, but no more than the configuration allows.
fn attempts(engine: &Engine, legs: &Legs) -> u64 {
    let Legs { own, general, context_window, content_policy, rate_limit, .. } = legs;
    let fallbacks = general.len().saturating_sub(*own);
    let lists = [context_window, content_policy, rate_limit].map(ExactSizeIterator::len);
    let longest = lists.into_iter().fold(fallbacks, usize::max).saturating_add(*own);
    // Envoy counts retries over the whole request, so each leg's tries are multiplied in.
    let failover = &engine.config.failover;
    let tries = u64::from(failover.retries_per_deployment).saturating_add(1);
    (longest as u64).saturating_mul(tries).min(u64::from(failover.max_attempts))
}

/// Returns the longest time to the first content of all deployments of a decision, in milliseconds;
/// `None` if one of them has no such limit.
///
/// Envoy has one such time for all attempts of a request. With the longest, no attempt is cut short.
fn longest_first_ms(config: &Config, decision: &Decision) -> Option<u64> {
    let mut longest_ms = None;
    for step in decision.steps() {
        longest_ms = longest_ms.max(Some(step.server.timeouts(config).first_content_ms()?));
    }
    longest_ms
}

/// Returns how the request is translated for a step of the plan; `None` where its provider speaks the
/// request's format.
fn translated(engine: &Engine, held: Held<'_>, step: &Step) -> Option<TranslatedLeg> {
    let config = &engine.config;
    let entry = held.intake.call.entry;
    let target = step.server.translation(config, (entry.format, entry.task))?;
    let TranslationTarget { into, model, max_tokens } = target;
    let object = |members: &[(String, Value)]| match members {
        [] => String::new(),
        members => {
            let members = members.iter().map(|(name, value)| (name.as_str(), value));
            serde_json::to_string(&map_of(members)).unwrap_or_default()
        }
    };
    let defaults = step.server.request_defaults(config, entry.task).iter();
    let is_overridden = |key: &str| step.overrides.0.iter().any(|(over, _)| over == key);
    // The translation leaves out what means nothing to the provider, so its body does not tell.
    let names = config.watched_members.names();
    let is_sent = |name: &str| {
        let mut sent = held.layout.watched.iter().filter_map(|(at, _)| names.get(*at));
        sent.any(|sent| sent == name)
    };
    let is_free = |key: &str| !is_overridden(key) && !same_setting(key).any(is_sent);
    let defaults: Vec<_> = defaults.filter(|(key, _)| is_free(key)).cloned().collect();
    Some(TranslatedLeg {
        into,
        model: model.to_owned(),
        max_tokens,
        defaults: object(&defaults),
        overrides: object(&step.overrides.0),
    })
}

/// Returns the leg for one step of a plan, with what its provider gets of the request.
fn leg<H: Host + ?Sized>(cx: Ctx<'_, H>, step: &Step, request: LegRequest) -> Leg {
    let config = &cx.engine.config;
    let provider = config.provider(step.server.provider(config));
    Leg {
        deployment: match &step.server {
            Server::Deployment(id) => Some(config.deployment(*id).id.clone()),
            Server::Direct(..) => None,
        },
        provider: provider.name.clone(),
        cluster: provider.cluster.clone(),
        model: step.model.clone(),
        name: step.server.name(config).into_owned(),
        request,
        is_stripped: step.is_stripped,
    }
}

/// Returns the client's value of every header that attempts change: those of the configuration,
/// what this client has sent of credentials and the like, and where a leg is translated those of one API.
fn original<'a>(
    intake: &'a Intake,
    changed: &'a [String],
    are_translated: bool,
) -> Vec<(&'a str, Option<Cow<'a, [u8]>>)> {
    let of_one_api = if are_translated { &OF_ONE_API[..] } else { &[] };
    let carried = intake.carried.iter().map(|(name, _)| name.as_str());
    let carried = carried.filter(|name| !of_one_api.contains(name));
    let further = of_one_api.iter().copied().chain(carried);
    let further = further.filter(|name| changed.iter().all(|known| known != name));
    let all = changed.iter().map(String::as_str).chain(further);
    let mut original = Vec::with_capacity(changed.len().saturating_add(of_one_api.len()));
    original.extend(all.map(|name| (name, intake.head.joined(name))));
    original
}
