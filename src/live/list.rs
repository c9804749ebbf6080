//! Lists every model and alias, and where each comes from, for operators.

use crate::config::{
    Added, Base, Config, Dynamic, DynamicRoute, Group, ModelId, Problem, Problems,
};
use crate::host::SharedData;
use crate::strategy::Trait;

use super::{Origin, table};

/// Where a model or alias comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// The configuration that the proxy delivered.
    Configured,
    /// The route source.
    Fetched,
    /// An operator, while the proxy runs.
    Dynamic,
}

impl Provenance {
    /// Returns its name, as operators see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Fetched => "fetched",
            Self::Dynamic => "dynamic",
        }
    }
}

/// A model that clients can ask for, or could if it were not hidden or left out. Operators see
/// those too, to find out why a model is not what they put.
#[derive(Debug)]
pub struct ListedModel {
    /// Its name, which clients ask for.
    pub model: String,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Whether a dynamic entry of that name wins over it, so that it serves nothing.
    pub is_hidden: bool,
    /// Why it is left out of the live configuration; `None`: it is part of it.
    pub problem: Option<Problem>,
    /// Its variants, or its only group.
    pub groups: Vec<ListedGroup>,
}

/// A variant, or the only group of a model.
#[derive(Debug)]
pub struct ListedGroup {
    /// The variant's key; `None` for the only group.
    pub key: Option<String>,
    /// The name of its strategy.
    pub strategy: String,
    /// Its endpoints, in the order in which they are written.
    pub endpoints: Vec<ListedEndpoint>,
}

/// A provider and upstream model by which a model may be served: a candidate, or what would be
/// one.
#[derive(Debug)]
pub struct ListedEndpoint {
    /// The provider's name.
    pub provider: String,
    /// The name of the model that is sent to the provider.
    pub upstream_model: String,
    /// The deployment's id; `None` in a route that is left out, which has no deployments.
    pub deployment: Option<String>,
    /// The share under `weighted`; `None` under other strategies.
    pub weight: Option<u32>,
}

/// An alias that clients can ask for, or could if it were not hidden or left out.
#[derive(Debug)]
pub struct ListedAlias {
    /// Its name, which clients ask for.
    pub alias: String,
    /// What it stands for, as it is written: it may be an alias itself.
    pub model: String,
    /// Where it comes from.
    pub provenance: Provenance,
    /// Whether a dynamic route or alias of that name wins over it, so that it stands for
    /// nothing.
    pub is_hidden: bool,
    /// Why it is left out of the live configuration; `None`: it is part of it.
    pub problem: Option<Problem>,
}

/// Returns every model, sorted by name; a dynamic one stands before the one it hides.
///
/// # Errors
/// Problems of the document. It was built before, so there are none.
pub fn routes<S: SharedData + ?Sized>(
    shared: &S,
    config: &Config,
    origin: &Origin,
) -> Result<Vec<ListedModel>, Problems> {
    let (base, dynamic) = (origin.base(shared, config)?, table::read(shared));
    let provenances: Vec<Provenance> = base.models().map(|name| provenance(&base, name)).collect();
    // Without dynamic entries, so that the models that those hide are there as well. Their
    // order is that of the base.
    let own = base.with(&Dynamic::default(), &[])?;
    let models = own.models.iter().zip(provenances).enumerate();
    let configured = models.map(|(at, (model, provenance))| ListedModel {
        model: model.name.clone(),
        provenance,
        is_hidden: hides(&dynamic, origin, &model.name),
        problem: None,
        groups: own.model(ModelId(at)).groups.iter().map(|group| listed(&own, group)).collect(),
    });
    let added = dynamic.routes.iter().map(|(name, route)| ListedModel {
        model: name.clone(),
        provenance: Provenance::Dynamic,
        is_hidden: false,
        problem: origin.problem(&Added::Route(name.clone())).cloned(),
        groups: vec![ListedGroup {
            key: None,
            strategy: route.strategy.clone(),
            endpoints: endpoints(config, name, route),
        }],
    });
    Ok(merged(added.collect(), configured.collect(), |listed| &listed.model))
}

/// Returns every alias, sorted by name; a dynamic one stands before the one it hides.
///
/// # Errors
/// Problems of the document. It was built before, so there are none.
pub fn aliases<S: SharedData + ?Sized>(
    shared: &S,
    config: &Config,
    origin: &Origin,
) -> Result<Vec<ListedAlias>, Problems> {
    let (base, dynamic) = (origin.base(shared, config)?, table::read(shared));
    let configured = base.aliases().map(|(alias, model)| ListedAlias {
        alias: alias.to_owned(),
        model: model.to_owned(),
        provenance: provenance(&base, alias),
        is_hidden: hides(&dynamic, origin, alias),
        problem: None,
    });
    let added = dynamic.aliases.iter().map(|(alias, model)| ListedAlias {
        alias: alias.clone(),
        model: model.clone(),
        provenance: Provenance::Dynamic,
        // A dynamic route hides an alias of its name, even where the route is left out.
        is_hidden: dynamic.has(&Added::Route(alias.clone())),
        problem: origin.problem(&Added::Alias(alias.clone())).cloned(),
    });
    Ok(merged(added.collect(), configured.collect(), |alias| &alias.alias))
}

/// Returns where an entry of the base comes from: the route source where it delivered that
/// name, or else the document.
fn provenance(base: &Base, name: &str) -> Provenance {
    if base.is_fetched(name) { Provenance::Fetched } else { Provenance::Configured }
}

/// Returns whether a dynamic entry of that name is part of the live configuration, and so wins
/// over what is configured or fetched.
fn hides(dynamic: &Dynamic, origin: &Origin, name: &str) -> bool {
    let holds = |entry: &Added| dynamic.has(entry) && origin.problem(entry).is_none();
    holds(&Added::Route(name.to_owned())) || holds(&Added::Alias(name.to_owned()))
}

/// Returns a group of the configuration, with the deployments of its candidates.
fn listed(config: &Config, group: &Group) -> ListedGroup {
    let endpoints = group.candidates.iter().map(|candidate| {
        let deployment = config.deployment(candidate.deployment);
        ListedEndpoint {
            provider: config.provider(deployment.provider).name.clone(),
            upstream_model: deployment.upstream_model.clone(),
            deployment: Some(deployment.id.clone()),
            weight: group.strategy.has(Trait::ByWeight).then_some(candidate.weight),
        }
    });
    ListedGroup {
        key: group.key.clone(),
        strategy: group.strategy.name().to_owned(),
        endpoints: endpoints.collect(),
    }
}

/// Returns the endpoints of a dynamic route as they were put, with their deployments where
/// the route is part of the live configuration.
fn endpoints(config: &Config, name: &str, route: &DynamicRoute) -> Vec<ListedEndpoint> {
    let model = config.names.models.get(name).map(|id| config.model(*id));
    let candidates = model.and_then(|model| model.groups.first()).map(|group| &group.candidates);
    let endpoints = route.endpoints.iter().map(|endpoint| {
        let deployments =
            candidates.into_iter().flatten().map(|one| config.deployment(one.deployment));
        // By what it is and not by its place: of a route that is left out, the candidates are
        // those of the model that it would hide.
        let mut same = deployments.filter(|deployment| {
            deployment.upstream_model == endpoint.model_id
                && config.provider(deployment.provider).name == endpoint.provider
        });
        ListedEndpoint {
            provider: endpoint.provider.clone(),
            upstream_model: endpoint.model_id.clone(),
            deployment: same.next().map(|deployment| deployment.id.clone()),
            weight: endpoint.weight,
        }
    });
    endpoints.collect()
}

/// Returns two lists, each sorted by name, as one; of equal names, the first list's comes
/// first.
fn merged<T>(first: Vec<T>, second: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let mut merged = Vec::with_capacity(first.len().saturating_add(second.len()));
    let mut second = second.into_iter().peekable();
    for one in first {
        // Less and not equal: of equal names the one of the first list comes first.
        while let Some(other) = second.next_if(|other| name(other) < name(&one)) {
            merged.push(other);
        }
        merged.push(one);
    }
    merged.extend(second);
    merged
}
