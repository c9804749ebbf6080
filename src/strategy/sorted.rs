//! Strategies that sort; ties keep file order.

use std::cmp::Ordering;

use crate::sort;

use super::Entry;

fn by(entries: &[Entry], compare: impl Fn(&Entry, &Entry) -> Ordering) -> Vec<usize> {
    let order: Vec<(usize, &Entry)> = entries.iter().enumerate().collect();
    let order = sort::sorted(order, &|(_, a), (_, b)| compare(a, b).is_lt());
    order.into_iter().map(|(at, _)| at).collect()
}

/// Lowest position first; within one, the tier of the lowest priority number.
pub(super) fn by_position(entries: &[Entry]) -> Vec<usize> {
    by(entries, |a, b| (a.position, a.priority).cmp(&(b.position, b.priority)))
}

/// Lowest priority number first.
pub(super) fn by_priority(entries: &[Entry]) -> Vec<usize> {
    by(entries, |a, b| a.priority.cmp(&b.priority))
}

/// Cheapest first, unknown cost last, ties by priority.
pub(super) fn by_cost(entries: &[Entry]) -> Vec<usize> {
    let cost = |entry: &Entry| entry.cost_usd.unwrap_or(f64::INFINITY);
    by(entries, |a, b| cost(a).total_cmp(&cost(b)).then(a.priority.cmp(&b.priority)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_positions_come_first_and_ties_keep_file_order() {
        let entry = |position| Entry { position, ..Entry::default() };
        assert_eq!(by_position(&[entry(2), entry(-1), entry(2), entry(0)]), [1, 3, 0, 2]);
        assert!(by_position(&[]).is_empty());
    }

    #[test]
    fn priority_makes_tiers_within_a_position() {
        let entry = |position, priority| Entry { position, priority, ..Entry::default() };
        assert_eq!(
            by_position(&[entry(0, 2), entry(1, 0), entry(0, 1), entry(0, 1)]),
            [2, 3, 0, 1]
        );
    }

    #[test]
    fn lower_priority_numbers_come_first() {
        let entry = |priority| Entry { priority, ..Entry::default() };
        assert_eq!(by_priority(&[entry(1), entry(0), entry(1)]), [1, 0, 2]);
    }

    #[test]
    fn unknown_cost_comes_last_and_equal_cost_goes_by_priority() {
        let entry = |cost_usd, priority| Entry { cost_usd, priority, ..Entry::default() };
        let entries =
            [entry(None, 0), entry(Some(0.2), 5), entry(Some(0.1), 9), entry(Some(0.2), 1)];
        assert_eq!(by_cost(&entries), [2, 3, 1, 0]);
        assert_eq!(by_cost(&[entry(None, 1), entry(None, 0)]), [1, 0]);
    }
}
