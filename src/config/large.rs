//! Indexes of large groups, whose candidates are too many to look at each of them in every
//! request.
//!
//! Puts candidates in order by what does not change; knows nothing of requests.

use crate::sort::{Rank, ranked};
use crate::strategy::{Pick, Profile, Strategy, Trait};

use super::candidate::Candidate;
use super::deployment::{Deployment, ModelFacts};

/// Groups of more candidates than this are large. A request looks at a few candidates of such a
/// group, which an [`Index`] finds.
pub const MOST_SMALL: usize = 16;

/// What is known beforehand of a large group, by its strategy. Candidates are places in
/// the group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Index {
    /// Nothing: the group is small, or its strategy has no use for it.
    #[default]
    Nothing,
    /// The group is small, and its file order is that of the strategy. Most groups are like this.
    FileOrder,
    /// Candidates in the order of the strategy, where the configuration alone decides it. A request
    /// begins with the first.
    Order(Vec<usize>),
    /// The sum of the weights up to each candidate, its own included.
    Shares(Vec<u64>),
    /// The hash of each candidate's deployment, by which a session finds its candidates without
    /// a look at the deployments.
    Hashes(Vec<u64>),
    /// Lists of candidates, one for each price, cheapest first and unknown prices last. Within a
    /// list, candidates are in the order of their priority.
    Prices(Vec<Vec<usize>>),
}

impl Index {
    /// Returns the index of a group, whose candidates are in file order.
    pub(super) fn of(
        strategy: Strategy,
        candidates: &[Candidate],
        deployments: &[Deployment],
    ) -> Self {
        let deployment = |at: usize| deployments.get(candidates.get(at)?.deployment.0);
        let order = |strategy: Strategy| {
            let entries = candidates.iter().map(|candidate| {
                let deployment = deployments.get(candidate.deployment.0);
                let priority = deployment.map_or(0, |deployment| deployment.priority);
                let Candidate { weight, position, .. } = *candidate;
                Profile { weight, position, priority, ..Profile::default() }
            });
            let entries: Vec<Profile> = entries.collect();
            // Configured orders leave nothing to chance, so the seed does not matter.
            strategy.order(&entries, Pick::by(&mut fastrand::Rng::with_seed(0)))
        };
        // A few candidates are walked faster than an index is searched.
        if candidates.len() <= MOST_SMALL {
            let is_file_order = strategy.is_configured() && order(strategy).is_sorted();
            return if is_file_order { Self::FileOrder } else { Self::Nothing };
        }
        if strategy.is_configured() {
            return Self::Order(order(strategy));
        }
        if strategy.has(Trait::ByWeight) {
            return Self::Shares(sums(candidates));
        }
        if strategy.has(Trait::BySession) {
            let hashes = (0..candidates.len()).filter_map(|at| Some(deployment(at)?.hash));
            return Self::Hashes(hashes.collect());
        }
        if strategy.has(Trait::NeedsCosts) {
            let price = |at| price(&deployment(at)?.facts);
            // First, because the ordering by price keeps the order within a price.
            let by_priority = order(Strategy::PriorityBased);
            return Self::Prices(tiers(by(by_priority, &|at| rank(price(at))), price));
        }
        Self::Nothing
    }
}

/// Returns the candidates ordered by that rank; those of the same rank keep their order.
fn by(order: Vec<usize>, rank: &dyn Fn(usize) -> Rank) -> Vec<usize> {
    ranked(order.into_iter().map(|at| (rank(at), at)).collect())
}

/// Returns the prices of input, as far as it is expected to be cached, and of output, in USD per
/// million tokens; none where either is not known.
fn price(facts: &ModelFacts) -> Option<(f64, f64)> {
    Some((facts.expected_input_usd_per_million()?, facts.output_usd_per_million?))
}

/// Returns a rank by which equal prices stand next to each other, and unknown ones last.
///
/// Of prices that are not negative, the bits are in the same order as the prices.
fn rank(price: Option<(f64, f64)>) -> Rank {
    price.map_or((f64::INFINITY, 0), |(input, output)| (input, output.to_bits().cast_signed()))
}

/// Returns for each candidate the sum of the weights up to it, its own included.
///
/// The sums rise, so that a random number below the last finds its candidate by binary search.
fn sums(candidates: &[Candidate]) -> Vec<u64> {
    let mut sum = 0_u64;
    let sums = candidates.iter().map(|candidate| {
        sum = sum.saturating_add(candidate.weight.into());
        sum
    });
    sums.collect()
}

/// Returns the candidates of each price as one list, given in the order of their prices.
fn tiers(order: Vec<usize>, price: impl Fn(usize) -> Option<(f64, f64)>) -> Vec<Vec<usize>> {
    let mut tiers: Vec<Vec<usize>> = Vec::new();
    for at in order {
        match tiers.last_mut() {
            Some(tier) if tier.first().is_some_and(|first| price(*first) == price(at)) => {
                tier.push(at);
            }
            _ => tiers.push(vec![at]),
        }
    }
    tiers
}
