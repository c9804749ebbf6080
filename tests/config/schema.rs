//! Checks documents against as much of JSON Schema as the configuration's schema uses. Patterns are
//! left to validators with a regex engine.

use std::collections::BTreeSet;

use serde_json::Value;

/// What a walk over a document finds.
#[derive(Default)]
pub(crate) struct Seen {
    /// Where the document does not fit.
    pub(crate) errors: Vec<String>,
    /// `definition.key` of every known key in the document.
    pub(crate) keys: BTreeSet<String>,
    /// JSON pointers of the values that have a schema, each with that schema.
    pub(crate) places: Vec<(String, Value)>,
}

/// Checks a document against a schema.
pub(crate) fn walk(schema: &Value, document: &Value) -> Seen {
    let mut seen = Seen::default();
    check(schema, schema, "configuration", document, "", &mut seen);
    seen
}

fn check(root: &Value, schema: &Value, definition: &str, value: &Value, at: &str, seen: &mut Seen) {
    if let Some(name) = schema.get("$ref").map(|name| name.as_str().unwrap()) {
        let name = name.strip_prefix("#/$defs/").expect("a local reference");
        return check(root, &root["$defs"][name], name, value, at, seen);
    }
    if let Some(alternatives) = schema.get("anyOf") {
        return any_of(root, alternatives.as_array().unwrap(), definition, value, at, seen);
    }
    seen.places.push((at.to_owned(), schema.clone()));
    own(schema, value, at, seen);
    match value {
        Value::Object(members) => {
            for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
                if !members.contains_key(name.as_str().unwrap()) {
                    seen.errors.push(format!("{at}: misses {name}"));
                }
            }
            for (key, value) in members {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                if let Some(schema) = schema.get("properties").and_then(|keys| keys.get(key)) {
                    seen.keys.insert(format!("{definition}.{key}"));
                    check(root, schema, definition, value, &at, seen);
                } else {
                    match schema.get("additionalProperties") {
                        Some(Value::Bool(false)) => seen.errors.push(format!("{at}: is unknown")),
                        Some(schema) => check(root, schema, definition, value, &at, seen),
                        None => {}
                    }
                }
            }
        }
        Value::Array(elements) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, element) in elements.iter().enumerate() {
                check(root, schema, definition, element, &format!("{at}/{index}"), seen);
            }
        }
        _ => {}
    }
}

/// Checks the alternatives. The one with the fewest errors counts.
fn any_of(
    root: &Value,
    alternatives: &[Value],
    definition: &str,
    value: &Value,
    at: &str,
    seen: &mut Seen,
) {
    let tried = alternatives.iter().map(|schema| {
        let mut seen = Seen::default();
        check(root, schema, definition, value, at, &mut seen);
        seen
    });
    let best = tried.min_by_key(|seen| seen.errors.len()).expect("an alternative");
    seen.errors.extend(best.errors);
    seen.keys.extend(best.keys);
    seen.places.extend(best.places);
}

/// Checks type, values and range.
fn own(schema: &Value, value: &Value, at: &str, seen: &mut Seen) {
    let is_of = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|value| value.fract() == 0.0),
        "number" => value.is_number(),
        other => panic!("unknown type {other}"),
    };
    let fits = match schema.get("type") {
        Some(Value::String(name)) => is_of(name),
        Some(Value::Array(names)) => names.iter().any(|name| is_of(name.as_str().unwrap())),
        _ => true,
    };
    let values = schema.get("enum").and_then(Value::as_array);
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let is_in = |number: f64| {
        bound("minimum").is_none_or(|least| number >= least)
            && bound("maximum").is_none_or(|most| number <= most)
    };
    if !fits || !value.as_f64().is_none_or(is_in) || !values.is_none_or(|all| all.contains(value)) {
        seen.errors.push(format!("{at}: {value} does not fit {schema}"));
    }
}

/// Returns `definition.key` for every key of a schema.
pub(crate) fn keys(schema: &Value) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut add = |definition: &str, schema: &Value| {
        let properties = schema["properties"].as_object().expect("definitions are objects");
        keys.extend(properties.keys().map(|key| format!("{definition}.{key}")));
    };
    add("configuration", schema);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        add(name, definition);
    }
    keys
}
