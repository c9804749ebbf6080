//! One deployment's record: a fixed layout, little endian, in shared data.
//!
//! Bytes that are not such a record read as a healthy deployment of which nothing is known,
//! so that a value of another layout neither traps nor misleads. Fixed, because it is read
//! and written for every request, and needs no allocation so.

use crate::cas;

use super::cause::Cause;
use super::flight::{Flight, SLOTS};
use super::headroom::{Headroom, Left};
use super::probe::{LEASES, Probes};

/// The first byte. Who changes the order or length of what follows takes another one, and
/// another [`super::PREFIX`].
const LAYOUT: u8 = 3;
/// The length of the layout in bytes.
const LENGTH: usize = 205;
/// How long rates are counted together, in milliseconds.
pub(super) const MINUTE_MS: u64 = 60_000;

/// What workers share about one deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Record {
    /// Whether an operator has taken it out of every pick.
    pub is_drained: bool,
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
    /// Which minute since the epoch `minute` counts.
    pub minute_at: u32,
    /// What is counted of that minute.
    pub minute: Counts,
    /// What is counted since the proxy's start.
    pub total: Counts,
    /// Moving average of the time to the first byte in milliseconds; 0 where it is not known.
    pub first_byte_ms: f32,
    /// Moving average of the time to the end of the answer in milliseconds; 0 where it is not
    /// known.
    pub answer_ms: f32,
    /// Attempts under way.
    pub flight: Flight,
    /// Probes under way while half-open.
    pub probes: Probes,
    /// What the provider says is left.
    pub headroom: Headroom,
}

/// What is counted of attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts that were started, whatever became of them.
    pub attempts: u64,
    /// Attempts that were answered.
    pub successes: u64,
    /// Attempts that failed, where the deployment is at fault.
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
        }
    }

    /// Returns the record as bytes, in the order of [`Record::read`].
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut to = RecordWriter { bytes: [0; LENGTH], at: 0 };
        to.put(&[LAYOUT, u8::from(self.is_drained), self.cause.map_or(0, Cause::code)]);
        to.put(&self.status.to_le_bytes());
        to.u32(self.consecutive_failures);
        to.u32(self.probe_successes);
        to.u64(self.until_ms);
        to.u32(self.length_ms);
        to.u32(self.minute_at);
        to.counts(&self.minute);
        to.counts(&self.total);
        to.u32(self.first_byte_ms.to_bits());
        to.u32(self.answer_ms.to_bits());
        for (epoch, count) in self.flight.slots {
            to.u32(epoch);
            to.u32(count);
        }
        for lease in self.probes.leases {
            to.u32(lease);
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
        let is_one = bytes.len() == LENGTH && bytes.first() == Some(&LAYOUT);
        if !is_one {
            return Self::default();
        }
        Self::read(&mut RecordReader(bytes)).unwrap_or_default()
    }

    /// Reads what [`Record::encode`] wrote; `None` where the bytes end early.
    fn read(from: &mut RecordReader<'_>) -> Option<Self> {
        let [_, is_drained, cause] = from.take()?;
        Some(Self {
            is_drained: is_drained == 1,
            cause: Cause::from_code(cause),
            status: u16::from_le_bytes(from.take()?),
            consecutive_failures: from.u32()?,
            probe_successes: from.u32()?,
            until_ms: from.u64()?,
            length_ms: from.u32()?,
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
            probes: {
                let mut leases = [0; LEASES];
                for lease in &mut leases {
                    *lease = from.u32()?;
                }
                Probes { leases }
            },
            headroom: Headroom {
                requests: from.left()?,
                tokens: from.left()?,
                heard_ms: from.u64()?,
            },
        })
    }
}

impl cas::Value for Record {
    type Bytes = [u8; LENGTH];

    fn decode(bytes: &[u8]) -> Self {
        Self::decode(bytes)
    }

    fn encode(&self) -> [u8; LENGTH] {
        self.encode()
    }
}

/// Writes a record from front to back.
struct RecordWriter {
    bytes: [u8; LENGTH],
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

    fn full() -> Record {
        let counts = |n| Counts { attempts: n, successes: n + 1, failures: n + 2, tokens: n + 3 };
        let left = |n| Some(Left { remaining: n, limit: Some(n + 1), reset_ms: u64::from(n) + 2 });
        Record {
            is_drained: true,
            cause: Some(Cause::Outcome(Outcome::Auth)),
            status: 429,
            consecutive_failures: u32::MAX,
            probe_successes: 2,
            until_ms: u64::MAX - 1,
            length_ms: 5000,
            minute_at: 29_000_000,
            minute: counts(7),
            total: counts(u64::MAX - 3),
            first_byte_ms: 12.5,
            answer_ms: 1e9,
            flight: Flight { slots: [(1, 2), (3, 4), (5, 6), (7, 8)] },
            probes: Probes { leases: [9, 8, 7, 6, 5, 4, 3, u32::MAX] },
            headroom: Headroom { requests: left(1), tokens: left(2_000_000), heard_ms: 11 },
        }
    }

    #[test]
    fn a_record_reads_back() {
        assert_eq!(Record::decode(&full().encode()), full());
        assert_eq!(Record::decode(&Record::default().encode()), Record::default());
    }

    #[test]
    fn every_byte_of_the_layout_is_used() {
        let mut to = RecordWriter { bytes: [0; LENGTH], at: 0 };
        to.put(&full().encode());
        assert_eq!(to.at, LENGTH);
        let mut from = &full().encode()[..];
        let mut reader = RecordReader(from);
        Record::read(&mut reader).unwrap();
        from = reader.0;
        assert!(from.is_empty(), "{} bytes are left over", from.len());
    }

    #[test]
    fn foreign_bytes_read_as_healthy() {
        for bytes in [&b""[..], &[1; 3], &[1; 40], &[2; LENGTH], &[3; LENGTH + 1]] {
            assert_eq!(Record::decode(bytes), Record::default());
        }
    }

    #[test]
    fn an_average_that_is_no_number_is_not_known() {
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0] {
            let record = Record { first_byte_ms: wrong, ..Record::default() };
            assert_eq!(Record::decode(&record.encode()), Record::default());
        }
    }
}
