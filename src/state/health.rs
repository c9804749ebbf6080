//! How well one operation of a deployment does: its failures, its cooldown and its probes.
//!
//! Each operation of a deployment has its own, so that they fail apart: a provider that does
//! not count tokens still answers chats, and counts that succeed say nothing of chats that
//! fail. All of them are in the deployment's record, which is one value in shared data.

use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::SKEW_MS;
use super::cause::CauseCode;
use super::probe::Probes;
use crate::request::format::Task;

/// How many operations there are. Each has a place of its own: a client that asks for many must
/// not have another one's failures, or its count of attempts, forgotten.
pub(super) const PLACES: usize = Task::ALL.len();

/// For how long weak evidence waits for more of it, in milliseconds.
const SUSPICION_MS: u64 = 60_000;

/// How well one operation of a deployment does. One of which nothing is known is well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Health {
    /// Deadline of the cooldown in milliseconds since the epoch; 0 where there is none.
    pub until_ms: u64,
    /// Length of the last cooldown in milliseconds, which the next one doubles if it starts while
    /// half-open. What the provider asked for does not count into it.
    pub length_ms: u64,
    /// The last weak evidence. A success forgets it, and weak evidence of another request makes it
    /// count.
    pub suspicion: Suspicion,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Successes since the cooldown began. As many as `success_threshold` says make the operation
    /// healthy again.
    pub probe_successes: u32,
    /// What is counted of this operation in the record's minute. The failure rate is the
    /// operation's own, since operations fail apart.
    pub minute: OperationCounts,
    /// What started the cooldown.
    pub cause: CauseCode,
    /// HTTP status that started the cooldown; 0 where there was no answer.
    pub status: u16,
    /// Probes under way while half-open.
    pub probes: Probes,
}

/// What is counted of one operation in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct OperationCounts {
    /// Attempts that were started.
    pub attempts: u32,
    /// Attempts that were answered.
    pub successes: u32,
    /// Attempts that failed, where the deployment is at fault.
    pub failures: u32,
}

/// Evidence against a deployment that may be of one request alone: which request it was, and
/// when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Suspicion {
    /// When, in milliseconds since the epoch; 0 where there was none.
    at_ms: u64,
    /// A hash of the request, of 32 bits; see [`Report`](super::report::Report).
    fingerprint: u64,
}

impl Suspicion {
    /// Returns the suspicion of that request, at `at_ms` since the epoch.
    pub(super) fn of(fingerprint: u32, at_ms: u64) -> Self {
        Self { at_ms, fingerprint: u64::from(fingerprint) }
    }

    /// Returns whether it is of that request.
    pub(super) fn is_of(self, fingerprint: u32) -> bool {
        self.fingerprint == u64::from(fingerprint)
    }

    /// Returns whether it is of another request than that one, and not too long ago.
    #[must_use]
    pub(super) fn is_of_another(self, fingerprint: u32, now_ms: u64) -> bool {
        // One that lies ahead was noted before the clock jumped back, and says nothing.
        self.at_ms != 0
            && !self.is_of(fingerprint)
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

/// How well the operations of a deployment do. One that has not been asked for is well, unless an
/// operator cools the whole deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Operations {
    /// Until when an operator cools those that have not been asked for, in milliseconds since the
    /// epoch; 0 where none does.
    pub(super) others_until_ms: u64,
    /// Which operations have been asked for: a bit for the number of each task.
    pub(super) asked: u64,
    /// By the number of the task.
    pub(super) healths: [Health; PLACES],
}

impl Operations {
    /// Returns how well an operation does.
    pub(super) fn get(&self, task: Task) -> Health {
        let known = self.healths.get(usize::from(task.code()));
        known.filter(|_| self.has(task)).copied().unwrap_or_else(|| self.other())
    }

    /// Returns how well an operation does that has not been asked for.
    fn other(&self) -> Health {
        let mut other = Health { until_ms: self.others_until_ms, ..Health::default() };
        if other.until_ms != 0 {
            other.cause = CauseCode::OPERATOR;
        }
        other
    }

    /// Returns whether an operation has been asked for.
    const fn has(&self, task: Task) -> bool {
        self.asked >> task.code() & 1 != 0
    }

    /// Returns an operation to be changed; `None` for a task without a place, which none is.
    pub(super) fn get_mut(&mut self, task: Task) -> Option<&mut Health> {
        let (is_new, other) = (!self.has(task), self.other());
        self.asked |= 1 << task.code();
        let health = self.healths.get_mut(usize::from(task.code()))?;
        if is_new {
            *health = other;
        }
        Some(health)
    }

    /// Returns the operations that have been asked for.
    pub(super) fn known(&self) -> impl Iterator<Item = (Task, &Health)> {
        Task::ALL.into_iter().zip(&self.healths).filter(|(task, _)| self.has(*task))
    }

    /// Returns the operations that have been asked for, to be changed.
    pub(super) fn known_mut(&mut self) -> impl Iterator<Item = &mut Health> {
        let asked = self.asked;
        let healths = self.healths.iter_mut().enumerate();
        healths.filter(move |(at, _)| asked >> at & 1 != 0).map(|(_, health)| health)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspicion_is_confirmed_by_another_request_within_a_minute() {
        let now = 1_800_000_000_000;
        let one = Suspicion::of(7, now);
        assert!(!one.is_of_another(7, now));
        assert!(one.is_of_another(8, now));
        assert!(one.is_of_another(8, now + 60_000));
        assert!(!one.is_of_another(8, now + 60_001));
        // Another worker looked at the clock a moment before; or the clock has jumped back.
        assert!(one.is_of_another(8, now - 1));
        assert!(!one.is_of_another(8, now - 10_000));
        assert!(!Suspicion::default().is_of_another(8, now));
    }

    #[test]
    fn what_has_not_been_asked_for_is_well() {
        let well = Health::default();
        assert!(Task::ALL.into_iter().all(|task| Operations::default().get(task) == well));
    }

    #[test]
    fn no_operation_takes_the_place_of_another() {
        let mut operations = Operations::default();
        for (task, n) in Task::ALL.into_iter().zip(1..) {
            operations.get_mut(task).unwrap().consecutive_failures = n;
        }
        let known: Vec<_> =
            operations.known().map(|(task, health)| (task, health.consecutive_failures)).collect();
        assert_eq!(known, Task::ALL.into_iter().zip(1..).collect::<Vec<_>>());
    }

    #[test]
    fn an_operator_cools_operations_that_have_no_place_yet() {
        let mut operations = Operations { others_until_ms: 7, ..Operations::default() };
        let cooled = Health { until_ms: 7, cause: CauseCode::OPERATOR, ..Health::default() };
        assert_eq!(operations.get(Task::Chat), cooled);
        assert_eq!(*operations.get_mut(Task::Chat).unwrap(), cooled);
    }
}
