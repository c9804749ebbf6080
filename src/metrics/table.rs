//! Every metric there is: its name, what it is, and its labels.
//!
//! One list for the code that counts, for docs/observe.md and for the rules of
//! `stats_tags` in `envoy/`; tests hold them together. Names and labels follow the
//! GenAI conventions of OpenTelemetry where those have one. Values of labels are words
//! of this program or names of the configuration, nothing that a client can choose.

use crate::host::MetricKind::{self, Counter, Gauge, Histogram};

/// A metric, with or without labels.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, before the labels.
    pub name: &'static str,
    /// What Envoy makes of its values.
    pub kind: MetricKind,
    /// The labels, in the order that their values are given.
    pub labels: &'static [&'static str],
}

const fn metric(name: &'static str, kind: MetricKind, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind, labels }
}

/// Most labels of one metric.
pub(super) const MOST_LABELS: usize = 5;

/// Labels whose values are names of the configuration: where there are too many series,
/// these become [`super::OTHER`].
pub(super) const NAMES: [&str; 5] =
    ["model", "route", "deployment", "gen_ai.provider.name", "gen_ai.request.model"];

/// Requests of clients, each once.
pub static REQUESTS: Metric =
    metric("pointsman.requests", Counter, &["model", "route", "verdict", "code"]);
/// Requests that a route took.
pub static ROUTE_MATCHES: Metric = metric("pointsman.route.matches", Counter, &["route"]);
/// Attempts that have ended.
pub static ATTEMPTS: Metric = metric("pointsman.attempts", Counter, &["deployment", "outcome"]);
/// Attempts that another one's failure, or what stood in its way, has led to.
pub static FALLBACKS: Metric =
    metric("pointsman.fallbacks", Counter, &["model", "deployment", "kind"]);
/// Cooldowns that have begun.
pub static COOLDOWNS: Metric = metric("pointsman.cooldowns", Counter, &["deployment", "outcome"]);
/// Cooldowns that successes have ended.
pub static RECOVERIES: Metric = metric("pointsman.recoveries", Counter, &["deployment"]);
/// Updates of shared state that lost all their tries.
pub static CAS_EXHAUSTED: Metric = metric("pointsman.cas.exhausted", Counter, &[]);
/// Tokens of answered attempts.
pub static TOKENS: Metric =
    metric("pointsman.tokens", Counter, &["deployment", "direction", "source"]);
/// What they cost by the configured prices, in billionths of a dollar.
pub static COST: Metric = metric("pointsman.cost.nano_usd", Counter, &["deployment"]);
/// Attempts under way.
pub static IN_FLIGHT: Metric = metric("pointsman.in_flight", Gauge, &["deployment"]);
/// Reading and deciding, in microseconds.
pub static DECISION: Metric = metric("pointsman.decision.duration_us", Histogram, &[]);
/// The estimate of input tokens, in percent of what the provider reports.
pub static ESTIMATE: Metric = metric("pointsman.estimate.percent", Histogram, &["deployment"]);
/// An attempt from its start to its end, in milliseconds.
pub static DURATION: Metric = metric(
    "gen_ai.server.request.duration",
    Histogram,
    &[
        "deployment",
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "error.type",
    ],
);
/// From the end of the request to the first byte of a successful answer, in milliseconds.
pub static FIRST_TOKEN: Metric = metric(
    "gen_ai.server.time_to_first_token",
    Histogram,
    &["deployment", "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"],
);
/// Tokens of an answered attempt, as its provider reports them.
pub static TOKEN_USAGE: Metric = metric(
    "gen_ai.client.token.usage",
    Histogram,
    &[
        "deployment",
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.token.type",
    ],
);

/// Questions to services that pick a deployment, by what came of them.
pub static PICKS: Metric = metric("pointsman.picks", Counter, &["model", "outcome"]);
/// How long those that were called took to answer, or not to, in milliseconds.
pub static PICK_DURATION: Metric = metric("pointsman.pick.duration_ms", Histogram, &["model"]);
/// Fetches from the route source, by what came of them.
pub static ROUTE_SOURCE_FETCHES: Metric =
    metric("pointsman.route_source.fetches", Counter, &["outcome"]);
/// How long ago the route source last said what is to hold, in seconds.
pub static ROUTE_SOURCE_AGE: Metric = metric("pointsman.route_source.age_s", Gauge, &[]);

/// 1, by the version of the module.
pub static BUILD: Metric = metric("pointsman.build", Gauge, &["version"]);

/// Requests that the shadow was evaluated for, by how it differs.
pub static SHADOW_REQUESTS: Metric = metric("pointsman.shadow.requests", Counter, &["kind"]);
/// Those for which it differs, by the route that was taken.
pub static SHADOW_LIVE_ROUTES: Metric = metric("pointsman.shadow.live_routes", Counter, &["route"]);
/// And by the route that the shadow would have taken.
pub static SHADOW_ROUTES: Metric = metric("pointsman.shadow.routes", Counter, &["route"]);
/// Requests that both send to a deployment, by whether the costs of both are known.
pub static SHADOW_COSTED: Metric = metric("pointsman.shadow.costed", Counter, &["kind"]);
/// What those of known costs are likely to cost, in billionths of a dollar.
pub static SHADOW_COST: Metric = metric("pointsman.shadow.cost.nano_usd", Counter, &["kind"]);

/// Every metric, in the order of docs/observe.md.
pub static ALL: [&Metric; 25] = [
    &REQUESTS,
    &ROUTE_MATCHES,
    &ATTEMPTS,
    &FALLBACKS,
    &COOLDOWNS,
    &RECOVERIES,
    &CAS_EXHAUSTED,
    &TOKENS,
    &COST,
    &IN_FLIGHT,
    &DECISION,
    &ESTIMATE,
    &DURATION,
    &FIRST_TOKEN,
    &TOKEN_USAGE,
    &PICKS,
    &PICK_DURATION,
    &ROUTE_SOURCE_FETCHES,
    &ROUTE_SOURCE_AGE,
    &BUILD,
    &SHADOW_REQUESTS,
    &SHADOW_LIVE_ROUTES,
    &SHADOW_ROUTES,
    &SHADOW_COSTED,
    &SHADOW_COST,
];
