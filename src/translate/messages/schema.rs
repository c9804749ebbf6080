//! What Anthropic's API requires of JSON schemas, and how a schema gets that form without a change in its meaning.

use std::borrow::Cow;

use super::super::tape::{Node, Tape};

/// The schema of a tool without input.
pub(super) const NO_INPUT: &str = r#"{"type":"object","properties":{}}"#;

/// Constraints that Anthropic cannot enforce. It does accept a `minItems` of 0 or 1.
const UNHELD: [&str; 9] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
];

/// Returns whether every object in a schema forbids other members. Schemas for answers and strict tools must do that.
/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations>
#[must_use]
pub(super) fn is_closed(schema: &str) -> bool {
    Tape::read(schema.as_bytes()).is_ok_and(|tape| node_is_closed(tape.root()))
}

fn node_is_closed(node: Node<'_, '_>) -> bool {
    let (mut is_object, mut is_open) = (false, true);
    for (key, value) in node.members() {
        if key.is("type") {
            is_object |= value.is("object") || value.elements().any(|kind| kind.is("object"));
        } else if key.is("additionalProperties") {
            is_open = value.flag() != Some(false);
        }
        if !node_is_closed(value) {
            return false;
        }
    }
    !(is_object && is_open) && node.elements().all(node_is_closed)
}

/// Returns the first constraint in a schema that Anthropic cannot enforce. The API refuses a schema with such a
/// constraint.
/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations>
#[must_use]
pub(super) fn unheld(schema: &str) -> Option<&'static str> {
    Tape::read(schema.as_bytes()).ok().and_then(|tape| node_unheld(tape.root()))
}

fn node_unheld(node: Node<'_, '_>) -> Option<&'static str> {
    // A property may have such a name too; its value is an object.
    let found = node.members().find_map(|(key, value)| {
        value.number()?;
        let word = UNHELD.iter().find(|word| key.is(word))?;
        (*word != "minItems" || value.whole().is_none_or(|least| least > 1)).then_some(*word)
    });
    found
        .or_else(|| node.members().find_map(|(_, value)| node_unheld(value)))
        .or_else(|| node.elements().find_map(node_unheld))
}

/// What becomes of a tool's schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InputSchema<'s> {
    /// This is sent.
    Fits(Cow<'s, str>),
    /// At its top it has alternatives, which the API refuses.
    Alternatives,
}

/// Returns the schema of a tool's input, with the type at its top that the API requires.
/// <https://platform.claude.com/docs/en/api/messages/create#create.tools>
#[must_use]
pub(super) fn input_schema(schema: &str) -> InputSchema<'_> {
    let (mut is_typed, mut is_empty) = (false, true);
    if let Ok(tape) = Tape::read(schema.as_bytes()) {
        for (key, _) in tape.root().members() {
            if ["oneOf", "anyOf", "allOf"].iter().any(|word| key.is(word)) {
                return InputSchema::Alternatives;
            }
            is_typed |= key.is("type");
            is_empty = false;
        }
    }
    InputSchema::Fits(match schema.split_once('{') {
        _ if is_typed => Cow::Borrowed(schema),
        Some((_, rest)) if !is_empty => Cow::Owned(format!(r#"{{"type":"object",{rest}"#)),
        _ => Cow::Borrowed(NO_INPUT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_gets_the_type_that_it_lacks() {
        let fits = |schema: &'static str| match input_schema(schema) {
            InputSchema::Fits(schema) => schema.into_owned(),
            InputSchema::Alternatives => "refused".to_owned(),
        };
        assert_eq!(fits(r#"{"z":1,"type":"object","a":{}}"#), r#"{"z":1,"type":"object","a":{}}"#);
        assert_eq!(fits(r#" { "required":["a"]} "#), r#"{"type":"object", "required":["a"]} "#);
        assert_eq!(fits("{}"), NO_INPUT);
        assert_eq!(fits(r#"{"type":null}"#), NO_INPUT);
        assert_eq!(fits("true"), NO_INPUT);
        assert_eq!(fits(r#"{"type":"object","anyOf":[]}"#), "refused");
        let named = r#"{"type":"object","properties":{"anyOf":{}}}"#;
        assert_eq!(fits(named), named);
    }

    #[test]
    fn closed_schemas_are_told_from_open_ones() {
        let closed = [
            r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#,
            r#"{"type":"array","items":{"additionalProperties":false,"type":["object","null"]}}"#,
            r#"{"type":"object","additionalProperties":false,"properties":{"type":{"type":"string"}}}"#,
        ];
        for schema in closed {
            assert!(is_closed(schema), "{schema}");
        }
        let open = [
            r#"{"type":"object","properties":{}}"#,
            r#"{"type":"object","additionalProperties":true}"#,
            r#"{"type":"array","items":{"type":["object","null"]}}"#,
            r#"{"type":"object","additionalProperties":false,"$defs":{"a":{"type":"object"}}}"#,
        ];
        for schema in open {
            assert!(!is_closed(schema), "{schema}");
        }
    }

    #[test]
    fn constraints_that_no_answer_is_held_to_are_found() {
        let of = |inner: &str| unheld(&format!(r#"{{"type":"object","properties":{{{inner}}}}}"#));
        assert_eq!(of(r#""n":{"type":"integer","minimum":1}"#), Some("minimum"));
        assert_eq!(of(r#""n":{"anyOf":[{"type":"string","maxLength":9}]}"#), Some("maxLength"));
        assert_eq!(of(r#""n":{"type":"array","minItems":2}"#), Some("minItems"));
        assert_eq!(of(r#""n":{"type":"array","minItems":1}"#), None);
        assert_eq!(of(r#""minimum":{"type":"integer"},"n":{"enum":["minimum",1]}"#), None);
    }
}
