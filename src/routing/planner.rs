//! What a plan is made by, and how much of one is wanted.

use crate::condition::Subject;
use crate::state::{Turn, World};

use super::Request;
use super::custom::Services;
use super::resolve::ResolvedRequest;
use super::stay::Stay;

/// How much of a plan is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// The first step, because one attempt is all there is. No candidate after it is looked at.
    First,
    /// Every step, because further attempts may follow.
    Whole,
    /// Every step, and the reasons of every candidate, of large groups as well.
    Explained,
}

/// What a plan is made by. It lives for one decision, and draws and numbers in one order.
pub(super) struct Planner<'r> {
    pub(super) request: Request<'r>,
    pub(super) subject: Subject<'r>,
    /// Where the request must stay.
    pub(super) stay: Stay<'r>,
    pub(super) max_cost_usd: Option<f64>,
    pub(super) services: Services<'r>,
    pub(super) world: &'r dyn World,
    pub(super) depth: Depth,
    pub(super) rng: fastrand::Rng,
    /// The request's turn and its number, once a set has asked for one.
    pub(super) own_turn: Option<(Turn, u64)>,
}

impl<'r> Planner<'r> {
    pub(super) fn new(
        request: Request<'r>,
        asked: &ResolvedRequest<'r>,
        stay: Stay<'r>,
        services: Services<'r>,
        world: &'r dyn World,
        seed: u64,
        is_traced: bool,
    ) -> Self {
        let Request { config, controls, .. } = request;
        let of_route = asked.route.and_then(|id| config.route(id).then.max_cost_usd);
        let depth = match config.failover.max_attempts {
            _ if is_traced => Depth::Explained,
            0 | 1 => Depth::First,
            _ => Depth::Whole,
        };
        Self {
            request,
            subject: asked.subject,
            stay,
            max_cost_usd: lower(of_route, controls.cost_limit_usd),
            services,
            world,
            depth,
            rng: fastrand::Rng::with_seed(seed),
            own_turn: None,
        }
    }
}

/// Returns the lower of two limits, of which either may be missing.
fn lower(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
