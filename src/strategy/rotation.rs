//! Round robin: from the turn's candidate on, then the following ones.

/// `round_robin`: the order of `count` candidates at that turn.
///
/// ```
/// # use pointsman::{config::StrategyName, strategy::{Entry, Session, order}};
/// let entries = [Entry::default(); 3];
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = order(StrategyName::RoundRobin, &entries, Session::NONE, &mut rng, || 4);
/// assert_eq!(order, [1, 2, 0]);
/// ```
pub(super) fn from_turn(count: usize, turn: impl FnOnce() -> u64) -> Vec<usize> {
    // One candidate needs no turn; taking none keeps shared data out of it.
    if count < 2 {
        return (0..count).collect();
    }
    let first = turn().checked_rem(count as u64).and_then(|at| usize::try_from(at).ok());
    let first = first.unwrap_or_default();
    (first..count).chain(0..first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candidate_has_its_turn() {
        let firsts: Vec<usize> = (0..6).map(|turn| from_turn(3, || turn)[0]).collect();
        assert_eq!(firsts, [0, 1, 2, 0, 1, 2]);
        assert_eq!(from_turn(3, || u64::MAX).len(), 3);
    }

    #[test]
    fn fewer_than_two_take_no_turn() {
        assert_eq!(from_turn(1, || panic!("a turn was taken")), [0]);
        assert!(from_turn(0, || panic!("a turn was taken")).is_empty());
    }
}
