//! A chunk of the body while it is read.

use super::error::ScanError;

/// What is left of a chunk, and where that stands in the body. The layers of the lexer take
/// bytes off its front, so that they always agree on the place.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub(super) rest: &'a [u8],
    /// The place of the first of these bytes, from the start of the body.
    pub(super) at: u64,
}

impl<'a> Input<'a> {
    /// Returns the next byte without taking it.
    pub(super) fn first(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes the next `n` bytes, or all that are left if they are fewer, and returns them.
    pub(super) fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at_checked(n).unwrap_or((self.rest, &[]));
        self.rest = rest;
        self.at = self.at.saturating_add(head.len() as u64);
        head
    }
}

/// Returns the error of what is no JSON.
pub(super) const fn malformed(at: u64, what: &'static str) -> ScanError {
    ScanError::Malformed { at, what }
}
