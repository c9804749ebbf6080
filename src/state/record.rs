//! One deployment's record: a fixed layout of 40 bytes, little endian.
//!
//! Anything that is not such a record reads as a healthy one, so that a value
//! of another layout neither traps nor misleads.

const LAYOUT: u8 = 1;
const LENGTH: usize = 40;

/// What workers share about one deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Record {
    /// Code of the outcome that started the cooldown.
    pub cause: u8,
    /// HTTP status that started the cooldown, 0 without an answer.
    pub status: u16,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Successes since the cooldown's deadline.
    pub probe_successes: u32,
    /// Minute since the epoch that the two counts below are of.
    pub minute: u32,
    /// Attempts this minute that say something about the deployment.
    pub requests: u32,
    /// Failed ones among them.
    pub failures: u32,
    /// Deadline of the cooldown in milliseconds since the epoch; 0: none.
    pub until_ms: u64,
    /// Length the next cooldown doubles, in milliseconds.
    pub length_ms: u32,
}

impl Record {
    /// The record as bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let fields: [&[u8]; 11] = [
            &[LAYOUT],
            &[self.cause],
            &self.status.to_le_bytes(),
            &self.consecutive_failures.to_le_bytes(),
            &self.probe_successes.to_le_bytes(),
            &self.minute.to_le_bytes(),
            &self.requests.to_le_bytes(),
            &self.failures.to_le_bytes(),
            &self.until_ms.to_le_bytes(),
            &self.length_ms.to_le_bytes(),
            &[0; 4],
        ];
        for (slot, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *slot = *byte;
        }
        bytes
    }

    /// The record in those bytes; a healthy one if they are no such record.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        Self::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != LENGTH {
            return None;
        }
        let (&layout, bytes) = bytes.split_first()?;
        let (&cause, bytes) = bytes.split_first()?;
        let (status, bytes) = bytes.split_first_chunk()?;
        let (consecutive_failures, bytes) = bytes.split_first_chunk()?;
        let (probe_successes, bytes) = bytes.split_first_chunk()?;
        let (minute, bytes) = bytes.split_first_chunk()?;
        let (requests, bytes) = bytes.split_first_chunk()?;
        let (failures, bytes) = bytes.split_first_chunk()?;
        let (until_ms, bytes) = bytes.split_first_chunk()?;
        let (length_ms, _) = bytes.split_first_chunk()?;
        (layout == LAYOUT).then(|| Self {
            cause,
            status: u16::from_le_bytes(*status),
            consecutive_failures: u32::from_le_bytes(*consecutive_failures),
            probe_successes: u32::from_le_bytes(*probe_successes),
            minute: u32::from_le_bytes(*minute),
            requests: u32::from_le_bytes(*requests),
            failures: u32::from_le_bytes(*failures),
            until_ms: u64::from_le_bytes(*until_ms),
            length_ms: u32::from_le_bytes(*length_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back() {
        let record = Record {
            cause: 3,
            status: 429,
            consecutive_failures: u32::MAX,
            probe_successes: 2,
            minute: 29_000_000,
            requests: 7,
            failures: 6,
            until_ms: u64::MAX - 1,
            length_ms: 5000,
        };
        assert_eq!(Record::decode(&record.encode()), record);
    }

    #[test]
    fn foreign_bytes_read_as_healthy() {
        for bytes in [&b""[..], &[1; 3], &[2; LENGTH], &[1; LENGTH + 1]] {
            assert_eq!(Record::decode(bytes), Record::default());
        }
    }
}
