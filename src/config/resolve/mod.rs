//! Names to indices, and every rule that one key alone cannot break.
//!
//! Reads [`Raw`], reports what is wrong and goes on with placeholders, so that
//! one pass finds everything; a configuration with problems never leaves this
//! module's caller. What refers to something that was reported already is not
//! reported again.

mod admin;
mod candidates;
mod conditions;
mod deployments;
mod hold;
mod idle;
mod models;
mod names;
mod overrides;
mod providers;
mod routes;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{Findings, Path};
use super::raw::{Listed, Named, Raw};
use super::{
    Admin, Config, Demand, Deployment, HeaderNames, Model, ModelFacts, Names, Provider, Role,
    Route, RouteIndex, Shadow, UnknownModel, raw,
};
use crate::request::keyword::{Keywords, KeywordsBuilder};
use crate::request::path::PathTable;
use deployments::Ground;
pub(super) use deployments::{in_place, unknown};
use names::Directory;

/// A document to which something may have been added.
pub(super) struct Layers<'a> {
    /// With what was added.
    pub(super) raw: &'a Raw,
    /// Without it, for the shadow; none where nothing was added.
    pub(super) own: Option<&'a Raw>,
    /// The first so many routes are the document's.
    pub(super) own_routes: usize,
}

/// Resolves a configuration whose shape is checked.
pub(super) fn resolve(layers: &Layers<'_>, findings: &mut Findings) -> Config {
    let (shadow_at, root) = (Path::Root.key("shadow"), Path::Root);
    let Layers { raw, own, own_routes } = *layers;
    let rules = Rules { own_routes, ..Rules::of(raw, &root) };
    let own = own.unwrap_or(raw);
    let shadow_rules = raw.shadow.as_ref().map(|given| Rules::shadowing(own, given, &shadow_at));
    let providers = providers::resolve(&raw.providers, findings);
    let sets: Vec<&Rules<'_>> = std::iter::once(&rules).chain(&shadow_rules).collect();
    let mut ground = Ground::new(raw, &sets, findings);
    let mut wanted = Wanted::default();
    let first = Resolved::new(raw, &rules, None, &ground, &mut wanted, findings);
    let second = shadow_rules.as_ref().map(|rules| {
        ground.show_all();
        Resolved::new(raw, rules, Some(&shadow_at), &ground, &mut wanted, findings)
    });
    hold::check(raw, findings);
    settings::warn(raw, findings);
    idle::warn(raw, findings);
    let headers = settings::header_names(&raw.headers, findings);
    providers::check_own(&providers, &headers, findings);
    let keywords = wanted.keywords.build().unwrap_or_else(|error| {
        findings.problem(&rules.routes_at, format!("keywords: {error}"));
        Keywords::default()
    });
    let paths = settings::paths(&raw.paths, findings);
    let admin = raw.admin.as_ref().and_then(|raw| admin::resolve(raw, &paths, findings));
    let common = Common {
        raw,
        providers: providers.into(),
        deployments: ground.built.into(),
        catalog: Arc::new(catalog(&raw.catalog)),
        keywords: Arc::new(keywords),
        watched_headers: wanted.headers.into_iter().collect(),
        paths,
        admin,
        headers,
    };
    let mut config = common.config(first, findings);
    config.shadow = second.zip(raw.shadow.as_ref()).map(|(second, given)| {
        let config = common.config(second, findings);
        Box::new(Shadow { config, sample_percent: given.sample_percent })
    });
    config
}

/// What all rules of a configuration have in common.
struct Common<'a> {
    raw: &'a Raw,
    providers: Arc<[Provider]>,
    deployments: Arc<[Deployment]>,
    catalog: Arc<BTreeMap<String, ModelFacts>>,
    keywords: Arc<Keywords>,
    watched_headers: Vec<String>,
    paths: PathTable,
    admin: Option<Admin>,
    headers: HeaderNames,
}

impl Common<'_> {
    /// The configuration under these rules, without a shadow.
    fn config(&self, rules: Resolved, findings: &mut Findings) -> Config {
        let raw = self.raw;
        let config = Config {
            providers: Arc::clone(&self.providers),
            deployments: Arc::clone(&self.deployments),
            names: rules.names,
            route_index: RouteIndex::of(&rules.routes),
            routes: rules.routes,
            catalog: Arc::clone(&self.catalog),
            unknown_facts: ModelFacts::default(),
            keywords: Arc::clone(&self.keywords),
            watched_headers: self.watched_headers.clone(),
            override_keys: overrides::keys(&self.deployments, &rules.models),
            models: rules.models,
            unknown_model: rules.unknown_model,
            default_cluster: raw.default_cluster.clone(),
            client_headers: settings::client_headers(&raw.client_headers),
            allow_direct: raw.allow_direct,
            cooldown: settings::cooldown(&raw.cooldown, findings),
            failover: raw.failover,
            hold: hold::resolve(raw),
            route_source: raw.route_source.as_ref().map(settings::route_source),
            role: if raw.role == "attempt" { Role::Attempt } else { Role::Router },
            limits: raw.limits,
            paths: self.paths.clone(),
            tokens: settings::costs(&raw.tokens),
            headers: self.headers.clone(),
            serve_models: raw.serve_models,
            admin: self.admin.clone(),
            response_headers: raw.response_headers,
            metrics: raw.metrics,
            log_fields: raw.log_fields,
            demand: Demand::default(),
            shadow: None,
            warnings: Vec::new(),
        };
        Config { demand: Demand::of(&config), ..config }
    }
}

/// Models, aliases and routes that are resolved together, and where they stand.
struct Rules<'a> {
    models_at: Path<'a>,
    models: &'a Named<raw::Model>,
    aliases_at: Path<'a>,
    aliases: &'a Named<String>,
    routes_at: Path<'a>,
    routes: &'a Listed<raw::Route>,
    /// So many of them are the document's; the others have places of their own.
    own_routes: usize,
}

impl<'a> Rules<'a> {
    /// Where a route stands.
    fn route_at(&'a self, index: usize) -> Path<'a> {
        self.routes_at.index(index.checked_sub(self.own_routes).unwrap_or(index))
    }

    fn of(raw: &'a Raw, root: &'a Path<'a>) -> Self {
        Self {
            models_at: root.key("models"),
            models: &raw.models,
            aliases_at: root.key("aliases"),
            aliases: &raw.aliases,
            routes_at: root.key("routes"),
            routes: &raw.routes,
            own_routes: usize::MAX,
        }
    }

    /// What a shadow leaves out is the first set's, and keeps its place there.
    fn shadowing(raw: &'a Raw, shadow: &'a raw::Shadow, at: &'a Path<'a>) -> Self {
        let outer = Self::of(raw, &Path::Root);
        let models_at = if shadow.models.is_some() { at.key("models") } else { outer.models_at };
        let aliases_at =
            if shadow.aliases.is_some() { at.key("aliases") } else { outer.aliases_at };
        let routes_at = if shadow.routes.is_some() { at.key("routes") } else { outer.routes_at };
        Self {
            models_at,
            models: shadow.models.as_ref().unwrap_or(outer.models),
            aliases_at,
            aliases: shadow.aliases.as_ref().unwrap_or(outer.aliases),
            routes_at,
            routes: shadow.routes.as_ref().unwrap_or(outer.routes),
            own_routes: usize::MAX,
        }
    }
}

/// What rules ask for of every request.
#[derive(Default)]
struct Wanted {
    keywords: KeywordsBuilder,
    headers: BTreeSet<String>,
}

/// Rules, resolved.
struct Resolved {
    models: Vec<Model>,
    routes: Vec<Route>,
    names: Names,
    unknown_model: UnknownModel,
}

impl Resolved {
    /// Resolves rules; where they are a shadow's, with the place of that.
    fn new(
        raw: &Raw,
        rules: &Rules<'_>,
        shadow: Option<&Path<'_>>,
        ground: &Ground,
        wanted: &mut Wanted,
        findings: &mut Findings,
    ) -> Self {
        let directory = Directory::new(rules, ground, findings);
        let mut scope = Scope { ground, directory: &directory, findings, wanted };
        let models = scope.models(rules);
        let routes = scope.routes(rules);
        let unknown = &raw.unknown_model;
        if let Some(cluster) = raw.route_source.as_ref().and_then(|source| source.cluster.as_ref())
        {
            ground.check_service(&Path::Root.key("route_source").key("cluster"), cluster, findings);
        }
        let unknown_model = settings::unknown_model(unknown, &directory, shadow, findings);
        Self { models, routes, names: directory.into_names(ground), unknown_model }
    }
}

/// What resolving models and routes reads, and what it collects on the way.
struct Scope<'a> {
    ground: &'a Ground,
    directory: &'a Directory<'a>,
    findings: &'a mut Findings,
    wanted: &'a mut Wanted,
}

fn catalog(raw: &Named<ModelFacts>) -> BTreeMap<String, ModelFacts> {
    inserted(raw.iter().filter_map(|(name, facts)| Some((name.clone(), facts.clone()?))))
}

/// The elements that were not reported.
fn present(list: &Listed<String>) -> Vec<String> {
    list.iter().flatten().cloned().collect()
}

/// The members that were not reported.
fn pairs(map: &Named<String>) -> Vec<(String, String)> {
    map.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect()
}

/// An index for every name, in their order, which is the order of the lists.
fn numbered<T, I>(map: &BTreeMap<String, T>, id: fn(usize) -> I) -> BTreeMap<String, I> {
    inserted(map.keys().enumerate().map(|(at, name)| (name.clone(), id(at))))
}

/// A map of pairs. `collect` would sort them first, and every sort of another
/// type is ten kilobytes of the module.
fn inserted<K: Ord, V>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key, value);
    }
    map
}
