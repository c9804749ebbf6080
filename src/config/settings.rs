//! Settings that hold for every request, as data.

/// What happens to a model that no name resolves, or a request without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownModel {
    /// 404, or 400 without a model.
    Reject,
    /// Sent on untouched.
    PassThrough,
    /// Served as this model.
    Model(super::ModelId),
}

/// Which control headers clients may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientHeaders {
    /// Forces a route.
    pub route: bool,
    /// Labels.
    pub tag: bool,
    /// Params.
    pub params: bool,
    /// Picks a variant.
    pub variant: bool,
    /// Session for sticky picks.
    pub session: bool,
    /// A ceiling for the cost.
    pub cost_limit: bool,
    /// Restricts to a provider.
    pub provider: bool,
    /// Pins a deployment.
    pub deployment: bool,
    /// Names fallback models.
    pub fallback: bool,
}

/// When a deployment is taken out of every pick, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Cooldown {
    /// Off: outcomes are counted, nothing ever cools.
    pub enabled: bool,
    /// Failures in a row that trip.
    pub consecutive_failures: u32,
    /// Failures this minute that trip, given the two below.
    pub allowed_fails: u32,
    /// Requests this minute below which a rate says nothing.
    pub min_requests: u32,
    /// Failed share of this minute's requests that trips.
    pub failure_rate_percent: f64,
    /// First length.
    pub time_ms: u64,
    /// Longest length, hints of providers included.
    pub max_time_ms: u64,
    /// Successes in half-open that close it.
    pub success_threshold: u32,
    /// Attempts at a time while half-open.
    pub half_open_probes: u32,
    /// How long a probe's lease is held at most.
    pub probe_lease_ms: u64,
    /// Whether a provider's hint sets the length.
    pub honour_retry_after: bool,
    /// What happens when cooldown alone stands in the way.
    pub when_all_cooling: WhenAllCooling,
}

/// What happens when every candidate cools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAllCooling {
    /// The one that is free soonest is tried.
    LeastRemaining,
    /// 503 with the smallest `retry-after`.
    Reject,
}

/// Where the admin endpoints are, and who may use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The path that they are below: plain, without a slash at its end, never empty.
    pub path: String,
    /// Environment variable of the VM that holds the token.
    pub token_env: String,
}

/// Which part of a request's way the filter is on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Before Envoy's router: decides.
    #[default]
    Router,
    /// Before a cluster's connection: makes one attempt of what was decided.
    Attempt,
}

/// What holds the head of a request until the decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hold {
    /// This filter: the host has `allow_on_headers_stop_iteration`.
    #[default]
    StopIteration,
    /// A buffer filter behind this one; here the head cannot be changed any more.
    BufferFilter,
}

/// In-request failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failover {
    /// Most attempts of one request; 1 is off.
    pub max_attempts: u32,
    /// Clusters have the attempt filter, although there may be one attempt only.
    pub attempt_filter: bool,
    /// More tries of the same deployment.
    pub retries_per_deployment: u32,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// Off: nothing is counted.
    pub enabled: bool,
    /// Most series that each filter of each worker makes; the rest are one.
    pub max_series: u32,
}

/// Sizes, and what happens beyond them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest body that is read.
    pub max_body_bytes: u64,
    /// A longer one.
    pub on_oversize: BodyPolicy,
    /// One that cannot be read.
    pub on_unparsable: BodyPolicy,
}

/// What happens to a body that is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyPolicy {
    /// Refused with an error.
    Reject,
    /// Sent to `default_cluster` untouched.
    PassThrough,
}

/// Names of the headers this filter reads and writes, lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderNames {
    /// Forces a route.
    pub route: String,
    /// Labels, comma list.
    pub tag: String,
    /// `key=value` comma list.
    pub params: String,
    /// Picks a variant.
    pub variant: String,
    /// Session for sticky picks.
    pub session: String,
    /// Ceiling in USD.
    pub cost_limit: String,
    /// Restricts to a provider; in responses, the one that served.
    pub provider: String,
    /// Pins a deployment; in responses, the one that served.
    pub deployment: String,
    /// Fallback models, comma list.
    pub fallback: String,
    /// Cluster for the route, request only.
    pub cluster: String,
    /// The model that served.
    pub model: String,
    /// Attempts made, response only.
    pub attempts: String,
    /// Asks Envoy for a retry, internal.
    pub retry: String,
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self {
            route: "x-llm-route".into(),
            tag: "x-llm-tag".into(),
            params: "x-llm-params".into(),
            variant: "x-llm-variant".into(),
            session: "x-llm-session".into(),
            cost_limit: "x-llm-cost-limit-usd".into(),
            provider: "x-llm-provider".into(),
            deployment: "x-llm-deployment".into(),
            fallback: "x-llm-fallback".into(),
            cluster: "x-llm-cluster".into(),
            model: "x-llm-model".into(),
            attempts: "x-llm-attempts".into(),
            retry: "x-llm-retry".into(),
        }
    }
}

impl HeaderNames {
    /// Every name.
    #[must_use]
    pub fn all(&self) -> [&str; 13] {
        [
            &self.route,
            &self.tag,
            &self.params,
            &self.variant,
            &self.session,
            &self.cost_limit,
            &self.provider,
            &self.deployment,
            &self.fallback,
            &self.cluster,
            &self.model,
            &self.attempts,
            &self.retry,
        ]
    }

    /// Each name as `change` makes it.
    pub(super) fn map(self, mut change: impl FnMut(String) -> String) -> Self {
        Self {
            route: change(self.route),
            tag: change(self.tag),
            params: change(self.params),
            variant: change(self.variant),
            session: change(self.session),
            cost_limit: change(self.cost_limit),
            provider: change(self.provider),
            deployment: change(self.deployment),
            fallback: change(self.fallback),
            cluster: change(self.cluster),
            model: change(self.model),
            attempts: change(self.attempts),
            retry: change(self.retry),
        }
    }
}

/// Where further aliases, models and routes are fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSource {
    /// Envoy cluster.
    pub cluster: String,
    /// What is asked for there.
    pub path: String,
    /// Time between two fetches, over all workers.
    pub interval_ms: u64,
    /// Longest wait for an answer.
    pub timeout_ms: u64,
    /// Environment variable of the VM that holds the bearer token.
    pub token_env: Option<String>,
}
