//! The labels of requests and attempts in metrics.
//!
//! A label is a name of the configuration or a word of this module. Everything that a client can
//! name by itself is [`OTHER`]: otherwise clients could make as many series as they like.

use crate::config::{Config, RouteId};
use crate::metrics::{NONE, OTHER};
use crate::routing::{Decision, Server, Step};

/// The outcome, as a label, of an attempt that Envoy answered by itself for reasons that say
/// nothing about the deployment: a circuit breaker, or a cluster that does not exist.
pub(crate) const PROXY: &str = "proxy";

/// The labels under which a request is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestLabels<'a> {
    /// The model that was asked for.
    pub(crate) model: &'a str,
    /// The route that took the request.
    pub(crate) route: &'a str,
}

impl<'a> RequestLabels<'a> {
    /// The labels of a request that was not decided.
    pub(crate) const UNDECIDED: Self = Self { model: NONE, route: NONE };

    /// Returns the labels of a request that was decided.
    pub(crate) fn of(config: &'a Config, decision: &'a Decision) -> Self {
        Self { model: metric_model(decision), route: route(config, decision.route) }
    }

    /// Returns the labels of a request that is not served. `sent` is the model that the client
    /// asked for.
    pub(crate) fn unserved(config: &'a Config, sent: Option<&str>) -> Self {
        Self { model: asked(config, sent), route: NONE }
    }
}

/// Returns the model of a decision as a label. It is [`OTHER`] where the client named an upstream
/// model of its own.
pub(crate) fn metric_model(decision: &Decision) -> &str {
    match decision.plan.first() {
        // The client named the upstream model itself. As a fallback of a model of the
        // configuration, it is counted under that model.
        Some(Step { server: Server::Direct(..), model, .. }) if *model == decision.model => OTHER,
        _ => &decision.model,
    }
}

/// Returns a route as a label.
fn route(config: &Config, route: Option<RouteId>) -> &str {
    route.map_or(NONE, |id| &config.route(id).name)
}

/// Returns the deployment of a step as a label.
pub(super) fn deployment<'a>(config: &'a Config, step: &Step) -> &'a str {
    match &step.server {
        Server::Deployment(id) => &config.deployment(*id).id,
        Server::Direct(..) => OTHER,
    }
}

/// Returns what a client has asked for as a label: a model, alias, variant or deployment of the
/// configuration, or else [`OTHER`].
fn asked<'a>(config: &'a Config, sent: Option<&str>) -> &'a str {
    let Some(sent) = sent else { return NONE };
    let names = &config.names;
    let of = |name: &str| {
        let id = names.models.get(name).or_else(|| names.aliases.get(name))?;
        Some(config.model(*id).name.as_str())
    };
    // `assistant#review` is counted under its model.
    let of_variant = || of(sent.split_once('#')?.0);
    let of_deployment = || Some(config.deployment(*names.deployments.get(sent)?).id.as_str());
    of(sent).or_else(of_variant).or_else(of_deployment).unwrap_or(OTHER)
}

/// Returns the class of a status as a label, for example `2xx` for 204.
pub(super) const fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => NONE,
    }
}
