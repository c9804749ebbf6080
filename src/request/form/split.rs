//! Cuts a form into the heads and the values of its parts.
//!
//! Knows delimiters and nothing of what is between them. Clients make up
//! boundaries that occur nowhere else, so `--BOUNDARY` where it delimits nothing,
//! or delimits for some servers only (after a bare line feed, right after a
//! head, with blanks after it), is an error.

use super::find::Finder;
use super::malformed::malformed;
use crate::request::scan::ScanError;

/// Who is told what the parts are, in order.
pub(super) trait PartSink {
    /// A part begins. Its head begins at byte `at` of the body, its value at `value_at`.
    fn head(&mut self, head: &[u8], at: u64, value_at: u64) -> Result<(), ScanError>;
    /// A piece of its value.
    fn value(&mut self, piece: &[u8]) -> Result<(), ScanError>;
    /// Its value ended, before byte `end`.
    fn end(&mut self, end: u64) -> Result<(), ScanError>;
    /// Returns whether to stop after the part that ended.
    fn is_paused(&self) -> bool;
}

/// Longest head of a part in bytes, line ends included.
const LONGEST_HEAD: usize = 4096;

/// What the bytes that come next belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SplitState {
    /// Before the first delimiter.
    Start,
    /// After a delimiter: a line end and a head follow, or `--`.
    AfterDelimiter,
    Head,
    Value,
    /// After the last delimiter: nothing follows, or a line end.
    Done,
}

/// A form between two chunks. It holds no part of a value, but for the last bytes that may
/// belong to a delimiter.
#[derive(Debug)]
pub(super) struct Splitter {
    /// For `--BOUNDARY`.
    finder: Finder,
    state: SplitState,
    /// Bytes read so far.
    at: u64,
    /// What was read in the current state and not yet told: a head up to its end, or so much
    /// of a value as may turn out to be the beginning of a delimiter. Bounded by the longest
    /// head.
    kept: Vec<u8>,
}

impl Splitter {
    /// Returns a splitter before the first byte of a form.
    pub(super) fn new(boundary: &str) -> Self {
        Self { finder: Finder::new(boundary), state: SplitState::Start, at: 0, kept: Vec::new() }
    }

    /// Returns how many bytes were read so far.
    pub(super) const fn at(&self) -> u64 {
        self.at
    }

    /// Returns whether the last delimiter has come, so that nothing is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.state == SplitState::Done && [&b""[..], b"\r\n"].contains(&self.kept.as_slice())
    }

    /// Reads on in a chunk until the sink pauses, and returns what is left of it.
    pub(super) fn feed<'c>(
        &mut self,
        mut chunk: &'c [u8],
        sink: &mut impl PartSink,
    ) -> Result<&'c [u8], ScanError> {
        while !chunk.is_empty() && !sink.is_paused() {
            chunk = match self.state {
                SplitState::Value => self.value(chunk, sink)?,
                SplitState::Start
                | SplitState::AfterDelimiter
                | SplitState::Head
                | SplitState::Done => {
                    let (byte, rest) = chunk.split_first().unwrap_or((&0, &[]));
                    self.kept.push(*byte);
                    self.at = self.at.saturating_add(1);
                    self.byte(sink)?;
                    rest
                }
            };
        }
        Ok(chunk)
    }

    /// Goes by what is kept, outside of values. Its last byte is new.
    ///
    /// Outside of values there are few bytes, so they are looked at one by one, always all
    /// that are kept: that is what makes it the same for every chunking.
    fn byte(&mut self, sink: &mut impl PartSink) -> Result<(), ScanError> {
        let before = self.at.saturating_sub(self.kept.len() as u64);
        let kept = self.kept.as_slice();
        let next = match self.state {
            SplitState::Start if kept == self.finder.delimiter() => SplitState::AfterDelimiter,
            SplitState::Start if self.finder.delimiter().starts_with(kept) => return Ok(()),
            SplitState::Start => {
                return Err(malformed(0, "the form does not begin with its boundary"));
            }
            SplitState::AfterDelimiter => match kept {
                b"\r\n" => SplitState::Head,
                b"--" => SplitState::Done,
                b"\r" | b"-" => return Ok(()),
                _ => {
                    return Err(malformed(before, "a boundary is not followed by a line end"));
                }
            },
            SplitState::Done if b"\r\n".starts_with(kept) => return Ok(()),
            SplitState::Done => return Err(malformed(before, "the body goes on after the form")),
            SplitState::Head => match kept.strip_suffix(b"\r\n\r\n") {
                Some(head) if self.finder.find(head).is_none() => {
                    sink.head(head, before, self.at)?;
                    SplitState::Value
                }
                Some(_) => {
                    return Err(malformed(before, "the boundary is in the headers of a part"));
                }
                None if kept == b"\r\n" => return Err(malformed(before, "a part has no headers")),
                None if kept.len() < LONGEST_HEAD => return Ok(()),
                None => {
                    return Err(malformed(
                        before,
                        "the headers of a part are longer than 4096 bytes",
                    ));
                }
            },
            SplitState::Value => return Ok(()),
        };
        self.state = next;
        self.kept.clear();
        Ok(())
    }

    /// Reads on in a value, and returns what is left of the chunk.
    ///
    /// A delimiter may be cut anywhere by the end of a chunk. So the last bytes of a value are
    /// kept and not told, as many as could belong to a delimiter, and the next chunk is first
    /// searched together with them.
    fn value<'c>(
        &mut self,
        chunk: &'c [u8],
        sink: &mut impl PartSink,
    ) -> Result<&'c [u8], ScanError> {
        // A line end, and a delimiter but for its last byte.
        let most = self.finder.delimiter().len().saturating_add(1);
        if !self.kept.is_empty() {
            let added = chunk.get(..most).unwrap_or(chunk);
            let old = self.kept.len();
            let mut joined = std::mem::take(&mut self.kept);
            joined.extend_from_slice(added);
            if let Some(found) = self.finder.find(&joined) {
                let end = self.end(&joined, found, old, sink)?;
                return Ok(chunk.get(end..).unwrap_or_default());
            }
            if added.len() < most {
                self.at = self.at.saturating_add(added.len() as u64);
                let (value, kept) = tail(&joined, most);
                sink.value(value)?;
                self.kept.extend_from_slice(kept);
                return Ok(&[]);
            }
            // A delimiter in the chunk has its line end there as well.
            sink.value(joined.get(..old).unwrap_or_default())?;
        }
        if let Some(found) = self.finder.find(chunk) {
            let end = self.end(chunk, found, 0, sink)?;
            return Ok(chunk.get(end..).unwrap_or_default());
        }
        self.at = self.at.saturating_add(chunk.len() as u64);
        let (value, kept) = tail(chunk, most);
        sink.value(value)?;
        self.kept.extend_from_slice(kept);
        Ok(&[])
    }

    /// Ends a value with the delimiter at `found` in these bytes, of which the first `old` are
    /// of earlier chunks. Returns where the delimiter ends in this chunk.
    fn end(
        &mut self,
        bytes: &[u8],
        found: usize,
        old: usize,
        sink: &mut impl PartSink,
    ) -> Result<usize, ScanError> {
        let (value, _) = bytes.split_at_checked(found).unwrap_or((bytes, &[]));
        let place = self.at.saturating_sub(old as u64).saturating_add(found as u64);
        // The line end before a delimiter belongs to the delimiter.
        let without = value.get(..found.saturating_sub(2)).unwrap_or_default();
        sink.value(without)?;
        if !value.ends_with(b"\r\n") {
            return Err(malformed(
                place,
                "the boundary is inside a part, or not on a line of its own",
            ));
        }
        sink.end(place.saturating_sub(2))?;
        let end = found.saturating_add(self.finder.delimiter().len()).saturating_sub(old);
        self.at = self.at.saturating_add(end as u64);
        self.state = SplitState::AfterDelimiter;
        self.kept.clear();
        Ok(end)
    }
}

/// Returns what stands before the last `length` bytes, and those.
fn tail(bytes: &[u8], length: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(bytes.len().saturating_sub(length)).unwrap_or((&[], bytes))
}
