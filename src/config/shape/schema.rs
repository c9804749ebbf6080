//! The table as JSON Schema (draft 2020-12).
//!
//! Says all that one document can say about itself: keys, types, ranges, forms
//! of text, defaults. What names refer to is left to `resolve`.

use serde_json::{Map, Value, json};

use super::table::{Key, KeyKind, SectionShape, WhenAbsent};
use super::text::TextForm;

/// Returns the schema of an object and of everything in it.
pub(in crate::config) fn schema(shape: &'static SectionShape) -> Value {
    let mut definitions = Map::new();
    define(shape, &mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "Pointsman".into());
    // The outermost object is the schema itself, so it is no definition.
    if let Some(Value::Object(root)) = definitions.remove(shape.name) {
        schema.extend(root);
    }
    schema.insert("$defs".into(), Value::Object(definitions));
    Value::Object(schema)
}

/// Adds the definition of a shape, and of those it names. Each is added once, however often it is
/// named.
fn define(shape: &'static SectionShape, definitions: &mut Map<String, Value>) {
    if definitions.contains_key(shape.name) {
        return;
    }
    // Taken before its keys are looked at: shapes may hold themselves.
    definitions.insert(shape.name.into(), Value::Null);
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in shape.keys() {
        properties.insert(key.name.into(), property(key, definitions));
        if matches!(key.presence, WhenAbsent::Required) {
            required.push(Value::from(key.name));
        }
    }
    let mut definition = Map::new();
    definition.insert("description".into(), shape.doc.into());
    definition.insert("type".into(), "object".into());
    definition.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        definition.insert("required".into(), Value::Array(required));
    }
    // As the checker does it: an unknown key is an error.
    definition.insert("additionalProperties".into(), false.into());
    definitions.insert(shape.name.into(), Value::Object(definition));
}

/// Returns the schema of one key: of its kind, with the description and default of the key.
fn property(key: &'static Key, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = kind(&key.kind, definitions);
    if let Value::Object(members) = &mut schema {
        members.insert("description".into(), key.doc.into());
        if let WhenAbsent::Default(json) = &key.presence {
            let default = serde_json::from_str(json).unwrap_or_default();
            members.insert("default".into(), default);
        }
    }
    schema
}

/// Returns the schema of a kind. The objects it names are added to `definitions`.
fn kind(kind: &'static KeyKind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        KeyKind::Bool => json!({"type": "boolean"}),
        // Numbers may be text: Envoy's YAML loader makes it of fractions.
        KeyKind::Integer(least, most) => json!({
            "type": ["integer", "string"], "minimum": least, "maximum": most,
            "pattern": "^[+-]?[0-9]+([.]0*)?$",
        }),
        KeyKind::Number(least, most) => json!({
            "type": ["number", "string"], "minimum": least, "maximum": most,
            "pattern": "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$",
        }),
        KeyKind::Text(form) => text(*form),
        KeyKind::Choice(names) => json!({"enum": names}),
        KeyKind::Scalar => json!({"type": ["string", "number", "boolean"]}),
        KeyKind::List(element) => {
            json!({"type": "array", "items": self::kind(element, definitions)})
        }
        KeyKind::Map(form, value) => map(*form, self::kind(value, definitions)),
        KeyKind::Object(shape) => {
            let shape = shape();
            // By reference, because a shape that holds itself could not be written out.
            define(shape, definitions);
            json!({"$ref": format!("#/$defs/{}", shape.name)})
        }
        KeyKind::Json => json!({"type": "object"}),
        KeyKind::Either(alternatives) => {
            let any: Vec<Value> = alternatives
                .iter()
                .map(|alternative| self::kind(&alternative.kind, definitions))
                .collect();
            // Not `oneOf`: several may fit a value, and the checker takes the first.
            json!({"anyOf": any})
        }
    }
}

/// Returns the schema of a form of text.
fn text(form: TextForm) -> Value {
    match form.pattern() {
        Some(pattern) => json!({"type": "string", "pattern": pattern}),
        None => json!({"type": "string"}),
    }
}

/// Returns the schema of objects with any keys of that form and values of one kind.
fn map(form: TextForm, value: Value) -> Value {
    let mut schema = json!({"type": "object", "additionalProperties": value});
    if let (Value::Object(members), Some(pattern)) = (&mut schema, form.pattern()) {
        members.insert("propertyNames".into(), json!({"pattern": pattern}));
    }
    schema
}
