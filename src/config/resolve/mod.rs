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
use super::{Config, Demand, Model, ModelFacts, Role, Route, RouteIndex, raw};
use crate::request::keyword::{Keywords, KeywordsBuilder};
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
    let (shadow, root) = (Path::Root.key("shadow"), Path::Root);
    let Layers { raw, own, own_routes } = *layers;
    let rules = Rules { own_routes, ..Rules::of(raw, &root) };
    let own = own.unwrap_or(raw);
    let shadow_rules = raw.shadow.as_ref().map(|given| Rules::shadowing(own, given, &shadow));
    settings::refuse_unsupported(raw, findings);
    let providers = providers::resolve(&raw.providers, findings);
    let sets: Vec<&Rules<'_>> = std::iter::once(&rules).chain(&shadow_rules).collect();
    let ground = Ground::new(raw, &sets, findings);
    let directory = Directory::new(&rules, &ground, findings);
    let resolved = Resolved::new(&rules, &ground, &directory, findings);
    if let Some(rules) = &shadow_rules {
        // Judged like the first set; this version has no use for it yet.
        let directory = Directory::new(rules, &ground, findings);
        Resolved::new(rules, &ground, &directory, findings);
    }
    settings::warn(raw, findings);
    idle::warn(raw, findings);
    let headers = settings::header_names(&raw.headers, findings);
    providers::check_own(&providers, &headers, findings);
    let unknown_model = settings::unknown_model(&raw.unknown_model, &directory, findings);
    let names = directory.into_names(&ground);
    let override_keys = overrides::keys(&ground.built, &resolved.models);
    let paths = settings::paths(&raw.paths, findings);
    let admin = raw.admin.as_ref().and_then(|raw| admin::resolve(raw, &paths, findings));
    Config {
        providers,
        models: resolved.models,
        names,
        route_index: RouteIndex::of(&resolved.routes),
        routes: resolved.routes,
        catalog: catalog(&raw.catalog),
        unknown_facts: ModelFacts::default(),
        keywords: Arc::new(resolved.keywords),
        watched_headers: resolved.watched_headers.into_iter().collect(),
        override_keys,
        unknown_model,
        default_cluster: raw.default_cluster.clone(),
        client_headers: settings::client_headers(&raw.client_headers),
        allow_direct: raw.allow_direct,
        cooldown: settings::cooldown(&raw.cooldown, findings),
        failover: raw.failover,
        route_source: raw.route_source.as_ref().map(settings::route_source),
        role: if raw.role == "attempt" { Role::Attempt } else { Role::Router },
        limits: raw.limits,
        paths,
        tokens: settings::costs(&raw.tokens),
        headers,
        serve_models: raw.serve_models,
        admin,
        response_headers: raw.response_headers,
        metrics: raw.metrics,
        log_fields: raw.log_fields,
        demand: Demand::default(),
        warnings: Vec::new(),
        deployments: ground.built,
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

/// Models and routes, resolved.
struct Resolved {
    models: Vec<Model>,
    routes: Vec<Route>,
    keywords: Keywords,
    watched_headers: BTreeSet<String>,
}

impl Resolved {
    fn new(
        rules: &Rules<'_>,
        ground: &Ground,
        directory: &Directory<'_>,
        findings: &mut Findings,
    ) -> Self {
        let mut scope = Scope {
            ground,
            directory,
            findings,
            keywords: KeywordsBuilder::default(),
            watched_headers: BTreeSet::new(),
        };
        let models = scope.models(rules);
        let routes = scope.routes(rules);
        let (keywords, watched_headers) = (scope.keywords, scope.watched_headers);
        let keywords = keywords.build().unwrap_or_else(|error| {
            findings.problem(&rules.routes_at, format!("keywords: {error}"));
            Keywords::default()
        });
        Self { models, routes, keywords, watched_headers }
    }
}

/// What resolving models and routes reads, and what it collects on the way.
struct Scope<'a> {
    ground: &'a Ground,
    directory: &'a Directory<'a>,
    findings: &'a mut Findings,
    keywords: KeywordsBuilder,
    watched_headers: BTreeSet<String>,
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
