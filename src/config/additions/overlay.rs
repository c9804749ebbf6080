//! Dynamic entries over a configuration, before its names are resolved.

use super::super::raw::{self, Candidate, Listed, Raw};
use super::super::resolve::in_place;
use super::super::{ModelFacts, Status, TagMatch};
use super::base::{Base, candidates};
use super::fit::{Added, Outline, Place, Unfit, strategy};
use super::{Dynamic, DynamicRoute, Endpoint};

/// Lays entries over the configuration, those aside that do not fit.
pub(super) fn apply(base: &mut Base, dynamic: &Dynamic, unfit: &[Unfit]) {
    let is_fit = |entry: &Added| !unfit.iter().any(|unfit| unfit.entry == *entry);
    let routes = dynamic.routes.iter().filter(|(name, _)| is_fit(&Added::Route((*name).clone())));
    let mut models = Vec::new();
    if !dynamic.routes.is_empty() {
        let outline = Outline::of(base);
        models.extend(routes.map(|(name, route)| (name, model(base, &outline, name, route))));
    }
    for (name, model) in models {
        hide(&mut base.raw, name);
        base.raw.models.insert(name.clone(), Some(model));
    }
    for (name, target) in &dynamic.aliases {
        if is_fit(&Added::Alias(name.clone())) {
            hide(&mut base.raw, name);
            base.raw.aliases.insert(name.clone(), Some(target.clone()));
        }
    }
}

/// Takes a name away. The deployments that its model creates in place stay: others may
/// refer to them.
fn hide(raw: &mut Raw, name: &str) {
    raw.aliases.remove(name);
    let Some(Some(hidden)) = raw.models.remove(name) else { return };
    for (id, deployment) in candidates(&hidden).filter_map(in_place) {
        raw.deployments.entry(id).or_insert(Some(deployment));
    }
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
