//! What is found out beforehand of groups that are too large for each of their
//! candidates to be looked at in every request.
//!
//! Puts candidates in order by what does not change; knows nothing of requests.

use crate::sort::{Rank, ranked};
use crate::strategy::{Pick, Profile, Strategy, Trait};

use super::candidate::Candidate;
use super::deployment::{Deployment, ModelFacts};

/// Groups of more candidates than this are large.
pub const MOST_SMALL: usize = 16;

/// What is known beforehand of a large group, by its strategy. Candidates are places in
/// the group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Index {
    /// Nothing: the group is small, or its strategy has no use for it.
    #[default]
    Nothing,
    /// Candidates in the order of the strategy.
    Order(Vec<usize>),
    /// The sum of the weights up to each candidate, its own included.
    Shares(Vec<u64>),
    /// The hash of each candidate's deployment.
    Hashes(Vec<u64>),
    /// Candidates of one price each, in the order of their priority.
    Prices(Vec<Vec<usize>>),
}

impl Index {
    /// The index of candidates, which are in file order.
    pub(super) fn of(
        strategy: Strategy,
        candidates: &[Candidate],
        deployments: &[Deployment],
    ) -> Self {
        if candidates.len() <= MOST_SMALL {
            return Self::Nothing;
        }
        let deployment = |at: usize| deployments.get(candidates.get(at)?.deployment.0);
        let order = |strategy: Strategy| {
            let entries = candidates.iter().map(|candidate| {
                let deployment = deployments.get(candidate.deployment.0);
                let priority = deployment.map_or(0, |deployment| deployment.priority);
                let Candidate { weight, position, .. } = *candidate;
                Profile { weight, position, priority, ..Profile::default() }
            });
            let entries: Vec<Profile> = entries.collect();
            strategy.order(&entries, Pick::by(&mut fastrand::Rng::with_seed(0)))
        };
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
            let by_priority = order(Strategy::PriorityBased);
            return Self::Prices(tiers(by(by_priority, &|at| rank(price(at))), price));
        }
        Self::Nothing
    }
}

/// The candidates by that rank; those of the same keep their order.
fn by(order: Vec<usize>, rank: &dyn Fn(usize) -> Rank) -> Vec<usize> {
    ranked(order.into_iter().map(|at| (rank(at), at)).collect())
}

/// The prices of input and output, where both are known.
fn price(facts: &ModelFacts) -> Option<(f64, f64)> {
    Some((facts.input_usd_per_million?, facts.output_usd_per_million?))
}

/// Equal prices next to each other, unknown ones last.
fn rank(price: Option<(f64, f64)>) -> Rank {
    price.map_or((f64::INFINITY, 0), |(input, output)| (input, output.to_bits().cast_signed()))
}

fn sums(candidates: &[Candidate]) -> Vec<u64> {
    let mut sum = 0_u64;
    let sums = candidates.iter().map(|candidate| {
        sum = sum.saturating_add(candidate.weight.into());
        sum
    });
    sums.collect()
}

/// Candidates of one price each, of candidates in the order of their prices.
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
