//! How the eligible candidates of a model are ordered.
//!
//! Pure functions of the candidates, one random generator, one turn number and one
//! session. They know neither requests nor state nor configuration. Every strategy returns
//! places in the slice it was given, each at most once; what it leaves out is not tried.
//! Without candidates the order is empty. Odd numbers of theirs, NaN for example, may change
//! the order but fail nothing.
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
    ///
    /// A configuration with more than one is refused.
    Single = "single",
        [IsOne], |entries, _| in_file_order(entries);
    /// By position, then by the deployment's priority, then in file order.
    ///
    /// This is the strategy of a model that names none.
    #[default]
    OrderedFallback = "ordered_fallback" | "priority",
        [], |entries, _| sorted::by_position(entries);
    /// Random without replacement by weight.
    ///
    /// A candidate of weight 0 is left out, as a fallback too.
    Weighted = "weighted" | "simple_shuffle",
        [Draws, ByWeight], |entries, pick| weighted::shuffle(entries, pick.rng);
    /// In turn, counted over all workers.
    ///
    /// The candidates after the one whose turn it is follow it, round to the first.
    RoundRobin = "round_robin" | "load_balance",
        [TakesTurn], |entries, pick| rotation::from_turn(entries.len(), pick.turn);
    /// Fewest requests in flight first.
    ///
    /// Ties are in random order, so that the first in the file is not sent more.
    LeastBusy = "least_busy",
        [Draws, NeedsLoads], |entries, pick| busy::least(entries, pick.rng);
    /// Shortest time to the first byte first.
    ///
    /// Of more than eight, two are drawn and compared, so that not all workers choose the same.
    LatencyBased = "latency_based",
        [Draws, NeedsLoads], |entries, pick| latency::lowest(entries, pick.rng);
    /// Smallest share of the tokens per minute used first.
    ///
    /// A candidate without a limit counts as one with the largest limit of the others.
    UsageBased = "usage_based",
        [Draws, NeedsLoads, CountsTokens], |entries, pick| limits::least_used(entries, pick.rng);
    /// Largest share of all limits left first.
    ///
    /// These are its tokens and requests per minute, and what the provider says of its own limits.
    RateLimitAware = "rate_limit_aware",
        [Draws, NeedsLoads], |entries, pick| limits::most_left(entries, pick.rng);
    /// Lowest estimated cost first.
    ///
    /// Candidates of unknown cost come last.
    CostBased = "cost_based",
        [NeedsCosts], |entries, _| sorted::by_cost(entries);
    /// Lowest `priority` first.
    ///
    /// Positions do not count. Candidates of the same priority keep file order.
    PriorityBased = "priority_based",
        [], |entries, _| sorted::by_priority(entries);
    /// First candidate whose rules hold.
    ///
    /// The next ones whose rules hold are its fallbacks.
    Rules = "rules",
        [ByRules], |entries, _| in_file_order(entries);
    /// The one that the session's earlier requests went to.
    ///
    /// A candidate with too much in flight comes last. Without a session the order is random.
    Sticky = "sticky",
        [Draws, NeedsLoads, BySession],
        |entries, pick| sticky::by_session(entries, pick.session, pick.rng);
    /// The one that a service picks.
    ///
    /// The candidates that it did not pick follow in file order.
    Custom = "custom",
        [AsksService, CountsTokens], |entries, _| in_file_order(entries);
}

/// What strategies know of a candidate. A field that a strategy does not read may have its
/// default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Profile {
    /// Its share under `weighted`, beside the weights of the others; 0 takes it out there.
    pub weight: u32,
    /// Order under `ordered_fallback`, lower first.
    pub position: i32,
    /// The deployment's priority, lower is better.
    pub priority: i32,
    /// Estimated cost of this request in USD, if known.
    pub cost_usd: Option<f64>,
    /// What the deployment has to do; filled in where the strategy [`Trait::NeedsLoads`].
    pub load: Load,
    /// Stable hash of the deployment, for `sticky`.
    pub id: u64,
}

/// What `sticky` orders by: the session of the request, and how unevenly sessions may load the
/// candidates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Session {
    /// Hash of the text that identifies the session; none where the request has no such text.
    pub key: Option<u64>,
    /// The most requests that one candidate may have in flight, as a multiple of the mean of
    /// all; at least 1.
    pub bound: f64,
}

impl Session {
    /// No session.
    pub const NONE: Self = Self { key: None, bound: 1.25 };
}

/// What an order depends on beside the candidates.
#[derive(Debug)]
pub struct Pick<'r> {
    /// The request's session; filled in where the strategy goes [`Trait::BySession`].
    pub session: Session,
    /// The number of the request's turn, counted from 0; filled in where the strategy
    /// [`Trait::TakesTurn`].
    pub turn: u64,
    /// The source of random numbers. Strategies without [`Trait::Draws`] leave it alone.
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

/// Returns all places, in file order. Under `rules` the candidates are those whose rules hold,
/// and under `custom` a service has the first say.
fn in_file_order(entries: &[Profile]) -> Vec<usize> {
    (0..entries.len()).collect()
}
