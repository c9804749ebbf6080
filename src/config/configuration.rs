//! The result: a configuration whose names are resolved.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use super::demand::Demand;
use super::deployment::{Deployment, ModelFacts};
use super::ids::{DeploymentId, GroupId, ModelId, ProviderId, RouteId};
use super::model::{Group, Model};
use super::provider::Provider;
use super::raw::Settings;
use super::route::Route;
use super::route_index::RouteIndex;
use super::settings::{Hold, Role, Translate, UnknownModel};
use super::timeouts::Timeouts;
use crate::request::keyword::Keywords;
use crate::request::path::PathTable;
use crate::request::tokens::Costs;
use crate::request::watched::WatchedKeys;

/// A parsed and resolved configuration.
///
/// Its [`Settings`] are read as if they were its own: `config.limits`.
#[derive(Debug)]
pub struct Config {
    /// Vendor endpoints, sorted by name.
    pub providers: Arc<[Provider]>,
    /// Everything a request can be sent to, sorted by id.
    pub deployments: Arc<[Deployment]>,
    /// What clients ask for, sorted by name.
    pub models: Vec<Model>,
    /// What names stand for. Clients may ask for any of them.
    pub names: Names,
    /// Enabled and disabled routes in the order they are tried.
    pub routes: Vec<Route>,
    /// Which of them a request's names lead to, so that the others need not be evaluated.
    pub route_index: RouteIndex,
    /// Catalogue facts by upstream model, for models that clients name directly.
    pub catalog: Arc<BTreeMap<String, ModelFacts>>,
    /// Facts of a model that the catalogue does not have. It is taken to be capable of everything,
    /// without limits, at an unknown cost.
    pub unknown_facts: ModelFacts,
    /// Every keyword of every route, the shadow's included, as one automaton. So the text of a
    /// request is searched once for all of them.
    pub keywords: Arc<Keywords>,
    /// Lower-case names of the headers that `header_equals` conditions read, the shadow's included.
    pub watched_headers: Vec<String>,
    /// Top-level body keys that some `request_overrides` replace, or that name another model than
    /// `model` does. The reader of bodies notes where they are.
    pub watched_members: Arc<WatchedKeys>,
    /// What happens to a model that no name resolves.
    pub unknown_model: UnknownModel,
    /// The deployment that serves requests without a model, unchanged.
    pub no_model: Option<DeploymentId>,
    /// Which part of a request's way the filter is on.
    pub role: Role,
    /// Which paths are LLM requests.
    pub paths: PathTable,
    /// Fixed token costs of the estimate.
    pub tokens: Costs,
    /// Settings that refer to no names. The shadow has the same ones.
    pub settings: Arc<Settings>,
    /// What may ever be asked of a request's text. What is not asked is not computed.
    pub demand: Demand,
    /// Other rules over the same deployments, evaluated without effect.
    pub shadow: Option<Box<Shadow>>,
    /// The hash of the document, by which operators tell documents apart: 12 hexadecimal digits.
    /// The role does not count, nor what is added at run time. Empty in a shadow.
    pub document_hash: String,
    /// Accepted, but worth a second look: one sentence each, with the path first. Bounded as
    /// problems are.
    pub warnings: Vec<String>,
}

impl Deref for Config {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

/// Rules that are evaluated without effect, to compare what they decide with what is decided
/// by the others.
#[derive(Debug)]
pub struct Shadow {
    /// The configuration with these rules in the place of the first. Providers, deployments,
    /// keywords and settings are the same, so that ids of them are good in both.
    pub config: Config,
    /// The share of requests that they are evaluated for, 0–100.
    pub sample_percent: f64,
}

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
    /// Whether requests are handed over to the attempts of their plan: this filter is the router,
    /// and either several attempts may be made or the attempt filter is asked for.
    #[must_use]
    pub fn is_handing_over(&self) -> bool {
        self.failover.has_attempts() && self.role == Role::Router
    }

    /// Whether the filter may call a cluster by itself: not one of a provider whose attempts run
    /// the filter, in either role. Envoy would enter the VM while it runs, which ends it.
    #[must_use]
    pub fn may_call(&self, cluster: &str) -> bool {
        let is_providers = || self.providers.iter().any(|provider| provider.cluster == cluster);
        !(self.failover.has_attempts() && is_providers())
    }

    /// Whether Envoy's route finds the cluster in filter state, not in a header. A header could not
    /// be set any more where the head has gone on before the decision.
    #[must_use]
    pub fn is_routed_by_state(&self) -> bool {
        self.is_handing_over() || self.hold == Hold::BufferFilter
    }

    /// Whether some requests may be translated for providers that do not speak their format.
    #[must_use]
    pub fn is_translating(&self) -> bool {
        let is_on = |translate: Translate| translate != Translate::Off;
        let mut of_models = self.models.iter().filter_map(|model| model.translate);
        is_on(self.translate) || of_models.any(is_on)
    }

    /// Returns why no success is held until its content; `None` where one is, if another attempt is left.
    #[must_use]
    pub fn against_holding(&self) -> Option<&'static str> {
        if self.failover.max_attempts < 2 {
            Some("there is no failover")
        } else if self.hold == Hold::BufferFilter {
            Some("a buffer filter holds heads")
        } else if self.failover.commit_bytes == 0 {
            Some("failover.commit_bytes is 0")
        } else {
            None
        }
    }

    /// Returns all times that are configured: those of deployments, and those of providers for models
    /// that clients name themselves.
    pub fn timeouts(&self) -> impl Iterator<Item = Timeouts> {
        let providers = self.providers.iter().map(|one| one.timeouts);
        self.deployments.iter().map(|one| one.timeouts).chain(providers)
    }

    /// Returns what the catalogue says of a model that no deployment has.
    #[must_use]
    pub fn catalogued(&self, model: &str) -> &ModelFacts {
        self.catalog.get(model).unwrap_or(&self.unknown_facts)
    }

    /// Returns the provider of that id. Ids are made from the configuration's own lists, so there
    /// is one for each.
    #[must_use]
    pub fn provider(&self, id: ProviderId) -> &Provider {
        &self.providers[id.0]
    }

    /// Returns the deployment of that id.
    #[must_use]
    pub fn deployment(&self, id: DeploymentId) -> &Deployment {
        &self.deployments[id.0]
    }

    /// Returns the model of that id.
    #[must_use]
    pub fn model(&self, id: ModelId) -> &Model {
        &self.models[id.0]
    }

    /// Returns the route of that id.
    #[must_use]
    pub fn route(&self, id: RouteId) -> &Route {
        &self.routes[id.0]
    }

    /// Returns the group of that model and id.
    ///
    /// Ids of models are good only in the configuration that they come from: a shadow has models of
    /// its own.
    #[must_use]
    pub fn group(&self, model: ModelId, group: GroupId) -> &Group {
        &self.models[model.0].groups[group.0]
    }
}
