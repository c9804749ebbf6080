//! What is decided about a request that is served: where it goes, and what that changes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{Config, DeploymentId, Overrides, ProviderId, RouteId};
use crate::state::Intent;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The route that matched, if one did.
    pub route: Option<RouteId>,
    /// The model that serves it, or the id of a deployment that the request named.
    pub model: String,
    /// The variant of that model, if it has any.
    pub variant: Option<String>,
    /// What to try, in order; never empty.
    pub plan: Vec<Step>,
    /// How many steps of the plan are the model's own: at least one. Fallbacks follow.
    pub own: usize,
    /// What to try instead of the fallbacks after failures of some kinds.
    pub kinds: Kinds,
    /// Whether the request tells caches on the way not to answer it.
    pub disable_cache: bool,
    /// What acting on the decision changes in shared data.
    pub intent: Intent,
}

/// What to try after a failure of a kind, in order. Where there is no list of its own, the
/// plan's fallbacks are tried.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kinds {
    /// The request does not fit the context window.
    pub context_window: Option<Vec<Step>>,
    /// It is refused for its content. The plan's fallbacks are not tried after that, so
    /// without a list there is nothing.
    pub content_policy: Vec<Step>,
    /// A rate limit is reached.
    pub rate_limit: Option<Vec<Step>>,
}

/// One deployment to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The model it is tried for, or its id. A fallback's is another one than the decision's.
    pub model: String,
    /// Who serves it.
    pub server: Server,
    /// What to change in the body, the model aside.
    pub overrides: Arc<Overrides>,
}

/// Who serves a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Server {
    /// A configured deployment.
    Deployment(DeploymentId),
    /// An upstream model that the client named itself, at a provider. No state is kept of it.
    Direct(ProviderId, String),
}

impl Server {
    /// Returns the provider that it is reached through.
    #[must_use]
    pub fn provider(&self, config: &Config) -> ProviderId {
        match self {
            Self::Deployment(id) => config.deployment(*id).provider,
            Self::Direct(provider, _) => *provider,
        }
    }

    /// Returns the name of the model that is sent upstream.
    #[must_use]
    pub fn upstream_model<'a>(&'a self, config: &'a Config) -> &'a str {
        match self {
            Self::Deployment(id) => &config.deployment(*id).upstream_model,
            Self::Direct(_, model) => model,
        }
    }

    /// Returns the deployment's id, or `provider:model`.
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
