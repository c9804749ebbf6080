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
mod floor;
mod row;
mod run;
mod sample;
mod weights;

use run::Runs;
use sample::{Sample, SamplePart};

/// One token, in the units of an [`Estimator`]: texts have parts of tokens, and their sum is
/// rounded once for a request.
pub const UNIT: u64 = 1024;

/// Estimates the tokens of the texts of one request, each of which comes in pieces. The estimate
/// is within a few percent for most texts (docs/tokens.md), and its state is a few kilobytes.
#[derive(Debug, Default)]
pub struct Estimator {
    /// The runs of the text, from the first piece on: most requests are not estimated, and
    /// these are some kilobytes.
    runs: Option<Box<Runs>>,
    /// What the text's runs cost that have ended, for as much as they stand for.
    total: i64,
    /// Which part of long texts is read.
    sample: Sample,
    /// Whether the text has begun.
    has_text: bool,
}

impl Estimator {
    /// Returns an estimator. Which part of long texts it reads depends on the seed, so who
    /// does not know that cannot tell.
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
                // What follows in the text is not read, so the run that is open ends here.
                if is_last {
                    cost = cost.wrapping_add(runs.cut());
                }
                self.total = self.total.wrapping_add(cost.wrapping_mul(share));
            }
        }
    }

    /// Ends the text and returns its tokens, in [`UNIT`]s. The estimator is then ready for the
    /// next text of the request.
    ///
    /// A text has no more tokens than bytes, unless it stands for others: after a long text a
    /// short one counts for several, or not at all.
    pub fn finish(&mut self) -> u64 {
        let cost = self.runs.as_mut().map_or(0, |runs| runs.finish());
        let total = std::mem::take(&mut self.total);
        let total = total.wrapping_add(cost.wrapping_mul(self.sample.share().max(1)));
        let least =
            if std::mem::take(&mut self.has_text) && self.sample.is_whole() { UNIT } else { 0 };
        u64::try_from(total).unwrap_or(0).max(least)
    }
}

/// Fixed costs of the estimate, in tokens: what the configuration says of everything whose
/// tokens cannot be told from its data.
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
