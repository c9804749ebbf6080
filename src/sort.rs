//! A sort that is small, and maps and sets that are filled without one: the standard library's
//! adds five to ten kilobytes to the module for every type that is sorted, and is faster only for
//! longer lists than there are here. A leaf: it names no other module.

use std::collections::{BTreeMap, BTreeSet};

/// Up to this length, to insert items one by one costs less than the memory to merge them in.
const SHORT: usize = 16;

/// Returns the items in order, the least first. Items of which neither is less than the other
/// keep their order.
pub(crate) fn sorted<T>(mut items: Vec<T>, is_less: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    if items.len() > SHORT {
        return merged(items, is_less);
    }
    insert(&mut items, is_less);
    items
}

/// Sorts by merging: each half is sorted, then the lesser of the two first items is taken each time.
#[cold]
fn merged<T>(mut items: Vec<T>, is_less: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    let length = items.len();
    let right = sorted(items.split_off(length / 2), is_less);
    let left = sorted(items, is_less);
    let mut merged = Vec::with_capacity(length);
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let is_right = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => is_less(b, a),
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => return merged,
        };
        merged.extend(if is_right { right.next() } else { left.next() });
    }
}

/// Sorts in place by insertion. Each item moves forward past those that it is less than, so
/// equal ones keep their order.
fn insert<T>(items: &mut [T], is_less: &impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        for at in (0..end).rev() {
            match items.get_mut(at..).unwrap_or_default() {
                [a, b, ..] if is_less(b, a) => std::mem::swap(a, b),
                _ => break,
            }
        }
    }
}

/// Two numbers to compare by: the second counts where the first is the same.
pub(crate) type Rank = (f64, i64);

/// Returns the items in the order of their ranks, lowest first; items of the same rank keep
/// their order. The order is total, whatever the numbers are.
///
/// All that have ranks share this one sort, for the sake of the module's size.
pub(crate) fn ranked(items: Vec<(Rank, usize)>) -> Vec<usize> {
    let is_less = |((a, then_a), _): &(Rank, usize), ((b, then_b), _): &(Rank, usize)| {
        a.total_cmp(b).then(then_a.cmp(then_b)).is_lt()
    };
    sorted(items, &is_less).into_iter().map(|(_, item)| item).collect()
}

/// Returns the items in the order of their type, lowest first. Equal ones keep their order.
pub(crate) fn ordered<T: Ord>(items: Vec<T>) -> Vec<T> {
    sorted(items, &|a, b| a < b)
}

/// Returns a map of pairs; of equal keys the last counts. `collect` would sort them first.
pub(crate) fn map_of<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

/// Returns a set of items. `collect` would sort them first.
pub(crate) fn set_of<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_as_the_standard_library_does() {
        let mut rng = fastrand::Rng::with_seed(3);
        for length in 0..60 {
            let items: Vec<(u8, usize)> = (0..length).map(|at| (rng.u8(..8), at)).collect();
            let mut wanted = items.clone();
            wanted.sort_by_key(|(key, _)| *key);
            assert_eq!(sorted(items, &|a, b| a.0 < b.0), wanted);
        }
    }
}
