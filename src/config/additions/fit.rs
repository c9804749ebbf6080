//! Which dynamic entries fit a configuration, and why the others do not.
//!
//! Says of every entry whether the configuration with it has all its names resolved,
//! without building it: providers may have gone, targets may have, aliases may have come
//! to stand for each other. What is found to fit makes no problem.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::error::{Path, quoted};
use super::super::raw::{self, Named, Strategy};
use super::super::read::Read;
use super::super::resolve::unknown;
use super::super::shape::{did_you_mean, listed};
use super::super::{DeploymentId, Problem, Problems, Status};
use super::base::{Base, placed, variant_keys};
use super::{Dynamic, DynamicRoute, Endpoint};
use crate::strategy::Trait;

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
    /// Deployments that models create in place.
    pub(super) placed: Named<raw::Deployment>,
    /// By provider and upstream model: the first of those deployments.
    places: BTreeMap<String, DeploymentId>,
    /// Those deployments: id and weight.
    firsts: Vec<(String, u32)>,
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
        let aliases = Aliases { base: self, routes: &routes, taken: Vec::new(), is_told: false };
        unfit.extend(aliases.unfit(dynamic));
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
        let placed = placed(&base.raw);
        let mut outline = Self { base, placed, places: BTreeMap::new(), firsts: Vec::new() };
        let declared = &base.raw.deployments;
        for (id, deployment) in declared {
            outline.add(id, deployment.as_ref());
        }
        let placed = std::mem::take(&mut outline.placed);
        for (id, deployment) in &placed {
            // Of an id that is declared, too, this is the same.
            if !declared.contains_key(id) {
                outline.add(id, deployment.as_ref());
            }
        }
        outline.placed = placed;
        outline
    }

    fn add(&mut self, id: &str, deployment: Option<&raw::Deployment>) {
        let Some(deployment) = deployment else { return };
        let (Some(provider), Some(model)) = (&deployment.provider, &deployment.model) else {
            return;
        };
        let key = place_key(provider, model);
        let one = (id.to_owned(), deployment.weight);
        if let Some(first) = self.places.get(&key).and_then(|at| self.firsts.get_mut(at.0)) {
            if id < first.0.as_str() {
                *first = one;
            }
        } else {
            self.places.insert(key, DeploymentId(self.firsts.len()));
            self.firsts.push(one);
        }
    }

    /// The deployment that an endpoint is.
    ///
    /// # Errors
    /// Where its id is taken by another.
    pub(super) fn place(&self, endpoint: &Endpoint) -> Result<Place, String> {
        let Endpoint { provider, model_id, .. } = endpoint;
        let known = self.places.get(&place_key(provider, model_id));
        if let Some((id, weight)) = known.and_then(|at| self.firsts.get(at.0)) {
            return Ok(Place::Known(id.clone(), *weight));
        }
        let id = format!("{provider}/{model_id}");
        let is_taken = self.base.raw.deployments.contains_key(&id) || self.placed.contains_key(&id);
        if is_taken { Err(id) } else { Ok(Place::New(id)) }
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
        let strategy = strategy(route);
        if strategy.has(Trait::IsOne) && count > 1 {
            let message = format!("{count} endpoints under \"single\"; allowed: exactly one");
            return Err(problem(&at, message));
        }
        if strategy.has(Trait::ByWeight) && weight == 0 {
            let message = "every weight is 0; at least one must be above".to_owned();
            return Err(problem(&at, message));
        }
        if strategy.has(Trait::ByRules) || strategy.has(Trait::AsksService) {
            let name = quoted(&route.strategy);
            let message =
                format!("{name} needs settings that a dynamic route has not; allowed: the others");
            return Err(problem(&strategy_at, message));
        }
        Ok(())
    }
}

/// The strategy of a route.
pub(super) fn strategy(route: &DynamicRoute) -> Strategy {
    Strategy::read(Value::String(route.strategy.clone()))
}

/// A provider and an upstream model, neither of which has a NUL in it.
fn place_key(provider: &str, model: &str) -> String {
    format!("{provider}\0{model}")
}

/// Aliases as they hold beside the routes that fit.
struct Aliases<'a> {
    base: &'a Base,
    routes: &'a BTreeSet<&'a str>,
    /// Dynamic ones that were found to fit, by name.
    taken: Vec<(&'a str, &'a str)>,
    /// Whether it matters what is said of those that do not.
    is_told: bool,
}

impl<'a> Aliases<'a> {
    fn unfit(mut self, dynamic: &'a Dynamic) -> Vec<Unfit> {
        let mut waiting: Vec<(&str, &str)> = Vec::new();
        for (alias, model) in &dynamic.aliases {
            waiting.push((alias, model));
        }
        loop {
            let before = waiting.len();
            // One may stand for another that came after it, so that there can be as many
            // rounds as aliases: in these nothing is told.
            waiting.retain(|(alias, model)| {
                let at = self.take(alias, model);
                let is_unfit = self.check(alias, model).is_err();
                if is_unfit {
                    self.taken.remove(at);
                }
                is_unfit
            });
            if waiting.len() == before {
                break;
            }
        }
        // Among all of them, so that cycles are told from names that are not known.
        for (alias, model) in &waiting {
            self.take(alias, model);
        }
        self.is_told = true;
        let mut unfit = Vec::new();
        for (alias, model) in waiting {
            if let Err((path, message)) = self.check(alias, model) {
                let problem = Problem { path: path.to_owned(), message };
                unfit.push(Unfit { entry: Added::Alias(alias.to_owned()), problem });
            }
        }
        unfit
    }

    /// Takes one, and says at which place.
    fn take(&mut self, alias: &'a str, model: &'a str) -> usize {
        let (Ok(at) | Err(at)) = self.place(alias);
        self.taken.insert(at, (alias, model));
        at
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.taken.binary_search_by(|(alias, _)| (*alias).cmp(name))
    }

    /// What a name stands for; none of what is no alias.
    fn next(&self, name: &str) -> Option<&str> {
        if self.routes.contains(name) {
            return None;
        }
        let taken = self.place(name).ok().and_then(|at| self.taken.get(at));
        let taken = taken.map(|(_, model)| *model);
        taken.or_else(|| self.base.raw.aliases.get(name)?.as_deref())
    }

    /// Whether what an alias stands for is a model, where that alias is among the taken.
    fn check(&self, alias: &str, model: &str) -> Result<(), (&'static str, String)> {
        if self.routes.contains(alias) {
            let message = "is also the name of a dynamic route, which wins; delete that first";
            return Err(("alias", message.to_owned()));
        }
        self.check_model(alias, model).map_err(|message| ("model", message))
    }

    fn check_model(&self, alias: &str, model: &str) -> Result<(), String> {
        let mut chain = vec![alias];
        let mut current = model;
        let most = self.taken.len().saturating_add(self.base.raw.aliases.len());
        while let Some(next) = self.next(current) {
            chain.push(current);
            if current == alias || chain.len() > most.saturating_add(1) {
                if !self.is_told {
                    return Err(String::new());
                }
                let more = if chain.len() > MOST_TOLD { " -> …" } else { "" };
                chain.truncate(MOST_TOLD);
                return Err(format!("cycle: {}{more}", chain.join(" -> ")));
            }
            current = next;
        }
        let is_route = self.routes.contains(current);
        let found = if is_route {
            self.base.hidden_by(current)
        } else {
            match self.base.raw.models.get(current) {
                Some(found) => found.as_ref(),
                None if !self.is_told => return Err(String::new()),
                None => {
                    let known = listed(self.base.models());
                    let name = quoted(current);
                    return Err(format!("unknown model {name}; known models: {known}"));
                }
            }
        };
        let is_deleted = found.is_some_and(|model| model.status == Status::Deleted);
        if is_deleted && !is_route {
            let name = quoted(current);
            return Err(format!("model {name} is deleted; allowed: models that resolve"));
        }
        // Routes may name the variants of what the alias hides.
        let has = variant_keys(found);
        let mut missing = variant_keys(self.base.hidden_by(alias));
        missing.retain(|key| !has.contains(key));
        if missing.is_empty() {
            return Ok(());
        }
        let (target, alias) = (quoted(current), quoted(alias));
        let list = listed(missing.iter().map(String::as_str));
        Err(format!("{target} lacks variants that {alias} has: {list}; use a dynamic route"))
    }
}

/// All entries, where they do not fit together for a reason that `unfit` does not know.
pub(super) fn none(dynamic: &Dynamic, problems: &Problems) -> Vec<Unfit> {
    let problem = problems.iter().next().cloned();
    let problem = problem
        .unwrap_or_else(|| Problem { path: "configuration".to_owned(), message: String::new() });
    let mut unfit = Vec::new();
    for (model, _) in &dynamic.routes {
        unfit.push(Unfit { entry: Added::Route(model.clone()), problem: problem.clone() });
    }
    for (alias, _) in &dynamic.aliases {
        unfit.push(Unfit { entry: Added::Alias(alias.clone()), problem: problem.clone() });
    }
    unfit
}
