//! Attempts under way, counted by when they began.
//!
//! A worker that dies cannot end its attempts. So attempts are counted in a few slots of
//! time, and whatever is still counted in a slot when the slot is used again is forgotten.
//! An attempt is taken away from the slot it was added to, or from none: the count never
//! falls below zero.

use zerocopy::{FromBytes, Immutable, IntoBytes};

/// How many slots of time are remembered.
const SLOTS: usize = 4;
/// Length of a slot in milliseconds: an attempt is counted for 15 to 20 minutes at most,
/// depending on when in its slot it began.
const SLOT_MS: u64 = 5 * 60 * 1000;

/// Attempts under way, by the slot of time they began in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Flight {
    /// The slot's number since the epoch, and how many began in it and have not ended.
    pub(super) slots: [[u32; 2]; SLOTS],
}

impl Flight {
    /// Returns how many are under way.
    #[must_use]
    pub fn count(&self, now_ms: u64) -> u32 {
        let now = epoch(now_ms);
        let is_counted = |at: u32| (now.wrapping_sub(at) as usize) < SLOTS;
        let counted = self.slots.iter().filter(|[at, _]| is_counted(*at));
        counted.fold(0, |sum: u32, [_, count]| sum.saturating_add(*count))
    }

    /// Counts one more, and returns the slot to take it from when it ends.
    pub(super) fn begin(&mut self, now_ms: u64) -> u32 {
        let now = epoch(now_ms);
        if let Some([at, count]) = self.slot(now) {
            // What the slot counted before has never ended, and is forgotten here.
            *count = if *at == now { count.saturating_add(1) } else { 1 };
            *at = now;
        }
        now
    }

    /// Takes away one that began in that slot, if that slot is still counted.
    pub(super) fn end(&mut self, began: u32) {
        if let Some([at, count]) = self.slot(began)
            && *at == began
        {
            *count = count.saturating_sub(1);
        }
    }

    fn slot(&mut self, epoch: u32) -> Option<&mut [u32; 2]> {
        self.slots.get_mut(epoch as usize % SLOTS)
    }
}

/// Returns the number of the slot that a moment falls in.
fn epoch(now_ms: u64) -> u32 {
    u32::try_from(now_ms / SLOT_MS).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    #[test]
    fn what_began_is_under_way_until_it_ends() {
        let mut flight = Flight::default();
        let first = flight.begin(NOW);
        let second = flight.begin(NOW + SLOT_MS);
        assert_eq!(flight.count(NOW + SLOT_MS), 2);
        flight.end(first);
        flight.end(second);
        assert_eq!(flight.count(NOW + SLOT_MS), 0);
    }

    #[test]
    fn what_never_ends_is_forgotten_in_time() {
        let mut flight = Flight::default();
        let began = flight.begin(NOW);
        assert_eq!(flight.count(NOW + 3 * SLOT_MS), 1);
        assert_eq!(flight.count(NOW + 4 * SLOT_MS), 0);
        // Its slot counts others by then, which its end leaves alone.
        flight.begin(NOW + 4 * SLOT_MS);
        flight.end(began);
        assert_eq!(flight.count(NOW + 4 * SLOT_MS), 1);
    }

    #[test]
    fn a_clock_that_jumps_leaves_nothing_behind() {
        let mut flight = Flight::default();
        let mut under_way = Vec::new();
        for jump in [0, 7, 2, 100, 3, 0] {
            under_way.push(flight.begin(NOW + jump * SLOT_MS));
        }
        for began in under_way {
            flight.end(began);
        }
        for at in 0..110 {
            assert_eq!(flight.count(NOW + at * SLOT_MS), 0);
        }
    }
}
