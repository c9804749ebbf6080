//! What a request would cost on an upstream model.

use crate::config::ModelFacts;
use crate::request::facts::RequestFacts;

/// Output tokens assumed of a request that sets no limit.
const ASSUMED_OUTPUT: u64 = 1000;

/// Estimated cost in USD; `None` where a price is not known.
#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
pub(super) fn estimate(facts: &RequestFacts, model: &ModelFacts) -> Option<f64> {
    let input = facts.input_tokens_estimate as f64 * model.input_usd_per_million?;
    let output =
        facts.max_output_tokens.unwrap_or(ASSUMED_OUTPUT) as f64 * model.output_usd_per_million?;
    Some((input + output) / 1e6)
}
