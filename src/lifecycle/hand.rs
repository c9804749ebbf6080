//! The router's part of failover: what it decided is handed to the attempts.
//!
//! Nothing of the body changes here, and no header but those that no cluster without
//! the attempt filter may see.

use std::ops::Range;

use crate::config::{Config, Hold, Provider};
use crate::host::Host;
use crate::request::refusal::Refusal;
use crate::routing::{Decision, Server, Step};
use crate::text::header_value;

use super::apply::{self, Held};
use super::engine::Engine;
use super::handover::{Handover, Leg};
use super::headers::{RequestHead, credential_names};
use super::label;
use super::read;
use super::stream::Stream;

/// The plan, and what the client sent.
pub(super) const PLAN: &[&str] = &["llm.plan"];
/// The cluster of the next attempt, by which the route goes.
pub(super) const CLUSTER: &[&str] = &["llm.cluster"];
/// How far the attempts have come; not there before the first.
pub(super) const PROGRESS: &[&str] = &["llm.attempt"];
/// What the attempts came to, as the attempts header says it.
pub(super) const ATTEMPTS: &[&str] = &["llm.attempts"];

/// How long they took, in milliseconds, written likewise.
pub(super) const TIMES: &[&str] = &["llm.attempt_ms"];
/// The deployments of the plan, for logs.
const DEPLOYMENTS: &[&str] = &["llm.deployments"];
/// How soon a deployment that said so can be asked again, in milliseconds.
pub(super) const RETRY_AFTER: &[&str] = &["llm.retry_after_ms"];

/// That Envoy tried once more than there was to try.
pub(super) const SURPLUS: &[&str] = &["llm.surplus"];

/// That the request was ended here, while an attempt was under way.
pub(super) const ENDED: &[&str] = &["llm.ended"];

/// Headers that attempts change beside those that the configuration names.
const CHANGED: [&str; 5] =
    [":path", ":authority", "content-length", "accept-encoding", "cache-control"];

/// Every header that an attempt may change, each once.
pub(super) fn changed(config: &Config) -> Vec<String> {
    let of_one = |provider: &Provider| {
        let set = provider.headers.iter().map(|(name, _)| name.clone());
        let credential = provider.credential.iter().map(|credential| credential.header.clone());
        set.chain(provider.remove_headers.iter().cloned()).chain(credential).collect::<Vec<_>>()
    };
    let fixed = CHANGED.into_iter().chain(credential_names()).map(str::to_owned);
    let mut names: Vec<String> = Vec::new();
    for name in fixed.chain(config.providers.iter().flat_map(of_one)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Stream {
    /// Hands the request to the attempts of its plan.
    ///
    /// # Errors
    /// A body that cannot be rewritten, as the client is told.
    pub(super) fn hand_over<H: Host + ?Sized>(
        &self,
        host: &H,
        held: Held<'_>,
        decision: &Decision,
    ) -> Result<(), Refusal> {
        let engine = &*self.engine;
        let config = &engine.config;
        let Some(work) = self.work else { return Ok(()) };
        let mut legs = Vec::new();
        let mut add = |steps: &[Step]| -> Result<Range<usize>, Refusal> {
            let from = legs.len();
            for step in steps {
                legs.push(leg(host, engine, held, step)?);
            }
            Ok(from..legs.len())
        };
        let general = add(&decision.plan)?;
        let fallbacks = decision.own.min(general.end)..general.end;
        let mut list = |steps: &Option<Vec<Step>>| match steps {
            Some(steps) => add(steps),
            None => Ok(fallbacks.clone()),
        };
        let context_window = list(&decision.kinds.context_window)?;
        let rate_limit = list(&decision.kinds.rate_limit)?;
        let content_policy = add(&decision.kinds.content_policy)?;
        let longest = [&fallbacks, &context_window, &content_policy, &rate_limit]
            .into_iter()
            .fold(0, |longest, list| list.len().max(longest))
            .saturating_add(decision.own);
        let tries = u64::from(config.failover.retries_per_deployment).saturating_add(1);
        let attempts =
            (longest as u64).saturating_mul(tries).min(u64::from(config.failover.max_attempts));
        let mut handover = Handover {
            work,
            asked: label::model(decision).to_owned(),
            disable_cache: decision.disable_cache,
            begun: self.started.as_ref().map(|started| started.attempt.numbers()),
            length: held.length,
            legs,
            own: decision.own,
            general,
            context_window,
            content_policy,
            rate_limit,
            original: original(held.head, &engine.changed),
        };
        // The buffer filter says how long a body is whose length was not announced.
        if let (Hold::BufferFilter, Some(length @ 1..)) = (config.hold, handover.length) {
            handover.announce(length);
        }
        let first = handover.legs.first().map(|leg| leg.cluster.clone()).unwrap_or_default();
        let names = handover.legs.iter().take(handover.general.end);
        let names: Vec<_> = names.map(|leg| header_value(&leg.name)).collect();
        let names = names.join(",");
        host.set_property(DEPLOYMENTS, names.as_bytes());
        host.set_property(PLAN, &handover.encode());
        host.set_property(CLUSTER, first.as_bytes());
        if !self.is_head_gone {
            // A cluster without the attempt filter is to see nobody's credential.
            for name in held.head.credentials() {
                host.set_request_header(name, None);
            }
            let retries = attempts.saturating_sub(1).to_string();
            host.set_request_header("x-envoy-max-retries", Some(retries.as_bytes()));
        }
        host.clear_route_cache();
        read::debug(host, || {
            let route = decision.route.map_or("none", |id| config.route(id).name.as_str());
            format!("route={route} model={} plan={names}", header_value(&decision.model))
        });
        Ok(())
    }
}

fn leg<H: Host + ?Sized>(
    host: &H,
    engine: &Engine,
    held: Held<'_>,
    step: &Step,
) -> Result<Leg, Refusal> {
    let config = &engine.config;
    let provider = config.provider(step.server.provider(config));
    let came = || held.head.text(":path").unwrap_or_default().into_owned();
    Ok(Leg {
        deployment: match &step.server {
            Server::Deployment(id) => Some(config.deployment(*id).id.clone()),
            Server::Direct(..) => None,
        },
        provider: provider.name.clone(),
        cluster: provider.cluster.clone(),
        model: step.model.clone(),
        name: step.server.name(config).into_owned(),
        path: apply::path(engine, held.head, held.call, step).unwrap_or_else(came),
        edits: apply::edits(host, config, held, step)?,
    })
}

fn original(head: &RequestHead, changed: &[String]) -> Vec<(String, Option<Vec<u8>>)> {
    let sent = |name: &String| head.joined(name).map(|value| value.into_owned());
    changed.iter().map(|name| (name.clone(), sent(name))).collect()
}
