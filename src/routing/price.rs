//! What a request would cost on an upstream model, by its estimated tokens and prices.

use crate::condition::Cost;
use crate::config::ModelFacts;
use crate::request::facts::{Fact, RequestFacts, Tokens};

/// How many output tokens an answer without a limit is taken to need. The cost of a request that
/// asks for several answers has this for each.
pub const ASSUMED_OUTPUT: u64 = 1000;

/// Returns what a request would cost in USD, with all of its input at its full price; `None` where
/// a price is not known.
///
/// The cost is an interval, as the tokens are: for example, with 100 to 400 tokens of input at
/// $2 a million and no output it lies between $0.0002 and $0.0008.
pub(super) fn estimate(facts: &RequestFacts, model: &ModelFacts) -> Option<Cost> {
    at(facts, model, model.input_usd_per_million?)
}

/// Returns the same with the expected share of its input read from a cache. Picks by cost go by
/// this. Limits go by [`estimate`], because a cache may have nothing of a request.
pub(super) fn expected(facts: &RequestFacts, model: &ModelFacts) -> Option<Cost> {
    at(facts, model, model.expected_input_usd_per_million()?)
}

/// Returns what a request would cost in USD with input at that price for a million tokens.
#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
fn at(facts: &RequestFacts, model: &ModelFacts, input_price: f64) -> Option<Cost> {
    let output_price = model.output_usd_per_million?;
    // What is free costs nothing, however many tokens it may be.
    let cost = |tokens: u64, price: f64| if price > 0.0 { tokens as f64 * price } else { 0.0 };
    let (least, most) = match facts.max_output_tokens {
        _ if facts.unseen.has(Fact::MaxOutputTokens) => (0, u64::MAX),
        _ => {
            let output = output(facts, model);
            (output, output)
        }
    };
    let usd = |input, output| (cost(input, input_price) + cost(output, output_price)) / 1e6;
    let input = facts.input_tokens;
    Some(Cost { least: usd(input.least, least), most: usd(input.most, most) })
}

/// Returns the output tokens that a request is taken to need: the limit of each of its answers.
fn output(facts: &RequestFacts, model: &ModelFacts) -> u64 {
    let limit = facts.output_limit(model.max_output_tokens).unwrap_or(ASSUMED_OUTPUT);
    limit.saturating_mul(facts.answers)
}

/// Returns what a request is likely to cost in USD, with the expected share of its input read from
/// a cache; `None` where a price is not known, or how much the request asks for.
#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
#[must_use]
pub fn likely(facts: &RequestFacts, model: &ModelFacts) -> Option<f64> {
    let input_price = model.expected_input_usd_per_million()?;
    let output_price = model.output_usd_per_million?;
    if !facts.is_processed() {
        return Some(0.0);
    }
    let tokens = facts.input_tokens;
    if tokens == Tokens::UNKNOWN || facts.unseen.has(Fact::MaxOutputTokens) {
        return None;
    }
    let output = output(facts, model);
    Some((tokens.likely() as f64 * input_price + output as f64 * output_price) / 1e6)
}

impl Cost {
    /// Returns whether the cost is known exactly.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "the same number computed twice")]
    pub fn is_exact(self) -> bool {
        self.least == self.most
    }
}
