//! How well one operation of a deployment does: its failures, its cooldown and its probes.
//!
//! Each operation of a deployment has its own, so that they fail apart: a provider that does
//! not count tokens still answers chats, and counts that succeed say nothing of chats that
//! fail. All of them are in the deployment's record, which is one value in shared data.

use super::SKEW_MS;
use super::cause::Cause;
use super::probe::Probes;
use crate::request::format::Task;

/// How many operations a record has room for. Few deployments are asked for more: chat, counting
/// tokens, responses, embeddings.
pub(super) const PLACES: usize = 4;

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
    /// Successes since the cooldown began. As many as `success_threshold` says make the operation
    /// healthy again.
    pub probe_successes: u32,
    /// Deadline of the cooldown in milliseconds since the epoch; 0 where there is none.
    pub until_ms: u64,
    /// Length of the last cooldown in milliseconds, which the next one doubles if it starts while
    /// half-open. What the provider asked for does not count into it.
    pub length_ms: u32,
    /// What is counted of this operation in the record's minute. The failure rate is the
    /// operation's own, since operations fail apart.
    pub minute: OperationCounts,
    /// The last weak evidence. A success forgets it, and weak evidence of another request makes it
    /// count.
    pub suspicion: Suspicion,
    /// Probes under way while half-open.
    pub probes: Probes,
}

/// What is counted of one operation in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspicion {
    /// A hash of the request; see [`Report`](super::report::Report).
    pub fingerprint: u32,
    /// When, in milliseconds since the epoch; 0 where there was none.
    pub at_ms: u64,
}

impl Suspicion {
    /// Returns whether it is of another request than that one, and not too long ago.
    #[must_use]
    pub(super) const fn is_of_another(self, fingerprint: u32, now_ms: u64) -> bool {
        // One that lies ahead was noted before the clock jumped back, and says nothing.
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

/// How well the operations of a deployment do. One that has no place is well, unless an operator
/// cools the whole deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Operations {
    /// The number of the task that has each place, counted from 1; 0 for a free one.
    pub(super) tasks: [u8; PLACES],
    pub(super) healths: [Health; PLACES],
    /// Until when an operator cools those that have no place, in milliseconds since the epoch; 0
    /// where none does.
    pub(super) others_until_ms: u64,
}

impl Operations {
    /// Returns how well an operation does.
    pub(super) fn get(&self, task: Task) -> Health {
        let mut known = self.known();
        known.find(|(known, _)| *known == task).map_or_else(|| self.other(), |(_, found)| *found)
    }

    /// Returns how well an operation without a place does.
    fn other(&self) -> Health {
        let cause = (self.others_until_ms != 0).then_some(Cause::Operator);
        Health { until_ms: self.others_until_ms, cause, ..Health::default() }
    }

    /// Returns an operation to be changed. Where it has no place, it takes a free one, or that of
    /// the operation that does best: few deployments are asked for more than there are places.
    /// `None` where there is no place at all.
    pub(super) fn get_mut(&mut self, task: Task) -> Option<&mut Health> {
        let code = task.code().saturating_add(1);
        let other = self.other();
        let known = self.tasks.iter().position(|known| *known == code);
        let at = known.or_else(|| self.tasks.iter().position(|known| *known == 0));
        // The one that does best has the least to lose: no cooldown, or the one that ends first.
        let at = at.or_else(|| {
            let places = self.healths.iter().enumerate();
            let best =
                places.min_by_key(|(_, health)| (health.until_ms, health.consecutive_failures));
            best.map(|(at, _)| at)
        })?;
        let (place, health) = (self.tasks.get_mut(at)?, self.healths.get_mut(at)?);
        if known.is_none() {
            *place = code;
            *health = other;
        }
        Some(health)
    }

    /// Returns the operations that have a place.
    pub(super) fn known(&self) -> impl Iterator<Item = (Task, &Health)> {
        let places = self.tasks.iter().zip(&self.healths);
        places.filter_map(|(code, health)| Some((Task::from_code(code.checked_sub(1)?)?, health)))
    }

    /// Returns the operations that have a place, to be changed.
    pub(super) fn known_mut(&mut self) -> impl Iterator<Item = &mut Health> {
        let places = self.tasks.iter().zip(&mut self.healths);
        places.filter(|(code, _)| **code != 0).map(|(_, health)| health)
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

    #[test]
    fn an_operation_takes_the_place_of_the_one_that_does_best() {
        let mut operations = Operations::default();
        for (at, task) in Task::ALL.into_iter().take(PLACES).enumerate() {
            operations.get_mut(task).unwrap().until_ms = if at == 2 { 0 } else { 9 };
        }
        operations.get_mut(Task::Rerank).unwrap().consecutive_failures = 1;
        assert_eq!(operations.get(Task::ALL[2]), Health::default());
        assert_eq!(operations.get(Task::Rerank).consecutive_failures, 1);
        let known: Vec<Task> = operations.known().map(|(task, _)| task).collect();
        assert_eq!(known, [Task::ALL[0], Task::ALL[1], Task::Rerank, Task::ALL[3]]);
    }

    #[test]
    fn an_operator_cools_operations_that_have_no_place_yet() {
        let mut operations = Operations { others_until_ms: 7, ..Operations::default() };
        let cooled = Health { until_ms: 7, cause: Some(Cause::Operator), ..Health::default() };
        assert_eq!(operations.get(Task::Chat), cooled);
        assert_eq!(*operations.get_mut(Task::Chat).unwrap(), cooled);
    }
}
