//! Settings that hold for every request.

use serde_json::Value;

use super::declare::{named, section};
use super::ids::ModelId;
use super::read::ReadChecked;
use super::shape::{
    A_PATH, AT_LEAST_ONE, HasKeyKind, KeyKind, MILLISECONDS, PERCENT, TextForm, VARIABLE,
    as_element, plain, whole,
};
use super::tenants::Tenants;
use crate::request::keyword::Whitespace;
use crate::request::scan::Searched;

/// What happens to a model that no name resolves, or a request without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownModel {
    /// 404, or 400 without a model.
    Reject,
    /// Sent on untouched.
    PassThrough,
    /// Served as this model.
    Model(ModelId),
}

/// Declares the control headers by their names in the list of those that clients may use.
macro_rules! client_headers {
    ($($(#[doc = $doc:literal])+ $field:ident,)*) => {
        /// Which control headers clients may use.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct ClientHeaders {
            $($(#[doc = $doc])+ pub $field: bool,)*
        }

        impl HasKeyKind for ClientHeaders {
            const KIND: KeyKind = KeyKind::Either(&[
                as_element(KeyKind::Choice(&["all"])),
                plain(KeyKind::List(&KeyKind::Choice(&[$(stringify!($field)),*]))),
            ]);
        }

        impl ReadChecked for ClientHeaders {
            fn read(value: Value) -> Self {
                let names = Vec::<String>::read(value);
                let allows = |name: &str| names.iter().any(|one| one == name || one == "all");
                Self { $($field: allows(stringify!($field))),* }
            }
        }
    };
}

client_headers! {
    /// Labels.
    tag,
    /// Params.
    params,
    /// Picks a variant.
    variant,
    /// Session for sticky picks.
    session,
    /// A ceiling for the cost.
    cost_limit,
    /// Forces a route.
    route,
    /// Restricts to a provider.
    provider,
    /// Pins a deployment.
    deployment,
    /// Names fallback models.
    fallback,
}

section! {
    /// When a deployment cools down, and for how long.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Cooldown "cooldown" {
        /// Whether deployments cool down at all.
        pub enabled: bool = true,
        /// The number of failures in a row that start a cooldown.
        pub consecutive_failures: u32 as AT_LEAST_ONE = 5,
        /// The number of failures in a minute that start a cooldown.
        pub allowed_fails: u32 as AT_LEAST_ONE = 3,
        /// The fewest requests in a minute for which the failure rate counts.
        pub min_requests: u32 as AT_LEAST_ONE = 10,
        /// The percentage of failed requests in a minute that starts a cooldown.
        pub failure_rate_percent: f64 as PERCENT = 50,
        /// The length of the first cooldown in milliseconds.
        pub time_ms: u64 as MILLISECONDS = 5000,
        /// The longest cooldown in milliseconds.
        pub max_time_ms: u64 as MILLISECONDS = 300000,
        /// The number of successes that end the cooldown for good.
        pub success_threshold: u32 as AT_LEAST_ONE = 3,
        /// The number of probes at a time while the deployment is half-open.
        // As many places for leases as a deployment's record has.
        pub half_open_probes: u32 as (whole(1, 8)) = 1,
        /// The longest time in milliseconds that a probe keeps its place.
        pub probe_lease_ms: u64 as MILLISECONDS = 60000,
        /// Whether a hint of the provider, such as retry-after, sets the length.
        pub honour_retry_after: bool = true,
        /// What happens if every candidate is excluded and cooldown is the only reason.
        pub when_all_cooling: WhenAllCooling = "least_remaining",
    }
}

section! {
    /// How keywords are compared with prompts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct KeywordSettings "keywords" {
        /// `any`: a run of white space is one space, and invisible characters do not count.
        /// `exact`: every character counts as it is.
        pub whitespace: Whitespace = "any",
    }
}

/// What happens when every candidate cools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAllCooling {
    /// The one that is free soonest is tried.
    LeastRemaining,
    /// 503 with the smallest `retry-after`.
    Reject,
}

section! {
    /// The admin endpoints, which show and change routes.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Admin "admin" {
        /// The path of the endpoints.
        // Plain, without a slash at its end, and never empty.
        pub path: String as (KeyKind::Text(TextForm::PathPrefix)) = "/admin",
        /// The environment variable that holds the admin token.
        pub token_env: String as VARIABLE = required,
    }
}

/// Which of its two jobs an instance of the filter does.
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
    /// A buffer filter after this one; here the head cannot be changed any more.
    BufferFilter,
}

section! {
    /// Failover inside one request.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Failover "failover" {
        /// The most attempts for one request. 1 turns failover off.
        pub max_attempts: u32 as (whole(1, 100)) = 1,
        /// Whether clusters have the attempt filter although max_attempts is 1.
        pub attempt_filter: bool = false,
        /// The number of further attempts at the same deployment.
        pub retries_per_deployment: u32 as (whole(0, 100)) = 0,
        /// The most bytes of an answer that are held before its first content. 0 holds none.
        pub commit_bytes: u32 as (whole(0, 262_144)) = 16384,
        /// Whether another deployment is tried after an answer without content.
        pub on_empty: bool = true,
        /// Where a request with state goes if no deployment of its boundary can serve it. `stay`:
        /// nowhere. `strip`: to other deployments, without encrypted thoughts and signatures.
        pub on_boundary: OnBoundary = "stay",
    }
}

/// What becomes of a request with state when no deployment of its boundary can serve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBoundary {
    /// The client gets the error.
    Stay,
    /// It goes to others without that state, if the state can safely be left out.
    Strip,
}

impl Failover {
    /// Longest body of an error, in bytes, that is held until it tells what went wrong. A longer
    /// one is judged by its status.
    pub const HELD_ERROR_BYTES: u32 = 64 * 1024;

    /// Returns how many bytes of an answer the proxy must have room for: as many as are held, and
    /// as many again for the piece that ends the holding. 0 where nothing is held.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        let most = self.commit_bytes.max(Self::HELD_ERROR_BYTES);
        if self.max_attempts > 1 { u64::from(most).saturating_mul(2) } else { 0 }
    }

    /// Whether the clusters of providers run this filter once more, for the attempts of a request.
    #[must_use]
    pub const fn has_attempts(&self) -> bool {
        self.max_attempts > 1 || self.attempt_filter
    }
}

section! {
    /// What the filter counts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Metrics "metrics" {
        /// Whether anything is counted.
        pub enabled: bool = true,
        /// The most series that each filter of each worker makes. Further series are counted as
        /// `other`.
        pub max_series: u32 as (whole(1, 1_000_000)) = 10000,
    }
}

section! {
    /// Limits of sizes, what happens to longer bodies, and budgets.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Limits "limits" {
        /// The longest body in bytes that the filter reads.
        pub max_body_bytes: u64 as (whole(1, 1_073_741_824)) = 16777216,
        /// What happens to a longer body.
        pub on_oversize: BodyPolicy = "reject",
        /// The longest request, and the longest whole answer, that are translated, in bytes.
        pub max_translated_bytes: u64 as (whole(1, 1_073_741_824)) = 16777216,
        /// The answer's limit in tokens for a translated request, used if its provider needs one
        /// and neither the request nor the catalog has one.
        pub translated_max_tokens: u64 as AT_LEAST_ONE = 4096,
        /// What happens to an unreadable body.
        pub on_unparsable: BodyPolicy = "reject",
        /// The budgets of tenants.
        pub tenants: Option<Box<Tenants>> = none,
    }
}

/// What happens to a request whose body is too long, or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyPolicy {
    /// Refused with an error.
    Reject,
    /// Sent to `default_cluster` untouched.
    PassThrough,
}

/// Whether requests may go to providers that speak another API than the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Translate {
    /// No.
    Off,
    /// Only if the translation loses nothing of the request.
    Strict,
    /// Also if the translation leaves out what only changes how the answer is made.
    Lenient,
}

section! {
    /// Which text is searched for keywords, in addition to all text that may reach the model as a
    /// prompt.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Search "search" {
        /// Whether the messages of the assistant are searched.
        pub assistant: bool = false,
        /// Whether the arguments of tool calls and the results of tools are searched.
        pub tools: bool = false,
        /// Whether the definitions of tools and the schemas of the answer are searched.
        pub schemas: bool = true,
    }
}

impl Search {
    /// Returns the same in the words of the scanner.
    pub(crate) const fn searched(self) -> Searched {
        let Self { assistant, tools, schemas } = self;
        Searched { assistant, tools, schemas }
    }
}

section! {
    /// A source of further aliases, models and routes, which the filter fetches over HTTP.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RouteSource "route_source" {
        /// The Envoy cluster to fetch from.
        pub cluster: String = required,
        /// The path to fetch.
        pub path: String as A_PATH = required,
        /// The time between fetches, in milliseconds.
        pub interval_ms: u64 as MILLISECONDS = 10000,
        /// The longest wait for an answer, in milliseconds.
        pub timeout_ms: u64 as MILLISECONDS = 5000,
        /// The environment variable that holds the token of the fetch.
        pub token_env: Option<String> as VARIABLE = none,
        /// Clusters of services that fetched models may ask, in addition to those in `custom` of
        /// this configuration.
        pub services: Vec<String> = [],
    }
}

named! {
    OnBoundary { "stay" => Stay, "strip" => Strip }
    WhenAllCooling { "least_remaining" => LeastRemaining, "reject" => Reject }
    BodyPolicy { "reject" => Reject, "pass_through" => PassThrough }
    Hold { "stop_iteration" => StopIteration, "buffer_filter" => BufferFilter }
    Translate { "off" => Off, "strict" => Strict, "lenient" => Lenient }
    Role { "router" => Router, "attempt" => Attempt }
    Whitespace { "any" => Any, "exact" => Exact }
}
