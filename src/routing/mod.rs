//! From the facts of a request to the deployments that may serve it, in order.
//!
//! | module | |
//! |---|---|
//! | `name`, `route`, `resolve` | what the request is to be served by |
//! | `candidate`, `view`, `eligible` | who could serve it, and who may now |
//! | `order`, `custom`, `session`, `list` | in which order they are tried |
//! | `plan`, `planner`, `stay`, `blocked` | the whole plan with fallbacks, or the refusal |
//! | `begin` | decide, act on it, and again where another worker was faster |
//! | `trace`, [`explain`] | the reasons for all of it |
//! | [`looks`] | what of the request's text has to be looked at |
//!
//! The same code decides and explains. It is pure: cooldowns, loads and turns come from a
//! [`World`], and what acting on a decision changes is part of the decision. Only
//! [`begin()`] makes it happen. Knows neither headers nor bytes.

mod begin;
mod blocked;
mod candidate;
mod custom;
mod decision;
pub mod difference;
mod eligible;
pub mod explain;
mod list;
pub mod looks;
mod name;
mod need;
mod order;
mod params;
mod plan;
mod planner;
pub mod price;
mod resolve;
mod route;
mod session;
mod stay;
mod trace;
mod view;

use crate::condition::UNSEARCHABLE;
use crate::config::Config;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::state::World;

pub use begin::begin;
pub use custom::{Answers, Offer, Question, Services};
pub use decision::{Decision, Kinds, Server, Step};
pub use need::{Asker, Need};
pub use trace::Trace;

/// A request, ready to be decided.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The configuration that decides.
    pub config: &'a Config,
    /// What the request says, as far as it is known.
    pub facts: &'a RequestFacts,
    /// What its control headers ask for. Those that clients may not use are not in it.
    pub controls: &'a Controls,
    /// Where the request falls among all requests, from 0 to less than 100: for conditions on
    /// a share of them.
    pub sample: f64,
}

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Send it to the first step of the plan.
    Serve(Box<Decision>),
    /// Send it on untouched.
    PassThrough,
    /// Answer it with that.
    Refuse(Refusal),
    /// Decide again when more of the request is known.
    Undecided(Need),
    /// Decide again when a service has answered this, or cannot.
    Ask(Box<Question>),
}

impl From<Result<Option<Box<Decision>>, Stop>> for Verdict {
    fn from(decided: Result<Option<Box<Decision>>, Stop>) -> Self {
        match decided {
            Ok(Some(decision)) => Self::Serve(decision),
            Ok(None) => Self::PassThrough,
            Err(Stop::Refuse(refusal)) => Self::Refuse(refusal),
            Err(Stop::Undecided(need)) => Self::Undecided(need),
            Err(Stop::Ask(question)) => Self::Ask(question),
        }
    }
}

/// Why a request is not served, or not yet.
#[derive(Debug)]
enum Stop {
    Refuse(Refusal),
    Undecided(Need),
    Ask(Box<Question>),
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

/// Decides a request as far as what is known of it allows, and changes nothing.
///
/// The same arguments always decide alike: `seed` draws whatever is drawn, and the world has
/// the same answer whenever it is asked. So a request can be decided when its model is known,
/// and again when its body is; explain and a shadow decide by this as well.
///
/// For example, a request for a model with the candidates `a` and `b`, of which `a` cools, is
/// [`Verdict::Serve`] with the plan `b`, and with the intent to begin an attempt there. If a
/// route asks for `input_tokens_gt` and the tokens are not counted, it is
/// [`Verdict::Undecided`]. [`begin()`] acts on the verdict.
#[must_use]
pub fn decide(
    request: Request<'_>,
    services: Services<'_>,
    world: &dyn World,
    seed: u64,
) -> Verdict {
    decided(request, services, world, seed, None)
}

/// Decides a request, and fills the trace with the reasons if there is one.
fn decided(
    request: Request<'_>,
    services: Services<'_>,
    world: &dyn World,
    seed: u64,
    mut trace: Option<&mut Trace>,
) -> Verdict {
    let verdict = planned(request, services, world, seed, trace.as_deref_mut());
    let verdict = verdict.map_err(refused).into();
    if let Some(trace) = trace {
        explain::conclude(trace, request.config, &verdict);
    }
    verdict
}

/// Returns the refusal of a request whose prompt cannot be searched, where a condition asks for
/// one; otherwise what was given, unchanged.
#[cold]
fn refused(stop: Stop) -> Stop {
    match stop {
        Stop::Undecided(need) if need.what == UNSEARCHABLE => {
            let message = "this request is routed by the words of its prompt, which cannot be \
                           searched in token numbers, in files or in state that the provider \
                           keeps; send the prompt as text";
            Stop::Refuse(Refusal::new(400, "unsearchable_prompt", message))
        }
        stop => stop,
    }
}

/// Returns the decision to serve a request; `None` where it passes through.
fn planned(
    request: Request<'_>,
    services: Services<'_>,
    world: &dyn World,
    seed: u64,
    mut trace: Option<&mut Trace>,
) -> Result<Option<Box<Decision>>, Stop> {
    let Some(asked) = resolve::resolve(request, trace.as_deref_mut())? else { return Ok(None) };
    plan::make(request, &asked, services, world, seed, trace).map(Some)
}
