//! Token estimate of o200k_base, without a vocabulary, in one pass.
//!
//! A text is a row of runs: words, digits, punctuation, white space, scripts.
//! What a run costs depends on its kind, its length, what stands before it and,
//! for words, on which letters follow each other; those costs are the fitted
//! numbers of `weights.rs`, which `examples/fit_tokens.rs` reproduces. All
//! arithmetic is on integers, and the state goes over the borders of pieces, so
//! an estimate does not depend on how the text was cut.

mod class;
pub mod layout;
mod run;
mod weights;

pub use layout::FEATURES;
pub use run::{Meter, Runs};
use weights::WEIGHTS;

/// One token of an [`Estimator`].
pub const UNIT: u64 = 1024;

/// Estimates the tokens of a text that comes in pieces.
#[derive(Debug, Default)]
pub struct Estimator {
    runs: Runs,
    sum: Sum,
}

/// Characters after which what was estimated can no longer be taken back.
const STRETCH: i64 = 32;

/// Weighs what it is told of.
///
/// Fitted costs may be negative, where runs share a token with their neighbours.
/// So that no filler takes away from the text it stands in, a stretch of runs
/// costs at least what [`least`] says of them.
#[derive(Debug, Default)]
struct Sum {
    total: i64,
    /// Of the stretch that has not ended: cost, least cost, characters.
    stretch: (i64, i64, i64),
    /// Of the run that has not ended.
    run: i64,
}

/// The least a run costs: a token holds no more than 16 characters of words and
/// marks that change, and no more than 64 of a long run of the same.
const fn least(len: i64) -> i64 {
    const TOKEN: i64 = 1024;
    if len > 8 { len.saturating_mul(TOKEN / 64) } else { len.saturating_mul(TOKEN / 16) }
}

impl Meter for Sum {
    #[inline]
    fn note(&mut self, feature: usize, count: u32) {
        let weight = WEIGHTS.get(feature).copied().unwrap_or(0);
        self.run = self.run.saturating_add(i64::from(weight).saturating_mul(i64::from(count)));
    }

    #[inline]
    fn end_run(&mut self, len: u32) {
        let (cost, low, chars) = &mut self.stretch;
        let least = least(i64::from(len));
        let run = std::mem::take(&mut self.run);
        // One or two characters may well belong to their neighbours' tokens.
        *cost = cost.saturating_add(if len > 2 { run.max(least) } else { run });
        *low = low.saturating_add(least);
        *chars = chars.saturating_add(i64::from(len));
        if *chars >= STRETCH {
            self.end_stretch();
        }
    }
}

impl Sum {
    fn end_stretch(&mut self) {
        let (cost, low, _) = std::mem::take(&mut self.stretch);
        self.total = self.total.saturating_add(cost.max(low));
    }
}

impl Estimator {
    /// Reads the next piece.
    pub fn feed(&mut self, piece: &str) {
        self.runs.feed(piece, &mut self.sum);
    }

    /// Ends the text: its tokens, in [`UNIT`]s. Ready for the next text.
    pub fn finish(&mut self) -> u64 {
        let is_empty = self.runs.is_empty();
        std::mem::take(&mut self.runs).finish(&mut self.sum);
        self.sum.end_stretch();
        let sum = u64::try_from(std::mem::take(&mut self.sum).total).unwrap_or(0);
        if is_empty { 0 } else { sum.max(UNIT) }
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

#[cfg(test)]
mod tests;
