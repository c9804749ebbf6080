//! The tokens that an attempt has used, and what they cost.
//!
//! A provider's count is believed within bounds. It counts into limits and costs, so a wrong one
//! would keep everybody from the deployment for the rest of the minute.

use crate::config::ModelFacts;
use crate::response::body::Told;
use crate::response::usage::{CacheUse, Usage};

use crate::lifecycle::work::Work;

/// The context window of a model of which the configuration says nothing, in tokens. Few models
/// have a longer one.
const LONGEST_WINDOW: u64 = 2_000_000;

/// How many times the input may exceed what one pass through the model can have. Where a provider
/// runs tools by itself, an answer adds up the input of several passes; and the estimate of a
/// request may be that much too low.
const PASSES: u64 = 8;

/// The form of an answer, by which its tokens are estimated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerSize {
    /// Its HTTP status.
    pub(crate) status: u16,
    /// Whether it is an answer, as far as it has come, and no failure that says 200.
    pub(crate) is_answer: bool,
    /// Length of its body, in bytes.
    pub(crate) length: u64,
}

/// What an answer can have used at most.
#[derive(Debug, Clone, Copy)]
struct MostTokens {
    input: u64,
    output: u64,
}

impl MostTokens {
    /// Returns the most tokens of a request, by its estimate, and of an answer that has `length`
    /// bytes. Tokens of reasoning need not be in the body, but fit into the window. All others take
    /// at least a byte of the body.
    fn of(work: &Work, facts: Option<&ModelFacts>, length: u64) -> Self {
        let window = facts.and_then(|facts| facts.context_window);
        let passes = window.map_or(LONGEST_WINDOW, |window| window.saturating_mul(PASSES));
        Self {
            input: passes.max(work.tokens.saturating_mul(PASSES)),
            output: window.unwrap_or(LONGEST_WINDOW).saturating_add(length),
        }
    }
}

/// The tokens that an attempt has used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SpentTokens {
    /// Tokens of the request.
    pub(super) input: u64,
    /// What of those a cache had to do with, where the provider has reported them.
    pub(super) cache: CacheUse,
    /// Tokens of the response.
    pub(super) output: u64,
    /// What of those is reasoning, where the provider has reported it. It is output as any other,
    /// so it has no price of its own.
    pub(super) reasoning: u64,
    /// Whether the provider has reported the input and the output; otherwise they are
    /// estimated.
    pub(super) told: [bool; 2],
    /// Whether the provider has reported more of the input or the output than there can be.
    pub(super) disbelieved: [bool; 2],
}

impl SpentTokens {
    /// Returns so many tokens that no provider has reported.
    pub(crate) fn expected(input: u64, output: u64) -> Self {
        Self { input, output, ..Self::default() }
    }

    /// Returns the tokens of an attempt by its response: the provider's count, or else an
    /// estimate. `length` is the length of the response's body, in bytes, and `facts` are those of
    /// its model.
    ///
    /// An error and a request that only counts tokens use none, nor does a failure that says 200
    /// unless its provider has begun to answer or counts some. A count that is more than there
    /// can be says nothing, so the estimate stands in for it too: cut to the bound, it would
    /// still fill the limit of a minute.
    pub(crate) fn of(
        work: &Work,
        facts: Option<&ModelFacts>,
        answer: &AnswerSize,
        told: Option<Told>,
    ) -> Self {
        let told = told.unwrap_or_default();
        let is_begun = answer.is_answer || told.has_content || told.usage != Usage::default();
        // Providers bill nothing for an error.
        if answer.status >= 400 || !is_begun || !work.task.is_processed() {
            return Self::default();
        }
        let most = MostTokens::of(work, facts, answer.length);
        let usage = told.usage;
        let input = usage.input_tokens.filter(|count| *count <= most.input);
        let output = usage.output_tokens.filter(|count| *count <= most.output);
        Self {
            input: input.unwrap_or(work.tokens),
            cache: if input.is_some() { usage.cache } else { CacheUse::default() },
            output: output.unwrap_or(match told.events {
                _ if !work.task.has_event_per_token() => 0,
                // Most providers send an event for each token,
                Some(events) => u64::from(events),
                // and a token is four bytes long.
                None => answer.length / 4,
            }),
            reasoning: if output.is_some() { usage.reasoning_tokens } else { 0 },
            told: [input.is_some(), output.is_some()],
            disbelieved: [usage.input_tokens != input, usage.output_tokens != output],
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
    pub(crate) fn cost_nano_usd(self, facts: &ModelFacts) -> Option<u64> {
        let CacheUse { read, written, written_for_hour } = self.cache;
        let input = facts.input_usd_per_million;
        let write = facts.cache_write_usd_per_million.or(input);
        let mut nano = 0.0;
        for (count, price) in [
            (self.input.saturating_sub(read).saturating_sub(written), input),
            (read, facts.cached_input_usd_per_million.or(input)),
            (written.saturating_sub(written_for_hour), write),
            (written_for_hour, facts.cache_write_1h_usd_per_million.or(write)),
            (self.output, facts.output_usd_per_million),
        ] {
            if count > 0 {
                // A dollar for a million tokens is a thousand billionths for one token.
                nano += count as f64 * price? * 1000.0;
            }
        }
        Some(nano.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::format::{Format, Task};

    fn spent(window: Option<u64>, estimate: u64, usage: (u64, u64)) -> SpentTokens {
        let work = Work {
            format: Format::OpenAiChat,
            tokens: estimate,
            is_estimated: true,
            task: Task::Chat,
            fingerprint: 0,
            may_name_others: false,
            has_clients_credential: false,
        };
        let facts = ModelFacts { context_window: window, ..ModelFacts::default() };
        let answer = AnswerSize { status: 200, is_answer: true, length: 400 };
        let usage =
            Usage { input_tokens: Some(usage.0), output_tokens: Some(usage.1), ..Usage::default() };
        SpentTokens::of(&work, Some(&facts), &answer, Some(Told { usage, ..Told::default() }))
    }

    #[test]
    fn a_count_is_believed_up_to_what_there_can_be() {
        let cases = [
            // Within the window, though more of hidden reasoning than the body has bytes; and
            // several passes through it.
            (Some(1000), 10, (900, 950), (900, 950)),
            (Some(1000), 10, (8000, 1400), (8000, 1400)),
            (Some(1000), 10, (8001, 1401), (10, 100)),
            // Many texts for a model with a short window.
            (Some(1000), 5000, (40_000, 0), (40_000, 0)),
            (Some(1000), 5000, (40_001, 0), (5000, 0)),
            (None, 10, (2_000_000, 2_000_400), (2_000_000, 2_000_400)),
            (None, 10, (2_000_001, 2_000_401), (10, 100)),
            (None, 10, (u64::MAX, u64::MAX), (10, 100)),
            (Some(u64::MAX), u64::MAX, (u64::MAX, u64::MAX), (u64::MAX, u64::MAX)),
        ];
        for (window, estimate, usage, wanted) in cases {
            let spent = spent(window, estimate, usage);
            assert_eq!((spent.input, spent.output), wanted, "{window:?} {estimate} {usage:?}");
            let is_told = [usage.0 == wanted.0, usage.1 == wanted.1];
            assert_eq!(spent.told, is_told);
            assert_eq!(spent.disbelieved, is_told.map(|is| !is));
        }
    }

    #[test]
    fn what_a_cache_had_to_do_with_has_its_own_price() {
        let spent = SpentTokens {
            input: 100,
            cache: CacheUse { read: 60, written: 30, written_for_hour: 10 },
            output: 5,
            ..SpentTokens::default()
        };
        let priced = |cached, write, write_1h| ModelFacts {
            input_usd_per_million: Some(10.0),
            output_usd_per_million: Some(100.0),
            cached_input_usd_per_million: cached,
            cache_write_usd_per_million: write,
            cache_write_1h_usd_per_million: write_1h,
            ..ModelFacts::default()
        };
        // In thousand billionths: 10 plain ones at 10, 5 of output at 100, and the others.
        let plain = 10 * 10 + 5 * 100;
        for (facts, wanted) in [
            (priced(None, None, None), plain + 90 * 10),
            (priced(Some(1.0), None, None), plain + 60 + 30 * 10),
            (priced(Some(1.0), Some(12.5), None), plain + 60 + 375),
            (priced(Some(1.0), Some(12.5), Some(20.0)), plain + 60 + 250 + 200),
            (priced(Some(0.0), Some(0.0), Some(0.0)), plain),
        ] {
            assert_eq!(spent.cost_nano_usd(&facts), Some(wanted * 1000));
        }
        let unknown = ModelFacts { input_usd_per_million: None, ..priced(Some(1.0), None, None) };
        assert_eq!(spent.cost_nano_usd(&unknown), None);
    }
}
