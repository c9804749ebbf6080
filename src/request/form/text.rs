//! UTF-8 that comes in pieces, characters cut at their borders.

use super::malformed::malformed;
use crate::request::scan::ScanError;

/// A text whose pieces are handed on as whole characters: a search and an estimate take text,
/// and chunks end anywhere.
#[derive(Debug, Default)]
pub(super) struct TextPieces {
    /// Where the next byte stands in the body, those of a cut character aside.
    at: u64,
    /// The start of a character that is not whole.
    cut: Vec<u8>,
}

const LONGEST_CHARACTER: usize = 4;

impl TextPieces {
    /// Returns a text that begins at that byte of the body.
    pub(super) const fn new(at: u64) -> Self {
        Self { at, cut: Vec::new() }
    }

    /// Reads the next piece and calls `each` with whole characters.
    ///
    /// # Errors
    /// What is not UTF-8.
    pub(super) fn push(
        &mut self,
        mut piece: &[u8],
        mut each: impl FnMut(&str),
    ) -> Result<(), ScanError> {
        // As long as a character waits, bytes go to it one by one, until it is whole.
        while let Some((byte, rest)) = piece.split_first().filter(|_| !self.cut.is_empty()) {
            self.cut.push(*byte);
            piece = rest;
            let cut = std::mem::take(&mut self.cut);
            self.take(&cut, &mut each)?;
        }
        self.take(piece, &mut each)
    }

    /// Hands on the whole characters of these bytes, and keeps one that is cut at their end.
    fn take(&mut self, bytes: &[u8], each: &mut impl FnMut(&str)) -> Result<(), ScanError> {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.at = self.at.saturating_add(bytes.len() as u64);
                each(text);
                return Ok(());
            }
            Err(error) => error,
        };
        let (whole, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or((&[], bytes));
        if let Ok(text) = std::str::from_utf8(whole) {
            each(text);
        }
        self.at = self.at.saturating_add(whole.len() as u64);
        if error.error_len().is_some() || rest.len() >= LONGEST_CHARACTER {
            return Err(malformed(self.at, "invalid UTF-8"));
        }
        self.cut.extend_from_slice(rest);
        Ok(())
    }

    /// Ends the text.
    ///
    /// # Errors
    /// Its last character is not whole.
    pub(super) fn finish(&self) -> Result<(), ScanError> {
        if self.cut.is_empty() { Ok(()) } else { Err(malformed(self.at, "invalid UTF-8")) }
    }
}
