//! One deployment's record, as it lies in shared data: its values in a fixed order, little endian.
//!
//! Bytes that are not such a record read as a healthy deployment of which nothing is known,
//! so that a value of another layout neither traps nor misleads. It is read and written for
//! every request, so it is copied as a whole. Operations of which nothing is known take no bytes, and
//! most deployments have one operation.

use zerocopy::{FromBytes, FromZeros as _, Immutable, IntoBytes};

use crate::cas;
use crate::request::format::Task;

use super::flight::Flight;
use super::headroom::Headroom;
use super::health::{Health, OperationCounts, Operations, PLACES};

/// The number of this layout. A change of the order or length of the values needs another one, and
/// another [`super::PREFIX`].
const LAYOUT: u16 = 6;
/// The length of one operation, in bytes.
const EACH: usize = size_of::<Health>();
/// The length where every operation has been asked for, in bytes.
const LONGEST: usize = size_of::<Record>();
/// The length without any operation, in bytes. The operations are the last of a record.
const BASE: usize = LONGEST - EACH * PLACES;
/// How long rates are counted together, in milliseconds.
pub(super) const MINUTE_MS: u64 = 60_000;

// WebAssembly is little endian; so is every machine that the core's tests run on.
const _: () = assert!(cfg!(target_endian = "little"));

/// What workers share about one deployment. A deployment of which nothing is known has the
/// default record, which is healthy.
#[derive(Debug, Clone, Copy, PartialEq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Record {
    layout: u16,
    /// 1 where an operator has taken it out of every pick, else 0.
    pub drained: u16,
    /// Which minute since the epoch `minute` counts.
    pub minute_at: u32,
    /// Moving average of the time to the first byte in milliseconds; 0 where it is not known.
    pub first_byte_ms: f32,
    /// Moving average of the time to the end of the answer in milliseconds; 0 where it is not
    /// known.
    pub answer_ms: f32,
    /// What is counted of that minute.
    pub minute: Counts,
    /// What is counted since the proxy's start. It only grows, so that two looks at it tell a
    /// rate; a failure that turns out to be the request's own is taken back.
    pub total: Counts,
    /// Attempts under way.
    pub flight: Flight,
    /// What the provider says is left.
    pub headroom: Headroom,
    /// How well each operation does.
    pub(super) operations: Operations,
}

impl Default for Record {
    fn default() -> Self {
        Self { layout: LAYOUT, ..Self::new_zeroed() }
    }
}

/// What is counted of attempts, in a minute or in all. An attempt that is under way is counted
/// as started and as nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
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
    /// Returns whether an operator has taken the deployment out of every pick.
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.drained == 1
    }

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
        let mut to = RecordBytes { bytes: [0; LONGEST], length: 0 };
        to.push(self.as_bytes().get(..BASE).unwrap_or_default());
        self.operations.known().for_each(|(_, health)| to.push(health.as_bytes()));
        to
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
        *self.as_mut_bytes().first_chunk_mut()? = *base;
        if self.layout != LAYOUT || self.operations.asked >> PLACES != 0 {
            return None;
        }
        for average in [&mut self.first_byte_ms, &mut self.answer_ms] {
            // What is no positive number is not known, whatever the bytes are.
            *average = if average.is_finite() { average.max(0.0) } else { 0.0 };
        }
        for health in self.operations.known_mut() {
            let (each, after) = rest.split_first_chunk::<EACH>()?;
            *health.as_mut_bytes().first_chunk_mut()? = *each;
            rest = after;
        }
        // Nothing may be left over.
        rest.is_empty().then_some(())
    }
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

impl RecordBytes {
    /// Appends a part of the record. All of them have room.
    fn push(&mut self, part: &[u8]) {
        let end = self.length.saturating_add(part.len());
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(part);
            self.length = end;
        }
    }
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

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
