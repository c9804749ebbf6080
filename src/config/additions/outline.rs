//! Where dynamic routes lead: their endpoints as deployments.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::deployment::Deployment;
use super::super::error::{Path, Problem, quoted};
use super::super::ids::DeploymentId;
use super::super::raw::ByName;
use super::super::read::ReadChecked;
use super::super::resolve::unknown;
use super::super::shape::did_you_mean;
use super::base::{Base, placed};
use super::dynamic::{DynamicRoute, Endpoint};
use crate::strategy::{Strategy, Trait};

/// The deployment that an endpoint stands for.
pub(super) enum Placement {
    /// A deployment that exists: its id and its weight.
    Known(String, u32),
    /// A new one, which will have this id.
    New(String),
}

/// What dynamic entries refer to: the providers and deployments of a configuration, before any
/// entry is laid over it. Deployments are found by provider and upstream model, because an endpoint
/// has no id.
pub(super) struct Outline<'a> {
    base: &'a Base,
    /// Deployments that models create in place.
    pub(super) placed: ByName<Deployment>,
    /// By provider and upstream model: the first of those deployments.
    places: BTreeMap<String, DeploymentId>,
    /// Those deployments: id and weight.
    firsts: Vec<(String, u32)>,
}

impl Base {
    /// Returns the names of a route for which shared data has no keys yet. Such keys are never
    /// removed, so `live` bounds how many there may be.
    #[must_use]
    pub fn further(&self, model: &str, route: &DynamicRoute) -> Vec<String> {
        let outline = Outline::of(self);
        let places = route.endpoints.iter().filter_map(|endpoint| outline.place(endpoint).ok());
        let new = places.filter_map(|place| match place {
            Placement::New(id) => Some(format!("deployment {id}")),
            Placement::Known(..) => None,
        });
        let keys = self.groups(model);
        // The groups of a configured model have their keys, whatever serves them.
        let is_new = !self.raw.models.contains_key(model);
        let models = keys.into_iter().filter(|_| is_new).map(|key| format!("model {model}#{key}"));
        new.chain(models).collect()
    }
}

impl<'a> Outline<'a> {
    /// Returns the outline of a configuration.
    pub(super) fn of(base: &'a Base) -> Self {
        let placed = placed(&base.raw);
        let mut outline = Self { base, placed, places: BTreeMap::new(), firsts: Vec::new() };
        let declared = &base.raw.deployments;
        for (id, deployment) in declared {
            outline.add(id, deployment.as_ref());
        }
        // Taken out while it is walked, because `add` changes the outline.
        let placed = std::mem::take(&mut outline.placed);
        for (id, deployment) in &placed {
            // A declared deployment of the same id is the same one.
            if !declared.contains_key(id) {
                outline.add(id, deployment.as_ref());
            }
        }
        outline.placed = placed;
        outline
    }

    /// Notes where a deployment is; of several of one provider and upstream model the first by id
    /// counts.
    fn add(&mut self, id: &str, deployment: Option<&Deployment>) {
        let Some(deployment) = deployment else { return };
        let key = place_key(&deployment.provider_name, &deployment.upstream_model);
        let one = (id.to_owned(), deployment.weight);
        if let Some(first) = self.places.get(&key).and_then(|at| self.firsts.get_mut(at.0)) {
            if id < first.0.as_str() {
                *first = one;
            }
        } else {
            // An index, because the module has maps of this type already. A further type of map
            // would be ten kilobytes.
            self.places.insert(key, DeploymentId(self.firsts.len()));
            self.firsts.push(one);
        }
    }

    /// Returns the deployment that an endpoint is.
    ///
    /// An endpoint of provider `p` and model `m` is the deployment that has both, whatever its id.
    /// If there is none, it is a new one of the id `p/m`.
    ///
    /// # Errors
    /// The id of its deployment, where another has it.
    pub(super) fn place(&self, endpoint: &Endpoint) -> Result<Placement, String> {
        let Endpoint { provider, model_id, .. } = endpoint;
        let known = self.places.get(&place_key(provider, model_id));
        if let Some((id, weight)) = known.and_then(|at| self.firsts.get(at.0)) {
            return Ok(Placement::Known(id.clone(), *weight));
        }
        let id = format!("{provider}/{model_id}");
        // Shared data is kept by id, so two deployments must not have the same.
        let is_taken = self.base.raw.deployments.contains_key(&id) || self.placed.contains_key(&id);
        if is_taken { Err(id) } else { Ok(Placement::New(id)) }
    }

    /// Checks a route by itself and against the configuration's providers and deployments.
    ///
    /// # Errors
    /// What is wrong with it, at which of its fields.
    pub(super) fn check(&self, route: &DynamicRoute) -> Result<(), Problem> {
        let root = Path::Root;
        let at = root.key("endpoints");
        let problem = |at: &Path<'_>, message: String| Problem { path: at.to_string(), message };
        let mut weight = 0_u64;
        let providers = &self.base.raw.providers;
        for (index, endpoint) in route.endpoints.iter().enumerate() {
            let at = at.index(index);
            if !providers.contains_key(&endpoint.provider) {
                let known = || providers.keys().map(String::as_str);
                let near = did_you_mean(&endpoint.provider, known());
                let message = unknown("provider", &endpoint.provider, near, known());
                return Err(problem(&at.key("provider"), message));
            }
            let own = match self.place(endpoint) {
                Ok(Placement::Known(_, weight)) => weight,
                Ok(Placement::New(_)) => 1,
                Err(id) => {
                    let message = format!(
                        "its deployment would have the id {}, which belongs to another \
                         deployment; change \"provider\" or \"model_id\"",
                        quoted(&id)
                    );
                    return Err(problem(&at, message));
                }
            };
            weight = weight.saturating_add(endpoint.weight.unwrap_or(own).into());
        }
        let count = route.endpoints.len();
        let strategy_at = root.key("strategy");
        let strategy = strategy(route);
        if strategy.has(Trait::IsOne) && count > 1 {
            let message =
                format!("has {count} endpoints; the strategy \"single\" allows exactly one");
            return Err(problem(&at, message));
        }
        if strategy.has(Trait::ByWeight) && weight == 0 {
            let message = "every weight is 0; set at least one above 0".to_owned();
            return Err(problem(&at, message));
        }
        if strategy.has(Trait::ByRules) || strategy.has(Trait::AsksService) {
            let name = quoted(&route.strategy);
            let message = format!(
                "{name} needs settings that a dynamic route does not have; choose another strategy"
            );
            return Err(problem(&strategy_at, message));
        }
        Ok(())
    }
}

/// Returns the strategy of a route, whose name was checked when the route was read.
pub(super) fn strategy(route: &DynamicRoute) -> Strategy {
    Strategy::read(Value::String(route.strategy.clone()))
}

/// Returns a key of a provider and an upstream model, neither of which has a NUL in it.
fn place_key(provider: &str, model: &str) -> String {
    format!("{provider}\0{model}")
}
