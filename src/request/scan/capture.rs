//! Text of bounded length, collected from pieces.

/// A text, or the fact that it was too long to keep.
#[derive(Debug)]
pub(super) struct Capture {
    text: String,
    cap: usize,
    is_cut: bool,
}

impl Capture {
    /// An empty text that may grow to `cap` bytes.
    pub(super) const fn new(cap: usize) -> Self {
        Self { text: String::new(), cap, is_cut: false }
    }

    pub(super) fn restart(&mut self, cap: usize) {
        self.cap = cap;
        self.restart_same();
    }

    pub(super) fn restart_same(&mut self) {
        self.text.clear();
        self.is_cut = false;
    }

    pub(super) fn push(&mut self, piece: &str) {
        if self.is_cut || self.text.len().saturating_add(piece.len()) > self.cap {
            self.is_cut = true;
        } else {
            self.text.push_str(piece);
        }
    }

    /// The text, if it was not too long.
    pub(super) fn text(&self) -> Option<&str> {
        (!self.is_cut).then_some(self.text.as_str())
    }
}
