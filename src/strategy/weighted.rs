//! Random without replacement by weight; weight 0 is never picked.

use crate::sort::{Rank, ranked};

use super::Profile;

/// `weighted`: a random order in which each next place is drawn by weight from the rest.
///
/// To sort by `-ln(u) / weight`, with a random `u` for each, draws exactly so (Efraimidis and
/// Spirakis, "Weighted random sampling with a reservoir", 2006). Weight 0 is left out.
///
/// ```
/// # use pointsman::strategy::{Profile, Pick, Strategy};
/// let entries = [0, 3, 0].map(|weight| Profile { weight, ..Profile::default() });
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::Weighted.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [1], "weight 0 is not even a fallback");
/// ```
pub(super) fn shuffle(entries: &[Profile], rng: &mut fastrand::Rng) -> Vec<usize> {
    let drawn: Vec<(Rank, usize)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.weight > 0)
        .map(|(at, entry)| {
            // 1 − u lies in (0, 1], so the logarithm is finite.
            ((-(1.0 - rng.f64()).ln() / f64::from(entry.weight), 0), at)
        })
        .collect();
    ranked(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(weights: &[u32]) -> Vec<Profile> {
        weights.iter().map(|weight| Profile { weight: *weight, ..Profile::default() }).collect()
    }

    /// How often each candidate came first in 20,000 seeded draws.
    fn firsts(weights: &[u32]) -> Vec<usize> {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut counts = vec![0; weights.len()];
        for _ in 0..20_000 {
            counts[shuffle(&entries(weights), &mut rng)[0]] += 1;
        }
        counts
    }

    #[test]
    fn shares_follow_the_weights_within_four_sigma() {
        let counts = firsts(&[9, 1]);
        let sigma = (20_000.0f64 * 0.9 * 0.1).sqrt();
        assert!((counts[0] as f64 - 18_000.0).abs() < 4.0 * sigma, "{counts:?}");
        let even = firsts(&[5, 5, 5, 5]);
        let sigma = (20_000.0f64 * 0.25 * 0.75).sqrt();
        assert!(even.iter().all(|c| (*c as f64 - 5000.0).abs() < 4.0 * sigma), "{even:?}");
    }

    #[test]
    fn the_second_place_is_drawn_by_weight_from_the_rest() {
        let mut rng = fastrand::Rng::with_seed(11);
        let (mut of, mut second) = (0, 0);
        for _ in 0..40_000 {
            let order = shuffle(&entries(&[6, 3, 1]), &mut rng);
            if order[0] == 0 {
                of += 1;
                second += usize::from(order[1] == 1);
            }
        }
        let share = second as f64 / of as f64;
        let sigma = (0.75f64 * 0.25 / of as f64).sqrt();
        assert!((share - 0.75).abs() < 4.0 * sigma, "{share}");
    }

    #[test]
    fn zero_weight_is_never_picked_not_even_as_fallback() {
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..1000 {
            assert_eq!(shuffle(&entries(&[0, 3, 0]), &mut rng), [1]);
        }
        assert!(shuffle(&entries(&[0, 0]), &mut rng).is_empty());
        assert!(shuffle(&[], &mut rng).is_empty());
    }
}
