//! The whole document, and its shadow over the same deployments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::configuration::{Config, Names, Shadow};
use super::super::demand::Demand;
use super::super::deployment::{Deployment, ModelFacts};
use super::super::error::{Diagnostics, Path};
use super::super::ids::DeploymentId;
use super::super::model::Model;
use super::super::provider::Provider;
use super::super::raw::{Raw, Settings};
use super::super::route::Route;
use super::super::route_index::RouteIndex;
use super::super::settings::UnknownModel;
use super::deployments::DeploymentSet;
use super::lists::inserted;
use super::names::Directory;
use super::rules::{Layers, Rules};
use super::scope::{RequestNeeds, Scope};
use super::{admin, hold, idle, overrides, providers, settings, ways};
use crate::request::keyword::{Keywords, KeywordsBuilder};
use crate::request::path::PathTable;

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
    providers::check(&raw.providers, findings);
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
    settings::warn(&raw.settings, findings);
    idle::warn(&raw, findings);
    ways::warn(&raw, &rules, &first, &deployments.built, findings);
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
        catalog: Arc::new(inserted(
            raw.catalog.into_iter().filter_map(|(name, facts)| Some((name, facts?))),
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
            warnings: Vec::new(),
            routes,
            models,
        }
    }
}

/// Rules, resolved.
pub(super) struct Resolved {
    pub(super) models: Vec<Model>,
    pub(super) routes: Vec<Route>,
    names: Names,
    pub(super) unknown_model: UnknownModel,
    no_model: Option<DeploymentId>,
}

impl Resolved {
    /// Resolves rules. `shadow` is the place of the shadow that they belong to; none for those of
    /// the document.
    fn new(
        raw: &Raw,
        rules: &Rules<'_>,
        shadow: Option<&Path<'_>>,
        deployments: &DeploymentSet,
        needs: &mut RequestNeeds,
        findings: &mut Diagnostics,
    ) -> Self {
        let directory = Directory::new(rules, deployments, findings);
        let mut scope = Scope { deployments, directory: &directory, findings, needs };
        let models = scope.models(rules);
        let routes = scope.routes(rules);
        // For every set of rules, which adds nothing: the same problem is kept once.
        if let Some(source) = &raw.settings.route_source {
            let at = Path::Root.key("route_source");
            deployments.check_service(&at.key("cluster"), &source.cluster, findings);
            let services = at.key("services");
            for (index, cluster) in source.services.iter().enumerate() {
                deployments.check_service(&services.index(index), cluster, findings);
            }
        }
        let unknown = &raw.settings.unknown_model;
        let unknown_model = settings::unknown_model(unknown, &directory, shadow, findings);
        let no_model = settings::no_model(raw.settings.no_model.as_ref(), deployments, findings);
        let names = directory.into_names(deployments);
        Self { models, routes, names, unknown_model, no_model }
    }
}
