//! From the facts of a request to the deployments that may serve it, in order.
//!
//! `name` and `route` find what names and conditions stand for, `resolve` what
//! the request asks for, `candidate` and `eligible` what can serve it, `plan` the
//! order (for some `custom`, what a service is asked), [`explain`] the words for all of it. The same code decides and explains.
//! Pure but for the [`Fleet`] it asks for cooldowns and turns; knows neither
//! headers nor bytes.

mod blocked;
mod candidate;
mod custom;
pub mod difference;
mod eligible;
pub mod explain;
pub mod looks;
mod name;
mod need;
mod order;
mod params;
mod plan;
pub mod price;
mod resolve;
mod route;
mod session;
mod stay;
mod view;

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{Config, DeploymentId, Overrides, ProviderId, RouteId};
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::state::Fleet;

use custom::Services;
pub use custom::{Answers, Listed, Question};
pub use explain::Trace;
pub use need::{Asker, Need};

/// A request, ready to be decided.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The rules.
    pub config: &'a Config,
    /// What it says.
    pub facts: &'a RequestFacts,
    /// What its control headers ask for; only those that clients may use.
    pub controls: &'a Controls,
    /// Where it falls among all requests, from 0 up to, not including, 100.
    pub sample: f64,
}

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Send it to the plan's first step.
    Serve(Decision),
    /// Send it on untouched.
    PassThrough,
    /// Answer it here.
    Refuse(Refusal),
    /// Ask again when more of the request is known. Nothing has been done.
    Undecided(Need),
}

/// Why there is no decision to serve.
#[derive(Debug)]
enum Stop {
    Refuse(Refusal),
    Undecided(Need),
    Ask(Question),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl From<Need> for Stop {
    fn from(need: Need) -> Self {
        Self::Undecided(need)
    }
}

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

/// Decides a request, as far as what is known of it allows. A `trace` is filled
/// with the reasons where one is given. Services are not asked: what they would be
/// picked from is tried in file order.
pub fn decide(
    request: Request<'_>,
    fleet: &mut dyn Fleet,
    rng: &mut fastrand::Rng,
    mut trace: Option<&mut Trace>,
) -> Verdict {
    let verdict = match decided(request, Services::Unasked, fleet, rng, trace.as_deref_mut()) {
        Ok(verdict) => verdict,
        Err(_) => Verdict::Undecided(Need::model("is picked by a service")),
    };
    if let Some(trace) = trace {
        trace.conclude(request.config, &verdict);
    }
    verdict
}

/// Decides a request where services can be asked.
///
/// # Errors
/// What one is to be asked first. Nothing has been done; decide again when there is an
/// answer, or none to be had.
pub fn decide_asking(
    request: Request<'_>,
    answers: &Answers,
    fleet: &mut dyn Fleet,
    rng: &mut fastrand::Rng,
) -> Result<Verdict, Box<Question>> {
    decided(request, Services::Said(answers), fleet, rng, None)
}

fn decided(
    request: Request<'_>,
    services: Services<'_>,
    fleet: &mut dyn Fleet,
    rng: &mut fastrand::Rng,
    mut trace: Option<&mut Trace>,
) -> Result<Verdict, Box<Question>> {
    let decision = match resolve::ask(request, trace.as_deref_mut()) {
        Ok(Some(asked)) => plan::make(request, &asked, services, fleet, rng, trace),
        Ok(None) => return Ok(Verdict::PassThrough),
        Err(stop) => Err(stop),
    };
    match decision {
        Ok(decision) => Ok(Verdict::Serve(decision)),
        Err(Stop::Refuse(refusal)) => Ok(Verdict::Refuse(refusal)),
        Err(Stop::Undecided(need)) => Ok(Verdict::Undecided(need)),
        Err(Stop::Ask(question)) => Err(Box::new(question)),
    }
}
