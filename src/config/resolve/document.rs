//! The whole document, and its shadow over the same deployments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::configuration::{Config, Shadow};
use super::super::demand::Demand;
use super::super::deployment::{Deployment, ModelFacts};
use super::super::error::{Diagnostics, Path};
use super::super::provider::Provider;
use super::super::raw::{Raw, Settings};
use super::super::route_index::RouteIndex;
use super::deployments::DeploymentSet;
use super::resolved::Resolved;
use super::rules::{Layers, Rules};
use super::scope::RequestNeeds;
use super::{
    admin, boundaries, hold, idle, overrides, providers, settings, translation, unpriced, ways,
};
use crate::request::keyword::{Keywords, KeywordsBuilder};
use crate::request::path::PathTable;
use crate::sort::map_of;

/// Resolves a configuration whose shape is checked.
///
/// The rules come first, then those of the shadow over the same deployments; then what one key
/// alone cannot get wrong. Returns a configuration in any case. It is good only if `findings` has
/// no problem.
pub(in crate::config) fn resolve(layers: Layers, findings: &mut Diagnostics) -> Config {
    let (shadow_at, root) = (Path::Root.key("shadow"), Path::Root);
    let Layers { mut raw, own, own_routes } = layers;
    // Taken out, because the rest of the settings becomes the configuration's.
    let shadow = raw.settings.shadow.take();
    let rules = Rules { own_routes, ..Rules::of(&raw, &root) };
    let own = own.as_ref().unwrap_or(&raw);
    let shadow_rules = shadow.as_ref().map(|given| Rules::shadowing(own, given, &shadow_at));
    providers::check(&raw, findings);
    let sets: Vec<&Rules<'_>> = std::iter::once(&rules).chain(&shadow_rules).collect();
    let mut deployments = DeploymentSet::new(&raw, &sets, findings);
    let keywords = KeywordsBuilder::new(raw.settings.keywords.whitespace);
    let mut needs = RequestNeeds { keywords, headers: BTreeSet::new() };
    let first = Resolved::new(&raw, &rules, None, &deployments, &mut needs, findings);
    // Second, because names in the document must not resolve to what only the shadow creates.
    let second = shadow_rules.as_ref().map(|rules| {
        deployments.show_all();
        Resolved::new(&raw, rules, Some(&shadow_at), &deployments, &mut needs, findings)
    });
    hold::check(&raw, findings);
    translation::check(&raw, findings);
    warn(&raw, &rules, &first, &deployments.built, findings);
    settings::check_header_names(&raw.settings.headers, findings);
    providers::check_own(&raw.providers, &raw.settings.headers, findings);
    let keywords = needs.keywords.build().unwrap_or_else(|error| {
        findings.problem(&rules.routes_at, format!("keywords: {error}"));
        Keywords::default()
    });
    let paths = settings::paths(&raw.settings.paths, findings);
    admin::check(raw.settings.admin.as_ref(), &paths, findings);
    settings::check_cooldown(&raw.settings.cooldown, findings);
    let common = Common {
        providers: providers::named(raw.providers),
        deployments: deployments.built.into(),
        catalog: Arc::new(map_of(
            raw.catalog.into_iter().filter_map(|(name, model)| Some((name, model?.facts))),
        )),
        keywords: Arc::new(keywords),
        watched_headers: needs.headers.into_iter().collect(),
        paths,
        settings: Arc::new(raw.settings),
    };
    let mut config = common.config(first);
    config.shadow = second.zip(shadow).map(|(second, given)| {
        let config = common.config(second);
        Box::new(Shadow { config, sample_percent: given.sample_percent })
    });
    config
}

/// Warns of what is legal, and hardly meant.
fn warn(
    raw: &Raw,
    rules: &Rules<'_>,
    found: &Resolved,
    deployments: &[Deployment],
    findings: &mut Diagnostics,
) {
    settings::warn(&raw.settings, findings);
    idle::warn(raw, findings);
    boundaries::warn(raw, findings);
    ways::warn(raw, rules, found, deployments, findings);
    unpriced::warn(raw, found, deployments, findings);
}

/// What all rules of a configuration have in common.
///
/// It is shared by reference, because the configuration of the shadow holds the same.
struct Common {
    providers: Arc<[Provider]>,
    deployments: Arc<[Deployment]>,
    catalog: Arc<BTreeMap<String, ModelFacts>>,
    keywords: Arc<Keywords>,
    watched_headers: Vec<String>,
    paths: PathTable,
    settings: Arc<Settings>,
}

impl Common {
    /// Returns the configuration under these rules, without a shadow.
    fn config(&self, rules: Resolved) -> Config {
        let Resolved { models, routes, names, unknown_model, no_model } = rules;
        Config {
            providers: Arc::clone(&self.providers),
            deployments: Arc::clone(&self.deployments),
            names,
            route_index: RouteIndex::of(&routes),
            catalog: Arc::clone(&self.catalog),
            unknown_facts: ModelFacts::default(),
            keywords: Arc::clone(&self.keywords),
            watched_headers: self.watched_headers.clone(),
            watched_members: overrides::keys(&self.deployments, &models),
            unknown_model,
            no_model,
            role: self.settings.role,
            paths: self.paths.clone(),
            tokens: settings::costs(&self.settings.tokens),
            settings: Arc::clone(&self.settings),
            demand: Demand::of(&routes, &models, &self.deployments, self.catalog.values()),
            shadow: None,
            document_hash: String::new(),
            warnings: Vec::new(),
            routes,
            models,
        }
    }
}
