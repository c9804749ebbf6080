//! Puts facts into a document: into its catalogue, or into a deployment where another provider has
//! the same model at another price.

use std::collections::BTreeMap;

use crate::yaml::Ordered;

/// The sections that the candidates of models are in.
const WITH_CANDIDATES: [&str; 2] = ["models", "shadow"];
/// Members that are the user's own JSON.
const FREE: [&str; 3] = ["request_defaults", "request_overrides", "param_schema"];

/// What has been put into a document so far.
pub(super) struct Filling {
    /// The catalogue as the user has written it, which counts over the list.
    stated: Ordered,
    /// The facts that the catalogue has got, by model.
    added: BTreeMap<String, Ordered>,
}

impl Filling {
    pub(super) fn new(document: &Ordered) -> Self {
        let stated = document.get("catalog").cloned().unwrap_or_else(Ordered::object);
        Self { stated, added: BTreeMap::new() }
    }

    /// Adds the facts of a deployment's model. `place`: the names of its provider and its model.
    pub(super) fn add(
        &mut self,
        document: &mut Ordered,
        id: &str,
        place: (&str, &str),
        facts: &Ordered,
    ) {
        let (_, model) = place;
        let first = self.added.entry(model.to_owned()).or_insert_with(|| facts.clone());
        if first == facts {
            if let Some(entry) = document.entry("catalog").and_then(|all| all.entry(model)) {
                add_missing(entry, facts, None);
            }
            return;
        }
        let stated = self.stated.get(model);
        let is_written = document.get("deployments").is_some_and(|all| all.get(id).is_some());
        if is_written {
            let deployment = document.entry("deployments").and_then(|all| all.entry(id));
            if let Some(own) = deployment.and_then(|it| it.entry("facts")) {
                add_missing(own, facts, stated);
            }
            return;
        }
        for (section, value) in document.inner_mut() {
            if WITH_CANDIDATES.contains(&section) {
                fill_candidates(value, place, facts, stated);
            }
        }
    }
}

/// Adds facts to the candidates that create a deployment of this provider and model in place.
fn fill_candidates(
    value: &mut Ordered,
    (provider, model): (&str, &str),
    facts: &Ordered,
    stated: Option<&Ordered>,
) {
    let is = |value: &Ordered, key, wanted| value.get(key).and_then(Ordered::text) == Some(wanted);
    for (key, inner) in value.inner_mut() {
        if key == "candidates" {
            for (_, candidate) in inner.inner_mut() {
                if is(candidate, "provider", provider)
                    && is(candidate, "model", model)
                    && let Some(own) = candidate.entry("facts")
                {
                    add_missing(own, facts, stated);
                }
            }
        } else if !FREE.contains(&key) {
            fill_candidates(inner, (provider, model), facts, stated);
        }
    }
}

/// Adds the facts that neither `own` nor `stated` has.
fn add_missing(own: &mut Ordered, facts: &Ordered, stated: Option<&Ordered>) {
    for (fact, value) in facts.members() {
        let is_stated = stated.is_some_and(|stated| stated.get(fact).is_some());
        if !is_stated && own.get(fact).is_none() {
            own.set(fact, value.clone());
        }
    }
}
