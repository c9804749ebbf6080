//! Comparisons of the request's numbers with a bound; always strict.

use crate::config::Condition;

use super::Subject;

/// A number of the request beside the bound of a condition.
pub(super) struct Comparison {
    key: &'static str,
    is_above: bool,
    bound: f64,
    found: Option<f64>,
}

/// The comparison a condition makes, if it makes one.
#[expect(clippy::cast_precision_loss, reason = "token counts stay far below 2^53")]
pub(super) fn comparison(condition: &Condition, subject: &Subject<'_>) -> Option<Comparison> {
    let facts = subject.facts;
    let tokens = Some(facts.input_tokens_estimate as f64);
    let output = facts.max_output_tokens.map(|tokens| tokens as f64);
    let cost = subject.estimated_cost_usd;
    let (key, is_above, bound, found) = match condition {
        Condition::InputTokensLt(bound) => ("input_tokens_lt", false, *bound as f64, tokens),
        Condition::InputTokensGt(bound) => ("input_tokens_gt", true, *bound as f64, tokens),
        Condition::EstimatedCostLt(bound) => ("estimated_cost_lt", false, *bound, cost),
        Condition::EstimatedCostGt(bound) => ("estimated_cost_gt", true, *bound, cost),
        Condition::MaxOutputTokensLt(bound) => {
            ("max_output_tokens_lt", false, *bound as f64, output)
        }
        Condition::MaxOutputTokensGt(bound) => {
            ("max_output_tokens_gt", true, *bound as f64, output)
        }
        Condition::MessageCountGt(bound) => {
            ("message_count_gt", true, *bound as f64, Some(f64::from(facts.message_count)))
        }
        _ => return None,
    };
    Some(Comparison { key, is_above, bound, found })
}

impl Comparison {
    pub(super) fn holds(&self) -> bool {
        self.found.is_some_and(
            |found| {
                if self.is_above { found > self.bound } else { found < self.bound }
            },
        )
    }

    pub(super) fn because(&self) -> String {
        let Self { key, bound, .. } = self;
        let wanted = if self.is_above { "more" } else { "less" };
        match self.found {
            Some(found) => format!("{key}: wanted {wanted} than {bound}, request has {found}"),
            None if key.starts_with("estimated") => {
                format!("{key}: wanted {wanted} than {bound}, the cost is unknown")
            }
            None => format!("{key}: wanted {wanted} than {bound}, request names none"),
        }
    }
}
