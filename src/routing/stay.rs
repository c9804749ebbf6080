//! Requests that must go to one deployment: it is pinned, or the provider keeps state there
//! that the request continues.

use crate::config::{Config, DeploymentId};
use crate::request::facts::Fact;
use crate::request::refusal::Refusal;
use crate::strategy::Strategy;
use crate::text::quoted;

use super::candidate::{self, CandidateSet};
use super::name::NamedTarget;
use super::{Need, Request, Server, Step};

/// Whether a request must stay on one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    /// It may go to any.
    No,
    /// It must stay on the deployment that it pins, or that keeps its state.
    On(DeploymentId),
    /// It must stay on that deployment if its body continues state, which is not known yet.
    Perhaps(DeploymentId),
}

/// What has to be known first where state could change the decision.
const STATE: Need =
    Need::model("has several candidates, and provider state would name one of them");

impl Stay {
    /// Returns what the request's headers and state require.
    ///
    /// # Errors
    /// 400 where the request pins a deployment that does not exist.
    pub(super) fn required(request: Request<'_>, named: &NamedTarget) -> Result<Self, Refusal> {
        let Request { config, facts, controls, .. } = request;
        if let Some(pin) = &controls.deployment {
            let header = &config.headers.deployment;
            return config.names.deployments.get(pin).copied().map(Self::On).ok_or_else(|| {
                let message = format!("{header}: unknown deployment {}", quoted(pin));
                Refusal::new(400, "unknown_deployment", message)
            });
        }
        let is_open = facts.unseen.has(Fact::State);
        if !facts.has_state && !is_open {
            return Ok(Self::No);
        }
        let kept = match named {
            NamedTarget::Model(model, group) => {
                let (_, group) = candidate::chosen_group(config, *model, *group);
                let first = || group.candidates.first().map(|candidate| candidate.deployment);
                config.model(*model).state_deployment.or_else(first)
            }
            NamedTarget::Deployment(id) | NamedTarget::Unnamed(id) => Some(*id),
            NamedTarget::Direct(..) => None,
        };
        let stay = if is_open { Self::Perhaps } else { Self::On };
        Ok(kept.map_or(Self::No, stay))
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

    /// Returns whether the request must stay, whatever else becomes known of it.
    pub(super) const fn is_on(self) -> bool {
        matches!(self, Self::On(_))
    }

    /// Returns the set with one deployment left, where the request must stay there: as it is
    /// listed, or else as it stands by itself.
    pub(super) fn narrow<'a>(self, config: &'a Config, set: CandidateSet<'a>) -> CandidateSet<'a> {
        match self {
            Self::On(deployment) => only(config, set, deployment),
            Self::No | Self::Perhaps(_) => set,
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
    let only = set.listed(config, deployment);
    let only = only.unwrap_or_else(|| candidate::deployment(config, deployment));
    CandidateSet { strategy: Strategy::Single, candidates: vec![only], large: None, ..set }
}
