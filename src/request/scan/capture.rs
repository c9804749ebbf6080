//! Text of bounded length, collected from pieces.

/// A text, or the fact that it was too long to keep.
#[derive(Debug)]
pub(super) struct Capture {
    bytes: Vec<u8>,
    cap: usize,
    is_cut: bool,
}

impl Capture {
    /// An empty text that may grow to `cap` bytes.
    pub(super) const fn new(cap: usize) -> Self {
        Self { bytes: Vec::new(), cap, is_cut: false }
    }

    pub(super) fn restart(&mut self, cap: usize) {
        self.cap = cap;
        self.restart_same();
    }

    pub(super) fn restart_same(&mut self) {
        self.bytes.clear();
        self.is_cut = false;
    }

    /// Adds a piece of valid UTF-8.
    pub(super) fn push(&mut self, piece: &[u8]) {
        if self.is_cut || self.bytes.len().saturating_add(piece.len()) > self.cap {
            self.is_cut = true;
        } else {
            self.bytes.extend_from_slice(piece);
        }
    }

    /// The text, if it was not too long.
    pub(super) fn text(&self) -> Option<&str> {
        if self.is_cut { None } else { std::str::from_utf8(&self.bytes).ok() }
    }
}
