//! How the eligible candidates of a model are ordered.
//!
//! Pure functions of the candidates, one random generator, one turn number and one
//! session. They know neither requests nor state nor configuration. Every strategy answers
//! positions in the slice it was given, each at most once; what it leaves out is not tried.
//! No candidates, no order, and no number of theirs, however odd, stands in its way.
//!
//! A new strategy is a file with its function and a row of the table below. What other
//! code has to know of it are the [`Trait`]s of that row; the tests of `traits.rs` fail
//! where they do not say what the function does.

mod busy;
mod latency;
mod limits;
mod rank;
mod rotation;
mod sorted;
mod sticky;
mod traits;
mod weighted;

pub use crate::load::Load;
pub(crate) use sticky::score;
pub use traits::Trait;

use traits::strategies;

// Each row: the name in the code, the names in configuration, the traits, and the order.
strategies! {
    /// The one candidate.
    Single = "single",
        [IsOne], |entries, _| in_file_order(entries);
    /// By position, then file order.
    #[default]
    OrderedFallback = "ordered_fallback" | "priority",
        [], |entries, _| sorted::by_position(entries);
    /// Random without replacement by weight.
    Weighted = "weighted" | "simple_shuffle",
        [Draws, ByWeight], |entries, pick| weighted::shuffle(entries, pick.rng);
    /// In turn, counted over all workers.
    RoundRobin = "round_robin" | "load_balance",
        [TakesTurn], |entries, pick| rotation::from_turn(entries.len(), pick.turn);
    /// Fewest requests in flight first.
    LeastBusy = "least_busy",
        [Draws, NeedsLoads], |entries, pick| busy::least(entries, pick.rng);
    /// Shortest time to the first byte first.
    LatencyBased = "latency_based",
        [Draws, NeedsLoads], |entries, pick| latency::lowest(entries, pick.rng);
    /// Smallest share of the tokens per minute used first.
    UsageBased = "usage_based",
        [Draws, NeedsLoads, CountsTokens], |entries, pick| limits::least_used(entries, pick.rng);
    /// Largest share of all limits left first.
    RateLimitAware = "rate_limit_aware",
        [Draws, NeedsLoads], |entries, pick| limits::most_left(entries, pick.rng);
    /// Lowest estimated cost first.
    CostBased = "cost_based",
        [NeedsCosts], |entries, _| sorted::by_cost(entries);
    /// Lowest `priority` first.
    PriorityBased = "priority_based",
        [], |entries, _| sorted::by_priority(entries);
    /// First candidate whose rules hold.
    Rules = "rules",
        [ByRules], |entries, _| in_file_order(entries);
    /// The one that the session's earlier requests went to.
    Sticky = "sticky",
        [Draws, NeedsLoads, BySession],
        |entries, pick| sticky::by_session(entries, pick.session, pick.rng);
    /// The one that a service picks.
    Custom = "custom",
        [AsksService, CountsTokens], |entries, _| in_file_order(entries);
}

/// What strategies know of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Profile {
    /// Share under `weighted`.
    pub weight: u32,
    /// Order under `ordered_fallback`, lower first.
    pub position: i32,
    /// The deployment's priority, lower is better.
    pub priority: i32,
    /// Estimated cost of this request in USD, if known.
    pub cost_usd: Option<f64>,
    /// What the deployment has to do; told where the strategy [`Trait::NeedsLoads`].
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

/// What an order rests on beside the candidates.
#[derive(Debug)]
pub struct Pick<'r> {
    /// The request's session; told where the strategy goes [`Trait::BySession`].
    pub session: Session,
    /// The number of the request's turn, counted from 0; told where the strategy
    /// [`Trait::TakesTurn`].
    pub turn: u64,
    /// Draws what is drawn.
    pub rng: &'r mut fastrand::Rng,
}

impl<'r> Pick<'r> {
    /// Returns a pick by chance alone: of no session, at the first turn.
    ///
    /// ```
    /// use pointsman::strategy::{Profile, Pick, Strategy};
    ///
    /// let entries = [Profile::default(); 3];
    /// let mut rng = fastrand::Rng::with_seed(1);
    /// assert_eq!(Strategy::Rules.order(&entries, Pick::by(&mut rng)), [0, 1, 2]);
    /// assert_eq!(Strategy::Single.order(&entries[..1], Pick::by(&mut rng)), [0]);
    /// ```
    pub const fn by(rng: &'r mut fastrand::Rng) -> Self {
        Self { session: Session::NONE, turn: 0, rng }
    }
}

/// Under `rules` the candidates are those whose rules hold, and under `custom` a service
/// has the first say.
fn in_file_order(entries: &[Profile]) -> Vec<usize> {
    (0..entries.len()).collect()
}
