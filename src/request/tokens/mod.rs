//! Token estimate of o200k_base, without a vocabulary, in one pass.
//!
//! A text is a row of runs: words, digits, punctuation, white space, scripts.
//! What a run costs is the sum over its characters, each by those around it, and
//! of the run itself; those costs are the fitted numbers of `weights.bin`, which
//! `scripts/fit_tokens.py` reproduces and docs/tokens.md describes. All arithmetic is on
//! integers, and the state goes over the borders of pieces, so an estimate does not
//! depend on how the text was cut. Of long texts a part is read and stands for the
//! rest.

mod class;
mod run;
mod sample;
mod weights;

use run::{Ended, Runs};
use sample::{Part, Sample};

/// One token of an [`Estimator`].
pub const UNIT: u64 = 1024;

/// Estimates the tokens of the texts of one request, each of which comes in pieces.
#[derive(Debug, Default)]
pub struct Estimator {
    runs: Runs,
    sum: Sum,
    sample: Sample,
    /// Whether the text has begun.
    has_text: bool,
}

/// Characters after which what was estimated can no longer be taken back.
const STRETCH: i64 = 32;

/// Sums the costs of runs.
///
/// Fitted costs may be negative, where runs share a token with their neighbours.
/// So that no filler takes away from the text it stands in, a stretch of runs
/// costs at least what [`least`] says of them.
#[derive(Debug, Default)]
struct Sum {
    total: i64,
    /// Of the stretch that has not ended: cost, least cost, characters.
    stretch: (i64, i64, i64),
}

/// The least a run costs: a token holds no more than 16 characters of words and
/// marks that change, and no more than 64 of a long run of the same.
const fn least(len: i64) -> i64 {
    const TOKEN: i64 = 1024;
    if len > 8 { len.wrapping_mul(TOKEN / 64) } else { len.wrapping_mul(TOKEN / 16) }
}

impl Sum {
    // A run costs no more than its bytes, so none of these sums can wrap.
    #[inline]
    fn add(&mut self, run: Ended, share: i64) {
        let (cost, low, chars) = &mut self.stretch;
        let most = i64::from(run.bytes).wrapping_mul(1024);
        let run_cost = i64::from(run.cost).clamp(0, most);
        *cost = cost.wrapping_add(run_cost.wrapping_mul(share));
        *low = low.wrapping_add(least(i64::from(run.len)).wrapping_mul(share));
        *chars = chars.wrapping_add(i64::from(run.len));
        if *chars >= STRETCH {
            self.end_stretch();
        }
    }

    fn end_stretch(&mut self) {
        let (cost, low, _) = std::mem::take(&mut self.stretch);
        self.total = self.total.wrapping_add(cost.max(low));
    }
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
            let Part { text, share, is_last } = self.sample.next(&mut rest);
            let sum = &mut self.sum;
            if share > 0 {
                self.runs.feed(text, |run| sum.add(run, share));
                if is_last && let Some(run) = self.runs.cut() {
                    sum.add(run, share);
                }
            }
        }
    }

    /// Ends the text: its tokens, in [`UNIT`]s. Ready for the next text.
    ///
    /// No more than its bytes, unless it is a part that stands for others: behind a
    /// long text a short one counts for several, or not at all.
    pub fn finish(&mut self) -> u64 {
        let share = self.sample.share().max(1);
        if let Some(run) = self.runs.cut() {
            self.sum.add(run, share);
        }
        self.runs = Runs::default();
        self.sum.end_stretch();
        let sum = u64::try_from(std::mem::take(&mut self.sum).total).unwrap_or(0);
        let least =
            if std::mem::take(&mut self.has_text) && self.sample.is_whole() { UNIT } else { 0 };
        sum.max(least)
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
