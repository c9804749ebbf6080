//! Applying edits to a body that comes in pieces.

use std::ops::Range;

use crate::sort::sorted;

/// Bytes of the original body to replace; an empty range inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes, in bytes from the start of the original body.
    pub range: Range<u64>,
    /// What comes instead.
    pub with: Vec<u8>,
}

/// Returns the length of a body of `length` bytes once the edits are made.
#[must_use]
pub fn length_after(length: u64, edits: &[Edit]) -> u64 {
    edits.iter().fold(length, |length, edit| {
        let removed = edit.range.end.saturating_sub(edit.range.start);
        length.saturating_add(edit.with.len() as u64).saturating_sub(removed)
    })
}

/// Applies edits to the pieces of a body, in order.
///
/// ```
/// use pointsman::request::rewrite::{Edit, Splicer};
///
/// let edits = vec![Edit { range: 9..14, with: b"\"b\"".to_vec() }];
/// let mut splicer = Splicer::new(edits);
/// let mut out = Vec::new();
/// splicer.push(b"{\"model\":\"aa", &mut out);
/// splicer.push(b"a\"}", &mut out);
/// assert_eq!(out, b"{\"model\":\"b\"}");
/// ```
#[derive(Debug)]
pub struct Splicer {
    /// Still to be made, the next one last.
    edits: Vec<Edit>,
    /// Bytes of the original seen so far.
    at: u64,
}

impl Splicer {
    /// Returns a splicer for edits that do not overlap; their order does not matter.
    #[must_use]
    pub fn new(edits: Vec<Edit>) -> Self {
        let place = |edit: &Edit| (edit.range.start, edit.range.end);
        Self { edits: sorted(edits, &|a, b| place(a) > place(b)), at: 0 }
    }

    /// Returns whether all edits are made, so that what follows stays as it is.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.edits.is_empty()
    }

    /// Returns how many of the next bytes the edits reach. What follows those stays as it is,
    /// and need not be read.
    #[must_use]
    pub fn reach(&self) -> usize {
        let end = self.edits.first().map_or(0, |edit| edit.range.end);
        usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX)
    }

    /// Takes the next piece of the original and appends what becomes of it.
    ///
    /// A replacement is written where its range begins, however many pieces that spans.
    pub fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        while let Some(edit) = self.edits.last_mut() {
            // Up to the edit everything stays.
            let before = edit.range.start.saturating_sub(self.at);
            let Some((kept, rest)) = split(piece, before) else { break };
            out.extend_from_slice(kept);
            self.at = self.at.saturating_add(kept.len() as u64);
            out.append(&mut edit.with);
            let dropped = edit.range.end.saturating_sub(self.at).min(rest.len() as u64);
            let (gone, rest) = split(rest, dropped).unwrap_or((rest, &[]));
            self.at = self.at.saturating_add(gone.len() as u64);
            piece = rest;
            if self.at < edit.range.end {
                // The rest of the range is in the next piece.
                edit.range.start = self.at;
                return;
            }
            self.edits.pop();
        }
        out.extend_from_slice(piece);
        self.at = self.at.saturating_add(piece.len() as u64);
    }
}

/// Returns a piece split after `at` bytes, unless it ends before those. An edit at the very end
/// of a piece is made with it, so that none waits for bytes that never come.
fn split(piece: &[u8], at: u64) -> Option<(&[u8], &[u8])> {
    piece.split_at_checked(usize::try_from(at).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(range: Range<u64>, with: &str) -> Edit {
        Edit { range, with: with.as_bytes().to_vec() }
    }

    /// The body after the edits, pushed in pieces of `size`.
    fn spliced(body: &[u8], edits: &[Edit], size: usize) -> Vec<u8> {
        let mut splicer = Splicer::new(edits.to_vec());
        let mut out = Vec::new();
        for piece in body.chunks(size) {
            splicer.push(piece, &mut out);
        }
        out
    }

    #[test]
    fn edits_are_the_same_however_the_body_is_cut() {
        let body = b"0123456789";
        let cases: [(&[Edit], &[u8]); 7] = [
            (&[], b"0123456789"),
            (&[edit(0..1, "a")], b"a123456789"),
            (&[edit(3..7, "")], b"012789"),
            (&[edit(5..5, "new")], b"01234new56789"),
            (&[edit(9..10, "z"), edit(2..4, "xyz")], b"01xyz45678z"),
            (&[edit(1..2, "a"), edit(2..3, "b"), edit(3..3, "c")], b"0abc3456789"),
            (&[edit(10..10, "!")], b"0123456789!"),
        ];
        for (edits, wanted) in cases {
            for size in 1..=10 {
                let got = spliced(body, edits, size);
                assert_eq!(got, wanted, "{edits:?} in pieces of {size}");
                let mut splicer = Splicer::new(edits.to_vec());
                let (read, kept) = body.split_at(splicer.reach());
                let mut out = Vec::new();
                splicer.push(read, &mut out);
                assert!(splicer.is_done());
                assert_eq!([&out, kept].concat(), wanted, "{edits:?} as far as they reach");
                assert_eq!(got.len() as u64, length_after(10, edits));
            }
        }
    }
}
