//! Lists and maps without what was reported, and maps of them.

use std::collections::BTreeMap;

use super::super::raw::{ByName, Elements};

/// Returns the elements that were not reported.
pub(super) fn present(list: &Elements<String>) -> Vec<String> {
    list.iter().flatten().cloned().collect()
}

/// Returns the members that were not reported. Those that were are none in the map, so that their
/// names still count as known.
pub(in crate::config) fn given<T>(map: &ByName<T>) -> impl Iterator<Item = (&String, &T)> {
    map.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
}

/// Returns copies of the members that were not reported.
pub(super) fn pairs(map: &ByName<String>) -> Vec<(String, String)> {
    given(map).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Returns an index for every name, in their order, which is the order of the lists.
pub(super) fn numbered<T, I>(map: &BTreeMap<String, T>, id: fn(usize) -> I) -> BTreeMap<String, I> {
    inserted(map.keys().enumerate().map(|(at, name)| (name.clone(), id(at))))
}

/// Returns a map of pairs. `collect` would sort them first, and every sort of another type
/// is ten kilobytes of the module.
pub(super) fn inserted<K: Ord, V>(pairs: impl Iterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key, value);
    }
    map
}
