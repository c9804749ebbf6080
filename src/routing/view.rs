//! A few of a large group's candidates: those that its strategy would look at first.
//!
//! A group of up to 16 is looked at whole. Of a larger group about 16 are picked by an index
//! that was made with the configuration, at next to no cost for the others. Where none of them
//! may serve, all are looked at.
//!
//! A request goes where it would go if all were looked at, or as likely there, with two
//! exceptions. Under `round_robin`, what a candidate cannot serve on its turn falls to another
//! one at random. And strategies that compare loads compare those of 16 at random.

use crate::condition::{self, Subject};
use crate::config::{Config, Group, Index, MOST_SMALL};
use crate::hash::mixed;
use crate::strategy::{Session, Trait, score};

use super::{Need, Request, price};

/// Some of a group's candidates.
#[derive(Debug)]
pub(super) struct View {
    /// Their places in the group.
    pub(super) at: Vec<usize>,
    /// Whether they are in the order of their strategy already.
    pub(super) is_ordered: bool,
}

/// What the candidates of a view are picked by.
pub(super) struct PickBasis<'a> {
    pub(super) request: Request<'a>,
    pub(super) subject: &'a Subject<'a>,
    pub(super) session: Session,
    /// The number of the turn; 0 for strategies that take none.
    pub(super) turn: u64,
}

/// Returns the candidates of a large group that are looked at first.
///
/// # Errors
/// What has to be known of the request first.
pub(super) fn pick(
    group: &Group,
    by: &PickBasis<'_>,
    rng: &mut fastrand::Rng,
) -> Result<View, Need> {
    let count = group.candidates.len();
    let (at, is_ordered) = match (&group.index, by.session.key) {
        (Index::Order(order), _) => (order.iter().copied().take(MOST_SMALL).collect(), true),
        (Index::Shares(sums), _) => (drawn(sums, rng), true),
        (Index::Prices(tiers), _) => (cheapest(group, tiers, by.request)?, false),
        (Index::Hashes(hashes), Some(key)) => (nearest(hashes, key), false),
        _ if group.strategy.has(Trait::ByRules) => {
            (ruled(group, by.subject).into_iter().collect(), true)
        }
        _ if group.strategy.has(Trait::TakesTurn) => (from_turn(count, by.turn), true),
        _ => (distinct(&mut || Some(rng.usize(..count))), false),
    };
    Ok(View { at, is_ordered })
}

/// Returns 16 distinct ones of what is drawn, in the order in which they are drawn.
fn distinct(draw: &mut dyn FnMut() -> Option<usize>) -> Vec<usize> {
    let mut at = Vec::with_capacity(MOST_SMALL);
    // Where one candidate has nearly all of the weight, the others are hardly ever drawn, and
    // fewer than 16 will do.
    for _ in 0..4 * MOST_SMALL {
        match draw() {
            Some(one) if !at.contains(&one) => at.push(one),
            Some(_) => {}
            None => break,
        }
        if at.len() == MOST_SMALL {
            break;
        }
    }
    at
}

/// Returns candidates that are drawn by weight. To ignore one that is drawn twice is the same
/// as to draw from the rest.
fn drawn(sums: &[u64], rng: &mut fastrand::Rng) -> Vec<usize> {
    let total = sums.last().copied().unwrap_or_default();
    distinct(&mut || {
        let share = (total > 0).then(|| rng.u64(..total))?;
        Some(sums.partition_point(|sum| *sum <= share))
    })
}

/// Returns the candidate whose turn it is, and others at random after it, which differ from
/// turn to turn: if the next in order came second, all that a candidate cannot serve would
/// fall to its neighbour.
fn from_turn(count: usize, turn: u64) -> Vec<usize> {
    let within = |number: u64| usize::try_from(number.checked_rem(count as u64)?).ok();
    let mut number = turn;
    distinct(&mut || {
        let at = within(number);
        number = mixed(number.wrapping_add(turn).wrapping_add(1));
        at
    })
}

/// Returns the first candidate of which a rule holds, or may hold.
fn ruled(group: &Group, subject: &Subject<'_>) -> Option<usize> {
    group.candidates.iter().position(|candidate| {
        let mut rules = candidate.rules.iter().map(|rule| rule.holds(subject));
        condition::any(&mut rules) != Some(false)
    })
}

/// Returns candidates of the lowest cost for this request: 16 and as many more as cost the
/// same, but no more than 16 of each price.
fn cheapest(group: &Group, tiers: &[Vec<usize>], request: Request<'_>) -> Result<Vec<usize>, Need> {
    let Request { config, facts, .. } = request;
    let facts_of = |at: &usize| Some(&deployment(config, group, *at)?.facts);
    let mut costs = Vec::with_capacity(tiers.len());
    for tier in tiers {
        let estimate = tier.first().and_then(facts_of).map(|model| price::expected(facts, model));
        costs.push(match estimate.flatten() {
            Some(cost) if !cost.is_exact() => return Err(Need::model("is picked by cost")),
            // The bits of numbers that are not negative have the same order as the numbers.
            Some(cost) => cost.most.to_bits().cast_signed(),
            None => i64::MAX,
        });
    }
    let mut at: Vec<usize> = Vec::new();
    let mut dearest = None;
    for (cost, tier) in lowest(costs.into_iter().enumerate()) {
        // Different prices may come to the same cost. To leave some of those out would always
        // leave out the same ones.
        if at.len() >= MOST_SMALL && dearest != Some(cost) {
            break;
        }
        dearest = Some(cost);
        at.extend(tiers.get(tier).into_iter().flatten().take(MOST_SMALL));
    }
    Ok(at)
}

fn deployment<'a>(
    config: &'a Config,
    group: &Group,
    at: usize,
) -> Option<&'a crate::config::Deployment> {
    Some(config.deployment(group.candidates.get(at)?.deployment))
}

/// Returns about ten candidates with the lowest scores for a session: all those below a score
/// that ten are expected to be below. However few they are, the lowest of all is among them.
fn nearest(hashes: &[u64], key: u64) -> Vec<usize> {
    const EXPECTED: u64 = 10;
    let scores = || hashes.iter().map(|hash| score(key, *hash)).enumerate();
    let each = u64::MAX.checked_div(hashes.len() as u64).unwrap_or_default();
    let bound = i64::MIN.saturating_add_unsigned(each.saturating_mul(EXPECTED));
    let mut near = Vec::with_capacity(2 * MOST_SMALL);
    near.extend(scores().filter(|(_, score)| *score < bound).map(|(at, _)| at));
    if near.is_empty() {
        near.extend(scores().min_by_key(|(_, score)| *score).map(|(at, _)| at));
    }
    near
}

/// Returns the 16 lowest numbers with the places they are at, lowest first.
fn lowest(numbered: impl Iterator<Item = (usize, i64)>) -> Vec<(i64, usize)> {
    let mut best: Vec<(i64, usize)> = Vec::with_capacity(MOST_SMALL + 1);
    let mut most = i64::MAX;
    for (at, number) in numbered {
        if number >= most && best.len() == MOST_SMALL {
            continue;
        }
        best.insert(best.partition_point(|(known, _)| *known <= number), (number, at));
        best.truncate(MOST_SMALL);
        most = best.last().map_or(i64::MAX, |(number, _)| *number);
    }
    best
}
