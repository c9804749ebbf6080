//! Text of bounded length, collected from pieces.

/// Room that is made at once: most of what is kept is no longer.
const USUAL: usize = 64;

/// A text, or the fact that it was too long to keep: what is looked for is short, and what
/// a client sends must not take memory for nothing.
#[derive(Debug)]
pub(in crate::request) struct Capture {
    bytes: Vec<u8>,
    cap: usize,
    is_cut: bool,
}

impl Capture {
    /// Returns an empty text that may grow to `cap` bytes.
    pub(in crate::request) const fn new(cap: usize) -> Self {
        Self { bytes: Vec::new(), cap, is_cut: false }
    }

    /// Begins another text, of other bounds.
    pub(in crate::request) fn restart(&mut self, cap: usize) {
        self.cap = cap;
        self.restart_same();
    }

    /// Begins another text of the same bounds.
    pub(in crate::request) fn restart_same(&mut self) {
        self.bytes.clear();
        self.is_cut = false;
    }

    /// Adds a piece, which is valid UTF-8, and returns whether it fits. From one on that does
    /// not, the text is no more than what came before it.
    #[inline]
    pub(in crate::request) fn push(&mut self, piece: &[u8]) -> bool {
        if self.is_cut || self.bytes.len().saturating_add(piece.len()) > self.cap {
            self.is_cut = true;
        } else {
            if self.bytes.capacity() == 0 {
                self.bytes.reserve_exact(piece.len().max(USUAL));
            }
            self.bytes.extend_from_slice(piece);
        }
        !self.is_cut
    }

    /// Takes what fitted of a text that is too long.
    pub(in crate::request) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Returns the text, if it was not too long.
    pub(in crate::request) fn text(&self) -> Option<&str> {
        if self.is_cut { None } else { std::str::from_utf8(&self.bytes).ok() }
    }
}
