//! From the facts of a request to the deployments that may serve it, in order.
//!
//! `name` and `route` find what names and conditions stand for, `resolve` what
//! the request asks for, `candidate` and `eligible` what can serve it, `plan` the
//! order (for some `custom`, what a service is asked), [`explain`] the words for all of it. The same code decides and explains.
//! Pure: cooldowns, loads and turns are read from a [`World`], and what a decision changes
//! is part of it; [`begin()`] alone makes it happen. Knows neither headers nor bytes.

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
pub mod price;
mod resolve;
mod route;
mod session;
mod stay;
mod view;

use crate::config::Config;
use crate::request::control::Controls;
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::state::World;

pub use begin::begin;
pub use custom::{Answers, Listed, Question, Services};
pub use decision::{Decision, Kinds, Server, Step};
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
    Serve(Box<Decision>),
    /// Send it on untouched.
    PassThrough,
    /// Answer it here.
    Refuse(Refusal),
    /// Decide again when more of the request is known.
    Undecided(Need),
    /// Decide again when a service has answered this, or cannot.
    Ask(Box<Question>),
}

impl From<Result<Option<Decision>, Stop>> for Verdict {
    fn from(decided: Result<Option<Decision>, Stop>) -> Self {
        match decided {
            Ok(Some(decision)) => Self::Serve(Box::new(decision)),
            Ok(None) => Self::PassThrough,
            Err(Stop::Refuse(refusal)) => Self::Refuse(refusal),
            Err(Stop::Undecided(need)) => Self::Undecided(need),
            Err(Stop::Ask(question)) => Self::Ask(question),
        }
    }
}

/// Why there is no decision to serve.
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

/// Decides a request, as far as what is known of it allows. Changes nothing.
///
/// Equal arguments decide alike: `seed` draws what is drawn, and the world answers the same
/// however often it is asked. What a decision to serve changes is told by its `intent`, and
/// [`begin()`] is what makes that happen.
#[must_use]
pub fn decide(
    request: Request<'_>,
    services: Services<'_>,
    world: &dyn World,
    seed: u64,
) -> Verdict {
    decided(request, services, world, seed, None)
}

/// Decides a request, and fills the trace with the reasons where there is one.
fn decided(
    request: Request<'_>,
    services: Services<'_>,
    world: &dyn World,
    seed: u64,
    mut trace: Option<&mut Trace>,
) -> Verdict {
    let verdict = planned(request, services, world, seed, trace.as_deref_mut()).into();
    if let Some(trace) = trace {
        trace.conclude(request.config, &verdict);
    }
    verdict
}

fn planned(
    request: Request<'_>,
    services: Services<'_>,
    world: &dyn World,
    seed: u64,
    mut trace: Option<&mut Trace>,
) -> Result<Option<Decision>, Stop> {
    let Some(asked) = resolve::ask(request, trace.as_deref_mut())? else { return Ok(None) };
    plan::make(request, &asked, services, world, seed, trace).map(Some)
}
