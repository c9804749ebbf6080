//! Which deployments' states a worker shows next, and when.
//!
//! A round shows every deployment once, a part of them at a time, so that no tick takes long.

use std::cell::{Cell, RefCell};
use std::ops::Range;

/// Shortest time between two parts, in milliseconds. Some workers tick more often than twice a
/// second.
const BETWEEN_MS: u64 = 400;
/// So many ticks make a round: each reads this part of the records.
const PARTS: usize = 10;
/// Which deployments a worker shows next, and what it has last seen of all of them.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// The first deployment of the next part; `None`: all of them are next.
    next: Cell<Option<usize>>,
    /// When the last part was shown, in milliseconds since the epoch.
    shown_ms: Cell<u64>,
    /// The version of the key in shared data when all was shown last; `None` before that. The version itself is
    /// `None` while nobody has written.
    seen: Cell<Option<Option<u32>>>,
    /// Whether each deployment was available when it was last read.
    pub(super) available: RefCell<Vec<bool>>,
}

impl Rounds {
    /// Returns whether a part is due, and notes that it is shown.
    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        // The clock may have jumped back, and then the time says nothing.
        let since_ms = now_ms.checked_sub(self.shown_ms.get());
        let is_due = since_ms.is_none_or(|since_ms| since_ms >= BETWEEN_MS);
        if is_due {
            self.shown_ms.set(now_ms);
        }
        is_due
    }

    /// Returns whether the key has another version than before, so that all is to be shown anew.
    pub(super) fn is_anew(&self, version: Option<u32>) -> bool {
        let is_anew = self.seen.replace(Some(version)) != Some(version);
        if is_anew {
            self.next.set(None);
        }
        is_anew
    }

    /// Returns the next part of `count` deployments: all of them where all is shown anew.
    pub(super) fn part(&self, count: usize) -> Range<usize> {
        let Some(next) = self.next.replace(Some(0)) else { return 0..count };
        let from = next.min(count);
        let to = from.saturating_add(count.div_ceil(PARTS)).min(count);
        self.next.set(Some(if to == count { 0 } else { to }));
        from..to
    }
}
