//! The tokens that an attempt has used, and what they cost.

use crate::config::ModelFacts;
use crate::response::body::Told;

use crate::lifecycle::work::Work;

/// The tokens that an attempt has used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SpentTokens {
    /// Tokens of the request.
    pub(super) input: u64,
    /// Tokens of the response.
    pub(super) output: u64,
    /// Whether the provider has reported the input and the output; otherwise they are
    /// estimated.
    pub(super) told: [bool; 2],
}

impl SpentTokens {
    /// Returns the tokens of an attempt by its response: the provider's count, or else an
    /// estimate. `length` is the length of the response's body, in bytes.
    ///
    /// An error and a request that only counts tokens use none.
    pub(crate) fn of(work: &Work, status: u16, is_events: bool, length: u64, told: Told) -> Self {
        // Providers bill nothing for an error.
        if status >= 400 || !work.task.is_processed() {
            return Self::default();
        }
        let usage = told.usage;
        Self {
            input: usage.input_tokens.unwrap_or(work.tokens),
            output: usage.output_tokens.unwrap_or(
                match (work.task.has_event_per_token(), is_events) {
                    (false, _) => 0,
                    // Most providers send an event for each token,
                    (true, true) => u64::from(told.events),
                    // and a token is four bytes long.
                    (true, false) => length / 4,
                },
            ),
            told: [usage.input_tokens.is_some(), usage.output_tokens.is_some()],
        }
    }

    /// Returns input and output together.
    pub(crate) const fn sum(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Returns the cost in billionths of a dollar; `None` where a price that matters is not
    /// known.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "token counts stay far below 2^53, and the cast saturates"
    )]
    pub(super) fn cost_nano_usd(self, facts: &ModelFacts) -> Option<u64> {
        let prices = [facts.input_usd_per_million, facts.output_usd_per_million];
        let mut nano = 0.0;
        for (count, price) in [self.input, self.output].into_iter().zip(prices) {
            if count > 0 {
                // A dollar for a million tokens is a thousand billionths for one token.
                nano += count as f64 * price? * 1000.0;
            }
        }
        Some(nano.round() as u64)
    }
}
