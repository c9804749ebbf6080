//! Which counters are shown as 0 before they have counted anything.
//!
//! Prometheus sees an increase only between two values of a series. A counter that first shows as
//! 1 has none, so an alert on it would miss the first incident. Knows what alerts ask for, and
//! nothing of how series are called or kept. Gauges of states have their place in the order here, so
//! that there is room for them; `states.rs` gives them their values.

use crate::config::{Config, Deployment, Role};
use crate::host::Host;
use crate::metrics::{Meter, NONE, OTHER, table};
use crate::state::DeploymentState;
use crate::state::outcome::Outcome;

use super::label::PROXY;

/// The states of the deployments of a model, as labels.
pub(super) const OF_MODEL: [&str; 2] = ["available", "unavailable"];

/// The outcomes that can start a cooldown. Those that come often are first, because there may not be
/// room for all of them.
const CAUSES: [Outcome; 9] = [
    Outcome::RateLimit,
    Outcome::Server,
    Outcome::Network,
    Outcome::Timeout,
    Outcome::Auth,
    Outcome::Quota,
    Outcome::NotFound,
    Outcome::InBand,
    Outcome::Empty,
];

/// The code of a refusal for want of a deployment, which is the one that alerts ask for first.
const NO_DEPLOYMENT: &str = "no_deployment_available";

/// The other codes of refusals that are counted under a model of the configuration.
const OF_MODELS: [&str; 4] =
    ["rate_limited", "no_capable_deployment", "cost_limit_exceeded", "not_translatable"];

/// Shows as 0 the counters of each model and deployment that alerts depend on, unless there is no
/// room for them. Series that exist already stay as they are.
///
/// The important ones come first: what tells that a model is down, then what tells that a deployment
/// is. Every deployment gets its series of one kind before any of them gets those of the next kind.
#[inline(never)]
pub(crate) fn begin_series<H: Host + ?Sized>(host: &H, meter: &Meter, config: &Config) {
    // The attempt filters of clusters count under the same names, which are those of one proxy.
    if !meter.is_on() || config.role != Role::Router {
        return;
    }
    let _ = requests(host, meter, config, "refused", &[NO_DEPLOYMENT])
        && begin_states(host, meter, config)
        && of_deployments(host, meter, config)
        && requests(host, meter, config, "refused", &OF_MODELS)
        && undecided(host, meter)
        && requests(host, meter, config, "served", &["5xx", "2xx", "4xx"]);
}

/// Begins the gauges of all deployments and models that may be shown. Returns whether there is room
/// for more series.
fn begin_states<H: Host + ?Sized>(host: &H, meter: &Meter, config: &Config) -> bool {
    let begin = |metric, values: &[&str]| meter.begin(host, metric, values);
    let mut deployments = config.deployments.iter().filter(|deployment| deployment.enabled);
    let mut models = config.models.iter();
    models.all(|model| {
        OF_MODEL.iter().all(|state| begin(&table::MODEL_DEPLOYMENTS, &[&model.name, state]))
    }) && deployments.all(|deployment| {
        let mut states = DeploymentState::ALL.iter();
        states.all(|state| begin(&table::DEPLOYMENT_STATE, &[&deployment.id, state.name()]))
    })
}

/// Begins the requests of each model with that verdict and these codes. Returns whether there is room
/// for more.
#[inline(never)]
fn requests<H: Host + ?Sized>(
    host: &H,
    meter: &Meter,
    config: &Config,
    verdict: &str,
    codes: &[&str],
) -> bool {
    codes.iter().all(|code| {
        let mut models = config.models.iter();
        models.all(|model| meter.begin(host, &table::REQUESTS, &[&model.name, NONE, verdict, code]))
    })
}

/// Begins what is counted of each deployment that may be picked. Returns whether there is room for
/// more.
fn of_deployments<H: Host + ?Sized>(host: &H, meter: &Meter, config: &Config) -> bool {
    let enabled = || config.deployments.iter().filter(|deployment| deployment.enabled);
    let each = |metric, word: Option<&str>| {
        enabled().all(|deployment: &Deployment| match word {
            Some(word) => meter.begin(host, metric, &[&deployment.id, word]),
            None => meter.begin(host, metric, &[&deployment.id]),
        })
    };
    let names = CAUSES.map(Outcome::name);
    let outcomes = [Outcome::Success.name()].into_iter().chain(names).chain([PROXY]);
    names.iter().all(|cause| each(&table::COOLDOWNS, Some(cause)))
        && outcomes.into_iter().all(|outcome| each(&table::ATTEMPTS, Some(outcome)))
        && each(&table::RECOVERIES, None)
        && enabled()
            .filter(|deployment| deployment.facts.has_prices())
            .all(|deployment| meter.begin(host, &table::COST, &[&deployment.id]))
}

/// Begins the requests that are refused before a model is known. Returns whether there is room for
/// more.
fn undecided<H: Host + ?Sized>(host: &H, meter: &Meter) -> bool {
    [[OTHER, "model_not_found"], [NONE, "invalid_body"], [NONE, "missing_model"]]
        .into_iter()
        .all(|[model, code]| meter.begin(host, &table::REQUESTS, &[model, NONE, "refused", code]))
}
