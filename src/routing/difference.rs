//! How two configurations over the same deployments differ in what they make of a request.
//!
//! Compares what is tried first, because what comes after that depends on what fails.

use crate::config::{Config, RouteId};
use crate::request::facts::RequestFacts;

use super::{Server, Verdict, price};

/// What becomes of a request first. It is what two configurations are compared by, so it leaves
/// out what depends on failures.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It is sent to a deployment.
    Served {
        /// The route that matched.
        route: Option<RouteId>,
        /// The model that serves it.
        model: String,
        /// Who serves it.
        server: Server,
    },
    /// It is sent on untouched.
    Passed,
    /// It is refused with this code. The message is left out: it may say more of the state than
    /// of the rules.
    Refused(&'static str),
}

/// How two fates of one request differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Not at all: the same deployment serves it, or the same refusal answers it.
    None,
    /// Another deployment serves it, for the same model. That may be chance, where the strategy
    /// draws.
    Deployment,
    /// Another model is served, by another deployment.
    Model,
    /// One sends it to a deployment, the other one sends it on untouched.
    Passing,
    /// Only the first one refuses it.
    OnlyFirstRefused,
    /// Only the second one refuses it.
    OnlySecondRefused,
    /// Both refuse it, for different reasons.
    Refusal,
}

impl Fate {
    /// Returns what a verdict comes to; `None` where it is still open.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::Serve(decision) => decision.plan.first().map(|step| Self::Served {
                route: decision.route,
                model: step.model.clone(),
                server: step.server.clone(),
            }),
            Verdict::PassThrough => Some(Self::Passed),
            Verdict::Refuse(refusal) => Some(Self::Refused(refusal.code)),
            Verdict::Undecided(_) | Verdict::Ask(_) => None,
        }
    }

    /// Returns the route that matched, where the request is served.
    #[must_use]
    pub const fn route(&self) -> Option<RouteId> {
        match self {
            Self::Served { route, .. } => *route,
            Self::Passed | Self::Refused(_) => None,
        }
    }

    /// Returns how another fate of the same request differs from this one.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Difference {
        match (self, other) {
            (Self::Refused(code), Self::Refused(other)) if code != other => Difference::Refusal,
            (Self::Refused(_), Self::Refused(_)) | (Self::Passed, Self::Passed) => Difference::None,
            (Self::Refused(_), _) => Difference::OnlyFirstRefused,
            (_, Self::Refused(_)) => Difference::OnlySecondRefused,
            (
                Self::Served { model, server, .. },
                Self::Served { model: other_model, server: other, .. },
            ) => {
                if server == other {
                    Difference::None
                } else if model == other_model {
                    Difference::Deployment
                } else {
                    Difference::Model
                }
            }
            _ => Difference::Passing,
        }
    }

    /// Returns what the request is likely to cost there, in USD; `None` where it is not sent to
    /// a deployment, or the cost is not known.
    #[must_use]
    pub fn likely_cost(&self, config: &Config, facts: &RequestFacts) -> Option<f64> {
        match self {
            Self::Refused(_) | Self::Passed => None,
            Self::Served { server, .. } => price::likely(facts, server.model_facts(config)),
        }
    }

    /// Returns the fate in a word, for logs: the server, the code, or `untouched`. It holds no
    /// text of the request, but the model that it named.
    #[must_use]
    pub fn told(&self, config: &Config) -> String {
        match self {
            Self::Refused(code) => (*code).to_owned(),
            Self::Passed => "untouched".to_owned(),
            Self::Served { server, .. } => server.name(config).into_owned(),
        }
    }
}
