//! Strategies that sort by what the configuration and the request say. Ties keep file order.

use super::Profile;
use super::rank::by;

/// `ordered_fallback`: lowest position first. Of the same position, the lowest priority number
/// comes first.
///
/// ```
/// # use pointsman::strategy::{Profile, Pick, Strategy};
/// let entry = |position, priority| Profile { position, priority, ..Profile::default() };
/// let entries = [entry(1, 0), entry(0, 5), entry(0, 2)];
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::OrderedFallback.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [2, 1, 0]);
/// ```
pub(super) fn by_position(entries: &[Profile]) -> Vec<usize> {
    by(entries, |entry| (f64::from(entry.position), entry.priority.into()))
}

/// `priority_based`: lowest priority number first.
///
/// ```
/// # use pointsman::strategy::{Profile, Pick, Strategy};
/// let entries = [3, 1, 2].map(|priority| Profile { priority, ..Profile::default() });
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::PriorityBased.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [1, 2, 0]);
/// ```
pub(super) fn by_priority(entries: &[Profile]) -> Vec<usize> {
    // The first number is the same for all, so the priority alone decides.
    by(entries, |entry| (0.0, entry.priority.into()))
}

/// `cost_based`: cheapest first, unknown cost last, ties by priority.
///
/// ```
/// # use pointsman::strategy::{Profile, Pick, Strategy};
/// let entries = [None, Some(0.2), Some(0.1)]
///     .map(|cost_usd| Profile { cost_usd, ..Profile::default() });
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::CostBased.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [2, 1, 0]);
/// ```
pub(super) fn by_cost(entries: &[Profile]) -> Vec<usize> {
    let known = |entry: &Profile| entry.cost_usd.filter(|cost| !cost.is_nan());
    by(entries, |entry| (known(entry).unwrap_or(f64::INFINITY), entry.priority.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_positions_come_first_and_ties_keep_file_order() {
        let entry = |position| Profile { position, ..Profile::default() };
        assert_eq!(by_position(&[entry(2), entry(-1), entry(2), entry(0)]), [1, 3, 0, 2]);
        assert_eq!(by_position(&[entry(i32::MAX), entry(i32::MIN)]), [1, 0]);
        assert!(by_position(&[]).is_empty());
    }

    #[test]
    fn priority_makes_tiers_within_a_position() {
        let entry = |position, priority| Profile { position, priority, ..Profile::default() };
        assert_eq!(
            by_position(&[entry(0, 2), entry(1, 0), entry(0, 1), entry(0, 1)]),
            [2, 3, 0, 1]
        );
    }

    #[test]
    fn lower_priority_numbers_come_first() {
        let entry = |priority| Profile { priority, ..Profile::default() };
        assert_eq!(by_priority(&[entry(1), entry(0), entry(1)]), [1, 0, 2]);
    }

    #[test]
    fn unknown_cost_comes_last_and_equal_cost_goes_by_priority() {
        let entry = |cost_usd, priority| Profile { cost_usd, priority, ..Profile::default() };
        let entries =
            [entry(None, 0), entry(Some(0.2), 5), entry(Some(0.1), 9), entry(Some(0.2), 1)];
        assert_eq!(by_cost(&entries), [2, 3, 1, 0]);
        assert_eq!(by_cost(&[entry(None, 1), entry(None, 0)]), [1, 0]);
        assert_eq!(by_cost(&[entry(Some(-f64::NAN), 0), entry(Some(f64::MAX), 0)]), [1, 0]);
    }
}
