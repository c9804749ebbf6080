//! Token estimate of o200k_base, without a vocabulary, in one pass.
//!
//! A text is a row of runs: words, digits, punctuation, white space, scripts.
//! What a run costs is the sum over its characters, each by those around it, and
//! of the run itself; those costs are the fitted numbers of `weights.bin`, which
//! `scripts/fit_tokens.py` reproduces and docs/tokens.md describes. All arithmetic is on
//! integers, and the state goes over the borders of pieces, so an estimate does not
//! depend on how the text was cut. Of long texts a part is read and stands for the
//! rest.

mod chars;
mod class;
mod run;
mod sample;
mod weights;

use run::Runs;
use sample::{Sample, SamplePart};

/// One token of an [`Estimator`].
pub const UNIT: u64 = 1024;

/// Estimates the tokens of the texts of one request, each of which comes in pieces.
#[derive(Debug, Default)]
pub struct Estimator {
    /// Since the first piece.
    runs: Option<Box<Runs>>,
    total: i64,
    sample: Sample,
    /// Whether the text has begun.
    has_text: bool,
}

impl Estimator {
    /// An estimator whose choice of what is read of long texts only who knows the
    /// seed can tell.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { sample: Sample::new(seed), ..Self::default() }
    }

    /// Reads the next piece.
    pub fn feed(&mut self, piece: &str) {
        self.has_text |= !piece.is_empty();
        let mut rest = piece;
        while !rest.is_empty() {
            let SamplePart { text, share, is_last } = self.sample.next(&mut rest);
            if share > 0 {
                let runs = self.runs.get_or_insert_with(|| Box::new(Runs::new()));
                let mut cost = runs.feed(text);
                if is_last {
                    cost = cost.wrapping_add(runs.cut());
                }
                self.total = self.total.wrapping_add(cost.wrapping_mul(share));
            }
        }
    }

    /// Ends the text: its tokens, in [`UNIT`]s. Ready for the next text.
    ///
    /// No more than its bytes, unless it is a part that stands for others: behind a
    /// long text a short one counts for several, or not at all.
    pub fn finish(&mut self) -> u64 {
        let cost = self.runs.as_mut().map_or(0, |runs| runs.finish());
        let total = std::mem::take(&mut self.total);
        let total = total.wrapping_add(cost.wrapping_mul(self.sample.share().max(1)));
        let least =
            if std::mem::take(&mut self.has_text) && self.sample.is_whole() { UNIT } else { 0 };
        u64::try_from(total).unwrap_or(0).max(least)
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
