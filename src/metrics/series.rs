//! The series that have been defined: the host's id of each, and what counts for it and has not
//! been handed to the host yet.
//!
//! A hash table with open addressing, at most half full. A key is looked for from its own place
//! on, up to the first free one. Keys are hashes already and no series is ever removed, so nothing
//! more is needed.

/// Stands in for the id of a series that the host did not take. It is kept like an id, so that
/// the host is not asked again.
pub(super) const ABSENT: u32 = u32::MAX;

/// One series.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OneSeries {
    /// Its key; 0 marks a free place of the table.
    key: u64,
    /// The host's id, or [`ABSENT`].
    pub(super) id: u32,
    /// What a counter has counted since [`SeriesTable::take_sums`]; 0 for the other kinds.
    sum: u64,
}

impl OneSeries {
    /// Adds to what is to be handed to the host.
    pub(super) const fn add(&mut self, amount: u64) {
        self.sum = self.sum.saturating_add(amount);
    }
}

/// The series by their keys.
#[derive(Debug, Default)]
pub(super) struct SeriesTable {
    places: Vec<OneSeries>,
    count: usize,
}

impl SeriesTable {
    /// Returns how many series there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Returns the place of the series with that key; `None` if there is no such series yet.
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        let own = self.own(key);
        // From the end of the table the search goes on at its beginning.
        let (before, from) = self.places.split_at_checked(own)?;
        let ends = |one: &OneSeries| one.key == key || one.key == 0;
        let further = |at: usize| own.wrapping_add(at);
        let from = from.iter().position(ends).map(further);
        let at = from.or_else(|| before.iter().position(ends))?;
        self.places.get(at).filter(|one| one.key == key).map(|_| at)
    }

    /// Returns the series at a place.
    pub(super) fn at_mut(&mut self, place: usize) -> Option<&mut OneSeries> {
        self.places.get_mut(place)
    }

    /// Returns a key's own place. The table's length is a power of two, so the low bits of the
    /// key are the place.
    #[expect(clippy::cast_possible_truncation, reason = "its low bits are wanted")]
    const fn own(&self, key: u64) -> usize {
        key as usize & self.places.len().saturating_sub(1)
    }

    /// Adds a series, whose key is not in the table. The table grows before it is more than half
    /// full, so that a search ends after a few places.
    pub(super) fn insert(&mut self, key: u64, id: u32) {
        if self.count.saturating_mul(2) >= self.places.len() {
            let larger = self.places.len().saturating_mul(2).max(64);
            // In a larger table every key has another place.
            let old = std::mem::replace(&mut self.places, vec![OneSeries::default(); larger]);
            old.into_iter().filter(|one| one.key != 0).for_each(|one| self.place(one));
        }
        self.place(OneSeries { key, id, sum: 0 });
        self.count = self.count.saturating_add(1);
    }

    /// Puts a series into the first free place from its own on. There is one, since the table is
    /// at most half full.
    fn place(&mut self, one: OneSeries) {
        let at = self.own(one.key);
        let (before, from) = self.places.split_at_mut_checked(at).unwrap_or_default();
        if let Some(free) = from.iter_mut().chain(before).find(|place| place.key == 0) {
            *free = one;
        }
    }

    /// Calls `hand_over` with the id and the sum of each series that has counted anything, and
    /// begins the sums anew.
    pub(super) fn take_sums(&mut self, mut hand_over: impl FnMut(u32, u64)) {
        for one in self.places.iter_mut().filter(|one| one.sum > 0) {
            hand_over(one.id, std::mem::take(&mut one.sum));
        }
    }
}

/// Returns the key of what `hash` is of and one part more.
pub(super) const fn with_part(hash: u64, part: &[u8]) -> u64 {
    let mut hash = crate::hash::mixed(hash ^ part.len() as u64);
    let mut rest = part;
    // Eight bytes at a time: keys are made several times for each request.
    while let Some((bytes, after)) = rest.split_first_chunk() {
        hash = crate::hash::mixed(hash.wrapping_add(u64::from_le_bytes(*bytes)));
        rest = after;
    }
    let mut last = 0;
    while let [first, after @ ..] = rest {
        last = last << 8 | *first as u64;
        rest = after;
    }
    crate::hash::mixed(hash.wrapping_add(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::key;
    use crate::metrics::table::ATTEMPTS;

    #[test]
    fn keys_are_found_again_however_many_there_are() {
        let mut series = SeriesTable::default();
        let key_of = |id: u32, outcome| key(&ATTEMPTS, &[&format!("deployment-{id}"), outcome]);
        for id in 0..5000u32 {
            assert!(series.find(key_of(id, "success")).is_none());
            series.insert(key_of(id, "success"), id);
            let place = series.find(key_of(id, "success")).unwrap();
            series.at_mut(place).unwrap().add(u64::from(id));
        }
        for id in 0..5000u32 {
            let place = series.find(key_of(id, "success")).unwrap();
            assert_eq!(series.at_mut(place).unwrap().id, id);
            assert!(series.find(key_of(id, "server")).is_none());
        }
        let mut sums = Vec::new();
        series.take_sums(|id, sum| sums.push((id, sum)));
        sums.sort_unstable();
        let all: Vec<_> = (1..5000).map(|id| (id, u64::from(id))).collect();
        assert_eq!(sums, all, "every sum is handed over once, and a sum of 0 is none");
        series.take_sums(|id, _| panic!("{id} is handed over twice"));
    }
}
