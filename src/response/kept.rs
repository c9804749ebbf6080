//! The beginning of a text that may come in pieces.
//!
//! The only memory that a response body can fill. Escapes stay as they stand: no name
//! that counts is written with one.

/// Bytes of any text that are looked at.
pub(super) const MOST: usize = 256;

/// The beginning of a text, in pieces.
#[derive(Debug)]
pub(super) struct KeptText {
    bytes: [u8; MOST],
    len: usize,
}

impl KeptText {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; MOST], len: 0 }
    }

    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a piece, as far as there is room.
    #[inline(never)]
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let taken = piece.len().min(room.len());
        room.iter_mut().zip(piece).for_each(|(place, byte)| *place = *byte);
        self.len = self.len.saturating_add(taken);
    }

    /// The beginning of the text that ends with this piece.
    pub(super) fn ended<'t>(&'t mut self, piece: &'t [u8]) -> &'t [u8] {
        if self.len == 0 {
            return piece.get(..MOST).unwrap_or(piece);
        }
        self.push(piece);
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
