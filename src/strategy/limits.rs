//! Strategies that go by how much of its limits a deployment has used.

use super::Entry;
use super::rank::by_number;

/// `usage_based`: the smallest share of its tokens per minute used first, ties at random.
///
/// A candidate without a limit counts as one with the largest limit of the others, so
/// that it takes as much as the largest and not everything; where none has a limit, the
/// tokens alone count.
///
/// ```
/// # use pointsman::strategy::{Entry, Load, Pick, Strategy};
/// let entries = [(900, Some(1000)), (5000, Some(10_000)), (6000, None)].map(
///     |(tokens, tpm_limit)| Entry {
///         load: Load { tokens, tpm_limit, ..Load::default() },
///         ..Entry::default()
///     },
/// );
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::UsageBased.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [1, 2, 0]);
/// ```
pub(super) fn least_used(entries: &[Entry], rng: &mut fastrand::Rng) -> Vec<usize> {
    let largest = entries.iter().filter_map(|entry| entry.load.tpm_limit).max();
    by_number(entries, rng, |entry| {
        let limit = entry.load.tpm_limit.or(largest).unwrap_or(1);
        used(entry.load.tokens, limit)
    })
}

/// `rate_limit_aware`: the largest share left first, ties at random: the smallest of what
/// is left of the tokens and requests per minute, and of the provider's own limits.
/// What is not known is all left.
///
/// ```
/// # use pointsman::strategy::{Entry, Load, Pick, Strategy};
/// let plenty = Load { requests: 10, rpm_limit: Some(100), ..Load::default() };
/// let scarce = Load { headroom: Some(0.2), ..plenty };
/// let entries = [scarce, plenty].map(|load| Entry { load, ..Entry::default() });
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::RateLimitAware.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [1, 0]);
/// ```
pub(super) fn most_left(entries: &[Entry], rng: &mut fastrand::Rng) -> Vec<usize> {
    by_number(entries, rng, |entry| {
        let load = &entry.load;
        let left =
            |count: u64, limit: Option<u32>| limit.map_or(1.0, |limit| 1.0 - used(count, limit));
        let own = left(load.tokens, load.tpm_limit).min(left(load.requests.into(), load.rpm_limit));
        // The smaller of a number and none is the number.
        -own.min(load.headroom.unwrap_or(1.0)).clamp(0.0, 1.0)
    })
}

#[expect(clippy::cast_precision_loss, reason = "tokens of a minute stay far below 2^53")]
fn used(count: u64, limit: u32) -> f64 {
    count as f64 / f64::from(limit.max(1))
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::*;

    fn entries(loads: &[Load]) -> Vec<Entry> {
        loads.iter().map(|load| Entry { load: *load, ..Entry::default() }).collect()
    }

    fn tokens(tokens: u64, tpm_limit: Option<u32>) -> Load {
        Load { tokens, tpm_limit, ..Load::default() }
    }

    /// How often each came first in 20,000 seeded picks.
    fn firsts(pick: impl Fn(&mut fastrand::Rng) -> Vec<usize>) -> [f64; 3] {
        let mut rng = fastrand::Rng::with_seed(6);
        let mut firsts = [0.0; 3];
        for _ in 0..20_000 {
            firsts[pick(&mut rng)[0]] += 1.0;
        }
        firsts
    }

    #[track_caller]
    fn half_each(counts: [f64; 3]) {
        let sigma = (20_000.0f64 * 0.25).sqrt();
        assert_eq!(counts[2], 0.0);
        assert!((counts[0] - 10_000.0).abs() < 4.0 * sigma, "{counts:?}");
    }

    #[test]
    fn usage_is_a_share_of_the_limit() {
        let mut rng = fastrand::Rng::with_seed(1);
        let all = entries(&[tokens(50, Some(100)), tokens(60, Some(1000)), tokens(0, Some(1))]);
        assert_eq!(least_used(&all, &mut rng), [2, 1, 0]);
        assert!(least_used(&[], &mut rng).is_empty());
        assert_eq!(least_used(&all[..1], &mut rng), [0]);
    }

    #[test]
    fn without_any_limit_tokens_alone_count() {
        let mut rng = fastrand::Rng::with_seed(1);
        let all = entries(&[tokens(u64::MAX, None), tokens(3, None), tokens(2, None)]);
        assert_eq!(least_used(&all, &mut rng), [2, 1, 0]);
    }

    #[test]
    fn no_limit_is_as_much_as_the_largest() {
        let mut rng = fastrand::Rng::with_seed(1);
        let all = entries(&[tokens(500, None), tokens(499, Some(1000)), tokens(49, Some(100))]);
        assert_eq!(least_used(&all, &mut rng), [2, 1, 0]);
    }

    #[test]
    fn equal_shares_are_broken_evenly() {
        let all = entries(&[tokens(1, Some(10)), tokens(10, Some(100)), tokens(9, Some(10))]);
        half_each(firsts(|rng| least_used(&all, rng)));
        let all = entries(&[
            tokens(5, Some(10)),
            Load { headroom: Some(0.5), ..Load::default() },
            tokens(9, Some(10)),
        ]);
        half_each(firsts(|rng| most_left(&all, rng)));
    }

    #[test]
    fn the_scarcest_limit_counts() {
        let mut rng = fastrand::Rng::with_seed(1);
        let all = entries(&[
            Load { requests: 9, rpm_limit: Some(10), tpm_limit: Some(10), ..Load::default() },
            Load { tokens: 8, tpm_limit: Some(10), headroom: Some(0.9), ..Load::default() },
            Load { headroom: Some(0.3), ..Load::default() },
            Load { tokens: 1 << 60, requests: u32::MAX, ..Load::default() },
        ]);
        assert_eq!(most_left(&all, &mut rng), [3, 2, 1, 0]);
        assert!(most_left(&[], &mut rng).is_empty());
        assert_eq!(most_left(&all[..1], &mut rng), [0]);
    }

    #[test]
    fn odd_headroom_is_none_or_bounded() {
        let mut rng = fastrand::Rng::with_seed(1);
        let headroom = |headroom| Load { headroom: Some(headroom), ..Load::default() };
        let all = entries(&[headroom(-7.0), tokens(1, Some(10)), headroom(f64::NAN)]);
        assert_eq!(most_left(&all, &mut rng), [2, 1, 0]);
        let over = entries(&[tokens(20, Some(10)), headroom(0.0)]);
        let swapped = (0..100).filter(|_| most_left(&over, &mut rng)[0] == 1).count();
        assert!((20..80).contains(&swapped), "over the limit is as good as at it: {swapped}");
    }
}
