//! How well one operation of a deployment does: its failures, its cooldown and its probes.
//!
//! Each operation of a deployment has its own, so that they fail apart: a provider that does
//! not count tokens still answers chats, and counts that succeed say nothing of chats that
//! fail. All of them are in the deployment's record, which is one value in shared data.

use super::SKEW_MS;
use super::cause::Cause;
use super::probe::Probes;
use crate::request::format::Task;

/// How many operations a record has room for.
pub(super) const OPERATIONS: usize = Task::ALL.len();

/// For how long weak evidence waits for more of it, in milliseconds.
const SUSPICION_MS: u64 = 60_000;

/// How well one operation of a deployment does. One of which nothing is known is well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// What started the cooldown.
    pub cause: Option<Cause>,
    /// HTTP status that started the cooldown; 0 where there was no answer.
    pub status: u16,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Successes since the cooldown's deadline, of those that have to follow it.
    pub probe_successes: u32,
    /// Deadline of the cooldown in milliseconds since the epoch; 0 where there is none.
    pub until_ms: u64,
    /// Length of the last cooldown in milliseconds, which the next one doubles.
    pub length_ms: u32,
    /// What is counted of this operation in the record's minute.
    pub minute: Tally,
    /// The last weak evidence.
    pub suspicion: Suspicion,
    /// Probes under way while half-open.
    pub probes: Probes,
}

/// What is counted of one operation in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts that were started.
    pub attempts: u32,
    /// Attempts that were answered.
    pub successes: u32,
    /// Attempts that failed, where the deployment is at fault.
    pub failures: u32,
}

/// Evidence against a deployment that may be of one request alone: which request it was, and
/// when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspicion {
    /// A hash of the request; see [`Report`](super::outcome::Report).
    pub fingerprint: u32,
    /// When, in milliseconds since the epoch; 0 where there was none.
    pub at_ms: u64,
}

impl Suspicion {
    /// Returns whether it is of another request than that one, and not too long ago.
    #[must_use]
    pub(super) const fn is_of_another(self, fingerprint: u32, now_ms: u64) -> bool {
        self.at_ms != 0
            && self.fingerprint != fingerprint
            && self.at_ms <= now_ms.saturating_add(SKEW_MS)
            && now_ms.saturating_sub(self.at_ms) <= SUSPICION_MS
    }
}

impl Health {
    /// Forgets a cooldown and what led to it, but not what is under way.
    pub(super) fn heal(&mut self) {
        *self = Self {
            minute: self.minute,
            probes: self.probes,
            consecutive_failures: self.consecutive_failures,
            suspicion: self.suspicion,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspicion_is_confirmed_by_another_request_within_a_minute() {
        let now = 1_800_000_000_000;
        let one = Suspicion { fingerprint: 7, at_ms: now };
        assert!(!one.is_of_another(7, now));
        assert!(one.is_of_another(8, now));
        assert!(one.is_of_another(8, now + 60_000));
        assert!(!one.is_of_another(8, now + 60_001));
        // Another worker looked at the clock a moment before; or the clock has jumped back.
        assert!(one.is_of_another(8, now - 1));
        assert!(!one.is_of_another(8, now - 10_000));
        assert!(!Suspicion::default().is_of_another(8, now));
    }
}
