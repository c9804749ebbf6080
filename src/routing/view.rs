//! A few of a large group's candidates: those that its strategy would look at first.
//!
//! A group of up to 16 is looked at whole. Of a larger one 16 are picked by what is
//! known beforehand, at next to no cost for each of the others; where none of these may
//! serve, the whole is looked at after all. What is picked first is what would be picked
//! first of the whole, or as likely, but for two: `round_robin` goes round all, so that
//! what one cannot serve falls to another at random rather than to all in turn; and
//! strategies that compare loads compare those of 16 at random.

use crate::condition::{self, Subject};
use crate::config::{Config, Group, Index, MOST_SMALL};
use crate::hash::mixed;
use crate::strategy::{Session, Trait, score};

use super::{Need, Request, price};

/// Some of a group's candidates, by their places in it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) at: Vec<usize>,
    /// Whether they are in the order of their strategy already.
    pub(super) is_ordered: bool,
}

/// What candidates are picked by.
pub(super) struct By<'a> {
    pub(super) request: Request<'a>,
    pub(super) subject: &'a Subject<'a>,
    pub(super) session: Session,
    /// The request's turn, for `round_robin`.
    pub(super) turn: u64,
}

/// The candidates of a large group that are looked at first.
///
/// # Errors
/// What is to be known of the request first.
pub(super) fn of(group: &Group, by: &By<'_>, rng: &mut fastrand::Rng) -> Result<View, Need> {
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

/// Distinct ones of what is drawn, in the order in which they are drawn.
fn distinct(draw: &mut dyn FnMut() -> Option<usize>) -> Vec<usize> {
    let mut at = Vec::with_capacity(MOST_SMALL);
    // Where one has nearly all of the weight, not all the others need to be found.
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

/// Drawn by weight: to draw again where one comes twice is to draw from the rest.
fn drawn(sums: &[u64], rng: &mut fastrand::Rng) -> Vec<usize> {
    let total = sums.last().copied().unwrap_or_default();
    distinct(&mut || {
        let share = (total > 0).then(|| rng.u64(..total))?;
        Some(sums.partition_point(|sum| *sum <= share))
    })
}

/// The one whose turn it is, and behind it such as are not the same for every turn: what
/// it cannot serve would else all fall to the next one.
fn from_turn(count: usize, turn: u64) -> Vec<usize> {
    let within = |number: u64| usize::try_from(number.checked_rem(count as u64)?).ok();
    let mut number = turn;
    distinct(&mut || {
        let at = within(number);
        number = mixed(number.wrapping_add(turn).wrapping_add(1));
        at
    })
}

/// The first whose rules hold, or hang on what is not known yet.
fn ruled(group: &Group, subject: &Subject<'_>) -> Option<usize> {
    group.candidates.iter().position(|candidate| {
        let mut rules = candidate.rules.iter().map(|rule| rule.holds(subject));
        condition::any(&mut rules) != Some(false)
    })
}

/// Those of the lowest prices for this request, and all prices that come to the same.
fn cheapest(group: &Group, tiers: &[Vec<usize>], request: Request<'_>) -> Result<Vec<usize>, Need> {
    let Request { config, facts, .. } = request;
    let facts_of = |at: &usize| Some(&deployment(config, group, *at)?.facts);
    let mut costs = Vec::with_capacity(tiers.len());
    for tier in tiers {
        let estimate = tier.first().and_then(facts_of).map(|model| price::estimate(facts, model));
        costs.push(match estimate.flatten() {
            Some(cost) if !cost.is_exact() => return Err(Need::model("is picked by cost")),
            // The bits of numbers from 0 on are in their order.
            Some(cost) => cost.most.to_bits().cast_signed(),
            None => i64::MAX,
        });
    }
    let mut at: Vec<usize> = Vec::new();
    let mut dearest = None;
    for (cost, tier) in lowest(costs.into_iter().enumerate()) {
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

/// About ten: all those below a score that so many are expected to be below. However few
/// they are, the lowest scores of all are among them.
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

/// The 16 of the lowest numbers, lowest first.
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
