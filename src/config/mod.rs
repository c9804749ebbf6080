//! The configuration, validated and resolved.
//!
//! After [`parse()`] no name is unresolved: references are indices into this
//! value's own lists, so no request path meets an unknown id. The steps are
//! `document` (JSON or Struct bytes → tree), `shape` (tree → known keys of the
//! right types, as `raw`), `resolve` (names → indices); each collects its
//! problems, and all of them are reported together. The environment is not
//! read: whether a secret is there is for the caller to check.

mod additions;
pub(crate) mod advice;
mod candidate;
mod configuration;
mod credential;
mod custom;
mod declare;
mod demand;
mod deployment;
mod document;
mod error;
mod headers;
mod ids;
mod large;
mod located;
mod model;
mod parse;
mod parts;
mod provider;
mod raw;
mod read;
mod resolve;
mod route;
mod route_index;
mod settings;
mod shape;
mod sticky;
mod tenants;
#[cfg(test)]
mod tests;
mod timeouts;

pub use crate::strategy::Strategy as StrategyName;
pub use additions::{Added, Base, Dynamic, DynamicRoute, Endpoint, Live, Unfit, parse_live};
pub use candidate::{Candidate, Rule};
pub use configuration::{Config, Names, Shadow};
pub use credential::{Credential, EnvoyCredential, EnvoyFilter, EnvoyTask, SecretCredential};
pub use custom::{Custom, MOST_LISTED, OnError};
pub use demand::Demand;
pub use deployment::{Deployment, ModelFacts, Overrides};
pub use error::{Problem, Problems};
pub use headers::HeaderNames;
pub use ids::{DeploymentId, GroupId, ModelId, ProviderId, RouteId};
pub use large::{Index, MOST_SMALL};
pub use located::{Checked, Located, check_json, located, place_of_authority};
pub use model::{Fallbacks, Group, Model, ModelTraits};
pub use parse::{parse, reference, schema};
pub use parts::{ParamSchema, ParamType, Status, TagMatch};
pub use provider::{Api, Provider};
pub use raw::Settings;
pub use resolve::NO_DEFAULT_CLUSTER;
pub use route::{
    Action, Condition, NamePattern, OnUnsearchable, Route, SoughtKeywords, Target, Unsearchable,
    When,
};
pub use route_index::RouteIndex;
pub use settings::{
    Admin, BodyPolicy, ClientHeaders, Cooldown, Failover, Hold, Limits, Metrics, OnBoundary, Role,
    RouteSource, Search, Translate, UnknownModel, WhenAllCooling,
};
pub use sticky::Sticky;
pub use tenants::{OnMissingTenant, TenantBudget, Tenants};
pub use timeouts::Timeouts;
