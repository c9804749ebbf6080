//! A clock that moves on whenever it is read.

use std::cell::Cell;
use std::time::Duration;

/// How far a reading moves it, in microseconds.
///
/// A whole millisecond, since most durations are in milliseconds and one that is measured at
/// all must not be 0; so small that no limit of a test comes near by readings alone. The odd
/// microsecond tells durations in microseconds from ones that were rounded on the way.
pub(crate) const STEP_US: u64 = 1001;

/// Time since the epoch, as tests set it and hosts read it.
#[derive(Debug)]
pub(crate) struct Clock {
    us: Cell<u64>,
    step_us: Cell<u64>,
}

impl Clock {
    /// A clock that stands at so many milliseconds and moves with the next reading.
    pub(super) const fn at(ms: u64) -> Self {
        Self { us: Cell::new(ms * 1000), step_us: Cell::new(STEP_US) }
    }

    /// Reads it, which takes a step: two readings differ, and what is measured between them
    /// is longer than nothing.
    pub(super) fn read(&self) -> Duration {
        let us = self.us.get();
        self.us.set(us + self.step_us.get());
        Duration::from_micros(us)
    }

    /// What the next reading gives, in milliseconds.
    pub(crate) fn get(&self) -> u64 {
        self.us.get() / 1000
    }

    /// Sets what the next reading gives, in milliseconds.
    pub(crate) fn set(&self, ms: u64) {
        self.us.set(ms * 1000);
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn pass(&self, ms: u64) {
        self.us.set(self.us.get() + ms * 1000);
    }

    /// Stops it, for tests of an exact moment: only they move it from then on.
    pub(crate) fn stop(&self) {
        self.step_us.set(0);
    }
}
