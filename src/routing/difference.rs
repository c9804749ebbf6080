//! What two sets of rules over the same deployments make of one request.
//!
//! Compares by what is tried first: what comes behind it depends on what fails. Knows
//! nothing of who asks for the comparison.

use crate::config::{Config, RouteId};
use crate::request::facts::RequestFacts;

use super::{Server, Verdict, candidate, price};

/// What becomes of a request first.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It is sent to a deployment.
    Served {
        /// The route that matched.
        route: Option<RouteId>,
        /// The model it is served as there.
        model: String,
        /// Who serves it.
        server: Server,
    },
    /// It is sent on untouched.
    Passed,
    /// It is refused with this code.
    Refused(&'static str),
}

/// How two fates of one request differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Not at all: the same deployment, or the same refusal.
    None,
    /// Another deployment serves the same model.
    Deployment,
    /// Another model is served, by another deployment.
    Model,
    /// One is sent to a deployment, the other on untouched.
    Passing,
    /// Only the first is refused.
    OnlyFirstRefused,
    /// Only the second is refused.
    OnlySecondRefused,
    /// Both are refused, for other reasons.
    Refusal,
}

impl Fate {
    /// What a verdict comes to; none where it is still open.
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

    /// The route that led to it, where it is served.
    #[must_use]
    pub const fn route(&self) -> Option<RouteId> {
        match self {
            Self::Served { route, .. } => *route,
            Self::Passed | Self::Refused(_) => None,
        }
    }

    /// How another fate of the same request differs from this one.
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

    /// What the request is likely to cost there, in USD; none where it is not sent to a
    /// deployment, or that is not known.
    #[must_use]
    pub fn likely_cost(&self, config: &Config, facts: &RequestFacts) -> Option<f64> {
        match self {
            Self::Refused(_) | Self::Passed => None,
            Self::Served { server, .. } => {
                price::likely(facts, candidate::facts_of(config, server))
            }
        }
    }

    /// In a few words, for a log; names no text of the request.
    #[must_use]
    pub fn told(&self, config: &Config) -> String {
        match self {
            Self::Refused(code) => (*code).to_owned(),
            Self::Passed => "untouched".to_owned(),
            Self::Served { server, .. } => server.name(config).into_owned(),
        }
    }
}
