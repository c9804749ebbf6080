//! Comparisons of the request's numbers with a bound; always strict.

use crate::config::Condition;
use crate::request::facts::{Fact, RequestFacts};

use super::Subject;

/// A number of the request beside the bound of a condition.
pub(super) struct Comparison {
    key: &'static str,
    is_above: bool,
    bound: f64,
    found: Found,
}

/// What the request says of a number.
enum Found {
    /// Nothing: no limit given, no price known.
    Nothing,
    /// Nothing yet.
    Unseen,
    /// It lies between these.
    Between(f64, f64),
}

/// The comparison a condition makes, if it makes one.
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
fn tokens(facts: &RequestFacts) -> Found {
    Found::Between(facts.input_tokens.least as f64, facts.input_tokens.most as f64)
}

fn cost(subject: &Subject<'_>) -> Found {
    subject.estimated_cost.map_or(Found::Nothing, |cost| Found::Between(cost.least, cost.most))
}

#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
fn output(facts: &RequestFacts) -> Found {
    match facts.max_output_tokens {
        _ if facts.unseen.has(Fact::MaxOutputTokens) => Found::Unseen,
        Some(limit) => Found::Between(limit as f64, limit as f64),
        None => Found::Nothing,
    }
}

fn messages(facts: &RequestFacts) -> Found {
    let count = f64::from(facts.message_count);
    if facts.unseen.has(Fact::MessageCount) { Found::Unseen } else { Found::Between(count, count) }
}

impl Comparison {
    /// Whether it holds; `None` where what is known does not tell.
    pub(super) fn holds(&self) -> Option<bool> {
        let is_beyond =
            |value: f64| if self.is_above { value > self.bound } else { value < self.bound };
        match self.found {
            Found::Nothing => Some(false),
            Found::Unseen => None,
            Found::Between(least, most) => {
                (is_beyond(least) == is_beyond(most)).then(|| is_beyond(least))
            }
        }
    }

    pub(super) fn because(&self) -> String {
        let Self { key, bound, .. } = self;
        let wanted = if self.is_above { "more" } else { "less" };
        match self.found {
            Found::Between(_, found) => {
                format!("{key}: wanted {wanted} than {bound}, request has {found}")
            }
            Found::Nothing if key.starts_with("estimated") => {
                format!("{key}: wanted {wanted} than {bound}, the cost is unknown")
            }
            _ => format!("{key}: wanted {wanted} than {bound}, request names none"),
        }
    }
}
