//! The router hands what it decided to the attempts of the plan.
//!
//! Nothing of the body changes here, and no header but those that a cluster without the
//! attempt filter must not see.

use std::borrow::Cow;
use std::ops::Range;

use crate::config::Hold;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::debug;
use crate::lifecycle::handover::{Handover, Leg, Legs};
use crate::lifecycle::head::RequestHead;
use crate::lifecycle::intake::Intake;
use crate::lifecycle::ledger::{AttemptLedger, metric_model};
use crate::lifecycle::properties::{CLUSTER, DEPLOYMENTS, PLAN};
use crate::request::refusal::Refusal;
use crate::routing::{Decision, Server, Step};
use crate::text::{header_value, list_name};

use super::edit::{self, Held};

/// Changes the head before it goes on to a buffer filter.
pub(super) fn let_head_go<H: Host + ?Sized>(cx: Ctx<'_, H>, intake: &Intake) {
    // How many attempts the plan will have is not known yet: as many as a plan can have.
    set_head(cx.host, &intake.head, u64::from(cx.engine.config.failover.max_attempts));
}

/// Takes away what a cluster without the attempt filter must not see, which is every
/// credential, and has Envoy try that often.
fn set_head<H: Host + ?Sized>(host: &H, head: &RequestHead, attempts: u64) {
    for name in head.credentials() {
        host.set_request_header(name, None);
    }
    let retries = attempts.saturating_sub(1).to_string();
    host.set_request_header("x-envoy-max-retries", Some(retries.as_bytes()));
}

/// Hands the request to the attempts of its plan, the first of which has begun.
///
/// # Errors
/// What the client is told where the body cannot be rewritten.
pub(super) fn send<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
    attempt: &AttemptLedger,
    hold: Hold,
) -> Result<(), Refusal> {
    let mut handover = handover(cx, held, decision, attempt)?;
    // The buffer filter says how long a body is whose length was not announced.
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
        set_head(cx.host, &held.intake.head, attempts(cx.engine, legs));
    }
    cx.host.clear_route_cache();
    debug(cx.host, || {
        let config = &cx.engine.config;
        let route = decision.route.map_or("none", |id| config.route(id).name.as_str());
        format!("route={route} model={} plan={names}", header_value(&decision.model))
    });
    Ok(())
}

/// Returns what the attempts need to know.
fn handover<'a, H: Host + ?Sized>(
    cx: Ctx<'a, H>,
    held: Held<'a>,
    decision: &'a Decision,
    attempt: &AttemptLedger,
) -> Result<Handover<'a>, Refusal> {
    Ok(Handover {
        work: *attempt.work(),
        asked: metric_model(decision),
        disable_cache: decision.disable_cache,
        begun: attempt.numbers(),
        length: held.length,
        legs: legs(cx, held, decision)?,
        original: original(&held.intake.head, &cx.engine.changed),
    })
}

/// Returns the legs of a decision's lists, with what each changes of the request.
fn legs<H: Host + ?Sized>(
    cx: Ctx<'_, H>,
    held: Held<'_>,
    decision: &Decision,
) -> Result<Legs, Refusal> {
    let mut all = Vec::new();
    let mut add = |steps: &[Step]| -> Result<Range<usize>, Refusal> {
        let from = all.len();
        for step in steps {
            all.push(leg(cx, held, step)?);
        }
        Ok(from..all.len())
    };
    // `Decision::steps` goes through the lists in this order.
    let general = add(&decision.plan)?;
    let fallbacks = decision.own.min(general.end)..general.end;
    let mut list = |steps: &Option<Vec<Step>>| match steps {
        Some(steps) => add(steps),
        None => Ok(fallbacks.clone()),
    };
    let context_window = list(&decision.kinds.context_window)?;
    let rate_limit = list(&decision.kinds.rate_limit)?;
    let content_policy = add(&decision.kinds.content_policy)?;
    Ok(Legs { all, own: decision.own, general, context_window, content_policy, rate_limit })
}

/// Returns how many attempts the longest way through the lists can have.
fn attempts(engine: &Engine, legs: &Legs) -> u64 {
    let Legs { own, general, context_window, content_policy, rate_limit, .. } = legs;
    let fallbacks = general.len().saturating_sub(*own);
    let lists = [context_window, content_policy, rate_limit].map(ExactSizeIterator::len);
    let longest = lists.into_iter().fold(fallbacks, usize::max).saturating_add(*own);
    let failover = &engine.config.failover;
    let tries = u64::from(failover.retries_per_deployment).saturating_add(1);
    (longest as u64).saturating_mul(tries).min(u64::from(failover.max_attempts))
}

fn leg<H: Host + ?Sized>(cx: Ctx<'_, H>, held: Held<'_>, step: &Step) -> Result<Leg, Refusal> {
    let config = &cx.engine.config;
    let provider = config.provider(step.server.provider(config));
    let came = || held.intake.head.text(":path").unwrap_or_default().into_owned();
    Ok(Leg {
        deployment: match &step.server {
            Server::Deployment(id) => Some(config.deployment(*id).id.clone()),
            Server::Direct(..) => None,
        },
        provider: provider.name.clone(),
        cluster: provider.cluster.clone(),
        model: step.model.clone(),
        name: step.server.name(config).into_owned(),
        path: edit::path(cx.engine, held.intake, step).unwrap_or_else(came),
        edits: edit::edits(cx.host, config, held, step)?,
    })
}

/// Returns the headers that attempts change, as the client sent them.
fn original<'a>(
    head: &'a RequestHead,
    changed: &'a [String],
) -> Vec<(&'a str, Option<Cow<'a, [u8]>>)> {
    changed.iter().map(|name| (name.as_str(), head.joined(name))).collect()
}
