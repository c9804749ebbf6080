//! What LiteLLM says of a model, as facts of a routing document.
//!
//! LiteLLM uses the same names in its price map and in `model_info`. Knows no model.

use serde_json::Value;

use super::price::per_million;
use crate::yaml::Ordered;

/// What a value of LiteLLM's is, and so how it becomes a fact.
#[derive(Debug, Clone, Copy)]
enum FactKind {
    Tokens,
    /// USD per token.
    Price,
    Flag,
}

/// LiteLLM's name, the fact's, and what it is. Of several rows for one fact the first counts that
/// has a value.
const ROWS: [(&str, &str, FactKind); 12] = [
    ("max_input_tokens", "context_window", FactKind::Tokens),
    ("max_output_tokens", "max_output_tokens", FactKind::Tokens),
    ("supports_vision", "vision", FactKind::Flag),
    ("supports_audio_input", "audio", FactKind::Flag),
    ("supports_pdf_input", "files", FactKind::Flag),
    ("supports_function_calling", "tools", FactKind::Flag),
    ("supports_response_schema", "json_mode", FactKind::Flag),
    ("input_cost_per_token", "input_usd_per_million", FactKind::Price),
    ("output_cost_per_token", "output_usd_per_million", FactKind::Price),
    ("cache_read_input_token_cost", "cached_input_usd_per_million", FactKind::Price),
    ("cache_creation_input_token_cost", "cache_write_usd_per_million", FactKind::Price),
    (
        "cache_creation_input_token_cost_above_1hr",
        "cache_write_1h_usd_per_million",
        FactKind::Price,
    ),
];

/// The older name of either limit. LiteLLM repeats one of the others in it, so it says something only
/// where there is neither.
const MAX_TOKENS: &str = "max_tokens";

/// Returns the facts that `value` has under LiteLLM's names, as an object in the order of the
/// reference page. A value of another type than LiteLLM's is left out.
pub(in crate::cli) fn facts(mut value: impl FnMut(&str) -> Option<Value>) -> Ordered {
    let mut facts = Ordered::object();
    for (name, fact, kind) in ROWS {
        if let Some(value) = value(name).and_then(|value| read(&value, kind)) {
            facts.set(fact, value);
        }
    }
    let has = |fact| facts.get(fact).is_some();
    if !has("context_window")
        && !has("max_output_tokens")
        && let Some(limit) = value(MAX_TOKENS).and_then(|value| read(&value, FactKind::Tokens))
    {
        facts.set("context_window", limit);
    }
    facts
}

fn read(value: &Value, kind: FactKind) -> Option<Value> {
    match kind {
        FactKind::Flag => value.as_bool().map(Value::from),
        FactKind::Price => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            per_million(&text).map(Value::Number)
        }
        FactKind::Tokens => tokens(value).map(Value::from),
    }
}

/// Returns a number of tokens. Some entries of the map have it as a fraction, `8192.0`, or as a
/// text.
fn tokens(value: &Value) -> Option<u64> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.strip_suffix(".0").unwrap_or(&text).parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::yaml::At;

    fn of(value: &Value) -> Value {
        At::root(facts(|name| value.get(name).cloned()).into()).json().unwrap()
    }

    #[test]
    fn the_older_limit_counts_where_there_is_no_other() {
        assert_eq!(of(&json!({"max_tokens": 8})), json!({"context_window": 8}));
        let input = json!({"max_tokens": 8, "max_input_tokens": 32});
        assert_eq!(of(&input), json!({"context_window": 32}));
        let output = json!({"max_tokens": 8, "max_output_tokens": 9});
        assert_eq!(of(&output), json!({"max_output_tokens": 9}));
    }

    #[test]
    fn values_of_other_types_are_left_out() {
        let odd = json!({"max_input_tokens": "many", "supports_vision": "yes", "input_cost_per_token": null});
        assert_eq!(of(&odd), json!({}));
        assert_eq!(
            of(&json!({"max_input_tokens": 8192.0, "input_cost_per_token": "1e-6"})),
            json!({"context_window": 8192, "input_usd_per_million": 1})
        );
    }
}
