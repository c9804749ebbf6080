//! Leases of half-open probes: who may try a deployment that is coming back.
//!
//! A lease is a place in the record and the time it runs out, so that the probes of a worker
//! that dies do not keep their places.

use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::SKEW_MS;

/// How many probes at a time can be configured at most: each has a place in the record, used or
/// not.
pub(super) const LEASES: usize = 8;

/// Probes under way: when the lease of each place runs out, 0 for a free place.
///
/// In milliseconds since the epoch, of which the lower 32 bits are kept: leases are minutes
/// long, and 32 bits are 49 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Probes {
    pub(super) leases: [u32; LEASES],
}

/// A place that a probe has taken, and until when. It is given back by both, so that a probe
/// whose lease has run out does not free the place of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    place: usize,
    until: u32,
}

impl Lease {
    /// Returns its place, counted from 1, and when it runs out.
    pub(super) fn numbers(self) -> (u64, u64) {
        ((self.place as u64).saturating_add(1), u64::from(self.until))
    }

    /// Returns the lease of these numbers; `None` for a place of 0.
    pub(super) fn from_numbers(place: u64, until: u64) -> Option<Self> {
        let place = usize::try_from(place.checked_sub(1)?).ok()?;
        Some(Self { place, until: u32::try_from(until).ok()? })
    }
}

impl Probes {
    /// Returns the milliseconds until one of the first `most` places is free; 0 where one is.
    #[must_use]
    pub(super) fn wait_ms(&self, most: u32, now_ms: u64, lease_ms: u64) -> u64 {
        let waits = self.places(most).map(|until| left(*until, now_ms, lease_ms));
        waits.min().unwrap_or(0)
    }

    /// Takes one of the first `most` places for `lease_ms`, if one is free.
    pub(super) fn take(&mut self, most: u32, now_ms: u64, lease_ms: u64) -> Option<Lease> {
        let most = most as usize;
        let mut places = self.leases.iter_mut().take(most).enumerate();
        let (place, lease) = places.find(|(_, until)| left(**until, now_ms, lease_ms) == 0)?;
        // 0 would be a free place.
        *lease = low(now_ms.saturating_add(lease_ms)).max(1);
        Some(Lease { place, until: *lease })
    }

    /// Gives a place back, unless the lease has run out and another probe has the place.
    pub(super) fn release(&mut self, lease: Lease) {
        if let Some(until) = self.leases.get_mut(lease.place)
            && *until == lease.until
        {
            *until = 0;
        }
    }

    fn places(&self, most: u32) -> impl Iterator<Item = &u32> {
        self.leases.iter().take(most as usize)
    }
}

/// Returns the milliseconds left of a lease. One with far more left than any lease has was
/// taken before the clock jumped back, and is over.
fn left(until: u32, now_ms: u64, lease_ms: u64) -> u64 {
    // The difference of the lower halves is right as long as less than 49 days lie between;
    // what has run out is a very large number.
    let left = u64::from(until.wrapping_sub(low(now_ms)));
    let is_over = until == 0 || left > lease_ms.saturating_add(SKEW_MS);
    if is_over { 0 } else { left.min(lease_ms) }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn low(ms: u64) -> u32 {
    ms as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_000;
    const LEASE: u64 = 60_000;

    #[test]
    fn as_many_probes_as_places() {
        let mut probes = Probes::default();
        let first = probes.take(2, NOW, LEASE).unwrap();
        assert_eq!(probes.wait_ms(2, NOW, LEASE), 0);
        probes.take(2, NOW + 5, LEASE).unwrap();
        assert_eq!(probes.take(2, NOW + 5, LEASE), None);
        assert_eq!(probes.wait_ms(2, NOW + 5, LEASE), LEASE - 5);
        probes.release(first);
        assert!(probes.take(2, NOW + 6, LEASE).is_some());
    }

    #[test]
    fn a_lease_runs_out_and_is_then_another_probes() {
        let mut probes = Probes::default();
        let lost = probes.take(1, NOW, LEASE).unwrap();
        assert_eq!(probes.take(1, NOW + LEASE - 1, LEASE), None);
        probes.take(1, NOW + LEASE, LEASE).unwrap();
        // Its late end does not free the other's place.
        probes.release(lost);
        assert_eq!(probes.take(1, NOW + LEASE, LEASE), None);
    }

    #[test]
    fn a_worker_that_read_the_clock_a_moment_before_sees_the_place_taken() {
        let mut probes = Probes::default();
        probes.take(1, NOW + 1, LEASE).unwrap();
        assert_eq!(probes.take(1, NOW, LEASE), None);
        assert_eq!(probes.wait_ms(1, NOW, LEASE), LEASE);
    }

    #[test]
    fn a_clock_that_jumps_back_keeps_no_place() {
        let mut probes = Probes::default();
        probes.take(1, NOW + 10_000_000, LEASE).unwrap();
        assert!(probes.take(1, NOW, LEASE).is_some());
    }
}
