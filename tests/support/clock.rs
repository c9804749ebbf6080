//! A clock that moves on whenever it is read.

use std::cell::Cell;
use std::time::Duration;

/// How far a reading moves the clock, in microseconds.
///
/// It is a whole millisecond because most durations are in milliseconds, and a duration that is
/// measured must not be 0. It is so small that readings alone never reach any limit of a test. The
/// odd microsecond distinguishes durations in microseconds from ones that were rounded before.
pub(crate) const STEP_US: u64 = 1001;

/// A clock that tests set and hosts read. It holds the time since the epoch.
#[derive(Debug)]
pub(crate) struct Clock {
    us: Cell<u64>,
    step_us: Cell<u64>,
}

impl Clock {
    /// Returns a clock that stands at `ms` milliseconds and moves with the next reading.
    pub(super) const fn at(ms: u64) -> Self {
        Self { us: Cell::new(ms * 1000), step_us: Cell::new(STEP_US) }
    }

    /// Reads the clock and moves it on. Two readings therefore differ, and what is measured between
    /// them is longer than zero.
    pub(super) fn read(&self) -> Duration {
        let us = self.us.get();
        self.us.set(us + self.step_us.get());
        Duration::from_micros(us)
    }

    /// Returns what the next reading gives, in milliseconds.
    pub(crate) fn get(&self) -> u64 {
        self.us.get() / 1000
    }

    /// Sets what the next reading gives, in milliseconds.
    pub(crate) fn set(&self, ms: u64) {
        self.us.set(ms * 1000);
    }

    /// Lets this many milliseconds pass.
    pub(crate) fn pass(&self, ms: u64) {
        self.us.set(self.us.get() + ms * 1000);
    }

    /// Stops the clock for tests of an exact moment. From then on only they move it.
    pub(crate) fn stop(&self) {
        self.step_us.set(0);
    }
}
