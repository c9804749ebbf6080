//! Which dynamic entries fit a configuration, and why the others do not.
//!
//! Says of every entry whether the configuration with it has all its names resolved,
//! without building it: providers may have gone, targets may have, aliases may have come
//! to stand for each other. What is found to fit makes no problem.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::error::{Path, quoted};
use super::super::raw::{self, Strategy};
use super::super::read::Read;
use super::super::resolve::unknown;
use super::super::shape::{did_you_mean, listed};
use super::super::{Problem, Problems, Status};
use super::base::{Base, placed, variant_keys};
use super::{Dynamic, DynamicRoute, Endpoint};

/// Names of a cycle that a message lists.
const MOST_TOLD: usize = 16;

/// A dynamic entry, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The route of that model.
    Route(String),
    /// The alias of that name.
    Alias(String),
}

/// A dynamic entry that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Which one.
    pub entry: Added,
    /// What is wrong with it, at which of its fields.
    pub problem: Problem,
}

/// What an endpoint is.
pub(super) enum Place {
    /// The deployment of that id, which there is, and its weight.
    Known(String, u32),
    /// One of its own.
    New(String),
}

/// What dynamic entries refer to.
pub(super) struct Outline<'a> {
    base: &'a Base,
    /// By provider and upstream model: the first of those deployments, and its weight.
    deployments: BTreeMap<(String, String), (String, u32)>,
    ids: BTreeSet<String>,
}

impl Base {
    /// Dynamic entries that do not fit, routes first.
    #[must_use]
    pub fn unfit(&self, dynamic: &Dynamic) -> Vec<Unfit> {
        if dynamic.is_empty() {
            return Vec::new();
        }
        let outline = Outline::of(self);
        let mut unfit = Vec::new();
        let mut routes = BTreeSet::new();
        for (model, route) in &dynamic.routes {
            match outline.check(route) {
                Ok(()) => _ = routes.insert(model.as_str()),
                Err(problem) => {
                    unfit.push(Unfit { entry: Added::Route(model.clone()), problem });
                }
            }
        }
        unfit.extend(Aliases::new(self, &routes).unfit(dynamic));
        unfit
    }

    /// Names of a route for which shared data has no keys yet.
    #[must_use]
    pub fn further(&self, model: &str, route: &DynamicRoute) -> Vec<String> {
        let outline = Outline::of(self);
        let places = route.endpoints.iter().filter_map(|endpoint| outline.place(endpoint).ok());
        let new = places.filter_map(|place| match place {
            Place::New(id) => Some(format!("deployment {id}")),
            Place::Known(..) => None,
        });
        let keys = self.groups(model);
        let is_new = !self.raw.models.contains_key(model);
        let models = keys.into_iter().filter(|_| is_new).map(|key| format!("model {model}#{key}"));
        new.chain(models).collect()
    }

    /// Keys of the groups that a dynamic route of that name has: those of the model it
    /// hides; the empty one of a model without variants.
    #[must_use]
    pub fn groups(&self, name: &str) -> Vec<String> {
        let keys = self.hidden_by(name).map(|hidden| variant_keys(Some(hidden)));
        keys.filter(|keys| !keys.is_empty()).unwrap_or_else(|| vec![String::new()])
    }

    /// The model that a name stands for without dynamic entries.
    pub(super) fn hidden_by(&self, name: &str) -> Option<&raw::Model> {
        let mut current = name;
        for _ in 0..=self.raw.aliases.len() {
            match self.raw.aliases.get(current) {
                Some(next) => current = next.as_deref()?,
                None => break,
            }
        }
        self.raw.models.get(current)?.as_ref()
    }
}

impl<'a> Outline<'a> {
    pub(super) fn of(base: &'a Base) -> Self {
        let (mut deployments, mut ids) = (BTreeMap::new(), BTreeSet::new());
        let mut add = |id: &String, deployment: &raw::Deployment| {
            ids.insert(id.clone());
            let raw::Deployment { provider: Some(provider), model: Some(model), .. } = deployment
            else {
                return;
            };
            let entry = deployments.entry((provider.clone(), model.clone()));
            let (first, weight) = entry.or_insert_with(|| (id.clone(), deployment.weight));
            if id < first {
                first.clone_from(id);
                *weight = deployment.weight;
            }
        };
        for (id, deployment) in &base.raw.deployments {
            deployment.iter().for_each(|deployment| add(id, deployment));
        }
        // Of an id that is declared, too, this is the same.
        for (id, deployment) in &placed(&base.raw) {
            if !base.raw.deployments.contains_key(id) {
                add(id, deployment);
            }
        }
        Self { base, deployments, ids }
    }

    /// The deployment that an endpoint is.
    ///
    /// # Errors
    /// Where its id is taken by another.
    pub(super) fn place(&self, endpoint: &Endpoint) -> Result<Place, String> {
        let Endpoint { provider, model_id, .. } = endpoint;
        // The pair is only for the question; the map's own are kept.
        if let Some((id, weight)) = self.deployments.get(&(provider.clone(), model_id.clone())) {
            return Ok(Place::Known(id.clone(), *weight));
        }
        let id = format!("{provider}/{model_id}");
        if self.ids.contains(&id) { Err(id) } else { Ok(Place::New(id)) }
    }

    fn check(&self, route: &DynamicRoute) -> Result<(), Problem> {
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
                Ok(Place::Known(_, weight)) => weight,
                Ok(Place::New(_)) => 1,
                Err(id) => {
                    let message =
                        format!("its deployment would be {}, which is another one", quoted(&id));
                    return Err(problem(&at, message));
                }
            };
            weight = weight.saturating_add(endpoint.weight.unwrap_or(own).into());
        }
        let count = route.endpoints.len();
        let strategy_at = root.key("strategy");
        match strategy(route) {
            Strategy::Single if count > 1 => Err(problem(
                &at,
                format!("{count} endpoints under \"single\"; allowed: exactly one"),
            )),
            Strategy::Weighted if weight == 0 => {
                Err(problem(&at, "every weight is 0; at least one must be above".to_owned()))
            }
            Strategy::Rules | Strategy::Custom => {
                let name = quoted(&route.strategy);
                let message = format!(
                    "{name} needs settings that a dynamic route has not; allowed: the others"
                );
                Err(problem(&strategy_at, message))
            }
            _ => Ok(()),
        }
    }
}

/// The strategy of a route.
pub(super) fn strategy(route: &DynamicRoute) -> Strategy {
    Strategy::read(Value::String(route.strategy.clone()))
}

/// Aliases as they hold beside the routes that fit.
struct Aliases<'a> {
    base: &'a Base,
    routes: &'a BTreeSet<&'a str>,
    /// Those of the configuration that no route hides, and those found to fit.
    current: BTreeMap<&'a str, &'a str>,
}

impl<'a> Aliases<'a> {
    fn new(base: &'a Base, routes: &'a BTreeSet<&'a str>) -> Self {
        let mut current = BTreeMap::new();
        current.extend(base.aliases().filter(|(alias, _)| !routes.contains(alias)));
        Self { base, routes, current }
    }

    fn unfit(mut self, dynamic: &'a Dynamic) -> Vec<Unfit> {
        let mut waiting: Vec<(&str, &str)> =
            dynamic.aliases.iter().map(|(alias, model)| (alias.as_str(), model.as_str())).collect();
        loop {
            let before = waiting.len();
            let mut unfit = Vec::new();
            let mut left = Vec::new();
            for (alias, model) in waiting {
                if let Err(problem) = self.take(alias, model) {
                    left.push((alias, model));
                    unfit.push(Unfit { entry: Added::Alias(alias.to_owned()), problem });
                }
            }
            // One may stand for another that came after it.
            if left.len() == before {
                return self.told(unfit, left);
            }
            waiting = left;
        }
    }

    /// Why those do not fit that stand for each other, or for what does not fit itself.
    fn told(mut self, mut unfit: Vec<Unfit>, left: Vec<(&'a str, &'a str)>) -> Vec<Unfit> {
        let routes = self.routes;
        self.current.extend(left.iter().copied().filter(|(alias, _)| !routes.contains(alias)));
        for (unfit, (alias, model)) in unfit.iter_mut().zip(left) {
            if let (Err(message), "model") = (self.check(alias, model), unfit.problem.path.as_str())
            {
                unfit.problem.message = message;
            }
        }
        unfit
    }

    /// Takes an alias, if what it stands for is a model.
    fn take(&mut self, alias: &'a str, model: &'a str) -> Result<(), Problem> {
        let problem = |path: &str, message| Err(Problem { path: path.to_owned(), message });
        if self.routes.contains(alias) {
            let message = "is also the name of a dynamic route, which wins; delete that first";
            return problem("alias", message.to_owned());
        }
        let before = self.current.insert(alias, model);
        let found = self.check(alias, model);
        if found.is_err() {
            self.current.remove(alias);
            self.current.extend(before.map(|before| (alias, before)));
        }
        found.or_else(|message| problem("model", message))
    }

    fn check(&self, alias: &str, model: &str) -> Result<(), String> {
        let mut chain = vec![alias];
        let mut seen = BTreeSet::from([alias]);
        let mut current = model;
        while let Some(next) = self.current.get(current).filter(|_| !self.is_route(current)) {
            chain.push(current);
            if !seen.insert(current) {
                let more = if chain.len() > MOST_TOLD { " -> …" } else { "" };
                chain.truncate(MOST_TOLD);
                return Err(format!("cycle: {}{more}", chain.join(" -> ")));
            }
            current = next;
        }
        if !self.is_route(current) {
            match self.base.raw.models.get(current) {
                Some(Some(model)) if model.status == Status::Deleted => {
                    let name = quoted(current);
                    return Err(format!("model {name} is deleted; allowed: models that resolve"));
                }
                Some(_) => {}
                None => return Err(self.unknown(alias, current)),
            }
        }
        // Routes may name the variants of what the alias hides.
        let has = if self.is_route(current) {
            self.base.hidden_by(current)
        } else {
            self.base.raw.models.get(current).and_then(Option::as_ref)
        };
        let has = variant_keys(has);
        let hidden = variant_keys(self.base.hidden_by(alias));
        let missing = || hidden.iter().filter(|key| !has.contains(key)).map(String::as_str);
        if missing().next().is_some() {
            let (target, list) = (quoted(current), listed(missing()));
            return Err(format!(
                "{target} lacks variants that {} has: {list}; use a dynamic route",
                quoted(alias)
            ));
        }
        Ok(())
    }

    fn is_route(&self, name: &str) -> bool {
        self.routes.contains(name)
    }

    fn unknown(&self, alias: &str, name: &str) -> String {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        known.extend(self.base.raw.models.keys().map(String::as_str));
        known.extend(self.routes);
        known.extend(self.current.keys());
        known.remove(alias);
        let known = || known.iter().copied();
        unknown("model", name, did_you_mean(name, known()), known())
    }
}

/// All entries, where they do not fit together for a reason that `unfit` does not know.
pub(super) fn none(dynamic: &Dynamic, problems: &Problems) -> Vec<Unfit> {
    let problem = problems.iter().next().cloned();
    let problem = problem
        .unwrap_or_else(|| Problem { path: "configuration".to_owned(), message: String::new() });
    let routes = dynamic.routes.keys().cloned().map(Added::Route);
    let entries = routes.chain(dynamic.aliases.keys().cloned().map(Added::Alias));
    entries.map(|entry| Unfit { entry, problem: problem.clone() }).collect()
}
