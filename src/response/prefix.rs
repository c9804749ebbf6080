//! Keeps the beginning of a text that may come in pieces.
//!
//! This is the only memory that a response body can fill. Escapes stay as they are written:
//! no name that counts needs one.

/// How many bytes of any text are kept. Names and codes are shorter; of messages only the
/// beginning and what stands near it is looked at.
pub(super) const MOST: usize = 256;

/// The beginning of a text that may come in pieces.
#[derive(Debug)]
pub(super) struct Prefix {
    bytes: [u8; MOST],
    len: usize,
}

impl Prefix {
    /// Returns the beginning of an empty text.
    pub(super) const fn new() -> Self {
        Self { bytes: [0; MOST], len: 0 }
    }

    /// Forgets the text. Its bytes stay in memory, but are never read again.
    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a piece, as far as there is room.
    #[inline(never)]
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let taken = piece.len().min(room.len());
        room.iter_mut().zip(piece).for_each(|(to, byte)| *to = *byte);
        self.len = self.len.saturating_add(taken);
    }

    /// Returns the beginning of the text that ends with this piece, at most [`MOST`] bytes.
    pub(super) fn ended<'t>(&'t mut self, piece: &'t [u8]) -> &'t [u8] {
        // A text that comes whole, as nearly all do, is not copied.
        if self.len == 0 {
            return piece.get(..MOST).unwrap_or(piece);
        }
        self.push(piece);
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
