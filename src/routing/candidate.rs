//! The candidates of a name in one shape, whatever the name stands for.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{
    Config, DeploymentId, Group, GroupId, Index, MOST_SMALL, ModelFacts, ModelId, Overrides, Rule,
    Sticky, TagMatch, Translate,
};
use crate::state::Turn;
use crate::strategy::{Profile, Strategy};

use super::Server;
use super::name::NamedTarget;

/// A server that might serve a request, with everything that decides whether it may.
#[derive(Debug, Clone)]
pub(super) struct Contender<'a> {
    pub(super) server: Server,
    /// What its strategy orders by, other than cost and load.
    pub(super) profile: Profile,
    /// What its upstream model can do, and costs.
    pub(super) model_facts: &'a ModelFacts,
    /// What to change in the body: what its deployment says, and over that what the list of
    /// the model says.
    pub(super) overrides: Cow<'a, Arc<Overrides>>,
    /// The rules of a strategy by rules. One of them has to hold.
    pub(super) rules: &'a [Rule],
}

/// The candidates of one name, under one strategy: those of a model's group, or the one that a
/// deployment or `provider:model` is.
#[derive(Debug)]
pub(super) struct CandidateSet<'a> {
    /// The model's name, the deployment's id, or `provider:model`.
    pub(super) name: Cow<'a, str>,
    pub(super) variant: Option<&'a str>,
    /// The group that they are. A single deployment is none, and takes no turns.
    pub(super) group: Option<(ModelId, GroupId)>,
    pub(super) strategy: Strategy,
    pub(super) tag_match: TagMatch,
    pub(super) translate: Translate,
    pub(super) sticky: Option<&'a Sticky>,
    /// The group, where it is too large to be looked at whole. Then `candidates` is empty, and
    /// parts of it are looked at.
    pub(super) large: Option<&'a Group>,
    /// In file order, or in that of the strategy if `is_ordered`.
    pub(super) candidates: Vec<Contender<'a>>,
    /// Whether the candidates are in the order of their strategy already.
    pub(super) is_ordered: bool,
}

impl<'a> CandidateSet<'a> {
    /// Returns the set with some of a large group's candidates, by their places in it.
    pub(super) fn part(&self, config: &'a Config, at: &[usize], is_ordered: bool) -> Self {
        let group = |at: usize| self.large?.candidates.get(at);
        Self {
            name: self.name.clone(),
            large: None,
            candidates: at
                .iter()
                .filter_map(|at| group(*at))
                .map(|c| listed_as(config, c))
                .collect(),
            is_ordered,
            ..*self
        }
    }

    /// Returns the set with every candidate of a large group.
    pub(super) fn whole(&self, config: &'a Config) -> Self {
        let count = self.large.map_or(0, |group| group.candidates.len());
        self.part(config, &(0..count).collect::<Vec<_>>(), false)
    }

    /// Returns whether there is more than one candidate, so that another pick could have been
    /// made.
    pub(super) const fn is_choice(&self) -> bool {
        self.large.is_some() || self.candidates.len() > 1
    }

    /// Returns the candidate that is that deployment: as it is listed, or else as it stands by
    /// itself. Large groups are looked through as a whole.
    pub(super) fn contender(&self, config: &'a Config, id: DeploymentId) -> Contender<'a> {
        let server = Server::Deployment(id);
        let of_large = self.large.into_iter().flat_map(|group| &group.candidates);
        let mut of_large = of_large.filter(|candidate| candidate.deployment == id);
        let listed = self.candidates.iter().find(|candidate| candidate.server == server).cloned();
        let listed = listed.or_else(|| Some(listed_as(config, of_large.next()?)));
        listed.unwrap_or_else(|| deployment(config, id))
    }

    /// Returns the counter of its turns, if it has one.
    pub(super) fn turn(&self, is_narrowed: bool) -> Option<Turn> {
        self.group.map(|(model, group)| Turn { model, group, is_narrowed })
    }
}

/// Returns the candidates of a name, in file order. Those of a large group are left out: see
/// [`CandidateSet::large`].
pub(super) fn candidates_of<'a>(config: &'a Config, named: &NamedTarget) -> CandidateSet<'a> {
    match named {
        NamedTarget::Model(model, group) => {
            let described = config.model(*model);
            let (id, group) = chosen_group(config, *model, *group);
            let is_small = group.candidates.len() <= MOST_SMALL;
            CandidateSet {
                name: Cow::Borrowed(&described.name),
                variant: group.key.as_deref(),
                group: Some((*model, id)),
                strategy: group.strategy,
                tag_match: described.tag_match,
                translate: described.translate.unwrap_or(config.translate),
                sticky: Some(&described.sticky),
                large: (!is_small).then_some(group),
                // A part of a large group is tried before the whole is looked at.
                candidates: if is_small {
                    group.candidates.iter().map(|c| listed_as(config, c)).collect()
                } else {
                    Vec::new()
                },
                is_ordered: group.index == Index::FileOrder,
            }
        }
        NamedTarget::Deployment(id) | NamedTarget::Unnamed(id) => {
            let name = Cow::Borrowed(config.deployment(*id).id.as_str());
            single(config.translate, name, deployment(config, *id))
        }
        NamedTarget::Direct(provider, model) => {
            let server = Server::Direct(*provider, model.clone());
            let name = Cow::Owned(server.name(config).into_owned());
            single(
                config.translate,
                name,
                Contender {
                    server,
                    profile: Profile::default(),
                    model_facts: config.catalogued(model),
                    overrides: Cow::Owned(Arc::default()),
                    rules: &[],
                },
            )
        }
    }
}

/// Returns the facts of a name's first candidate in file order. Conditions on the cost go by
/// its prices.
pub(super) fn first_facts<'a>(config: &'a Config, named: &NamedTarget) -> Option<&'a ModelFacts> {
    match named {
        NamedTarget::Model(model, group) => {
            let first = chosen_group(config, *model, *group).1.candidates.first()?;
            Some(&config.deployment(first.deployment).facts)
        }
        NamedTarget::Deployment(id) | NamedTarget::Unnamed(id) => {
            Some(&config.deployment(*id).facts)
        }
        NamedTarget::Direct(_, model) => Some(config.catalogued(model)),
    }
}

/// Returns the group that was chosen, or else the model's default group.
pub(super) fn chosen_group(
    config: &Config,
    model: ModelId,
    group: Option<GroupId>,
) -> (GroupId, &Group) {
    let id = group.unwrap_or(config.model(model).default_group);
    (id, config.group(model, id))
}

/// Returns a set of one, which takes no turns, has no sessions, and is not restricted by tags.
fn single<'a>(
    translate: Translate,
    name: Cow<'a, str>,
    candidate: Contender<'a>,
) -> CandidateSet<'a> {
    CandidateSet {
        name,
        variant: None,
        group: None,
        strategy: Strategy::Single,
        tag_match: TagMatch::Off,
        translate,
        sticky: None,
        large: None,
        is_ordered: false,
        candidates: vec![candidate],
    }
}

/// Returns a deployment as it stands by itself, listed for no model.
pub(super) fn deployment(config: &Config, id: DeploymentId) -> Contender<'_> {
    let deployment = config.deployment(id);
    Contender {
        server: Server::Deployment(id),
        profile: Profile {
            weight: deployment.weight,
            priority: deployment.priority,
            id: deployment.hash,
            ..Profile::default()
        },
        model_facts: &deployment.facts,
        overrides: Cow::Borrowed(&deployment.request_overrides),
        rules: &[],
    }
}

/// Returns a deployment as it is listed for a model, with what the list says of it.
fn listed_as<'a>(config: &'a Config, candidate: &'a crate::config::Candidate) -> Contender<'a> {
    let alone = deployment(config, candidate.deployment);
    Contender {
        profile: Profile {
            weight: candidate.weight,
            position: candidate.position,
            ..alone.profile
        },
        overrides: Cow::Borrowed(&candidate.request_overrides),
        rules: &candidate.rules,
        ..alone
    }
}
