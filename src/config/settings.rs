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
    /// When a deployment is taken out of every pick, and for how long.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Cooldown "cooldown" {
        /// false: nothing ever cools
        pub enabled: bool = true,
        /// in a row that trip
        pub consecutive_failures: u32 as AT_LEAST_ONE = 5,
        /// failures a minute that trip
        pub allowed_fails: u32 as AT_LEAST_ONE = 3,
        /// fewer say nothing of a rate
        pub min_requests: u32 as AT_LEAST_ONE = 10,
        /// share of this minute's requests that trips
        pub failure_rate_percent: f64 as PERCENT = 50,
        /// first length
        pub time_ms: u64 as MILLISECONDS = 5000,
        /// longest length
        pub max_time_ms: u64 as MILLISECONDS = 300000,
        /// successes that close it
        pub success_threshold: u32 as AT_LEAST_ONE = 3,
        /// at a time while half-open
        // As many places for leases as a deployment's record has.
        pub half_open_probes: u32 as (whole(1, 8)) = 1,
        /// longest hold of a probe
        pub probe_lease_ms: u64 as MILLISECONDS = 60000,
        /// whether a provider's hint sets the length
        pub honour_retry_after: bool = true,
        /// what happens when cooldown alone stands in the way
        pub when_all_cooling: WhenAllCooling = "least_remaining",
    }
}

section! {
    /// How keywords of prompts are compared.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct KeywordSettings "keywords" {
        /// any: a run of white space is one space, and invisible characters do not count; exact: each is only itself
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
    /// Endpoints to inspect and change routes.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Admin "admin" {
        /// where they are
        // Plain, without a slash at its end, and never empty.
        pub path: String as (KeyKind::Text(TextForm::PathPrefix)) = "/admin",
        /// the environment variable of the token
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
        /// 1 is off
        pub max_attempts: u32 as (whole(1, 100)) = 1,
        /// whether the clusters have the attempt filter although max_attempts is 1
        pub attempt_filter: bool = false,
        /// more tries of the same deployment
        pub retries_per_deployment: u32 as (whole(0, 100)) = 0,
        /// most bytes of an answer to hold before its first content; 0 holds none
        pub commit_bytes: u32 as (whole(0, 262_144)) = 16384,
        /// whether another deployment is tried after an answer without content
        pub on_empty: bool = true,
        /// where a request with state goes when no deployment of its boundary can serve it. stay: nowhere; strip: to others, without encrypted thoughts and signatures
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
    /// What is counted.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Metrics "metrics" {
        /// false: nothing is counted
        pub enabled: bool = true,
        /// most series that each filter of each worker makes; the rest are counted as other
        pub max_series: u32 as (whole(1, 1_000_000)) = 10000,
    }
}

section! {
    /// Sizes, what happens to bodies beyond them, and budgets.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Limits "limits" {
        /// longest body that is read
        pub max_body_bytes: u64 as (whole(1, 1_073_741_824)) = 16777216,
        /// what a longer body gets
        pub on_oversize: BodyPolicy = "reject",
        /// longest request and longest whole answer that are translated
        pub max_translated_bytes: u64 as (whole(1, 1_073_741_824)) = 16777216,
        /// limit of the answer in tokens for a translated request, if its provider needs one and neither the
        /// request nor the catalogue has one
        pub translated_max_tokens: u64 as AT_LEAST_ONE = 4096,
        /// what an unreadable body gets
        pub on_unparsable: BodyPolicy = "reject",
        /// budgets of those that requests are billed to
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
    /// Which text is searched for keywords, beside all that may reach the model as prompt.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Search "search" {
        /// what an assistant said
        pub assistant: bool = false,
        /// the arguments of calls, and what tools answered
        pub tools: bool = false,
        /// definitions of tools, and schemas of the answer
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
    /// Further aliases, models and routes fetched over HTTP.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RouteSource "route_source" {
        /// the Envoy cluster to fetch from
        pub cluster: String = required,
        /// the path to fetch
        pub path: String as A_PATH = required,
        /// time between fetches
        pub interval_ms: u64 as MILLISECONDS = 10000,
        /// longest wait for an answer
        pub timeout_ms: u64 as MILLISECONDS = 5000,
        /// environment variable of the token
        pub token_env: Option<String> as VARIABLE = none,
        /// clusters of services that fetched models may ask, beside those of custom here
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
