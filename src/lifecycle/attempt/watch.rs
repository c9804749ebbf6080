//! The list of a worker's attempts that have `timeouts`, and the walk over it at each tick.
//!
//! Envoy has a single timeout for all attempts of a request, and none that starts at the first content.
//! So the times of each deployment are kept here. `late.rs` decides what becomes of an attempt that is
//! late.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use crate::config::Timeouts;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::event::millis;

use super::trying::Trying;

/// The attempts under way that have `timeouts`. There are never more than Envoy has streams in this
/// worker, and none if the configuration has no `timeouts`.
#[derive(Debug, Default)]
pub(in crate::lifecycle) struct Watch {
    attempts: RefCell<Vec<TimedAttempt>>,
}

/// Where a worker finds a stream again.
#[derive(Debug)]
pub(in crate::lifecycle) struct StreamPlace {
    /// The number by which the host knows the stream.
    pub(in crate::lifecycle) number: u32,
    pub(in crate::lifecycle) watch: Rc<Watch>,
}

/// An attempt that has `timeouts`. It belongs to its stream, and is gone once the stream is over.
#[derive(Debug)]
struct TimedAttempt {
    /// The number by which the host knows the stream.
    stream: u32,
    engine: Weak<Engine>,
    trying: Weak<RefCell<Trying>>,
    times: Timeouts,
    motion: Motion,
}

/// When a new piece of an answer was last seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Motion {
    /// How many pieces had come, including the head, modulo the counter's range.
    pieces: u32,
    /// When a tick last found more pieces than before, in milliseconds since the epoch.
    at_ms: u64,
}

impl Motion {
    /// Takes the number of pieces so far, and returns how long ago the last one came, in milliseconds.
    ///
    /// The clock is read only at ticks, so the result may be too short by up to one tick.
    pub(super) fn still_ms(&mut self, pieces: u32, now_ms: u64) -> u64 {
        if pieces != self.pieces {
            *self = Self { pieces, at_ms: now_ms };
        }
        now_ms.saturating_sub(self.at_ms)
    }
}

impl Watch {
    /// Adds an attempt that has just begun.
    pub(super) fn add(
        &self,
        stream: u32,
        times: Timeouts,
        engine: &Rc<Engine>,
        trying: &Rc<RefCell<Trying>>,
    ) {
        let motion = Motion { pieces: 0, at_ms: 0 };
        let (engine, trying) = (Rc::downgrade(engine), Rc::downgrade(trying));
        if let Ok(mut attempts) = self.attempts.try_borrow_mut() {
            attempts.push(TimedAttempt { stream, engine, trying, times, motion });
        }
    }

    /// Ends the attempts that are late, and forgets those that are over. Afterwards the host may act on a
    /// different stream than the one that it called for.
    pub(in crate::lifecycle) fn walk<H: Host + ?Sized>(&self, host: &H) {
        let Ok(mut attempts) = self.attempts.try_borrow_mut() else { return };
        if !attempts.is_empty() {
            let now_ms = millis(host.now());
            attempts.retain_mut(|watched| watched.look(host, now_ms));
        }
    }
}

impl TimedAttempt {
    /// Ends the attempt if it is late, and returns whether it is still under way.
    fn look<H: Host + ?Sized>(&mut self, host: &H, now_ms: u64) -> bool {
        let (Some(engine), Some(trying)) = (self.engine.upgrade(), self.trying.upgrade()) else {
            return false;
        };
        let Ok(mut trying) = trying.try_borrow_mut() else { return true };
        if trying.is_over() {
            return false;
        }
        if !trying.is_due(self.times, &mut self.motion, now_ms) {
            return true;
        }
        host.enter(self.stream);
        trying.cut(Ctx { engine: &engine, host });
        !trying.is_over()
    }
}
