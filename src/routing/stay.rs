//! Requests that must stay where they are: pinned, or continuing state of a provider.

use crate::config::{Config, DeploymentId};
use crate::request::facts::Fact;
use crate::request::refusal::Refusal;
use crate::strategy::Strategy;
use crate::text::quoted;

use super::candidate::{self, Set};
use super::name::Named;
use super::{Need, Request, Server, Step};

/// Whether a request must stay on one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    No,
    /// On the one it pins, or where its state is kept.
    On(DeploymentId),
    /// On this one, if the body turns out to continue state; that is not known yet.
    Perhaps(DeploymentId),
}

/// What is asked for where state could change the decision.
const STATE: Need =
    Need::model("has several candidates, and provider state would name one of them");

impl Stay {
    /// As the request's headers and state say.
    ///
    /// # Errors
    /// A pin that names no deployment.
    pub(super) fn of(request: Request<'_>, named: &Named) -> Result<Self, Refusal> {
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
            Named::Model(model, group) => {
                let (_, group) = candidate::meant(config, *model, *group);
                let first = || group.candidates.first().map(|candidate| candidate.deployment);
                config.model(*model).state_deployment.or_else(first)
            }
            Named::Deployment(id) => Some(*id),
            Named::Direct(..) => None,
        };
        let stay = if is_open { Self::Perhaps } else { Self::On };
        Ok(kept.map_or(Self::No, stay))
    }

    /// Where the pick changes from request to request, what state would change cannot
    /// be told from one pick.
    pub(super) fn check_before(self, set: &Set<'_>) -> Result<(), Need> {
        let is_open = matches!(self, Self::Perhaps(_));
        if is_open && set.strategy.varies() && set.is_choice() { Err(STATE) } else { Ok(()) }
    }

    /// Whether the request must stay, whatever else is found out.
    pub(super) const fn is_on(self) -> bool {
        matches!(self, Self::On(_))
    }

    /// Returns the set with that one deployment left, where the request must stay: as it is
    /// listed, or else on its own.
    pub(super) fn narrow<'a>(self, config: &'a Config, set: Set<'a>) -> Set<'a> {
        let Self::On(deployment) = self else { return set };
        let only = set.listed(config, deployment);
        let only = only.unwrap_or_else(|| candidate::deployment(config, deployment));
        Set { strategy: Strategy::Single, candidates: vec![only], large: None, ..set }
    }

    /// The same first step with and without state, and no further one that can be made.
    pub(super) fn check_after(self, config: &Config, steps: &[Step]) -> Result<(), Need> {
        let Self::Perhaps(deployment) = self else { return Ok(()) };
        let is_same = steps.first().is_some_and(|s| s.server == Server::Deployment(deployment));
        let is_only = steps.len() == 1 || config.failover.max_attempts == 1;
        if is_same && is_only { Ok(()) } else { Err(STATE) }
    }
}
