//! Token estimate of o200k_base, without a vocabulary, in one pass.

/// One token of an [`Estimator`].
pub const UNIT: u64 = 1024;

/// Estimates the tokens of a text that comes in pieces.
#[derive(Debug, Default)]
pub struct Estimator {
    chars: u64,
}

impl Estimator {
    /// Reads the next piece.
    pub fn feed(&mut self, piece: &str) {
        self.chars = self.chars.saturating_add(piece.chars().count() as u64);
    }

    /// Ends the text: its tokens, in [`UNIT`]s. Ready for the next text.
    pub fn finish(&mut self) -> u64 {
        let chars = std::mem::take(&mut self.chars);
        chars.saturating_mul(UNIT) / 4
    }
}

/// Fixed costs of the estimate, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// One image.
    pub image: u64,
    /// One piece of audio.
    pub audio: u64,
    /// One file.
    pub file: u64,
    /// Framing of one message.
    pub message: u64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { image: 1000, audio: 1000, file: 2000, message: 4 }
    }
}
