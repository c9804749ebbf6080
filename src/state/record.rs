//! One deployment's record: a fixed order of values, little endian, in shared data.
//!
//! Bytes that are not such a record read as a healthy deployment of which nothing is known,
//! so that a value of another layout neither traps nor misleads. It is read and written for
//! every request, and needs no allocation: operations of which nothing is known take no bytes,
//! and most deployments have one operation.

use crate::cas;
use crate::request::format::Task;

use super::cause::Cause;
use super::flight::Flight;
use super::headroom::{Headroom, Left};
use super::health::{Health, OperationCounts, Operations, PLACES, Suspicion};
use super::probe::{LEASES, Probes};

/// The first byte. A change of the order or length of what follows needs another one, and another
/// [`super::PREFIX`].
const LAYOUT: u8 = 5;
/// The length without any operation, in bytes.
const BASE: usize = 160;
/// The length of one operation, in bytes.
const EACH: usize = 79;
/// The length where every operation has been asked for, in bytes.
const LONGEST: usize = BASE + EACH * PLACES;
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
    /// How well each operation does.
    pub(super) operations: Operations,
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
        if self.is_of(now_ms) { self.minute } else { Counts::default() }
    }

    /// Returns how many attempts of the minute that `now_ms` falls in use up the limit of
    /// requests. Counting tokens does not: providers limit it apart.
    #[must_use]
    pub fn limited_attempts(&self, now_ms: u64) -> u64 {
        let counted = self.health(Task::CountTokens).minute.attempts;
        self.this_minute(now_ms).attempts.saturating_sub(u64::from(counted))
    }

    /// Returns whether `minute` counts the minute that `now_ms` falls in, or the one after it.
    fn is_of(&self, now_ms: u64) -> bool {
        let minute = minute(now_ms);
        // A worker looks at the clock a little before it writes, and another one may have
        // begun the next minute between the two.
        self.minute_at == minute || self.minute_at.checked_sub(1) == Some(minute)
    }

    /// Begins to count anew where the minute has changed. What a worker counts a moment late
    /// for the minute before is counted with this one.
    pub(super) fn turn_to(&mut self, now_ms: u64) {
        if !self.is_of(now_ms) {
            self.minute_at = minute(now_ms);
            self.minute = Counts::default();
            self.operations
                .known_mut()
                .for_each(|health| health.minute = OperationCounts::default());
        }
    }

    /// Returns how well an operation does.
    #[must_use]
    pub fn health(&self, task: Task) -> Health {
        self.operations.get(task)
    }

    /// Returns the operations that have been asked for, and how well each does.
    pub fn healths(&self) -> impl Iterator<Item = (Task, &Health)> {
        self.operations.known()
    }

    /// Changes how well an operation does.
    pub(super) fn change<T>(&mut self, task: Task, change: impl FnOnce(&mut Health) -> T) -> T {
        match self.operations.get_mut(task) {
            Some(health) => change(health),
            // There is always a place, but nothing here may panic.
            None => change(&mut Health::default()),
        }
    }

    /// Returns the record as bytes, which [`Record::decode`] reads.
    #[must_use]
    pub fn encode(&self) -> RecordBytes {
        let mut bytes = [0; LONGEST];
        let mut length = BASE;
        // Parts of a fixed length are written without a check for each value.
        if let Some(base) = bytes.first_chunk_mut::<BASE>() {
            *base = self.base();
        }
        for (_, health) in self.operations.known() {
            let rest = bytes.get_mut(length..).unwrap_or_default();
            if let Some(each) = rest.first_chunk_mut::<EACH>() {
                *each = each_of(health);
            }
            length = length.saturating_add(EACH);
        }
        RecordBytes { bytes, length }
    }

    /// Returns what is written of every record.
    fn base(&self) -> [u8; BASE] {
        let mut to = RecordWriter::<BASE> { bytes: [0; BASE], at: 0 };
        to.put(&[LAYOUT, u8::from(self.is_drained)]);
        to.put(&self.operations.asked.to_le_bytes());
        to.u64(self.operations.others_until_ms);
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
        to.bytes
    }

    /// Returns the record in those bytes; a healthy one if they are no such record.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        let mut record = Self::default();
        if record.read(bytes).is_none() {
            record = Self::default();
        }
        record
    }

    /// Reads what [`Record::encode`] wrote. It is read in place, since a record is large.
    /// Returns `None` where the bytes are nothing of that; some values may be read by then.
    fn read(&mut self, bytes: &[u8]) -> Option<()> {
        let (base, mut rest) = bytes.split_first_chunk::<BASE>()?;
        let from = &mut RecordReader(base);
        let [layout, is_drained] = from.take()?;
        if layout != LAYOUT {
            return None;
        }
        self.is_drained = is_drained == 1;
        self.operations.asked = u16::from_le_bytes(from.take()?);
        if self.operations.asked >> PLACES != 0 {
            return None;
        }
        self.operations.others_until_ms = from.u64()?;
        self.minute_at = from.u32()?;
        self.minute = from.counts()?;
        self.total = from.counts()?;
        self.first_byte_ms = from.average()?;
        self.answer_ms = from.average()?;
        for slot in &mut self.flight.slots {
            *slot = (from.u32()?, from.u32()?);
        }
        self.headroom.requests = from.left()?;
        self.headroom.tokens = from.left()?;
        self.headroom.heard_ms = from.u64()?;
        for health in self.operations.known_mut() {
            let (each, after) = rest.split_first_chunk::<EACH>()?;
            *health = RecordReader(each).health()?;
            rest = after;
        }
        // Nothing may be left over.
        rest.is_empty().then_some(())
    }
}

/// Returns what is written of an operation.
#[inline(never)]
fn each_of(health: &Health) -> [u8; EACH] {
    let mut to = RecordWriter::<EACH> { bytes: [0; EACH], at: 0 };
    to.put(&[health.cause.map_or(0, Cause::code)]);
    to.put(&health.status.to_le_bytes());
    to.u32(health.consecutive_failures);
    to.u32(health.probe_successes);
    to.u64(health.until_ms);
    to.u32(health.length_ms);
    let OperationCounts { attempts, successes, failures } = health.minute;
    for count in [attempts, successes, failures, health.suspicion.fingerprint] {
        to.u32(count);
    }
    to.u64(health.suspicion.at_ms);
    for lease in health.probes.leases {
        to.u32(lease);
    }
    to.bytes
}

/// Returns which minute since the epoch a time is in.
fn minute(now_ms: u64) -> u32 {
    u32::try_from(now_ms / MINUTE_MS).unwrap_or(u32::MAX)
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
struct RecordWriter<const LENGTH: usize> {
    bytes: [u8; LENGTH],
    at: usize,
}

impl<const LENGTH: usize> RecordWriter<LENGTH> {
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

    // A copy for each operation would be kilobytes of code that every request runs through.
    #[inline(never)]
    fn health(&mut self) -> Option<Health> {
        let [cause] = self.take()?;
        Some(Health {
            cause: Cause::from_code(cause),
            status: u16::from_le_bytes(self.take()?),
            consecutive_failures: self.u32()?,
            probe_successes: self.u32()?,
            until_ms: self.u64()?,
            length_ms: self.u32()?,
            minute: OperationCounts {
                attempts: self.u32()?,
                successes: self.u32()?,
                failures: self.u32()?,
            },
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
#[path = "record_tests.rs"]
mod tests;
