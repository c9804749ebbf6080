//! Whether the params of a request fit the schema of its model.

use crate::config::{ParamSchema, ParamType};
use crate::request::facts::RequestFacts;
use crate::request::refusal::Refusal;
use crate::text::quoted;

/// Checks the params of a request against the schema of its model.
///
/// # Errors
/// 400, with the first param at fault and what is allowed.
pub(super) fn check(schema: &ParamSchema, facts: &RequestFacts) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal::new(400, "invalid_params", message).of("metadata"));
    if let Some(name) = schema.required.iter().find(|name| !facts.params.contains_key(*name)) {
        return refuse(format!("params: {} is required; send it", quoted(name)));
    }
    for (name, value) in &facts.params {
        match schema.properties.get(name) {
            Some(wanted) => {
                if let Some(problem) = wanted.problem(value) {
                    return refuse(format!("params.{}: {problem}", name.escape_debug()));
                }
            }
            None if schema.additional => {}
            None => {
                let known: Vec<String> = schema.properties.keys().map(|k| quoted(k)).collect();
                return refuse(format!(
                    "params: {} is not known; known: {}",
                    quoted(name),
                    known.join(", ")
                ));
            }
        }
    }
    Ok(())
}

impl ParamType {
    /// Returns what is wrong with a value, if anything is.
    fn problem(&self, value: &str) -> Option<String> {
        if !self.types.is_empty() && !self.types.iter().any(|name| reads_as(name, value)) {
            return Some(format!("{} is not of type {}", quoted(value), self.types.join(" or ")));
        }
        let values = self.values.as_ref().filter(|values| !values.iter().any(|v| v == value))?;
        let allowed: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        Some(format!("{} is not allowed; allowed: {}", quoted(value), allowed.join(", ")))
    }
}

/// Returns whether text reads as a value of that JSON Schema type. Params arrive as text.
fn reads_as(name: &str, value: &str) -> bool {
    match name {
        "string" => true,
        "boolean" => matches!(value, "true" | "false"),
        "integer" => value.parse::<f64>().is_ok_and(|n| n.is_finite() && n.fract() == 0.0),
        "number" => value.parse::<f64>().is_ok_and(f64::is_finite),
        _ => false,
    }
}
