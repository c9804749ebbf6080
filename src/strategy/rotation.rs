//! In turn: the candidate whose turn it is comes first, and the others follow it in file order,
//! beginning again at the first of the file.

/// `round_robin`: the order of `count` candidates at the turn of that number.
///
/// ```
/// # use pointsman::strategy::{Profile, Pick, Strategy};
/// let entries = [Profile::default(); 3];
/// let mut rng = fastrand::Rng::with_seed(1);
/// let order = Strategy::RoundRobin.order(&entries, Pick { turn: 4, ..Pick::by(&mut rng) });
/// assert_eq!(order, [1, 2, 0]);
/// ```
pub(super) fn from_turn(count: usize, turn: u64) -> Vec<usize> {
    // Without candidates there is no remainder, and the order is empty.
    let first = turn.checked_rem(count as u64).and_then(|at| usize::try_from(at).ok());
    let first = first.unwrap_or_default();
    (first..count).chain(0..first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candidate_has_its_turn() {
        let firsts: Vec<usize> = (0..6).map(|turn| from_turn(3, turn)[0]).collect();
        assert_eq!(firsts, [0, 1, 2, 0, 1, 2]);
        assert_eq!(from_turn(3, u64::MAX).len(), 3);
    }

    #[test]
    fn fewer_than_two_are_in_order_at_every_turn() {
        assert_eq!(from_turn(1, 5), [0]);
        assert!(from_turn(0, 5).is_empty());
    }
}
