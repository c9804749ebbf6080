//! The same session goes to the same deployment, unless that one has too much to do.
//!
//! Rendezvous hashing (Thaler and Ravishankar, 1998): every candidate has a score for the key
//! of the session, and the lowest one has the session. When candidates come or go, only the
//! sessions that they have move.

use super::rank::by;
use super::{Profile, Session};

/// `sticky`: by the scores that the candidates have for the session; in random order where
/// there is no session. Those that are full come last.
///
/// A candidate is full at `bound` times the mean of what is in flight, this request included
/// and rounded up (consistent hashing with bounded loads: Mirrokni, Thorup and Zadimoghaddam,
/// 2016). The bound is at least 1, so at least one candidate is not full. For example, with
/// three candidates, 5 requests in flight and a bound of 1.25, it is full from 3 on.
///
/// ```
/// # use pointsman::strategy::{Profile, Pick, Session, Strategy};
/// let entries = [7, 8, 9].map(|id| Profile { id, ..Profile::default() });
/// let session = Session { key: Some(42), bound: 1.25 };
/// let mut rng = fastrand::Rng::with_seed(1);
/// let all = Strategy::Sticky.order(&entries, Pick { session, ..Pick::by(&mut rng) });
/// // Its deployment is gone: the session goes to its next one.
/// let left: Vec<Profile> = all[1..].iter().map(|at| entries[*at]).collect();
/// assert_eq!(Strategy::Sticky.order(&left, Pick { session, ..Pick::by(&mut rng) }), [0, 1]);
/// ```
pub(super) fn by_session(
    entries: &[Profile],
    session: Session,
    rng: &mut fastrand::Rng,
) -> Vec<usize> {
    let key = session.key.unwrap_or_else(|| rng.u64(..));
    let full = full(entries, session.bound);
    by(entries, |entry| {
        let is_full = f64::from(entry.load.in_flight) >= full;
        (f64::from(u8::from(is_full)), score(key, entry.id))
    })
}

/// Returns the score of a deployment for a session. The lowest one has the session.
///
/// It is computed for every candidate of a large group, so it is cheap. Session and deployment
/// are good hashes already, so one product will do, whose upper bits depend on all of theirs.
pub(crate) const fn score(key: u64, id: u64) -> i64 {
    let both = key ^ id;
    (both ^ (both >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15).cast_signed()
}

/// Returns how many requests in flight make a candidate full.
#[expect(clippy::cast_precision_loss, reason = "candidates and requests stay far below 2^53")]
fn full(entries: &[Profile], bound: f64) -> f64 {
    let total: f64 = entries.iter().map(|entry| f64::from(entry.load.in_flight)).sum();
    // `max` turns NaN into 1 as well. A bound below 1 would make all of them full.
    (bound.max(1.0) * (total + 1.0) / entries.len() as f64).ceil()
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::*;
    use crate::hash;

    /// Candidates as the configuration names them.
    fn entries(in_flight: &[u32]) -> Vec<Profile> {
        let entry = |(at, in_flight): (usize, &u32)| Profile {
            id: hash::of(format!("deployment-{at}").as_bytes()),
            load: Load { in_flight: *in_flight, ..Load::default() },
            ..Profile::default()
        };
        in_flight.iter().enumerate().map(entry).collect()
    }

    fn key(session: u64) -> Session {
        Session { key: Some(hash::of(&session.to_le_bytes())), bound: 1.25 }
    }

    fn ordered(entries: &[Profile], session: Session) -> Vec<usize> {
        by_session(entries, session, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn a_session_keeps_its_order() {
        let all = entries(&[0; 7]);
        for session in 0..100 {
            let order = ordered(&all, key(session));
            let mut other_rng = fastrand::Rng::with_seed(session);
            assert_eq!(by_session(&all, key(session), &mut other_rng), order);
            assert_eq!(order.len(), 7);
        }
        assert!(ordered(&[], key(1)).is_empty());
        assert_eq!(ordered(&all[..1], key(1)), [0]);
    }

    #[test]
    fn sessions_spread_evenly_in_every_place() {
        let all = entries(&[0; 5]);
        let mut counts = [[0.0; 5]; 5];
        for session in 0..50_000 {
            for (place, at) in ordered(&all, key(session)).into_iter().enumerate() {
                counts[place][at] += 1.0;
            }
        }
        let sigma = (50_000.0f64 * 0.2 * 0.8).sqrt();
        let is_even = |count: &f64| (count - 10_000.0).abs() < 4.0 * sigma;
        assert!(counts.iter().flatten().all(is_even), "{counts:?}");
    }

    #[test]
    fn only_the_sessions_of_a_candidate_that_goes_move() {
        let all = entries(&[0; 10]);
        let (mut moved, mut to) = (0, [0.0; 10]);
        for session in 0..20_000 {
            let order = ordered(&all, key(session));
            let mut fewer = all.clone();
            let gone = fewer.remove(3);
            let first = fewer[ordered(&fewer, key(session))[0]];
            if all[order[0]].id == gone.id {
                moved += 1;
                assert_eq!(first.id, all[order[1]].id, "the next one of its own order");
                to[order[1]] += 1.0;
            } else {
                assert_eq!(first.id, all[order[0]].id);
            }
        }
        let sigma = (20_000.0f64 * 0.1 * 0.9).sqrt();
        assert!((f64::from(moved) - 2000.0).abs() < 4.0 * sigma, "{moved}");
        // And they spread over all that are left.
        let share = f64::from(moved) / 9.0;
        let rest = to.iter().enumerate().filter(|(at, _)| *at != 3);
        assert!(
            rest.clone().all(|(_, count)| (count - share).abs() < 5.0 * share.sqrt()),
            "{to:?}"
        );
    }

    #[test]
    fn a_full_candidate_is_moved_behind_the_others_and_keeps_the_rest_in_order() {
        let idle = ordered(&entries(&[0; 4]), key(7));
        let mut loads = [10; 4];
        // 1.25 × (30 + 13 + 1) / 4 is 13.75: with 13 it is not full, with 15 it is.
        loads[idle[0]] = 13;
        assert_eq!(ordered(&entries(&loads), key(7)), idle);
        loads[idle[0]] = 15;
        let [first, rest @ ..] = &idle[..] else { panic!("there are four") };
        assert_eq!(ordered(&entries(&loads), key(7)), [rest, &[*first]].concat());
    }

    #[test]
    fn one_is_never_full_whatever_the_loads() {
        let mut rng = fastrand::Rng::with_seed(9);
        for _ in 0..2000 {
            let count = rng.usize(1..20);
            let loads: Vec<u32> = (0..count).map(|_| rng.u32(0..50)).collect();
            for bound in [1.0, 1.25, 0.0, -3.0, f64::NAN, f64::NEG_INFINITY] {
                let all = entries(&loads);
                let first = ordered(&all, Session { bound, ..key(rng.u64(..)) })[0];
                assert!(f64::from(loads[first]) < full(&all, bound), "{loads:?} {bound}");
            }
        }
    }

    #[test]
    fn loads_stay_bounded_when_all_sessions_are_one() {
        let mut loads = [0; 8];
        for _ in 0..8000 {
            let first = ordered(&entries(&loads), key(1))[0];
            loads[first] += 1;
        }
        assert!(loads.iter().all(|load| *load <= 1250), "{loads:?}");
    }

    #[test]
    fn huge_loads_are_survived() {
        let all = entries(&[u32::MAX; 3]);
        assert_eq!(ordered(&all, Session { bound: f64::INFINITY, ..key(1) }).len(), 3);
    }

    #[test]
    fn without_a_session_the_order_is_random() {
        let all = entries(&[0; 4]);
        let mut rng = fastrand::Rng::with_seed(3);
        let mut firsts = [0.0; 4];
        for _ in 0..20_000 {
            firsts[by_session(&all, Session::NONE, &mut rng)[0]] += 1.0;
        }
        let sigma = (20_000.0f64 * 0.25 * 0.75).sqrt();
        assert!(firsts.iter().all(|n| (n - 5000.0f64).abs() < 4.0 * sigma), "{firsts:?}");
    }
}
