//! How the eligible candidates of a model are ordered.
//!
//! Pure functions of the candidates, one random generator, one turn number and one
//! session; they know neither requests nor state. Every strategy answers positions
//! in the slice it was given, each at most once; what it leaves out is not tried. No
//! candidates, no order, and no number of theirs, however odd, stands in its way.

mod busy;
mod latency;
mod limits;
mod rank;
mod rotation;
mod sorted;
mod sticky;
mod weighted;

use crate::config::StrategyName;

pub use crate::load::Load;
pub(crate) use sticky::score;

/// What strategies know of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Entry {
    /// Share under `weighted`.
    pub weight: u32,
    /// Order under `ordered_fallback`, lower first.
    pub position: i32,
    /// The deployment's priority, lower is better.
    pub priority: i32,
    /// Estimated cost of this request in USD, if known.
    pub cost_usd: Option<f64>,
    /// What the deployment has to do; asked for where [`StrategyName::needs_loads`].
    pub load: Load,
    /// Stable hash of the deployment, for `sticky`.
    pub id: u64,
}

/// What `sticky` goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Session {
    /// Hash of what tells the session, if anything does.
    pub key: Option<u64>,
    /// Most load of one candidate, as a multiple of the mean; at least 1.
    pub bound: f64,
}

impl Session {
    /// No session.
    pub const NONE: Self = Self { key: None, bound: 1.25 };
}

/// Orders candidates that are already in file order.
///
/// `turn` is the number of this request's turn, counted from 0; only
/// `round_robin` asks for it, as only `sticky` does for the session. Under `rules`
/// the entries are those whose rules hold, and under `custom` a service has the first say.
///
/// ```
/// use pointsman::config::StrategyName;
/// use pointsman::strategy::{Entry, Session, order};
///
/// let entries = [Entry::default(); 3];
/// let mut rng = fastrand::Rng::with_seed(1);
/// assert_eq!(order(StrategyName::Rules, &entries, Session::NONE, &mut rng, || 4), [0, 1, 2]);
/// assert_eq!(order(StrategyName::Single, &entries[..1], Session::NONE, &mut rng, || 4), [0]);
/// ```
pub fn order(
    strategy: StrategyName,
    entries: &[Entry],
    session: Session,
    rng: &mut fastrand::Rng,
    turn: impl FnOnce() -> u64,
) -> Vec<usize> {
    match strategy {
        StrategyName::Single | StrategyName::Rules | StrategyName::Custom => {
            (0..entries.len()).collect()
        }
        StrategyName::OrderedFallback => sorted::by_position(entries),
        StrategyName::PriorityBased => sorted::by_priority(entries),
        StrategyName::CostBased => sorted::by_cost(entries),
        StrategyName::Weighted => weighted::shuffle(entries, rng),
        StrategyName::RoundRobin => rotation::from_turn(entries.len(), turn),
        StrategyName::LeastBusy => busy::least(entries, rng),
        StrategyName::LatencyBased => latency::lowest(entries, rng),
        StrategyName::UsageBased => limits::least_used(entries, rng),
        StrategyName::RateLimitAware => limits::most_left(entries, rng),
        StrategyName::Sticky => sticky::by_session(entries, session, rng),
    }
}
