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
        /// what a model without a name gets
        pub(crate) unknown_model: RawUnknownModel = "reject",
        /// what serves a request that names no model, as it is; left out, it is one of an unknown
        /// model
        pub(crate) no_model: Option<Unnamed> = none,
        /// where requests go that are not judged or pass through
        pub default_cluster: Option<String> = none,
        /// control headers that clients may use
        pub client_headers: ClientHeaders = ["tag", "params", "variant", "session", "cost_limit"],
        /// whether clients may name deployments and provider:upstream-model
        pub allow_direct: bool = false,
        /// when a deployment is taken out of every pick, and for how long
        pub cooldown: Cooldown = {},
        /// failover inside one request
        pub failover: Failover = {},
        /// sizes, and what exceeds them
        pub limits: Limits = {},
        /// further path suffixes to treat as LLM requests, and their wire format
        pub(crate) paths: ByName<String>
            as (KeyKind::Map(TextForm::PathSuffix, &KeyKind::Choice(&FORMATS))) = {},
        /// how keywords of prompts are compared
        pub keywords: KeywordSettings = {},
        /// fixed costs of the token estimate
        pub(crate) tokens: RawTokens = {},
        /// whether requests may go to providers of another API. off: no; strict: if the translation loses
        /// nothing; lenient: also if it leaves out what only changes how the answer is made
        pub translate: Translate = "off",
        /// which text is searched for keywords, beside all that may reach the model as prompt
        pub search: Search = {},
        /// other names for the headers of this filter
        pub headers: HeaderNames = {},
        /// whether GET /v1/models is answered here
        pub serve_models: bool = false,
        /// endpoints to inspect and change routes
        pub admin: Option<Admin> = none,
        /// further aliases, models and routes fetched over HTTP
        pub route_source: Option<RouteSource> = none,
        /// a second set of rules evaluated without effect
        pub(crate) shadow: Option<Box<RawShadow>> = none,
        /// whether x-llm-* response headers are added
        pub response_headers: bool = true,
        /// what is counted
        pub metrics: Metrics = {},
        /// whether llm.* filter state is set for access logs
        pub log_fields: bool = false,
        /// how headers are held until the decision
        pub hold: Hold = "stop_iteration",
        /// whether this filter decides, or rewrites attempts on a cluster
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
    /// A model that stands in for unknown ones.
    #[derive(Debug)]
    pub(crate) struct StandIn "unknown_model" {
        /// the model that stands in
        pub(crate) model: Option<String> = required,
    }
}

section! {
    /// What serves requests that name no model, as they are.
    #[derive(Debug)]
    pub(crate) struct Unnamed "no_model" {
        /// the deployment that serves them
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
    /// Token costs of what has no known size, in characters; four are one token.
    #[derive(Debug)]
    pub(crate) struct RawTokens "tokens" {
        /// one image
        pub(crate) chars_per_image: Option<u64> as CHARACTERS = none,
        /// one piece of audio
        pub(crate) chars_per_audio: Option<u64> as CHARACTERS = none,
        /// one file
        pub(crate) chars_per_file: Option<u64> as CHARACTERS = none,
    }
}

const CHARACTERS: KeyKind = whole(0, 4_294_967_295);

section! {
    /// A second set of rules evaluated without effect; what is left out is the first one's.
    #[derive(Debug)]
    pub(crate) struct RawShadow "shadow" {
        /// as the outer aliases
        pub(crate) aliases: Option<ByName<String>> = none,
        /// as the outer models
        pub(crate) models: Option<ByName<RawModel>> = none,
        /// as the outer routes
        pub(crate) routes: Option<Elements<RawRoute>> = none,
        /// share of requests that it is evaluated for
        pub(crate) sample_percent: f64 as PERCENT = 100,
    }
}
