//! What is decided about a request that is served: where it goes, and what that changes.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::config::{Config, DeploymentId, ModelFacts, Overrides, ProviderId, RouteId, Timeouts};
use crate::request::format::{Format, Task};
use crate::request::rewrite::same_setting;
use crate::request::translations::TranslationTarget;
use crate::state::Intent;

/// Where a request goes: what is known when it is sent, and what is kept until its answer has
/// ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The route that matched, if one did.
    pub route: Option<RouteId>,
    /// The model that serves it, or the id of a deployment that the request named.
    pub model: String,
    /// The variant of that model, if it has any.
    pub variant: Option<String>,
    /// What to try, in order; never empty. With one attempt it is the first step alone, as no
    /// other can be reached.
    pub plan: Vec<Step>,
    /// How many steps of the plan are the model's own: at least one. Fallbacks follow.
    pub own: usize,
    /// What to try instead of the fallbacks after failures of some kinds.
    pub kinds: Kinds,
    /// Whether the request tells caches on the way not to answer it, because the route wants
    /// that.
    pub disable_cache: bool,
    /// The deployment that gets the request as it is, without a model, because it names none.
    pub unnamed: Option<DeploymentId>,
    /// What acting on the decision changes in shared data.
    pub intent: Intent,
}

impl Decision {
    /// Returns every step: of the plan, then of the lists by kind of failure that there are.
    /// The legs of an attempt are numbered in this order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        let Kinds { context_window, rate_limit, content_policy } = &self.kinds;
        let lists = [context_window.as_ref(), rate_limit.as_ref()];
        self.plan.iter().chain(lists.into_iter().flatten().flatten()).chain(content_policy)
    }
}

/// What to try after a failure of a kind, in order. Where there is no list of its own, the
/// plan's fallbacks are tried.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kinds {
    /// The request does not fit the context window of the upstream model: other models may
    /// have a larger one.
    pub context_window: Option<Vec<Step>>,
    /// It is refused for its content. The plan's fallbacks are not tried after that, so
    /// without a list there is nothing.
    pub content_policy: Vec<Step>,
    /// A rate limit of the provider is reached: deployments of other providers may have room.
    pub rate_limit: Option<Vec<Step>>,
}

/// One thing to try: a server, for a model. A server is in each list once, for the model that
/// comes first.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The model it is tried for, or its id. A fallback's is another one than the decision's.
    pub model: String,
    /// Who serves it: a deployment, or a provider with a model that the client named.
    pub server: Server,
    /// What to change in the body, the model aside.
    pub overrides: Arc<Overrides>,
    /// Whether it gets the request without the state in it, which it cannot read.
    pub is_stripped: bool,
}

/// Who serves a request. Two servers that are equal are the same place, whichever model or list
/// led there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Server {
    /// A configured deployment.
    Deployment(DeploymentId),
    /// An upstream model that the client named itself, at a provider. No state is kept of it.
    Direct(ProviderId, String),
}

impl Server {
    /// Returns what a request of that kind is translated into for it; `None` if its provider speaks the request's
    /// format, or if nothing is translated for that provider.
    #[must_use]
    pub fn translation<'a>(
        &'a self,
        config: &'a Config,
        (format, task): (Format, Task),
    ) -> Option<TranslationTarget<'a>> {
        let into = config.provider(self.provider(config)).translated(format, task)?;
        let defaults = self.request_defaults(config, task).iter();
        let limits =
            defaults.filter(|(key, _)| same_setting("max_tokens").any(|limit| limit == key));
        let default = limits.filter_map(|(_, value)| value.as_u64()).next();
        let most = default.or(self.model_facts(config).max_output_tokens);
        let max_tokens = most.unwrap_or(config.limits.translated_max_tokens);
        Some(TranslationTarget { into, model: self.upstream_model(config), max_tokens })
    }

    /// Returns the members that a request of that task gets if the client has not sent them. What only counts
    /// tokens gets none, because providers refuse settings of an answer there.
    #[must_use]
    pub fn request_defaults<'a>(&self, config: &'a Config, task: Task) -> &'a [(String, Value)] {
        match (self, task) {
            (_, Task::CountTokens) | (Self::Direct(..), _) => &[],
            (Self::Deployment(id), _) => &config.deployment(*id).request_defaults.0,
        }
    }

    /// Returns what is known of its upstream model, and what that costs.
    #[must_use]
    pub fn model_facts<'a>(&self, config: &'a Config) -> &'a ModelFacts {
        match self {
            Self::Deployment(id) => &config.deployment(*id).facts,
            Self::Direct(_, model) => config.catalogued(model),
        }
    }

    /// Returns how long an attempt there may take.
    #[must_use]
    pub fn timeouts(&self, config: &Config) -> Timeouts {
        match self {
            Self::Deployment(id) => config.deployment(*id).timeouts,
            Self::Direct(provider, _) => config.provider(*provider).timeouts,
        }
    }

    /// Returns the provider that it is reached through.
    #[must_use]
    pub fn provider(&self, config: &Config) -> ProviderId {
        match self {
            Self::Deployment(id) => config.deployment(*id).provider,
            Self::Direct(provider, _) => *provider,
        }
    }

    /// Returns the name of the model that is sent upstream, which is rarely the one that the
    /// client sent.
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
