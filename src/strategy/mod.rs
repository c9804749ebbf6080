//! How the eligible candidates of a model are ordered.
//!
//! Pure functions of the candidates, one random generator and one turn
//! number; they know neither requests nor state. Every strategy answers
//! positions in the slice it was given, each at most once; what it leaves out
//! is not tried. No candidates, no order.

mod rotation;
mod sorted;
mod weighted;

use crate::config::StrategyName;

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
}

/// Orders candidates that are already in file order.
///
/// `turn` is the number of this request's turn, counted from 0; only
/// `round_robin` asks for it. Under `rules` the entries are those whose rules
/// hold.
///
/// ```
/// use pointsman::config::StrategyName;
/// use pointsman::strategy::{Entry, order};
///
/// let entries = [Entry::default(); 3];
/// let mut rng = fastrand::Rng::with_seed(1);
/// assert_eq!(order(StrategyName::RoundRobin, &entries, &mut rng, || 4), [1, 2, 0]);
/// assert_eq!(order(StrategyName::OrderedFallback, &entries, &mut rng, || 4), [0, 1, 2]);
/// ```
pub fn order(
    strategy: StrategyName,
    entries: &[Entry],
    rng: &mut fastrand::Rng,
    turn: impl FnOnce() -> u64,
) -> Vec<usize> {
    match strategy {
        StrategyName::Single | StrategyName::Rules => (0..entries.len()).collect(),
        StrategyName::OrderedFallback => sorted::by_position(entries),
        StrategyName::PriorityBased => sorted::by_priority(entries),
        StrategyName::CostBased => sorted::by_cost(entries),
        StrategyName::Weighted => weighted::shuffle(entries, rng),
        StrategyName::RoundRobin => rotation::from_turn(entries.len(), turn),
    }
}
