//! Every metric: its name, its kind and its labels.
//!
//! This is the one list for the code that counts, for docs/observe.md and for the rules under
//! `stats_tags` in `envoy/`; tests make sure that they agree. Names and labels follow the
//! GenAI conventions of OpenTelemetry where those have one. Values of labels are words of this
//! program or names of the configuration, nothing that a client can choose.

use crate::host::MetricKind::{self, Counter, Gauge, Histogram};

/// A metric, with or without labels.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, before the labels.
    pub name: &'static str,
    /// What Envoy makes of its values: a sum, the last one, or a distribution.
    pub kind: MetricKind,
    /// The labels, in the order in which [`super::Meter::put`] takes their values.
    pub labels: &'static [&'static str],
    /// What the keys of its series begin with: a hash of its name.
    pub(super) key: u64,
}

/// Returns a metric. The calls below are shorter than as many structs would be.
const fn metric(name: &'static str, kind: MetricKind, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind, labels, key: super::series::with_part(0, name.as_bytes()) }
}

/// Most labels of one metric.
pub(super) const MOST_LABELS: usize = 5;

/// Labels whose values are names of the configuration: where there are too many series,
/// these become [`super::OTHER`].
pub(super) const NAMES: [&str; 6] =
    ["model", "route", "deployment", "tenant", "gen_ai.provider.name", "gen_ai.request.model"];

/// Requests of clients. Each is counted once, when it is refused, passed or over.
pub static REQUESTS: Metric =
    metric("pointsman.requests", Counter, &["model", "route", "verdict", "code"]);
/// Requests that a route took. A route without a series has taken none since the proxy
/// started, so this shows routes that nothing ever matches.
pub static ROUTE_MATCHES: Metric = metric("pointsman.route.matches", Counter, &["route"]);
/// Attempts that have ended. With failover the attempt filter counts them, else the router, so
/// that each is counted once.
pub static ATTEMPTS: Metric = metric("pointsman.attempts", Counter, &["deployment", "outcome"]);
/// Answers that were held until there was content, or for as many bytes as are held. Those that
/// failed meanwhile are attempts with an outcome of their own.
pub static COMMITS: Metric = metric("pointsman.commits", Counter, &["deployment", "kind"]);
/// Attempts at another deployment than the first, by the outcome that led there: `unavailable`
/// where nothing before it could be picked.
pub static FALLBACKS: Metric =
    metric("pointsman.fallbacks", Counter, &["model", "deployment", "kind"]);
/// Cooldowns that have begun, by the outcome of the attempt that began them.
pub static COOLDOWNS: Metric = metric("pointsman.cooldowns", Counter, &["deployment", "outcome"]);
/// Cooldowns that ended with a success: the deployment was tried again and answered.
pub static RECOVERIES: Metric = metric("pointsman.recoveries", Counter, &["deployment"]);
/// Updates of shared state that were dropped, because other workers wrote in between during
/// every try. Should stay 0.
pub static CAS_EXHAUSTED: Metric = metric("pointsman.cas.exhausted", Counter, &[]);
/// Requests that a tenant's budget refused, by the limit that was in the way. Tenants without a
/// budget of their own are `other`.
pub static TENANTS_REFUSED: Metric =
    metric("pointsman.tenants.refused", Counter, &["tenant", "budget"]);
/// Accounts of tenants that were forgotten in use, because more tenants came than there are slots
/// for. Should stay 0: those tenants have begun anew.
pub static TENANTS_EVICTED: Metric = metric("pointsman.tenants.evicted", Counter, &[]);
/// Tokens of answered attempts, in or out. `source` says whether the provider reported them or
/// they were estimated.
pub static TOKENS: Metric =
    metric("pointsman.tokens", Counter, &["deployment", "direction", "source"]);
/// Parts of those tokens, as providers report them: of the input what was read from a cache or
/// written to one, of the output what is reasoning. They are counted in [`TOKENS`] as well, and no
/// token is in two parts.
pub static TOKEN_PARTS: Metric = metric("pointsman.tokens.parts", Counter, &["deployment", "kind"]);
/// Token counts of providers that were more than there can be, so that an estimate was taken in
/// their place. Should stay 0.
pub static DISBELIEVED: Metric =
    metric("pointsman.tokens.disbelieved", Counter, &["deployment", "direction"]);
/// What those tokens cost by the configured prices, in billionths of a dollar. Nothing is counted
/// where a price is missing.
pub static COST: Metric = metric("pointsman.cost.nano_usd", Counter, &["deployment"]);
/// Attempts under way at this moment, in all workers together.
pub static IN_FLIGHT: Metric = metric("pointsman.in_flight", Gauge, &["deployment"]);
/// 1 for the state that a deployment is in, 0 for the other states.
pub static DEPLOYMENT_STATE: Metric =
    metric("pointsman.deployment.state", Gauge, &["deployment", "state"]);
/// How many deployments of a model are available, and how many are not.
pub static MODEL_DEPLOYMENTS: Metric =
    metric("pointsman.model.deployments", Gauge, &["model", "state"]);
/// How much is left of the limit of a deployment that is nearest, in percent of it. Deployments
/// without a limit have none.
pub static HEADROOM: Metric = metric("pointsman.headroom.percent", Gauge, &["deployment"]);
/// Microseconds that the module took to read and decide a request, without the time in which it
/// waited for the rest of the body.
pub static DECISION: Metric = metric("pointsman.decision.duration_us", Histogram, &[]);
/// The estimate of input tokens, in percent of what the provider reports: 100 is exact, above is
/// too much.
pub static ESTIMATE: Metric = metric("pointsman.estimate.percent", Histogram, &["deployment"]);
/// Milliseconds of an attempt from its start to its end. Successes have no `error.type`, as the
/// conventions require.
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
/// Milliseconds from the end of the request to the first byte of a successful answer, which in a
/// stream is about the first token.
pub static FIRST_TOKEN: Metric = metric(
    "gen_ai.server.time_to_first_token",
    Histogram,
    &["deployment", "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"],
);
/// Input tokens of an answered attempt, cached ones included, where its provider reports them.
/// Estimates are left out, so that the distribution is of real values.
pub static INPUT_TOKENS: Metric = metric(
    "gen_ai.client.inference.operation.input_tokens",
    Histogram,
    &["deployment", "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"],
);
/// Output tokens likewise, reasoning included.
pub static OUTPUT_TOKENS: Metric = metric(
    "gen_ai.client.inference.operation.output_tokens",
    Histogram,
    &["deployment", "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"],
);

/// Questions to services of the strategy `custom`, which pick a deployment, by what came of
/// them.
pub static PICKS: Metric = metric("pointsman.picks", Counter, &["model", "outcome"]);
/// Milliseconds until a service that was called had answered or failed to. The request waits
/// that long before it is decided.
pub static PICK_DURATION: Metric = metric("pointsman.pick.duration_ms", Histogram, &["model"]);
/// Fetches from the route source, by what came of them ([`crate::live::source::FetchOutcome`]).
pub static ROUTE_SOURCE_FETCHES: Metric =
    metric("pointsman.route_source.fetches", Counter, &["outcome"]);
/// Seconds since the route source last delivered or confirmed a set of routes. It grows while
/// the source fails.
pub static ROUTE_SOURCE_AGE: Metric = metric("pointsman.route_source.age_s", Gauge, &[]);

/// Always 1. Its label is the version of the module, which shows what runs where.
pub static BUILD: Metric = metric("pointsman.build", Gauge, &["version"]);

/// 1 for the document that is configured, by its hash; 0 for one that was. It shows which proxies
/// run which document.
pub static CONFIG: Metric = metric("pointsman.config", Gauge, &["hash"]);

/// Requests for which the shadow configuration was evaluated, by how its decision differs.
pub static SHADOW_REQUESTS: Metric = metric("pointsman.shadow.requests", Counter, &["kind"]);
/// Requests that the shadow decides otherwise, by the route that was taken: the routes that
/// would lose requests.
pub static SHADOW_LIVE_ROUTES: Metric = metric("pointsman.shadow.live_routes", Counter, &["route"]);
/// Requests that the shadow decides otherwise, by the route that it would have taken: the
/// routes that would gain requests.
pub static SHADOW_ROUTES: Metric = metric("pointsman.shadow.routes", Counter, &["route"]);
/// Requests that both configurations send to a deployment, by whether the costs of both are
/// known.
pub static SHADOW_COSTED: Metric = metric("pointsman.shadow.costed", Counter, &["kind"]);
/// What the requests of known costs are likely to cost, in billionths of a dollar, `live` and in
/// the `shadow`.
pub static SHADOW_COST: Metric = metric("pointsman.shadow.cost.nano_usd", Counter, &["kind"]);

/// Every metric, in the order of docs/observe.md.
pub static ALL: [&Metric; 35] = [
    &REQUESTS,
    &ROUTE_MATCHES,
    &ATTEMPTS,
    &COMMITS,
    &FALLBACKS,
    &COOLDOWNS,
    &RECOVERIES,
    &CAS_EXHAUSTED,
    &TENANTS_REFUSED,
    &TENANTS_EVICTED,
    &TOKENS,
    &TOKEN_PARTS,
    &DISBELIEVED,
    &COST,
    &IN_FLIGHT,
    &DEPLOYMENT_STATE,
    &MODEL_DEPLOYMENTS,
    &HEADROOM,
    &DECISION,
    &ESTIMATE,
    &DURATION,
    &FIRST_TOKEN,
    &INPUT_TOKENS,
    &OUTPUT_TOKENS,
    &PICKS,
    &PICK_DURATION,
    &ROUTE_SOURCE_FETCHES,
    &ROUTE_SOURCE_AGE,
    &BUILD,
    &CONFIG,
    &SHADOW_REQUESTS,
    &SHADOW_LIVE_ROUTES,
    &SHADOW_ROUTES,
    &SHADOW_COSTED,
    &SHADOW_COST,
];
