//! Requests that must go to one deployment, or to some: they pin it, or carry state that only those
//! within one boundary can read.

use crate::config::{Config, DeploymentId, Group, OnBoundary};
use crate::request::facts::Fact;
use crate::request::refusal::Refusal;
use crate::strategy::{Strategy, Trait, score};
use crate::text::quoted;

use super::candidate::{self, CandidateSet};
use super::name::NamedTarget;
use super::{Need, Request, Server, Step, Stop, session};

/// Whether a request must stay somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay<'a> {
    /// It may go to any deployment.
    No,
    /// It must stay on the deployment that it pins.
    On(DeploymentId),
    /// It must stay with those who can read its state. What is kept at one of them is looked for
    /// there first. Where it may cross, others come after them, and get it without that state.
    Within { boundary: &'a str, first: Option<DeploymentId>, may_cross: bool },
    /// It must do so if its body carries state, which is not known yet. What is kept would be kept at
    /// that deployment.
    Perhaps(DeploymentId),
}

/// What has to be known first where state could change the decision.
const STATE: Need =
    Need::model("has several candidates, and provider state would name one of them");

impl<'a> Stay<'a> {
    /// Returns what the request's headers and state require, where it asks for that set.
    ///
    /// # Errors
    /// 400 where the request pins a deployment that does not exist; or that its session has to be
    /// known first.
    pub(super) fn required(
        request: Request<'a>,
        named: &NamedTarget,
        set: &CandidateSet<'a>,
    ) -> Result<Self, Stop> {
        let Request { config, facts, controls, .. } = request;
        if let Some(pin) = &controls.deployment {
            let header = &config.headers.deployment;
            let pinned = config.names.deployments.get(pin).copied().map(Self::On);
            return pinned.ok_or_else(|| {
                let message = format!("{header}: unknown deployment {}", quoted(pin));
                Refusal::new(400, "unknown_deployment", message).into()
            });
        }
        let is_open = facts.unseen.has(Fact::State);
        if !facts.state.is_any() && !is_open {
            return Ok(Self::No);
        }
        let is_crossed = config.failover.on_boundary == OnBoundary::Strip;
        let may_cross = is_crossed && facts.state.is_removable;
        let keeper = match named {
            NamedTarget::Model(model, group) => {
                let (_, group) = candidate::chosen_group(config, *model, *group);
                let named = config.model(*model).state_deployment;
                // What is not kept anywhere comes from where its session went.
                let of_session = match named {
                    None if !is_open && !facts.state.is_stored => of_session(request, set, group)?,
                    _ => None,
                };
                let first = || makers(request, group).next().or_else(|| deployments(group).next());
                named.or(of_session).or_else(first)
            }
            NamedTarget::Deployment(id) | NamedTarget::Unnamed(id) => Some(*id),
            NamedTarget::Direct(provider, _) if !is_open => {
                let boundary = config.provider(*provider).boundary();
                return Ok(Self::Within { boundary, first: None, may_cross });
            }
            NamedTarget::Direct(..) => None,
        };
        let Some(keeper) = keeper else { return Ok(Self::No) };
        if is_open {
            return Ok(Self::Perhaps(keeper));
        }
        let boundary = config.provider(config.deployment(keeper).provider).boundary();
        let first = facts.state.is_stored.then_some(keeper);
        Ok(Self::Within { boundary, first, may_cross })
    }

    /// Returns the boundary of those who can read the request's state, if only some can.
    pub(super) const fn boundary(self) -> Option<&'a str> {
        match self {
            Self::Within { boundary, .. } => Some(boundary),
            Self::No | Self::On(_) | Self::Perhaps(_) => None,
        }
    }

    /// Returns the boundary that the request would leave for another one.
    pub(super) fn left_for(self, other: &str) -> Option<&'a str> {
        self.boundary().filter(|home| *home != other)
    }

    /// Returns whether it may go to those who cannot read its state, without that.
    pub(super) const fn may_cross(self) -> bool {
        matches!(self, Self::Within { may_cross: true, .. })
    }

    /// Checks a request that may have state before its plan is made.
    ///
    /// # Errors
    /// That its state has to be known first: where the same request may go here or there, that
    /// it happens to go to the deployment with the state says nothing.
    pub(super) fn check_before(self, set: &CandidateSet<'_>) -> Result<(), Need> {
        let is_open = matches!(self, Self::Perhaps(_));
        if is_open && set.strategy.varies() && set.is_choice() { Err(STATE) } else { Ok(()) }
    }

    /// Returns whether the request is pinned to one deployment.
    pub(super) const fn is_pinned(self) -> bool {
        matches!(self, Self::On(_))
    }

    /// Returns the set for a request that must stay: with the pinned deployment alone, as it is
    /// listed or else as it stands by itself, or with the one that keeps its state first.
    pub(super) fn narrow(self, config: &'a Config, set: CandidateSet<'a>) -> CandidateSet<'a> {
        match self {
            Self::On(deployment) => only(config, set, deployment),
            Self::Within { first: Some(keeper), .. } => kept_first(config, set, keeper),
            Self::Within { first: None, .. } | Self::No | Self::Perhaps(_) => set,
        }
    }

    /// Checks the plan of a request that may have state.
    ///
    /// # Errors
    /// That its state has to be known first, unless the plan is the same with it: begins at
    /// the deployment with the state, and goes on nowhere.
    pub(super) fn check_after(self, config: &Config, steps: &[Step]) -> Result<(), Need> {
        let Self::Perhaps(deployment) = self else { return Ok(()) };
        let is_same = steps.first().is_some_and(|s| s.server == Server::Deployment(deployment));
        let is_only = steps.len() == 1 || config.failover.max_attempts == 1;
        if is_same && is_only { Ok(()) } else { Err(STATE) }
    }
}

/// Returns the set with that deployment alone.
#[cold]
fn only<'a>(
    config: &'a Config,
    set: CandidateSet<'a>,
    deployment: DeploymentId,
) -> CandidateSet<'a> {
    let candidates = vec![set.contender(config, deployment)];
    CandidateSet { strategy: Strategy::Single, candidates, large: None, ..set }
}

/// Returns the set in file order, with that deployment first.
#[cold]
fn kept_first<'a>(
    config: &'a Config,
    set: CandidateSet<'a>,
    keeper: DeploymentId,
) -> CandidateSet<'a> {
    let mut set = if set.large.is_some() { set.whole(config) } else { set };
    let kept = set.contender(config, keeper);
    set.candidates.retain(|one| one.server != kept.server);
    set.candidates.insert(0, kept);
    CandidateSet { strategy: Strategy::Single, is_ordered: true, ..set }
}

/// Returns the deployment that the session of a request goes to while all are well, where the
/// strategy goes by sessions.
///
/// # Errors
/// That the session has to be known first.
#[cold]
fn of_session(
    request: Request<'_>,
    set: &CandidateSet<'_>,
    group: &Group,
) -> Result<Option<DeploymentId>, Need> {
    let sticky = set.sticky.filter(|_| set.strategy.has(Trait::BySession));
    let Some(sticky) = sticky else { return Ok(None) };
    let Some(key) = session::find(request, sticky)?.key else { return Ok(None) };
    let score_of = |id: &DeploymentId| score(key, request.config.deployment(*id).hash);
    let of_all = || deployments(group).min_by_key(score_of);
    Ok(makers(request, group).min_by_key(score_of).or_else(of_all))
}

/// Returns the deployments of the group that may have made the request's state: those whose providers speak its
/// format. The others get such a request translated, if at all.
fn makers<'a>(
    Request { config, facts, .. }: Request<'a>,
    group: &'a Group,
) -> impl Iterator<Item = DeploymentId> + 'a {
    let speaks = move |id: &DeploymentId| {
        config.provider(config.deployment(*id).provider).speaks(facts.format)
    };
    deployments(group).filter(speaks)
}

/// Returns the deployments of the group, in the order of the file.
fn deployments(group: &Group) -> impl Iterator<Item = DeploymentId> + '_ {
    group.candidates.iter().map(|candidate| candidate.deployment)
}
