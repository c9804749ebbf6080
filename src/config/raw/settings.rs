//! Settings, those among them whose names are not resolved yet.

use serde_json::Value;

use super::super::declare::section;
use super::super::headers::HeaderNames;
use super::super::read::{CheckedMembers, ReadChecked, Section, member};
use super::super::settings::{
    Admin, ClientHeaders, Cooldown, Failover, Hold, KeywordSettings, Limits, Metrics, Role,
    RouteSource, Search, Translate,
};
use super::super::shape::{
    FORMATS, HasKeyKind, KeyKind, PERCENT, TextForm, as_member, plain, whole,
};
use super::lists::{ByName, Elements};
use super::model::RawModel;
use super::route::RawRoute;

section! {
    /// What a document says beside its providers, models and routes. Fields that only the
    /// configuration sees are resolved to fields of [`Config`](super::super::Config).
    #[derive(Debug)]
    pub struct Settings "settings" {
        /// What a request for an unknown model gets.
        pub(crate) unknown_model: RawUnknownModel = "reject",
        /// The deployment that serves requests without a model, unchanged. Without it, they count
        /// as requests for an unknown model.
        pub(crate) no_model: Option<Unnamed> = none,
        /// The Envoy cluster for requests that the filter does not read or lets through.
        pub default_cluster: Option<String> = none,
        /// The control headers that clients may use.
        pub client_headers: ClientHeaders = ["tag", "params", "variant", "session", "cost_limit"],
        /// Whether clients may name a deployment, or provider:upstream-model, as the model.
        pub allow_direct: bool = false,
        /// When a deployment cools down, and for how long.
        pub cooldown: Cooldown = {},
        /// Failover inside one request.
        pub failover: Failover = {},
        /// Limits of sizes, and budgets.
        pub limits: Limits = {},
        /// Further ends of paths that mark LLM requests, each with the wire format of its requests.
        pub(crate) paths: ByName<String>
            as (KeyKind::Map(TextForm::PathSuffix, &KeyKind::Choice(&FORMATS))) = {},
        /// How keywords are compared with prompts.
        pub keywords: KeywordSettings = {},
        /// Fixed costs in the token estimate.
        pub(crate) tokens: RawTokens = {},
        /// Whether requests may go to providers with another API. `off`: no. `strict`: if the
        /// translation loses nothing. `lenient`: also if it leaves out settings that only change
        /// how the answer is made.
        pub translate: Translate = "off",
        /// Which text is searched for keywords, in addition to all text that may reach the model as
        /// a prompt.
        pub search: Search = {},
        /// Other names for the filter's headers.
        pub headers: HeaderNames = {},
        /// Whether the filter answers GET /v1/models.
        pub serve_models: bool = false,
        /// The admin endpoints, which show and change routes.
        pub admin: Option<Admin> = none,
        /// A source of further aliases, models and routes, which the filter fetches over HTTP.
        pub route_source: Option<RouteSource> = none,
        /// A second set of rules that is evaluated without effect.
        pub(crate) shadow: Option<Box<RawShadow>> = none,
        /// Whether the filter adds x-llm-* headers to responses.
        pub response_headers: bool = true,
        /// What the filter counts.
        pub metrics: Metrics = {},
        /// Whether the filter sets llm.* filter state for access logs.
        pub log_fields: bool = false,
        /// How headers are held until the decision.
        pub hold: Hold = "stop_iteration",
        /// Whether this filter is the router, which decides, or the attempt filter on a cluster.
        pub(crate) role: Role = "router",
    }
}

/// What an unknown model gets: an answer, or a model that stands in for it.
#[derive(Debug)]
pub(crate) enum RawUnknownModel {
    Reject,
    PassThrough,
    StandIn(StandIn),
}

section! {
    /// The model that stands in for unknown models.
    #[derive(Debug)]
    pub(crate) struct StandIn "unknown_model" {
        /// The model that stands in for unknown models.
        pub(crate) model: Option<String> = required,
    }
}

section! {
    /// The deployment that serves requests without a model, unchanged.
    #[derive(Debug)]
    pub(crate) struct Unnamed "no_model" {
        /// The deployment that serves these requests.
        pub(crate) deployment: Option<String> = required,
    }
}

impl HasKeyKind for RawUnknownModel {
    const KIND: KeyKind = KeyKind::Either(&[
        as_member(POLICY, KeyKind::Choice(&["reject", PASS_THROUGH])),
        plain(StandIn::KIND),
    ]);
}

const POLICY: &str = "policy";
const PASS_THROUGH: &str = "pass_through";

impl ReadChecked for RawUnknownModel {
    fn read(value: Value) -> Self {
        let mut members = CheckedMembers::read(value);
        match member::<Option<String>>(&mut members, POLICY).as_deref() {
            Some(PASS_THROUGH) => Self::PassThrough,
            Some(_) => Self::Reject,
            None => Self::StandIn(StandIn::take(&mut members)),
        }
    }
}

section! {
    /// The costs of content without a known size, in characters. Four characters are one token.
    #[derive(Debug)]
    pub(crate) struct RawTokens "tokens" {
        /// The cost of one image.
        pub(crate) chars_per_image: Option<u64> as CHARACTERS = none,
        /// The cost of one piece of audio.
        pub(crate) chars_per_audio: Option<u64> as CHARACTERS = none,
        /// The cost of one file.
        pub(crate) chars_per_file: Option<u64> as CHARACTERS = none,
    }
}

const CHARACTERS: KeyKind = whole(0, 4_294_967_295);

section! {
    /// A second set of rules that is evaluated without effect. A list that is left out is taken
    /// from the configuration.
    #[derive(Debug)]
    pub(crate) struct RawShadow "shadow" {
        /// Like `aliases` of the configuration.
        pub(crate) aliases: Option<ByName<String>> = none,
        /// Like `models` of the configuration.
        pub(crate) models: Option<ByName<RawModel>> = none,
        /// Like `routes` of the configuration.
        pub(crate) routes: Option<Elements<RawRoute>> = none,
        /// The percentage of requests that it is evaluated for.
        pub(crate) sample_percent: f64 as PERCENT = 100,
    }
}
