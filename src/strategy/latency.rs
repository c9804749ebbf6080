//! Shortest time to the first byte, without sending everything there.

use super::Profile;
use super::rank::by_number;

/// More candidates than this are not all compared: the fastest one looks fastest to every
/// worker, so all of them would send everything there at once.
const MOST_COMPARED: usize = 8;

/// `latency_based`: lowest latency first, ties at random. A latency that is not known counts
/// as the mean of the known ones.
///
/// Of more than 8 candidates two are drawn (the power of two choices: Mitzenmacher, 2001). The
/// faster one comes first, the other one second, and the rest follow by latency.
///
/// ```
/// # use pointsman::strategy::{Profile, Load, Pick, Strategy};
/// let entries = [Some(300.0), None, Some(100.0)].map(|latency_ms| Profile {
///     load: Load { latency_ms, ..Load::default() },
///     ..Profile::default()
/// });
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::LatencyBased.order(&entries, Pick::by(&mut rng));
/// assert_eq!(order, [2, 1, 0]);
/// ```
pub(super) fn lowest(entries: &[Profile], rng: &mut fastrand::Rng) -> Vec<usize> {
    let known = |entry: &Profile| entry.load.latency_ms.filter(|ms| ms.is_finite());
    let count = entries.iter().filter_map(known).map(|_| 1.0).sum::<f64>();
    // Each is divided before the sum: if none is known, the mean is 0 and not NaN.
    let mean = entries.iter().filter_map(known).map(|ms| ms / count).sum();
    let mut order = by_number(entries, rng, |entry| known(entry).unwrap_or(mean));
    if order.len() > MOST_COMPARED {
        draw_two(&mut order, rng);
    }
    order
}

/// Moves two candidates that are drawn to the front, and keeps their order. `order` is by
/// latency, so the faster of the two comes first.
fn draw_two(order: &mut [usize], rng: &mut fastrand::Rng) {
    // The second is drawn from the places that are left, so it is never the first.
    let one = rng.usize(..order.len());
    let other = rng.usize(..order.len().saturating_sub(1).max(1));
    let other = if other < one { other } else { other.saturating_add(1) };
    // The later place is moved first. That shifts the earlier one back by one.
    for at in [one.max(other), one.min(other).saturating_add(1)] {
        for place in (0..at).rev() {
            if let Some([before, after, ..]) = order.get_mut(place..) {
                std::mem::swap(before, after);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::*;

    fn entries(latencies: &[Option<f64>]) -> Vec<Profile> {
        let load = |latency_ms| Load { latency_ms, ..Load::default() };
        latencies.iter().map(|ms| Profile { load: load(*ms), ..Profile::default() }).collect()
    }

    #[test]
    fn unknown_latencies_count_as_the_mean_of_the_known() {
        let mut rng = fastrand::Rng::with_seed(1);
        let entries = entries(&[Some(90.0), Some(40.0), None, Some(20.0)]);
        assert_eq!(lowest(&entries, &mut rng), [3, 1, 2, 0]);
    }

    #[test]
    fn all_unknown_is_random() {
        let mut rng = fastrand::Rng::with_seed(2);
        let mut firsts = [0; 4];
        for _ in 0..20_000 {
            firsts[lowest(&entries(&[None; 4]), &mut rng)[0]] += 1;
        }
        let sigma = (20_000.0f64 * 0.25 * 0.75).sqrt();
        let is_even = |count: &i32| (f64::from(*count) - 5000.0).abs() < 4.0 * sigma;
        assert!(firsts.iter().all(is_even), "{firsts:?}");
    }

    #[test]
    fn no_number_breaks_it() {
        let mut rng = fastrand::Rng::with_seed(3);
        let odd = [Some(f64::NAN), Some(f64::INFINITY), Some(f64::MAX), Some(f64::MAX), Some(1.0)];
        assert_eq!(lowest(&entries(&odd), &mut rng)[0], 4);
        assert!(lowest(&[], &mut rng).is_empty());
        assert_eq!(lowest(&entries(&[None]), &mut rng), [0]);
    }

    #[test]
    fn up_to_eight_the_lowest_always_comes_first() {
        let mut rng = fastrand::Rng::with_seed(4);
        let latencies: Vec<_> = (0..8).map(|at| Some(f64::from(9 - at))).collect();
        for _ in 0..1000 {
            assert_eq!(lowest(&entries(&latencies), &mut rng), [7, 6, 5, 4, 3, 2, 1, 0]);
        }
    }

    #[test]
    fn beyond_eight_the_better_of_two_drawn_comes_first() {
        let mut rng = fastrand::Rng::with_seed(5);
        let latencies: Vec<_> = (0..10).map(|at| Some(f64::from(at))).collect();
        let (mut firsts, mut seconds) = ([0.0; 10], [0.0; 10]);
        for _ in 0..45_000 {
            let order = lowest(&entries(&latencies), &mut rng);
            assert!(order[0] < order[1], "the better one first: {order:?}");
            assert!(order[2..].is_sorted(), "the rest by latency: {order:?}");
            firsts[order[0]] += 1.0;
            seconds[order[1]] += 1.0;
        }
        // Of 45 pairs, 9 − k have the k-th as the better one, and k as the worse.
        for (at, (first, second)) in firsts.iter().zip(seconds).enumerate() {
            for (count, pairs) in [(*first, 9 - at), (second, at)] {
                let share = pairs as f64 / 45.0;
                let sigma = (45_000.0 * share * (1.0 - share)).sqrt();
                assert!((count - 45_000.0 * share).abs() <= 4.0 * sigma, "{at}: {count}");
            }
        }
    }
}
