//! The attempts of a request, as its attempt filters have left them in filter state: for whoever
//! drives both roles and shows what they do, such as the playground. No filter reads them by this.

use crate::host::Host;
use crate::request::format::Format;
use crate::state::report::Report;

use super::handover::Handover;
use super::legs::Leg;
use super::progress::{NextAttempt, Progress};
use super::properties::{PLAN, PROGRESS};

/// The plan of a request that was handed over, and how far its attempts have come.
#[derive(Debug, Clone)]
pub struct ShownAttempts {
    /// Everything that may be tried, in the order of the plan and then of its other lists.
    pub legs: Vec<ShownLeg>,
    /// The attempts so far, in order. The last one may still be under way.
    pub tried: Vec<ShownAttempt>,
    /// The leg that follows, by its place in `legs`; `None` where nothing does.
    pub next: Option<usize>,
}

/// A deployment of the plan.
#[derive(Debug, Clone)]
pub struct ShownLeg {
    /// Its name in response headers and logs.
    pub name: String,
    /// Its id; `None` for an upstream model that the client named itself.
    pub deployment: Option<String>,
    /// The name of its provider.
    pub provider: String,
    /// The cluster that Envoy's route goes to.
    pub cluster: String,
    /// The format that its provider gets, and answers in.
    pub format: Format,
}

/// An attempt that has begun.
#[derive(Debug, Clone, Copy)]
pub struct ShownAttempt {
    /// Its leg, by its place in [`ShownAttempts::legs`].
    pub leg: usize,
    /// Its result. Until it is answered, that is a failure of the network.
    pub report: Report,
    /// Whether it has counted something against its deployment.
    pub is_charged: bool,
}

impl ShownAttempts {
    /// Returns what a host keeps of a request; `None` where no request was handed over, or where
    /// another version of the filter did that.
    #[must_use]
    pub fn of<H: Host + ?Sized>(host: &H) -> Option<Self> {
        let plan = host.property(PLAN)?;
        let handover = Handover::decode(&plan)?;
        let shown = |leg: &Leg| ShownLeg {
            name: leg.name.clone(),
            deployment: leg.deployment.clone(),
            provider: leg.provider.clone(),
            cluster: leg.cluster.clone(),
            format: leg.format(handover.work.format),
        };
        let legs = handover.legs.all.iter().map(shown).collect();
        let Some(left) = host.property(PROGRESS) else {
            return Some(Self { legs, tried: Vec::new(), next: Some(0) });
        };
        let Progress { next, tried } = Progress::decode(&left)?;
        let tried = tried.into_iter().map(|tried| ShownAttempt {
            leg: tried.leg,
            report: tried.report,
            is_charged: tried.charge.is_some(),
        });
        let next = match next {
            NextAttempt::Leg(leg) => Some(leg),
            NextAttempt::Nothing | NextAttempt::Surplus => None,
        };
        Some(Self { legs, tried: tried.collect(), next })
    }
}
