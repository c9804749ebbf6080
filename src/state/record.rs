//! One deployment's record: a fixed order of values, little endian, in shared data.
//!
//! Bytes that are not such a record read as a healthy deployment of which nothing is known,
//! so that a value of another layout neither traps nor misleads. It is read and written for
//! every request, and needs no allocation: operations of which nothing is known take no bytes,
//! and most deployments have one operation.

use crate::cas;
use crate::request::format::Task;

use super::cause::Cause;
use super::flight::{Flight, SLOTS};
use super::headroom::{Headroom, Left};
use super::health::{Health, OPERATIONS, Suspicion, Tally};
use super::probe::{LEASES, Probes};

/// The first byte. Who changes the order or length of what follows takes another one, and
/// another [`super::PREFIX`].
const LAYOUT: u8 = 4;
/// The length without any operation, in bytes.
const BASE: usize = 152;
/// The length of one operation, in bytes.
const EACH: usize = 79;
/// The length with all operations, in bytes.
const LONGEST: usize = BASE + EACH * OPERATIONS;
/// How long rates are counted together, in milliseconds.
pub(super) const MINUTE_MS: u64 = 60_000;

/// What workers share about one deployment. A deployment of which nothing is known has the
/// default record, which is healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Record {
    /// Whether an operator has taken it out of every pick.
    pub is_drained: bool,
    /// Which minute since the epoch `minute` counts.
    pub minute_at: u32,
    /// What is counted of that minute.
    pub minute: Counts,
    /// What is counted since the proxy's start. It only grows, so that two looks at it tell a
    /// rate; a failure that turns out to be the request's own is taken back.
    pub total: Counts,
    /// Moving average of the time to the first byte in milliseconds; 0 where it is not known.
    pub first_byte_ms: f32,
    /// Moving average of the time to the end of the answer in milliseconds; 0 where it is not
    /// known.
    pub answer_ms: f32,
    /// Attempts under way.
    pub flight: Flight,
    /// What the provider says is left.
    pub headroom: Headroom,
    /// How well each operation does, by the number of its task.
    pub(super) operations: [Health; OPERATIONS],
}

/// What is counted of attempts, in a minute or in all. An attempt that is under way is counted
/// as started and as nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts that were started, whatever became of them.
    pub attempts: u64,
    /// Attempts that were answered.
    pub successes: u64,
    /// Attempts that failed, where the deployment is at fault. What clients are to blame for is
    /// in neither count.
    pub failures: u64,
    /// Tokens of input and output, of all that were answered.
    pub tokens: u64,
}

impl Record {
    /// Returns the counts of the minute that `now_ms` falls in.
    #[must_use]
    pub fn this_minute(&self, now_ms: u64) -> Counts {
        let mut record = *self;
        record.turn_to(now_ms);
        record.minute
    }

    /// Begins to count anew where the minute has changed. What a worker counts a moment late
    /// for the minute before is counted with this one.
    pub(super) fn turn_to(&mut self, now_ms: u64) {
        let minute = u32::try_from(now_ms / MINUTE_MS).unwrap_or(u32::MAX);
        // A worker looks at the clock a little before it writes, and another one may have
        // begun the next minute between the two.
        let is_late = self.minute_at.checked_sub(1) == Some(minute);
        if self.minute_at != minute && !is_late {
            self.minute_at = minute;
            self.minute = Counts::default();
            self.operations.iter_mut().for_each(|health| health.minute = Tally::default());
        }
    }

    /// Returns how well an operation does.
    #[must_use]
    pub fn health(&self, task: Task) -> Health {
        self.operations.get(usize::from(task.code())).copied().unwrap_or_default()
    }

    /// Returns the operations of which anything is known, and how well each does.
    pub fn healths(&self) -> impl Iterator<Item = (Task, &Health)> {
        let known = Task::ALL.into_iter().zip(&self.operations);
        known.filter(|(_, health)| **health != Health::default())
    }

    /// Returns how many attempts of this minute use up the limit of requests. Counting tokens
    /// does not: providers limit it apart.
    #[must_use]
    pub fn limited_attempts(&self) -> u64 {
        let counted = self.health(Task::CountTokens).minute.attempts;
        self.minute.attempts.saturating_sub(u64::from(counted))
    }

    /// Changes how well an operation does.
    pub(super) fn change<T>(&mut self, task: Task, change: impl FnOnce(&mut Health) -> T) -> T {
        match self.operations.get_mut(usize::from(task.code())) {
            Some(health) => change(health),
            // Every task has a place.
            None => change(&mut Health::default()),
        }
    }

    /// Returns the record as bytes, which [`Record::decode`] reads.
    #[must_use]
    pub fn encode(&self) -> RecordBytes {
        let mut to = RecordWriter { bytes: [0; LONGEST], at: 0 };
        to.put(&[LAYOUT, u8::from(self.is_drained)]);
        let known = (0..).zip(&self.operations);
        let known = known.filter(|(_, health)| **health != Health::default());
        let mask = known.fold(0_u16, |mask, (at, _)| mask | 1_u16.wrapping_shl(at));
        to.put(&mask.to_le_bytes());
        to.u32(self.minute_at);
        to.counts(&self.minute);
        to.counts(&self.total);
        to.u32(self.first_byte_ms.to_bits());
        to.u32(self.answer_ms.to_bits());
        for (epoch, count) in self.flight.slots {
            to.u32(epoch);
            to.u32(count);
        }
        for left in [self.headroom.requests, self.headroom.tokens] {
            let left = left.unwrap_or_default();
            to.u32(left.remaining);
            to.u32(left.limit.unwrap_or(0));
            to.u64(left.reset_ms);
        }
        to.u64(self.headroom.heard_ms);
        for (at, health) in (0..).zip(&self.operations) {
            if mask.wrapping_shr(at) & 1 == 1 {
                to.health(health);
            }
        }
        RecordBytes { bytes: to.bytes, length: to.at }
    }

    /// Returns the record in those bytes; a healthy one if they are no such record.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        if bytes.first() != Some(&LAYOUT) {
            return Self::default();
        }
        let mut from = RecordReader(bytes);
        // Nothing may be left over.
        Self::read(&mut from).filter(|_| from.0.is_empty()).unwrap_or_default()
    }

    /// Reads what [`Record::encode`] wrote; `None` where the bytes end early.
    fn read(from: &mut RecordReader<'_>) -> Option<Self> {
        let [_, is_drained] = from.take()?;
        let mask = u16::from_le_bytes(from.take()?);
        let mut record = Self {
            is_drained: is_drained == 1,
            minute_at: from.u32()?,
            minute: from.counts()?,
            total: from.counts()?,
            first_byte_ms: from.average()?,
            answer_ms: from.average()?,
            flight: {
                let mut slots = [(0, 0); SLOTS];
                for slot in &mut slots {
                    *slot = (from.u32()?, from.u32()?);
                }
                Flight { slots }
            },
            headroom: Headroom {
                requests: from.left()?,
                tokens: from.left()?,
                heard_ms: from.u64()?,
            },
            operations: [Health::default(); OPERATIONS],
        };
        for (at, health) in (0..).zip(&mut record.operations) {
            if mask.wrapping_shr(at) & 1 == 1 {
                *health = from.health()?;
            }
        }
        Some(record)
    }
}

/// A record as bytes.
#[derive(Debug, Clone, Copy)]
pub struct RecordBytes {
    bytes: [u8; LONGEST],
    length: usize,
}

impl AsRef<[u8]> for RecordBytes {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl cas::Value for Record {
    type Bytes = RecordBytes;

    fn decode(bytes: &[u8]) -> Self {
        Self::decode(bytes)
    }

    fn encode(&self) -> RecordBytes {
        self.encode()
    }
}

/// Writes a record from front to back.
struct RecordWriter {
    bytes: [u8; LONGEST],
    at: usize,
}

impl RecordWriter {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at.saturating_add(bytes.len());
        if let Some(slot) = self.bytes.get_mut(self.at..end) {
            slot.copy_from_slice(bytes);
        }
        self.at = end;
    }

    fn u32(&mut self, number: u32) {
        self.put(&number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    fn health(&mut self, health: &Health) {
        self.put(&[health.cause.map_or(0, Cause::code)]);
        self.put(&health.status.to_le_bytes());
        self.u32(health.consecutive_failures);
        self.u32(health.probe_successes);
        self.u64(health.until_ms);
        self.u32(health.length_ms);
        let Tally { attempts, successes, failures } = health.minute;
        for count in [attempts, successes, failures, health.suspicion.fingerprint] {
            self.u32(count);
        }
        self.u64(health.suspicion.at_ms);
        for lease in health.probes.leases {
            self.u32(lease);
        }
    }

    fn counts(&mut self, counts: &Counts) {
        for count in [counts.attempts, counts.successes, counts.failures, counts.tokens] {
            self.u64(count);
        }
    }
}

/// Reads a record from front to back; `None` where the bytes end early.
struct RecordReader<'a>(&'a [u8]);

impl RecordReader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn health(&mut self) -> Option<Health> {
        let [cause] = self.take()?;
        Some(Health {
            cause: Cause::from_code(cause),
            status: u16::from_le_bytes(self.take()?),
            consecutive_failures: self.u32()?,
            probe_successes: self.u32()?,
            until_ms: self.u64()?,
            length_ms: self.u32()?,
            minute: Tally { attempts: self.u32()?, successes: self.u32()?, failures: self.u32()? },
            suspicion: Suspicion { fingerprint: self.u32()?, at_ms: self.u64()? },
            probes: {
                let mut leases = [0; LEASES];
                for lease in &mut leases {
                    *lease = self.u32()?;
                }
                Probes { leases }
            },
        })
    }

    fn counts(&mut self) -> Option<Counts> {
        Some(Counts {
            attempts: self.u64()?,
            successes: self.u64()?,
            failures: self.u64()?,
            tokens: self.u64()?,
        })
    }

    /// Reads an average. What is no positive number is not known, whatever the bytes are.
    fn average(&mut self) -> Option<f32> {
        let average = f32::from_bits(self.u32()?);
        Some(if average.is_finite() && average > 0.0 { average } else { 0.0 })
    }

    /// Reads what is left of one limit; nothing is known of it where it has no time of reset.
    fn left(&mut self) -> Option<Option<Left>> {
        let (remaining, limit) = (self.u32()?, self.u32()?);
        let limit = (limit > 0).then_some(limit);
        let left = Left { remaining, limit, reset_ms: self.u64()? };
        Some((left.reset_ms != 0).then_some(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::outcome::Outcome;

    fn health(n: u32) -> Health {
        Health {
            cause: Some(Cause::Outcome(Outcome::Auth)),
            status: 429,
            consecutive_failures: u32::MAX,
            probe_successes: 2,
            until_ms: u64::MAX - 1,
            length_ms: 5000,
            minute: Tally { attempts: n, successes: n + 1, failures: n + 2 },
            suspicion: Suspicion { fingerprint: n + 3, at_ms: u64::from(n) + 4 },
            probes: Probes { leases: [9, 8, 7, 6, 5, 4, 3, u32::MAX] },
        }
    }

    fn full() -> Record {
        let counts = |n| Counts { attempts: n, successes: n + 1, failures: n + 2, tokens: n + 3 };
        let left = |n| Some(Left { remaining: n, limit: Some(n + 1), reset_ms: u64::from(n) + 2 });
        let mut operations = [Health::default(); OPERATIONS];
        operations.iter_mut().zip(1..).for_each(|(to, n)| *to = health(n));
        Record {
            is_drained: true,
            minute_at: 29_000_000,
            minute: counts(7),
            total: counts(u64::MAX - 3),
            first_byte_ms: 12.5,
            answer_ms: 1e9,
            flight: Flight { slots: [(1, 2), (3, 4), (5, 6), (7, 8)] },
            headroom: Headroom { requests: left(1), tokens: left(2_000_000), heard_ms: 11 },
            operations,
        }
    }

    #[test]
    fn a_record_reads_back() {
        let mut some = Record::default();
        some.change(Task::Realtime, |to| *to = health(1));
        for (record, length) in [(full(), LONGEST), (Record::default(), BASE), (some, BASE + EACH)]
        {
            let bytes = record.encode();
            assert_eq!(Record::decode(bytes.as_ref()), record);
            assert_eq!(bytes.as_ref().len(), length);
        }
    }

    #[test]
    fn foreign_bytes_read_as_healthy() {
        let long = [full().encode().as_ref(), &[0]].concat();
        let short = &long[..LONGEST - 1];
        for bytes in [&b""[..], &[1; 3], &[1; 40], &[3; 205], &[4; LONGEST], short, &long] {
            assert_eq!(Record::decode(bytes), Record::default());
        }
    }

    #[test]
    fn an_average_that_is_no_number_is_not_known() {
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0] {
            let record = Record { first_byte_ms: wrong, ..Record::default() };
            assert_eq!(Record::decode(record.encode().as_ref()), Record::default());
        }
    }
}
