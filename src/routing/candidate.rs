//! The candidates of a name, whatever it stands for, in one shape.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{
    Config, DeploymentId, Group, GroupId, MOST_SMALL, ModelFacts, ModelId, Overrides, Rule, Sticky,
    TagMatch,
};
use crate::state::Turn;
use crate::strategy::{Entry, Strategy};

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
    pub(super) name: Cow<'a, str>,
    pub(super) variant: Option<&'a str>,
    /// Where its turns are counted; a single deployment has none.
    pub(super) group: Option<(ModelId, GroupId)>,
    pub(super) strategy: Strategy,
    pub(super) tag_match: TagMatch,
    pub(super) sticky: Option<&'a Sticky>,
    /// The group where it is large; then there are no candidates, but parts of it.
    pub(super) large: Option<&'a Group>,
    pub(super) candidates: Vec<Candidate<'a>>,
    /// Whether they are in the order of their strategy already.
    pub(super) is_ordered: bool,
}

impl<'a> Set<'a> {
    /// Some of a large group's candidates.
    pub(super) fn part(&self, config: &'a Config, at: &[usize], is_ordered: bool) -> Self {
        let group = |at: usize| self.large?.candidates.get(at);
        Self {
            name: self.name.clone(),
            large: None,
            candidates: at.iter().filter_map(|at| group(*at)).map(|c| listed(config, c)).collect(),
            is_ordered,
            ..*self
        }
    }

    /// Whether there is more than one candidate.
    pub(super) const fn is_choice(&self) -> bool {
        self.large.is_some() || self.candidates.len() > 1
    }

    /// The candidate that is that deployment.
    pub(super) fn listed(
        &self,
        config: &'a Config,
        deployment: DeploymentId,
    ) -> Option<Candidate<'a>> {
        let server = Server::Deployment(deployment);
        let of_large = self.large.into_iter().flat_map(|group| &group.candidates);
        let mut of_large = of_large.filter(|candidate| candidate.deployment == deployment);
        let listed = self.candidates.iter().find(|candidate| candidate.server == server).cloned();
        listed.or_else(|| Some(self::listed(config, of_large.next()?)))
    }

    /// Where its turns are counted.
    pub(super) fn turn(&self, is_narrowed: bool) -> Option<Turn> {
        self.group.map(|(model, group)| Turn { model, group, is_narrowed })
    }
}

/// The candidates of a name, in file order.
pub(super) fn set<'a>(config: &'a Config, named: &Named) -> Set<'a> {
    match named {
        Named::Model(model, group) => {
            let described = config.model(*model);
            let (id, group) = meant(config, *model, *group);
            let is_small = group.candidates.len() <= MOST_SMALL;
            Set {
                name: Cow::Borrowed(&described.name),
                variant: group.key.as_deref(),
                group: Some((*model, id)),
                strategy: group.strategy,
                tag_match: described.tag_match,
                sticky: Some(&described.sticky),
                large: (!is_small).then_some(group),
                candidates: if is_small {
                    group.candidates.iter().map(|c| listed(config, c)).collect()
                } else {
                    Vec::new()
                },
                is_ordered: false,
            }
        }
        Named::Deployment(id) => {
            single(Cow::Borrowed(&config.deployment(*id).id), deployment(config, *id))
        }
        Named::Direct(provider, model) => {
            let server = Server::Direct(*provider, model.clone());
            let name = Cow::Owned(server.name(config).into_owned());
            single(
                name,
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

/// What is known of the upstream model that a server stands for.
pub(super) fn facts_of<'a>(config: &'a Config, server: &Server) -> &'a ModelFacts {
    match server {
        Server::Deployment(id) => &config.deployment(*id).facts,
        Server::Direct(_, model) => catalogued(config, model),
    }
}

/// What the catalogue says of a model that no deployment has.
fn catalogued<'a>(config: &'a Config, model: &str) -> &'a ModelFacts {
    config.catalog.get(model).unwrap_or(&config.unknown_facts)
}

/// A set of one.
fn single<'a>(name: Cow<'a, str>, candidate: Candidate<'a>) -> Set<'a> {
    Set {
        name,
        variant: None,
        group: None,
        strategy: Strategy::Single,
        tag_match: TagMatch::Off,
        sticky: None,
        large: None,
        is_ordered: false,
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
