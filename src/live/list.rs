//! Every model and alias there is, and where each comes from.

use crate::config::{
    Added, Base, Config, Dynamic, DynamicRoute, Group, ModelId, Problem, Problems, Unfit,
};
use crate::host::SharedData;
use crate::strategy::Trait;

use super::additions::{Additions, Origin};
use super::dynamic;

/// Where a model or alias comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The configuration.
    Configured,
    /// The route source.
    Fetched,
    /// An operator, while the proxy runs.
    Dynamic,
}

impl Source {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Fetched => "fetched",
            Self::Dynamic => "dynamic",
        }
    }
}

/// A model.
#[derive(Debug)]
pub struct ListedModel {
    /// Its name.
    pub model: String,
    /// Where it comes from.
    pub source: Source,
    /// Whether a dynamic one of that name wins over it.
    pub is_hidden: bool,
    /// Why it is left out.
    pub problem: Option<Problem>,
    /// Variants or the only group: key, strategy and places.
    pub groups: Vec<(Option<String>, String, Vec<ServedBy>)>,
}

/// Where a model may be served.
#[derive(Debug)]
pub struct ServedBy {
    /// The provider.
    pub provider: String,
    /// The upstream model.
    pub upstream_model: String,
    /// The deployment's id; none of what is left out.
    pub deployment: Option<String>,
    /// The share under `weighted`.
    pub weight: Option<u32>,
}

/// An alias.
#[derive(Debug)]
pub struct ListedAlias {
    /// Its name.
    pub alias: String,
    /// What it stands for, as it is written.
    pub model: String,
    /// Where it comes from.
    pub source: Source,
    /// Whether a dynamic route or alias of that name wins over it.
    pub is_hidden: bool,
    /// Why it is left out.
    pub problem: Option<Problem>,
}

/// Every model, sorted by name, a dynamic one before the one it hides.
///
/// # Errors
/// A document that has come to be wrong, which none does.
pub fn routes<S: SharedData + ?Sized>(
    shared: &S,
    config: &Config,
    origin: &Origin,
) -> Result<Vec<ListedModel>, Problems> {
    let (base, dynamic) = read(shared, config, origin)?;
    let hides = |name: &str| hides(&dynamic, &origin.unfit, name);
    let source = |name: &str| source(&base, name);
    let sources: Vec<Source> = base.models().map(source).collect();
    let own = base.with(&Dynamic::default(), &[])?;
    let configured = own.models.iter().zip(sources).enumerate().map(|(at, (model, source))| {
        let id = ModelId(at);
        ListedModel {
            model: model.name.clone(),
            source,
            is_hidden: hides(&model.name),
            problem: None,
            groups: own.model(id).groups.iter().map(|group| described(&own, group)).collect(),
        }
    });
    let added = dynamic.routes.iter().map(|(name, route)| {
        let entry = Added::Route(name.clone());
        let unfit = origin.unfit.iter().find(|unfit| unfit.entry == entry);
        ListedModel {
            model: name.clone(),
            source: Source::Dynamic,
            is_hidden: false,
            problem: unfit.map(|unfit| unfit.problem.clone()),
            groups: vec![(None, route.strategy.clone(), places(config, name, route))],
        }
    });
    Ok(merged(added.collect(), configured.collect(), |listed| &listed.model))
}

/// Every alias, sorted by name, a dynamic one before the one it hides.
///
/// # Errors
/// A document that has come to be wrong, which none does.
pub fn aliases<S: SharedData + ?Sized>(
    shared: &S,
    config: &Config,
    origin: &Origin,
) -> Result<Vec<ListedAlias>, Problems> {
    let (base, dynamic) = read(shared, config, origin)?;
    let configured = base.aliases().map(|(alias, model)| ListedAlias {
        alias: alias.to_owned(),
        model: model.to_owned(),
        source: source(&base, alias),
        is_hidden: hides(&dynamic, &origin.unfit, alias),
        problem: None,
    });
    let added = dynamic.aliases.iter().map(|(alias, model)| {
        let entry = Added::Alias(alias.clone());
        let unfit = origin.unfit.iter().find(|unfit| unfit.entry == entry);
        ListedAlias {
            alias: alias.clone(),
            model: model.clone(),
            source: Source::Dynamic,
            is_hidden: dynamic.has(&Added::Route(alias.clone())),
            problem: unfit.map(|unfit| unfit.problem.clone()),
        }
    });
    Ok(merged(added.collect(), configured.collect(), |alias| &alias.alias))
}

fn read<S: SharedData + ?Sized>(
    shared: &S,
    config: &Config,
    origin: &Origin,
) -> Result<(Base, Dynamic), Problems> {
    let fetched = Additions::read(shared, config).holding(origin);
    Ok((Base::read(&origin.document, fetched.as_deref())?, dynamic::read(shared)))
}

fn source(base: &Base, name: &str) -> Source {
    if base.is_fetched(name) { Source::Fetched } else { Source::Configured }
}

/// Whether a dynamic entry of that name holds.
fn hides(dynamic: &Dynamic, unfit: &[Unfit], name: &str) -> bool {
    let holds =
        |entry: &Added| dynamic.has(entry) && !unfit.iter().any(|unfit| unfit.entry == *entry);
    holds(&Added::Route(name.to_owned())) || holds(&Added::Alias(name.to_owned()))
}

fn described(config: &Config, group: &Group) -> (Option<String>, String, Vec<ServedBy>) {
    let places = group.candidates.iter().map(|candidate| {
        let deployment = config.deployment(candidate.deployment);
        ServedBy {
            provider: config.provider(deployment.provider).name.clone(),
            upstream_model: deployment.upstream_model.clone(),
            deployment: Some(deployment.id.clone()),
            weight: group.strategy.has(Trait::ByWeight).then_some(candidate.weight),
        }
    });
    (group.key.clone(), group.strategy.name().to_owned(), places.collect())
}

/// The endpoints of a route, with their deployments where it holds.
fn places(config: &Config, name: &str, route: &DynamicRoute) -> Vec<ServedBy> {
    let places = route.endpoints.iter().map(|endpoint| {
        let is_it = |deployment: &&crate::config::Deployment| {
            deployment.upstream_model == endpoint.model_id
                && config.provider(deployment.provider).name == endpoint.provider
        };
        let model = config.names.models.get(name).map(|id| config.model(*id));
        let group = model.and_then(|model| model.groups.first());
        let mut candidates = group.into_iter().flat_map(|group| &group.candidates);
        let deployment = candidates
            .find(|candidate| is_it(&config.deployment(candidate.deployment)))
            .map(|candidate| config.deployment(candidate.deployment).id.clone());
        ServedBy {
            provider: endpoint.provider.clone(),
            upstream_model: endpoint.model_id.clone(),
            deployment,
            weight: endpoint.weight,
        }
    });
    places.collect()
}

/// Two lists, each sorted by name, as one; of equal names the first list's comes first.
fn merged<T>(first: Vec<T>, second: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let mut merged = Vec::with_capacity(first.len().saturating_add(second.len()));
    let mut second = second.into_iter().peekable();
    for one in first {
        while let Some(other) = second.next_if(|other| name(other) < name(&one)) {
            merged.push(other);
        }
        merged.push(one);
    }
    merged.extend(second);
    merged
}
