//! Fewest requests in flight, ties at random.

use super::Profile;
use super::rank::by_number;

/// `least_busy`: fewest requests in flight first.
///
/// ```
/// # use pointsman::strategy::{Profile, Load, Pick, Strategy};
/// let entries = [2, 0, 1].map(|in_flight| Profile {
///     load: Load { in_flight, ..Load::default() },
///     ..Profile::default()
/// });
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::LeastBusy.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [1, 2, 0]);
/// ```
pub(super) fn least(entries: &[Profile], rng: &mut fastrand::Rng) -> Vec<usize> {
    by_number(entries, rng, |entry| f64::from(entry.load.in_flight))
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::*;

    fn entries(in_flight: &[u32]) -> Vec<Profile> {
        let load = |in_flight| Load { in_flight, ..Load::default() };
        in_flight.iter().map(|n| Profile { load: load(*n), ..Profile::default() }).collect()
    }

    #[test]
    fn the_fewest_in_flight_come_first() {
        let mut rng = fastrand::Rng::with_seed(1);
        assert_eq!(least(&entries(&[7, u32::MAX, 0, 3]), &mut rng), [2, 3, 0, 1]);
        assert_eq!(least(&entries(&[9]), &mut rng), [0]);
        assert!(least(&[], &mut rng).is_empty());
    }

    #[test]
    fn ties_are_broken_evenly() {
        let mut rng = fastrand::Rng::with_seed(5);
        let mut firsts = [0; 5];
        for _ in 0..20_000 {
            firsts[least(&entries(&[2, 2, 9, 2, 2]), &mut rng)[0]] += 1;
        }
        assert_eq!(firsts[2], 0);
        let sigma = (20_000.0f64 * 0.25 * 0.75).sqrt();
        let is_even = |count: &i32| (f64::from(*count) - 5000.0).abs() < 4.0 * sigma;
        assert!([0, 1, 3, 4].iter().all(|at| is_even(&firsts[*at])), "{firsts:?}");
    }
}
