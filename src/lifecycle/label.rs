//! What requests and attempts are called in metrics.
//!
//! Names of the configuration or words of this module; whatever a client has named itself
//! is [`OTHER`].

use crate::config::{Config, RouteId};
use crate::metrics::{NONE, OTHER};
use crate::routing::{Decision, Server, Step};

/// The model that was asked for and the route that took the request, as labels.
pub(super) fn labels<'a>(config: &'a Config, decision: Option<&'a Decision>) -> (&'a str, &'a str) {
    let Some(decision) = decision else { return (NONE, NONE) };
    (model(decision), route(config, decision.route))
}

/// The model of a decision as a label.
pub(super) fn model(decision: &Decision) -> &str {
    match decision.plan.first() {
        // Its name is the client's own, unless it stands in for a model.
        Some(Step { server: Server::Direct(..), model, .. }) if *model == decision.model => OTHER,
        _ => &decision.model,
    }
}

fn route(config: &Config, route: Option<RouteId>) -> &str {
    route.map_or(NONE, |id| &config.route(id).name)
}

pub(super) fn deployment<'a>(config: &'a Config, step: &Step) -> &'a str {
    match &step.server {
        Server::Deployment(id) => &config.deployment(*id).id,
        Server::Direct(..) => OTHER,
    }
}

/// What a client has asked for, as a label.
pub(super) fn asked<'a>(config: &'a Config, sent: Option<&str>) -> &'a str {
    let Some(sent) = sent else { return NONE };
    let names = &config.names;
    let of = |name: &str| {
        let id = names.models.get(name).or_else(|| names.aliases.get(name))?;
        Some(config.model(*id).name.as_str())
    };
    let of_variant = || of(sent.split_once('#')?.0);
    let of_deployment = || Some(config.deployment(*names.deployments.get(sent)?).id.as_str());
    of(sent).or_else(of_variant).or_else(of_deployment).unwrap_or(OTHER)
}

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
