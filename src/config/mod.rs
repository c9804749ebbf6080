//! The configuration, validated and resolved.
//!
//! After [`parse`] no name is unresolved: references are indices into this
//! value's own lists, so no request path meets an unknown id. The steps are
//! `document` (JSON or Struct bytes → tree), `shape` (tree → known keys of the
//! right types, as `raw`), `resolve` (names → indices); each collects its
//! problems, and all of them are reported together. The environment is not
//! read: whether a secret is there is for the caller to check.

mod additions;
mod custom;
mod demand;
mod document;
mod error;
mod large;
mod located;
mod parts;
mod raw;
mod read;
mod resolve;
mod route;
mod route_index;
mod settings;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::request::keyword::Keywords;
use crate::request::path::PathTable;
use crate::request::tokens::Costs;

use serde_json::Value;

use error::Findings;
use raw::Raw;
use read::Read;
use resolve::Layers;
use shape::Shape;

pub use additions::{Added, Base, Dynamic, DynamicRoute, Endpoint, Live, Unfit, parse_live};
pub use custom::{Custom, MOST_LISTED, OnError};
pub use demand::Demand;
pub use error::{Problem, Problems};
pub use large::{Index, MOST_SMALL};
pub use located::{Checked, Located, check_json};
pub use parts::{
    Api, Candidate, Credential, Deployment, Fallbacks, Group, Model, ModelFacts, Overrides,
    ParamSchema, ParamType, Provider, Rule, Status, Sticky, StrategyName, TagMatch,
};
pub use route::{Action, Condition, NamePattern, Route, Target, When};
pub use route_index::RouteIndex;
pub use settings::{
    Admin, BodyPolicy, ClientHeaders, Cooldown, Failover, HeaderNames, Hold, Limits, Metrics, Role,
    RouteSource, UnknownModel, WhenAllCooling,
};

/// A parsed and resolved configuration.
#[derive(Debug)]
pub struct Config {
    /// Vendor endpoints, sorted by name.
    pub providers: Arc<[Provider]>,
    /// Everything a request can be sent to, sorted by id.
    pub deployments: Arc<[Deployment]>,
    /// What clients ask for, sorted by name.
    pub models: Vec<Model>,
    /// Names → targets.
    pub names: Names,
    /// Enabled and disabled routes in the order they are tried.
    pub routes: Vec<Route>,
    /// Which of them a request's names lead to.
    pub route_index: RouteIndex,
    /// Catalogue facts by upstream model, for models that clients name directly.
    pub catalog: Arc<BTreeMap<String, ModelFacts>>,
    /// Facts of a model that the catalogue does not have.
    pub unknown_facts: ModelFacts,
    /// Every keyword of every route, the shadow's included, as one automaton.
    pub keywords: Arc<Keywords>,
    /// Lower-case names of the headers that `header_equals` conditions read, the shadow's included.
    pub watched_headers: Vec<String>,
    /// Top-level body keys that some `request_overrides` replace, sorted.
    pub override_keys: Arc<[String]>,
    /// What happens to a model that no name resolves.
    pub unknown_model: UnknownModel,
    /// Where requests go that are not judged or pass through.
    pub default_cluster: Option<String>,
    /// Which control headers clients may use.
    pub client_headers: ClientHeaders,
    /// Whether clients may name deployments and `provider:upstream-model`.
    pub allow_direct: bool,
    /// When a deployment is taken out of every pick, and for how long.
    pub cooldown: Cooldown,
    /// In-request failover.
    pub failover: Failover,
    /// What holds the head of a request until the decision.
    pub hold: Hold,
    /// Where further aliases, models and routes come from.
    pub route_source: Option<RouteSource>,
    /// Which part of a request's way the filter is on.
    pub role: Role,
    /// Sizes, and what happens to bodies beyond them.
    pub limits: Limits,
    /// Which paths are LLM requests.
    pub paths: PathTable,
    /// Fixed token costs of the estimate.
    pub tokens: Costs,
    /// Names of the request and response headers this filter uses.
    pub headers: HeaderNames,
    /// Whether `GET /v1/models` is answered here.
    pub serve_models: bool,
    /// The endpoints to inspect and change routing; none unless they are configured.
    pub admin: Option<Admin>,
    /// Whether `x-llm-*` response headers are added.
    pub response_headers: bool,
    /// What is counted.
    pub metrics: Metrics,
    /// Whether what access logs show of a request is kept for them.
    pub log_fields: bool,
    /// What may ever be asked of a request's text.
    pub demand: Demand,
    /// Other rules over the same deployments, evaluated without effect.
    pub shadow: Option<Box<Shadow>>,
    /// Accepted, but worth a second look; one sentence each, path first.
    pub warnings: Vec<String>,
}

/// Rules that are evaluated without effect.
#[derive(Debug)]
pub struct Shadow {
    /// The configuration with these rules in the place of the first. Providers, deployments,
    /// keywords and settings are the same, so that ids of them are good in both.
    pub config: Config,
    /// The share of requests that they are evaluated for, 0–100.
    pub sample_percent: f64,
}

/// Reads a configuration: JSON text, or a serialized `google.protobuf.Struct`.
///
/// # Errors
/// Every problem found, in one pass.
pub fn parse(bytes: &[u8]) -> Result<Config, Problems> {
    let mut findings = Findings::default();
    let resolved = members(bytes, &shape::CONFIGURATION, &mut findings).map(|members| {
        let raw = Raw::read(members);
        let layers = Layers { raw: &raw, own: None, own_routes: raw.routes.len() };
        resolve::resolve(&layers, &mut findings)
    });
    finished(resolved, findings)
}

/// The members of an object of that shape; none only with a problem.
fn members(bytes: &[u8], shape: &'static Shape, findings: &mut Findings) -> Option<Value> {
    let document = document::read(bytes, findings)?;
    shape::check(&document, shape, findings)
}

/// The configuration, where nothing was found to be wrong with it.
fn finished(resolved: Option<Config>, findings: Findings) -> Result<Config, Problems> {
    match resolved {
        Some(config) if findings.problems.is_empty() => {
            Ok(Config { warnings: findings.warnings, ..config })
        }
        _ => Err(findings.problems),
    }
}

/// The JSON Schema (draft 2020-12) of the configuration.
#[must_use]
pub fn schema() -> Value {
    shape::schema(&shape::CONFIGURATION)
}

/// Every key as a page of documentation: docs/configuration.md.
#[must_use]
pub fn reference() -> String {
    shape::reference(&shape::CONFIGURATION)
}

/// Index of a provider in [`Config::providers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(pub usize);

/// Index of a deployment in [`Config::deployments`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeploymentId(pub usize);

/// Index of a model in [`Config::models`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(pub usize);

/// Index of a route in [`Config::routes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub usize);

/// Index of a group (the base or a variant) in [`Model::groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub usize);

/// What clients' names stand for.
#[derive(Debug, Default)]
pub struct Names {
    /// Model names, those of deleted models included.
    pub models: BTreeMap<String, ModelId>,
    /// Aliases, chains flattened: every value is a model.
    pub aliases: BTreeMap<String, ModelId>,
    /// Deployment ids.
    pub deployments: BTreeMap<String, DeploymentId>,
}

#[expect(clippy::indexing_slicing, reason = "ids are made by `resolve` from these very lists")]
impl Config {
    /// Whether requests are handed over to the attempts of their plan.
    #[must_use]
    pub fn is_handing_over(&self) -> bool {
        let Failover { max_attempts, attempt_filter, .. } = self.failover;
        (max_attempts > 1 || attempt_filter) && self.role == Role::Router
    }

    /// Whether the route finds the cluster in filter state, not in a header.
    #[must_use]
    pub fn is_routed_by_state(&self) -> bool {
        self.is_handing_over() || self.hold == Hold::BufferFilter
    }

    /// The provider of that id.
    #[must_use]
    pub fn provider(&self, id: ProviderId) -> &Provider {
        &self.providers[id.0]
    }

    /// The deployment of that id.
    #[must_use]
    pub fn deployment(&self, id: DeploymentId) -> &Deployment {
        &self.deployments[id.0]
    }

    /// The model of that id.
    #[must_use]
    pub fn model(&self, id: ModelId) -> &Model {
        &self.models[id.0]
    }

    /// The route of that id.
    #[must_use]
    pub fn route(&self, id: RouteId) -> &Route {
        &self.routes[id.0]
    }

    /// The group of that model and id.
    #[must_use]
    pub fn group(&self, model: ModelId, group: GroupId) -> &Group {
        &self.models[model.0].groups[group.0]
    }
}
