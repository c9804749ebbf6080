//! The table as JSON Schema (draft 2020-12).
//!
//! Says all that one document can say about itself: keys, types, ranges, forms
//! of text, defaults. What names refer to is left to `resolve`.

use serde_json::{Map, Value, json};

use super::table::{Key, Kind, Presence, Shape};
use super::text::Text;

/// The schema of an object and of everything in it.
pub(in crate::config) fn schema(shape: &'static Shape) -> Value {
    let mut definitions = Map::new();
    define(shape, &mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "Pointsman".into());
    if let Some(Value::Object(root)) = definitions.remove(shape.name) {
        schema.extend(root);
    }
    schema.insert("$defs".into(), Value::Object(definitions));
    Value::Object(schema)
}

/// Adds the definition of a shape, and of those it names, once.
fn define(shape: &'static Shape, definitions: &mut Map<String, Value>) {
    if definitions.contains_key(shape.name) {
        return;
    }
    // Taken before its keys are looked at: shapes may hold themselves.
    definitions.insert(shape.name.into(), Value::Null);
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in shape.keys() {
        properties.insert(key.name.into(), property(key, definitions));
        if matches!(key.presence, Presence::Required) {
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
    definition.insert("additionalProperties".into(), false.into());
    definitions.insert(shape.name.into(), Value::Object(definition));
}

fn property(key: &'static Key, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = kind(&key.kind, definitions);
    if let Value::Object(members) = &mut schema {
        members.insert("description".into(), key.doc.into());
        if let Presence::Default(json) = &key.presence {
            let default = serde_json::from_str(json).unwrap_or_default();
            members.insert("default".into(), default);
        }
    }
    schema
}

fn kind(kind: &'static Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Bool => json!({"type": "boolean"}),
        // Numbers may be text: Envoy's YAML loader makes it of fractions.
        Kind::Integer(least, most) => json!({
            "type": ["integer", "string"], "minimum": least, "maximum": most,
            "pattern": "^[+-]?[0-9]+([.]0*)?$",
        }),
        Kind::Number(least, most) => json!({
            "type": ["number", "string"], "minimum": least, "maximum": most,
            "pattern": "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$",
        }),
        Kind::Text(form) => text(*form),
        Kind::Choice(names) => json!({"enum": names}),
        Kind::Scalar => json!({"type": ["string", "number", "boolean"]}),
        Kind::List(element) => {
            json!({"type": "array", "items": self::kind(element, definitions)})
        }
        Kind::Map(form, value) => map(*form, self::kind(value, definitions)),
        Kind::Object(shape) => {
            let shape = shape();
            define(shape, definitions);
            json!({"$ref": format!("#/$defs/{}", shape.name)})
        }
        Kind::Json => json!({"type": "object"}),
        Kind::Either(alternatives) => {
            let any: Vec<Value> = alternatives
                .iter()
                .map(|alternative| self::kind(&alternative.kind, definitions))
                .collect();
            json!({"anyOf": any})
        }
    }
}

fn text(form: Text) -> Value {
    match form.pattern() {
        Some(pattern) => json!({"type": "string", "pattern": pattern}),
        None => json!({"type": "string"}),
    }
}

fn map(form: Text, value: Value) -> Value {
    let mut schema = json!({"type": "object", "additionalProperties": value});
    if let (Value::Object(members), Some(pattern)) = (&mut schema, form.pattern()) {
        members.insert("propertyNames".into(), json!({"pattern": pattern}));
    }
    schema
}
