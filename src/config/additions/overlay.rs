//! Dynamic entries over a configuration, before its names are resolved.

use std::collections::BTreeSet;

use super::super::configuration::Config;
use super::super::deployment::Deployment;
use super::super::error::Problems;
use super::super::parse::finished;
use super::super::raw::{Elements, Listing, Raw, RawCandidate, RawModel, RawVariant};
use super::super::resolve::{Layers, resolve};
use super::base::{Base, candidates};
use super::dynamic::{Dynamic, DynamicRoute, Endpoint};
use super::entry::{Added, Unfit};
use super::outline::{Outline, Placement, strategy};

impl Base {
    /// Returns the configuration with those dynamic entries that are not unfit. `unfit` is what
    /// [`Base::unfit`] returned for the same entries.
    ///
    /// # Errors
    /// What its names and rules get wrong.
    pub fn with(mut self, dynamic: &Dynamic, unfit: &[Unfit]) -> Result<Config, Problems> {
        apply(&mut self, dynamic, unfit);
        let Self { raw, own, own_routes, mut findings, .. } = self;
        let config = resolve(Layers { raw, own, own_routes }, &mut findings);
        finished(Some(config), findings)
    }
}

/// Lays entries over the configuration, but for those that do not fit.
fn apply(base: &mut Base, dynamic: &Dynamic, unfit: &[Unfit]) {
    if dynamic.is_empty() {
        return;
    }
    let is_fit = |entry: &Added| !unfit.iter().any(|unfit| unfit.entry == *entry);
    let mut models = Vec::new();
    let mut aliases = Vec::new();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut used = Vec::new();
    // Decided first, by the configuration as it is before anything is laid over it.
    let outline = Outline::of(base);
    for (name, route) in &dynamic.routes {
        if is_fit(&Added::Route(name.clone())) {
            names.insert(name);
            // Deployments that models create in place, so that they outlast those models.
            let known = route.endpoints.iter().filter_map(|one| match outline.place(one) {
                Ok(Placement::Known(id, _)) => Some((outline.placed.get(&id)?.clone()?, id)),
                _ => None,
            });
            used.extend(known);
            models.push((name.clone(), model(base, &outline, name, route)));
        }
    }
    for (alias, target) in &dynamic.aliases {
        if is_fit(&Added::Alias(alias.clone())) {
            names.insert(alias);
            aliases.push((alias.clone(), target.clone()));
        }
    }
    // Before anything is added, because what is added has these very names.
    hide(&mut base.raw, &names);
    // Deployments that were created in place can be named once they are declared. That goes for
    // those of the shadow too.
    for (deployment, id) in used {
        declare(&mut base.raw, id, deployment);
    }
    for (name, model) in models {
        base.raw.models.insert(name, Some(model));
    }
    for (alias, target) in aliases {
        base.raw.aliases.insert(alias, Some(target));
    }
}

/// Takes names away. The deployments that their models create in place stay: others may
/// refer to them.
fn hide(raw: &mut Raw, names: &BTreeSet<&str>) {
    // Built anew: removing single members would be as much code again.
    for (name, model) in std::mem::take(&mut raw.models) {
        if !names.contains(name.as_str()) {
            raw.models.insert(name, model);
            continue;
        }
        let created = model.iter().flat_map(candidates).filter_map(RawCandidate::in_place);
        for (id, deployment) in created {
            declare(raw, id, deployment.clone());
        }
    }
    for (alias, target) in std::mem::take(&mut raw.aliases) {
        if !names.contains(alias.as_str()) {
            raw.aliases.insert(alias, target);
        }
    }
}

/// Declares a deployment, unless its id is declared already.
///
/// The declaration of the document stays: what is created in place under its id is the same.
fn declare(raw: &mut Raw, id: String, deployment: Deployment) {
    if raw.deployments.contains_key(&id) {
        return;
    }
    raw.deployments.insert(id, Some(deployment));
}

/// Returns the model of a route. It has the variants of the model that it hides, so that
/// requests for one of those are served too.
///
/// A route for `fast`, over a model `fast` with the variants `base` and `cheap`, is a model with
/// both of them. Each has all endpoints of the route.
fn model(base: &Base, outline: &Outline<'_>, name: &str, route: &DynamicRoute) -> RawModel {
    let candidates = || -> Elements<RawCandidate> {
        let places = route.endpoints.iter().filter_map(|endpoint| {
            outline.place(endpoint).ok().map(|place| Some(candidate(endpoint, place)))
        });
        places.collect()
    };
    let strategy = strategy(route);
    let hidden = base.hidden_by(name);
    let variants = hidden.and_then(|hidden| hidden.variants.as_ref()).map(|variants| {
        let variant = |hidden: &RawVariant| RawVariant {
            key: hidden.key.clone(),
            // Both described candidates that are not used any more.
            purpose: None,
            when_to_use: None,
            strategy,
            position: hidden.position,
            candidates: Some(candidates()),
        };
        variants.iter().map(|hidden| hidden.as_ref().map(variant)).collect()
    });
    let has_variants = variants.is_some();
    RawModel {
        strategy: (!has_variants).then_some(strategy),
        candidates: (!has_variants).then(candidates),
        variants,
        ..RawModel::default()
    }
}

/// Returns an endpoint as a candidate: it refers to the deployment that exists, or creates one in
/// place.
fn candidate(endpoint: &Endpoint, place: Placement) -> RawCandidate {
    let (deployment, created) = match place {
        Placement::Known(id, _) => (Some(id), None),
        Placement::New(_) => (None, Some(deployment(endpoint))),
    };
    let listing = Listing { weight: endpoint.weight, ..Listing::default() };
    RawCandidate { deployment, created, listing }
}

/// Returns a deployment as one in place is read that has no further keys.
fn deployment(endpoint: &Endpoint) -> Deployment {
    Deployment {
        provider_name: endpoint.provider.clone(),
        upstream_model: endpoint.model_id.clone(),
        weight: 1,
        enabled: true,
        ..Deployment::default()
    }
}
