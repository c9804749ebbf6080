//! Conditions that compare a number of the request with a bound. They are strict: a number
//! that equals the bound is neither below nor above it.

use crate::config::Condition;
use crate::decimal::Decimal;
use crate::request::facts::{Fact, RequestFacts};

use super::Subject;

/// A number of the request, and the bound that a condition compares it with.
pub(super) struct Comparison {
    key: &'static str,
    is_above: bool,
    bound: f64,
    found: Amount,
}

/// What is known of a number of the request.
enum Amount {
    /// There is none: the request sets no limit, or a price is not known.
    Nothing,
    /// It is not known yet: the body may still name it. Whether a comparison holds is open.
    Unseen,
    /// It lies between these, both included.
    Between(f64, f64),
}

/// Returns the comparison that a condition makes, if it makes one.
#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
pub(super) fn comparison(condition: &Condition, subject: &Subject<'_>) -> Option<Comparison> {
    let facts = subject.facts;
    let (key, is_above, bound, found) = match condition {
        Condition::InputTokensLt(bound) => ("input_tokens_lt", false, *bound as f64, tokens(facts)),
        Condition::InputTokensGt(bound) => ("input_tokens_gt", true, *bound as f64, tokens(facts)),
        Condition::EstimatedCostLt(bound) => ("estimated_cost_lt", false, *bound, cost(subject)),
        Condition::EstimatedCostGt(bound) => ("estimated_cost_gt", true, *bound, cost(subject)),
        Condition::MaxOutputTokensLt(bound) => {
            ("max_output_tokens_lt", false, *bound as f64, output(facts))
        }
        Condition::MaxOutputTokensGt(bound) => {
            ("max_output_tokens_gt", true, *bound as f64, output(facts))
        }
        Condition::MessageCountGt(bound) => {
            ("message_count_gt", true, *bound as f64, messages(facts))
        }
        _ => return None,
    };
    Some(Comparison { key, is_above, bound, found })
}

#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
fn tokens(facts: &RequestFacts) -> Amount {
    Amount::Between(facts.input_tokens.least as f64, facts.input_tokens.most as f64)
}

fn cost(subject: &Subject<'_>) -> Amount {
    subject.estimated_cost.map_or(Amount::Nothing, |cost| Amount::Between(cost.least, cost.most))
}

#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
fn output(facts: &RequestFacts) -> Amount {
    match facts.max_output_tokens {
        // Even where a limit has come: another member may set one too.
        _ if facts.unseen.has(Fact::MaxOutputTokens) => Amount::Unseen,
        Some(limit) => Amount::Between(limit as f64, limit as f64),
        None => Amount::Nothing,
    }
}

fn messages(facts: &RequestFacts) -> Amount {
    let count = f64::from(facts.message_count);
    if facts.unseen.has(Fact::MessageCount) {
        Amount::Unseen
    } else {
        Amount::Between(count, count)
    }
}

impl Comparison {
    /// Returns whether it holds; `None` where what is known of the number does not tell. A
    /// number that there is not is neither below nor above.
    ///
    /// For example, 800 to 1200 tokens are more than 500, but whether they are more than 1000 is
    /// known only once they are counted.
    pub(super) fn holds(&self) -> Option<bool> {
        let is_beyond =
            |value: f64| if self.is_above { value > self.bound } else { value < self.bound };
        match self.found {
            Amount::Nothing => Some(false),
            Amount::Unseen => None,
            // Where both ends say the same, so does every number between them.
            Amount::Between(least, most) => {
                (is_beyond(least) == is_beyond(most)).then(|| is_beyond(least))
            }
        }
    }

    /// Returns what was wanted and found, for a comparison that does not hold. Of a number
    /// between two bounds, names the upper one.
    pub(super) fn because(&self) -> String {
        let (key, bound) = (self.key, Decimal(self.bound));
        let wanted = if self.is_above { "more" } else { "less" };
        match self.found {
            Amount::Between(_, found) => {
                let found = Decimal(found);
                format!("{key}: expected {wanted} than {bound}, the request has {found}")
            }
            // A cost is estimated; the request does not name it.
            Amount::Nothing if key.starts_with("estimated") => {
                format!("{key}: expected {wanted} than {bound}, the cost is unknown")
            }
            _ => format!("{key}: expected {wanted} than {bound}, the request names none"),
        }
    }
}
