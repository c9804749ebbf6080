//! Lists and maps without what was reported, and maps of them.

use std::collections::BTreeMap;

use super::super::raw::{ByName, Elements};
use crate::sort::map_of;

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
    map_of(map.keys().enumerate().map(|(at, name)| (name.clone(), id(at))))
}
