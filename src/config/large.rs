//! What is found out beforehand of groups that are too large for each of their
//! candidates to be looked at in every request.
//!
//! Puts candidates in order by what does not change; knows nothing of requests.

use crate::sort::ordered;

use super::{Candidate, Deployment, StrategyName};

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
        strategy: StrategyName,
        candidates: &[Candidate],
        deployments: &[Deployment],
    ) -> Self {
        if candidates.len() <= MOST_SMALL {
            return Self::Nothing;
        }
        let deployments =
            candidates.iter().filter_map(|c| Some((c, deployments.get(c.deployment.0)?)));
        let keyed = |key: fn(&Candidate, &Deployment) -> [u64; 3]| {
            let keys =
                deployments.clone().map(|(candidate, deployment)| key(candidate, deployment));
            ordered(keys.enumerate().map(|(at, key)| (key, at)).collect())
        };
        match strategy {
            StrategyName::OrderedFallback => Self::Order(places(keyed(|candidate, deployment| {
                [rank(candidate.position), rank(deployment.priority), 0]
            }))),
            StrategyName::PriorityBased => {
                Self::Order(places(keyed(|_, deployment| [rank(deployment.priority), 0, 0])))
            }
            StrategyName::Weighted => Self::Shares(sums(candidates)),
            StrategyName::Sticky => Self::Hashes(deployments.map(|(_, one)| one.hash).collect()),
            StrategyName::CostBased => Self::Prices(by_price(keyed(|_, deployment| {
                let facts = &deployment.facts;
                let [input, output] = [facts.input_usd_per_million, facts.output_usd_per_million]
                    .map(|price| price.map_or(u64::MAX, f64::to_bits));
                [input, output, rank(deployment.priority)]
            }))),
            _ => Self::Nothing,
        }
    }
}

/// A number in the order of signed ones.
const fn rank(number: i32) -> u64 {
    (number.cast_unsigned() ^ (1 << 31)) as u64
}

fn places(keyed: Vec<([u64; 3], usize)>) -> Vec<usize> {
    keyed.into_iter().map(|(_, at)| at).collect()
}

fn sums(candidates: &[Candidate]) -> Vec<u64> {
    let mut sum = 0_u64;
    let sums = candidates.iter().map(|candidate| {
        sum = sum.saturating_add(candidate.weight.into());
        sum
    });
    sums.collect()
}

fn by_price(keyed: Vec<([u64; 3], usize)>) -> Vec<Vec<usize>> {
    let mut tiers: Vec<Vec<usize>> = Vec::new();
    let mut last = None;
    for ([input, output, _], at) in keyed {
        let price = Some((input, output));
        match tiers.last_mut() {
            Some(tier) if price == last => tier.push(at),
            _ => tiers.push(vec![at]),
        }
        last = price;
    }
    tiers
}
