//! The candidates of a name, whatever it stands for, in one shape.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{
    Config, DeploymentId, Group, GroupId, ModelFacts, ModelId, Overrides, Rule, Sticky,
    StrategyName, TagMatch,
};
use crate::strategy::Entry;

use super::Server;
use super::name::Named;

/// Something that might serve a request.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'a> {
    pub(super) server: Server,
    pub(super) entry: Entry,
    pub(super) model_facts: &'a ModelFacts,
    pub(super) overrides: Cow<'a, Arc<Overrides>>,
    pub(super) rules: &'a [Rule],
}

/// Candidates under one strategy.
#[derive(Debug)]
pub(super) struct Set<'a> {
    /// The model's name, the deployment's id, or `provider:model`.
    pub(super) name: String,
    pub(super) variant: Option<String>,
    /// Where its turns are counted; a single deployment has none.
    pub(super) group: Option<(ModelId, GroupId)>,
    pub(super) strategy: StrategyName,
    pub(super) tag_match: TagMatch,
    pub(super) sticky: Option<&'a Sticky>,
    pub(super) candidates: Vec<Candidate<'a>>,
}

/// The candidates of a name, in file order.
pub(super) fn set<'a>(config: &'a Config, named: &Named) -> Set<'a> {
    match named {
        Named::Model(model, group) => {
            let described = config.model(*model);
            let (id, group) = meant(config, *model, *group);
            Set {
                name: described.name.clone(),
                variant: group.key.clone(),
                group: Some((*model, id)),
                strategy: group.strategy,
                tag_match: described.tag_match,
                sticky: Some(&described.sticky),
                candidates: group.candidates.iter().map(|c| listed(config, c)).collect(),
            }
        }
        Named::Deployment(id) => single(config, deployment(config, *id)),
        Named::Direct(provider, model) => {
            let server = Server::Direct(*provider, model.clone());
            single(
                config,
                Candidate {
                    server,
                    entry: Entry::default(),
                    model_facts: catalogued(config, model),
                    overrides: Cow::Owned(Arc::default()),
                    rules: &[],
                },
            )
        }
    }
}

/// Facts of a name's first candidate in file order: the one conditions are priced on.
pub(super) fn first<'a>(config: &'a Config, named: &Named) -> Option<&'a ModelFacts> {
    match named {
        Named::Model(model, group) => {
            let first = meant(config, *model, *group).1.candidates.first()?;
            Some(&config.deployment(first.deployment).facts)
        }
        Named::Deployment(id) => Some(&config.deployment(*id).facts),
        Named::Direct(_, model) => Some(catalogued(config, model)),
    }
}

/// The group that was chosen, or else the model's default one.
pub(super) fn meant(config: &Config, model: ModelId, group: Option<GroupId>) -> (GroupId, &Group) {
    let id = group.unwrap_or(config.model(model).default_group);
    (id, config.group(model, id))
}

/// What the catalogue says of a model that no deployment has.
fn catalogued<'a>(config: &'a Config, model: &str) -> &'a ModelFacts {
    config.catalog.get(model).unwrap_or(&config.unknown_facts)
}

/// A set of one.
fn single<'a>(config: &Config, candidate: Candidate<'a>) -> Set<'a> {
    Set {
        name: candidate.server.name(config).into_owned(),
        variant: None,
        group: None,
        strategy: StrategyName::Single,
        tag_match: TagMatch::Off,
        sticky: None,
        candidates: vec![candidate],
    }
}

/// A deployment on its own.
pub(super) fn deployment(config: &Config, id: DeploymentId) -> Candidate<'_> {
    let deployment = config.deployment(id);
    Candidate {
        server: Server::Deployment(id),
        entry: Entry {
            weight: deployment.weight,
            priority: deployment.priority,
            id: deployment.hash,
            ..Entry::default()
        },
        model_facts: &deployment.facts,
        overrides: Cow::Borrowed(&deployment.request_overrides),
        rules: &[],
    }
}

fn listed<'a>(config: &'a Config, candidate: &'a crate::config::Candidate) -> Candidate<'a> {
    let alone = deployment(config, candidate.deployment);
    Candidate {
        entry: Entry { weight: candidate.weight, position: candidate.position, ..alone.entry },
        overrides: Cow::Borrowed(&candidate.request_overrides),
        rules: &candidate.rules,
        ..alone
    }
}
