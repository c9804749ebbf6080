//! UTF-8 that comes in pieces, characters cut at their borders.

use super::malformed::malformed;
use crate::request::scan::ScanError;

#[derive(Debug, Default)]
pub(super) struct TextPieces {
    /// Where the next byte stands in the body, those of a cut character aside.
    at: u64,
    /// The start of a character that is not whole.
    cut: Vec<u8>,
}

const LONGEST_CHARACTER: usize = 4;

impl TextPieces {
    /// A text that begins at that byte of the body.
    pub(super) const fn new(at: u64) -> Self {
        Self { at, cut: Vec::new() }
    }

    /// Reads the next piece and hands on whole characters.
    pub(super) fn push(
        &mut self,
        mut piece: &[u8],
        mut each: impl FnMut(&str),
    ) -> Result<(), ScanError> {
        while let Some((byte, rest)) = piece.split_first().filter(|_| !self.cut.is_empty()) {
            self.cut.push(*byte);
            piece = rest;
            let cut = std::mem::take(&mut self.cut);
            self.take(&cut, &mut each)?;
        }
        self.take(piece, &mut each)
    }

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
    pub(super) fn finish(&self) -> Result<(), ScanError> {
        if self.cut.is_empty() { Ok(()) } else { Err(malformed(self.at, "invalid UTF-8")) }
    }
}
