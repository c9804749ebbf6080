//! Strategies that go by how much of its limits a deployment has used.

use super::Profile;
use super::rank::by_number;

/// `usage_based`: the one that has used the smallest share of its tokens per minute first,
/// ties at random.
///
/// A candidate without a limit counts as one with the largest limit of the others, so that it
/// is sent as much as the largest, rather than everything. Where none has a limit, the tokens
/// alone count.
///
/// ```
/// # use pointsman::strategy::{Profile, Load, Pick, Strategy};
/// let entries = [(900, Some(1000)), (5000, Some(10_000)), (6000, None)].map(
///     |(tokens, tpm_limit)| Profile {
///         load: Load { tokens, tpm_limit, ..Load::default() },
///         ..Profile::default()
///     },
/// );
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::UsageBased.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [1, 2, 0]);
/// ```
pub(super) fn least_used(entries: &[Profile], rng: &mut fastrand::Rng) -> Vec<usize> {
    let largest = entries.iter().filter_map(|entry| entry.load.tpm_limit).max();
    by_number(entries, rng, |entry| {
        let limit = entry.load.tpm_limit.or(largest).unwrap_or(1);
        used(entry.load.tokens, limit)
    })
}

/// `rate_limit_aware`: the one with the largest share left first, ties at random.
///
/// Its share is the smallest of what is left of its tokens and requests per minute, and of the
/// provider's own limits. Where no limit is known, all is left.
///
/// ```
/// # use pointsman::strategy::{Profile, Load, Pick, Strategy};
/// let plenty = Load { requests: 10, rpm_limit: Some(100), ..Load::default() };
/// let scarce = Load { headroom: Some(0.2), ..plenty };
/// let entries = [scarce, plenty].map(|load| Profile { load, ..Profile::default() });
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::RateLimitAware.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [1, 0]);
/// ```
pub(super) fn most_left(entries: &[Profile], rng: &mut fastrand::Rng) -> Vec<usize> {
    by_number(entries, rng, |entry| {
        let load = &entry.load;
        let left =
            |count: u64, limit: Option<u32>| limit.map_or(1.0, |limit| 1.0 - used(count, limit));
        let own = left(load.tokens, load.tpm_limit).min(left(load.requests.into(), load.rpm_limit));
        // `min` of a number and NaN is the number, so odd headroom counts for nothing.
        -own.min(load.headroom.unwrap_or(1.0)).clamp(0.0, 1.0)
    })
}

/// Returns the share of a limit that is used, above 1 where more was used. A limit of 0 counts
/// as 1, so that nothing is divided by 0.
#[expect(clippy::cast_precision_loss, reason = "tokens of a minute stay far below 2^53")]
fn used(count: u64, limit: u32) -> f64 {
    count as f64 / f64::from(limit.max(1))
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::*;

    fn entries(loads: &[Load]) -> Vec<Profile> {
        loads.iter().map(|load| Profile { load: *load, ..Profile::default() }).collect()
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
