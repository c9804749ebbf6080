//! Token estimate of o200k_base, without a vocabulary, in one pass.

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
