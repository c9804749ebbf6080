//! What is decided of a request that is served: where it goes, and what that changes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{Config, DeploymentId, Overrides, ProviderId, RouteId};
use crate::state::Intent;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The route that matched.
    pub route: Option<RouteId>,
    /// The model (or deployment id) it is served as.
    pub model: String,
    /// The chosen variant of that model.
    pub variant: Option<String>,
    /// What to try, in order; never empty.
    pub plan: Vec<Step>,
    /// How many of the plan are the model's own; fallbacks follow.
    pub own: usize,
    /// What to try instead of those fallbacks after failures of some kinds.
    pub kinds: Kinds,
    /// Whether caches on the way are told to keep out.
    pub disable_cache: bool,
    /// What is changed in shared data when the decision is acted on.
    pub intent: Intent,
}

/// What to try after a failure of a kind, in order; `None`: the plan's fallbacks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kinds {
    /// The request does not fit the context window.
    pub context_window: Option<Vec<Step>>,
    /// It is refused for its content; nothing else stands in for it.
    pub content_policy: Vec<Step>,
    /// A rate limit is reached.
    pub rate_limit: Option<Vec<Step>>,
}

/// One thing to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The model (or deployment id) it serves; a fallback's differs from the decision's.
    pub model: String,
    /// Who serves it.
    pub server: Server,
    /// What to change in the body beside the model.
    pub overrides: Arc<Overrides>,
}

/// Who serves a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Server {
    /// A configured deployment.
    Deployment(DeploymentId),
    /// An upstream model that the client named itself; no state is kept of it.
    Direct(ProviderId, String),
}

impl Server {
    /// The provider it is reached through.
    #[must_use]
    pub fn provider(&self, config: &Config) -> ProviderId {
        match self {
            Self::Deployment(id) => config.deployment(*id).provider,
            Self::Direct(provider, _) => *provider,
        }
    }

    /// The model name sent upstream.
    #[must_use]
    pub fn upstream_model<'a>(&'a self, config: &'a Config) -> &'a str {
        match self {
            Self::Deployment(id) => &config.deployment(*id).upstream_model,
            Self::Direct(_, model) => model,
        }
    }

    /// Its id, or `provider:model`.
    #[must_use]
    pub fn name<'a>(&'a self, config: &'a Config) -> Cow<'a, str> {
        match self {
            Self::Deployment(id) => Cow::Borrowed(&config.deployment(*id).id),
            Self::Direct(provider, model) => {
                Cow::Owned(format!("{}:{model}", config.provider(*provider).name))
            }
        }
    }
}
