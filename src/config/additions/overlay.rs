//! Dynamic entries over a configuration, before its names are resolved.

use std::collections::BTreeSet;

use super::super::raw::{self, Candidate, Listed, Raw};
use super::super::resolve::in_place;
use super::super::{ModelFacts, Status, TagMatch};
use super::base::{Base, candidates};
use super::fit::{Added, Outline, Place, Unfit, strategy};
use super::{Dynamic, DynamicRoute, Endpoint};

/// Lays entries over the configuration, those aside that do not fit.
pub(super) fn apply(base: &mut Base, dynamic: &Dynamic, unfit: &[Unfit]) {
    if dynamic.is_empty() {
        return;
    }
    let is_fit = |entry: &Added| !unfit.iter().any(|unfit| unfit.entry == *entry);
    let mut models = Vec::new();
    let mut aliases = Vec::new();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut used = Vec::new();
    let outline = Outline::of(base);
    for (name, route) in &dynamic.routes {
        if is_fit(&Added::Route(name.clone())) {
            names.insert(name);
            let known = route.endpoints.iter().filter_map(|one| match outline.place(one) {
                Ok(Place::Known(id, _)) => Some((outline.placed.get(&id)?.clone()?, id)),
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
    hide(&mut base.raw, &names);
    // What is created in place can be named once it is declared, the shadow's, too.
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
    // Built anew, for the removal of one member would be as much code again.
    for (name, model) in std::mem::take(&mut raw.models) {
        if !names.contains(name.as_str()) {
            raw.models.insert(name, model);
            continue;
        }
        for (id, deployment) in model.iter().flat_map(candidates).filter_map(in_place) {
            declare(raw, id, deployment);
        }
    }
    for (alias, target) in std::mem::take(&mut raw.aliases) {
        if !names.contains(alias.as_str()) {
            raw.aliases.insert(alias, target);
        }
    }
}

fn declare(raw: &mut Raw, id: String, deployment: raw::Deployment) {
    if raw.deployments.contains_key(&id) {
        return;
    }
    raw.deployments.insert(id, Some(deployment));
}

/// The model of a route. It has the variants of the model that it hides, so that whoever
/// names one of those is served, too.
fn model(base: &Base, outline: &Outline<'_>, name: &str, route: &DynamicRoute) -> raw::Model {
    let candidates = || -> Listed<Candidate> {
        let places = route.endpoints.iter().filter_map(|endpoint| {
            outline.place(endpoint).ok().map(|place| Some(candidate(endpoint, place)))
        });
        places.collect()
    };
    let strategy = strategy(route);
    let hidden = base.hidden_by(name);
    let variants = hidden.and_then(|hidden| hidden.variants.as_ref()).map(|variants| {
        let variant = |hidden: &raw::Variant| raw::Variant {
            key: hidden.key.clone(),
            purpose: None,
            when_to_use: None,
            strategy,
            position: hidden.position,
            candidates: Some(candidates()),
        };
        variants.iter().map(|hidden| hidden.as_ref().map(variant)).collect()
    });
    let has_variants = variants.is_some();
    raw::Model {
        strategy: (!has_variants).then_some(strategy),
        candidates: (!has_variants).then(candidates),
        variants,
        fallbacks: raw::Fallbacks {
            any_failure: None,
            general: Vec::new(),
            context_window: None,
            content_policy: None,
            rate_limit: None,
        },
        state_deployment: None,
        status: Status::Active,
        description: None,
        purpose: None,
        when_to_use: None,
        param_schema: None,
        tag_match: TagMatch::Off,
        sticky: None,
        custom: None,
    }
}

fn candidate(endpoint: &Endpoint, place: Place) -> Candidate {
    let (deployment, provider, model) = match place {
        Place::Known(id, _) => (Some(id), None, None),
        Place::New(_) => (None, Some(endpoint.provider.clone()), Some(endpoint.model_id.clone())),
    };
    Candidate {
        deployment,
        weight: endpoint.weight,
        position: 0,
        rules: Vec::new(),
        request_overrides: None,
        provider,
        model,
        priority: 0,
        tags: Vec::new(),
        rpm_limit: None,
        tpm_limit: None,
        max_parallel_requests: None,
        enabled: true,
        facts: ModelFacts::default(),
    }
}
