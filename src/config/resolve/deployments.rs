//! Deployments: those declared and those that candidates create in place.
//!
//! Every deployment has its id and index before any model is resolved.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::deployment::{CatalogModel, Deployment, ModelFacts};
use super::super::error::{Diagnostics, Path, quoted};
use super::super::ids::{DeploymentId, ProviderId};
use super::super::provider::Provider;
use super::super::raw::{ByName, Raw, RawCandidate};
use super::super::shape::{did_you_mean, listed};
use super::lists::{given, numbered};
use super::rules::Rules;
use super::{overrides, timeouts};
use crate::hash;
use crate::sort::map_of;

/// Everything a request can be sent to.
///
/// Ids and indices exist before models and routes are resolved, because those refer to deployments
/// by index.
pub(super) struct DeploymentSet {
    /// Ids and indices, as far as the rules that are resolved may name them.
    pub(super) ids: BTreeMap<String, DeploymentId>,
    /// Those that only a shadow creates. Names in the document must not resolve to them.
    hidden: BTreeMap<String, DeploymentId>,
    /// Resolved, sorted by id.
    pub(super) built: Vec<Deployment>,
    /// Whether ids may be missing because the whole list was reported.
    pub(super) is_partial: bool,
    /// Clusters that run this module once more, for attempts. Each has the name of one of its
    /// providers.
    attempting: BTreeMap<String, String>,
    /// Suggestions still to be made; each compares a name with many.
    suggestions: Cell<u32>,
}

/// Most suggestions that are made. No more problems than this are kept anyway.
const MOST_SUGGESTIONS: u32 = 100;

impl DeploymentSet {
    /// Collects and resolves the deployments of a configuration: first those declared, then those
    /// that the candidates of each set create.
    #[inline(never)]
    pub(super) fn new(raw: &Raw, sets: &[&Rules<'_>], findings: &mut Diagnostics) -> Self {
        let at = Path::Root.key("deployments");
        let mut written = raw.deployments.clone();
        let mut collector = Collector {
            written: &mut written,
            places: BTreeMap::new(),
            created: Vec::new(),
            findings,
        };
        for (id, deployment) in &raw.deployments {
            collector.check_provider(&at.key(id), deployment.as_ref(), &raw.providers);
        }
        // `created` ends with what the last set alone creates, which is the shadow's.
        for rules in sets {
            collector.created.clear();
            collector.collect(rules, &raw.providers);
        }
        let created = collector.created;
        // Indices are places in the sorted list, which is whole only now.
        let mut ids = numbered(&written, DeploymentId);
        let mut hidden = BTreeMap::new();
        if sets.len() > 1 {
            for id in created {
                if let Some((id, index)) = ids.remove_entry(&id) {
                    hidden.insert(id, index);
                }
            }
        }
        let providers = numbered(&raw.providers, ProviderId);
        let built = written
            .into_iter()
            .filter_map(|(id, deployment)| Some((id, deployment?)))
            .map(|(id, written)| build(&at, id, written, &providers, raw, findings))
            .collect();
        let is_attempting = raw.settings.failover.has_attempts();
        let attempting = given(&raw.providers)
            .filter(|(_, provider)| is_attempting && !provider.cluster.is_empty());
        let attempting =
            map_of(attempting.map(|(name, provider)| (provider.cluster.clone(), name.clone())));
        let suggestions = Cell::new(MOST_SUGGESTIONS);
        let is_partial = findings.is_reported(&at);
        Self { ids, hidden, built, attempting, is_partial, suggestions }
    }

    /// Reports a service's cluster that is a provider's: called from within a request, the
    /// module would be entered while it is running, which ends the worker's VM.
    #[inline(never)]
    pub(super) fn check_service(&self, at: &Path<'_>, cluster: &str, findings: &mut Diagnostics) {
        if let Some(provider) = self.attempting.get(cluster) {
            let message = format!(
                "is the cluster of provider {}, which runs this filter for attempts; give the \
                 service a cluster of its own, without this filter",
                quoted(provider)
            );
            findings.problem(at, message);
        }
    }

    /// Lets the rules that come next name everything, what only a shadow creates included.
    ///
    /// Called after the rules of the document and before those of the shadow.
    #[inline(never)]
    pub(super) fn show_all(&mut self) {
        for (id, index) in std::mem::take(&mut self.hidden) {
            self.ids.insert(id, index);
        }
    }

    /// Returns what [`did_you_mean`] does, as long as any suggestions are left.
    ///
    /// Each suggestion compares the name with up to thousands of others. Without a bound, a
    /// configuration with thousands of wrong names would hold up Envoy while it is loaded.
    pub(super) fn near<'a>(
        &self,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        let left = self.suggestions.get().checked_sub(1)?;
        self.suggestions.set(left);
        did_you_mean(name, known)
    }

    /// Returns the deployment of that id; none where it was reported.
    ///
    /// # Errors
    /// What to tell of an id that is not known.
    pub(super) fn find(&self, id: &str) -> Result<Option<DeploymentId>, String> {
        match self.ids.get(id) {
            Some(found) => Ok(Some(*found)),
            // The list was reported as a whole, so it may well have had the id.
            None if self.is_partial => Ok(None),
            None => {
                let known = || self.ids.keys().map(String::as_str);
                Err(unknown("deployment", id, self.near(id, known()), known()))
            }
        }
    }
}

/// Returns the message for a name that is not known. `what` says what the name should have been,
/// `near` is the suggestion if there is one, and `known` are the names it may be.
pub(in crate::config) fn unknown<'a>(
    what: &str,
    name: &str,
    near: Option<String>,
    known: impl Iterator<Item = &'a str>,
) -> String {
    told(what, name, near, &listed(known))
}

/// Returns the message, for all iterators alike.
///
/// It is apart from [`unknown`] so that the module holds this code once, not once for each type of
/// iterator.
fn told(what: &str, name: &str, near: Option<String>, list: &str) -> String {
    let name_quoted = quoted(name);
    let parting = if near.is_some() { "" } else { ";" };
    let near = near.unwrap_or_default();
    if list.is_empty() {
        format!("unknown {what} {name_quoted}; none is declared, so declare it")
    } else {
        format!("unknown {what} {name_quoted}{near}{parting} known: {list}")
    }
}

/// Collects the deployments that candidates create in place, one set of rules after the other.
struct Collector<'a> {
    written: &'a mut ByName<Deployment>,
    /// Where each deployment in place was first created.
    places: BTreeMap<String, String>,
    /// Ids of those that the set at hand created.
    created: Vec<String>,
    findings: &'a mut Diagnostics,
}

impl Collector<'_> {
    /// Refuses a provider that is not declared, unless that list was reported.
    fn check_provider(
        &mut self,
        at: &Path<'_>,
        deployment: Option<&Deployment>,
        providers: &ByName<Provider>,
    ) {
        let Some(Deployment { provider_name: name, .. }) = deployment else { return };
        // An empty name stands for one that was reported.
        let is_known = name.is_empty() || providers.contains_key(name);
        if !is_known && !self.findings.is_reported(&Path::Root.key("providers")) {
            let known = || providers.keys().map(String::as_str);
            let message = unknown("provider", name, did_you_mean(name, known()), known());
            self.findings.problem(&at.key("provider"), message);
        }
    }

    /// Adds what the candidates of rules create in place.
    fn collect(&mut self, rules: &Rules<'_>, providers: &ByName<Provider>) {
        for (name, model) in rules.models {
            let Some(model) = model else { continue };
            let at = rules.models_at.key(name);
            let candidates = at.key("candidates");
            for (index, candidate) in model.candidates.iter().flatten().enumerate() {
                self.add(&candidates.index(index), candidate.as_ref(), providers);
            }
            let variants = at.key("variants");
            for (index, variant) in model.variants.iter().flatten().enumerate() {
                let variant_at = variants.index(index);
                let candidates = variant_at.key("candidates");
                let written =
                    variant.iter().flat_map(|variant| variant.candidates.iter().flatten());
                for (index, candidate) in written.enumerate() {
                    self.add(&candidates.index(index), candidate.as_ref(), providers);
                }
            }
        }
    }

    /// Adds the deployment that a candidate creates. Two that have one id must be the same, so that
    /// it does not matter which is built.
    fn add(
        &mut self,
        at: &Path<'_>,
        candidate: Option<&RawCandidate>,
        providers: &ByName<Provider>,
    ) {
        let Some((id, deployment)) = candidate.and_then(RawCandidate::in_place) else { return };
        // At the candidate, because what it creates is nowhere else in the document.
        self.check_provider(at, Some(deployment), providers);
        match self.written.get(&id) {
            None => {
                // As text, because a path lives on the stack and this one may be needed later.
                self.places.insert(id.clone(), at.to_string());
                self.created.push(id.clone());
                self.written.insert(id, Some(deployment.clone()));
            }
            Some(Some(other)) if !is_same(other, deployment) => {
                // What has no place was not created by a candidate, so it was declared.
                let declared = || Path::Root.key("deployments").key(&id).to_string();
                let place = self.places.get(&id).cloned().unwrap_or_else(declared);
                let message = format!(
                    "{} differs from {place}; declare the deployment once in \"deployments\" and \
                     list its id",
                    quoted(&id)
                );
                self.findings.problem(at, message);
            }
            Some(_) => {}
        }
    }
}

/// Whether two deployments are one. What belongs to the candidate that creates one does not count.
///
/// So two groups may create the same deployment with different weights and overrides.
fn is_same(left: &Deployment, right: &Deployment) -> bool {
    let neutral = |deployment: &Deployment| Deployment {
        weight: 1,
        request_overrides: Arc::default(),
        ..deployment.clone()
    };
    neutral(left) == neutral(right)
}

/// Returns a deployment with what follows from its names: the index of its provider, its hash, the
/// facts that the catalogue has of its model, and the times that either has.
fn build(
    at: &Path<'_>,
    id: String,
    written: Deployment,
    providers: &BTreeMap<String, ProviderId>,
    raw: &Raw,
    findings: &mut Diagnostics,
) -> Deployment {
    overrides::check(&at.key(&id), &written.request_overrides, findings);
    overrides::check_defaults(&at.key(&id), &written, findings);
    timeouts::check_at(&at.key(&id), written.timeouts, &raw.settings, findings);
    let catalogued = raw.catalog.get(&written.upstream_model).cloned().flatten();
    let catalogued: CatalogModel = catalogued.unwrap_or_default();
    let provider = raw.providers.get(&written.provider_name).and_then(Option::as_ref);
    let of_provider = provider.map(|provider| provider.timeouts).unwrap_or_default();
    Deployment {
        // Once here, because sticky picks would hash the same ids in every request.
        hash: hash::of(id.as_bytes()),
        // An unknown provider was reported, so no request meets the default.
        provider: providers.get(&written.provider_name).copied().unwrap_or_default(),
        facts: over(&written.facts, catalogued.facts),
        timeouts: written.timeouts.over(catalogued.timeouts).over(of_provider),
        id,
        ..written
    }
}

/// Returns the deployment's facts, and the catalogue's where it has none.
///
/// Field by field: a deployment that states a price keeps the context window of the catalogue.
fn over(own: &ModelFacts, catalogued: ModelFacts) -> ModelFacts {
    ModelFacts {
        context_window: own.context_window.or(catalogued.context_window),
        max_output_tokens: own.max_output_tokens.or(catalogued.max_output_tokens),
        vision: own.vision.or(catalogued.vision),
        audio: own.audio.or(catalogued.audio),
        files: own.files.or(catalogued.files),
        tools: own.tools.or(catalogued.tools),
        json_mode: own.json_mode.or(catalogued.json_mode),
        input_usd_per_million: own.input_usd_per_million.or(catalogued.input_usd_per_million),
        output_usd_per_million: own.output_usd_per_million.or(catalogued.output_usd_per_million),
        cached_input_usd_per_million: own
            .cached_input_usd_per_million
            .or(catalogued.cached_input_usd_per_million),
        cache_write_usd_per_million: own
            .cache_write_usd_per_million
            .or(catalogued.cache_write_usd_per_million),
        cache_write_1h_usd_per_million: own
            .cache_write_1h_usd_per_million
            .or(catalogued.cache_write_1h_usd_per_million),
        cache_hit_share: own.cache_hit_share.or(catalogued.cache_hit_share),
    }
}
