//! Candidates by two numbers, lowest first; equals keep file order.

use crate::sort::{Rank, ranked};

use super::Profile;

/// Returns the places of all candidates in the order of their ranks, lowest first. Candidates of
/// the same rank keep file order.
pub(super) fn by(entries: &[Profile], mut rank: impl FnMut(&Profile) -> Rank) -> Vec<usize> {
    ranked(entries.iter().enumerate().map(|(at, entry)| (rank(entry), at)).collect())
}

/// Returns the places of all candidates in the order of that number, and in random order where
/// it is the same.
pub(super) fn by_number(
    entries: &[Profile],
    rng: &mut fastrand::Rng,
    number: impl Fn(&Profile) -> f64,
) -> Vec<usize> {
    // The second number of a rank counts where the first is the same, so ties are random.
    by(entries, |entry| (number(entry), rng.u64(..).cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_breaks_the_order() {
        let numbers = [f64::NAN, f64::INFINITY, -f64::NAN, 0.0, -0.0, f64::MIN_POSITIVE, f64::MAX];
        let entries = [Profile::default(); 100];
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..100 {
            let order = by(&entries, |_| (numbers[rng.usize(..numbers.len())], 0));
            let mut all = order.clone();
            all.sort_unstable();
            assert_eq!(all, (0..100).collect::<Vec<_>>());
        }
    }
}
