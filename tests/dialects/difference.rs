//! Where two JSON documents differ, told as short paths that people can read.
//!
//! `content[image]` is an element of the list `content` whose `type` (or `role`) is `image`, and
//! `parts[].text` the member of an element that has neither.

use serde_json::Value;

/// A place at which the second document is not like the first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// Such as `tools[].toolSpec.strict`.
    pub(crate) path: String,
    /// What stands there, if that is a scalar or a list of them; else null.
    pub(crate) value: Value,
    /// Whether the second document has nothing there.
    pub(crate) is_gone: bool,
}

/// Returns the places at which `after` is not like `before`, each once.
pub(crate) fn places(before: &Value, after: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    walk("", before, after, &mut found);
    let mut once: Vec<Place> = Vec::new();
    for place in found {
        if !once.iter().any(|other| other.path == place.path) {
            once.push(place);
        }
    }
    once
}

/// Lays a sample over a document: members over members, elements over elements. `{"+": …}` in a list puts
/// an element in.
pub(crate) fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(under), Value::Array(over)) => {
            for (at, value) in over.iter().enumerate() {
                match (value.get("+"), under.get_mut(at)) {
                    (Some(value), _) => under.insert(at, value.clone()),
                    (_, Some(under)) => lay_over(under, value),
                    (_, None) => under.push(value.clone()),
                }
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn element(path: &str, value: &Value) -> String {
    let tag = ["role", "type"].iter().find_map(|name| value.get(name)?.as_str());
    format!("{path}[{}]", tag.unwrap_or_default())
}

fn walk(path: &str, before: &Value, after: &Value, found: &mut Vec<Place>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                let path = member(path, name);
                match old.get(name) {
                    Some(before) => walk(&path, before, value, found),
                    None => added(&path, value, false, found),
                }
            }
            for (name, _) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
                found.push(Place { path: member(path, name), value: Value::Null, is_gone: true });
            }
        }
        (Value::Array(old), Value::Array(new)) if new.iter().any(Value::is_object) => {
            let ahead = old.iter().zip(new).take_while(|(old, new)| old == new).count();
            let (old, new) = (&old[ahead..], &new[ahead..]);
            let pairs = old.iter().rev().zip(new.iter().rev());
            let behind = pairs.take_while(|(old, new)| old == new).count();
            let (old, new) = (&old[..old.len() - behind], &new[..new.len() - behind]);
            for (at, value) in new.iter().enumerate() {
                match old.get(at) {
                    Some(before) if element("", before) == element("", value) => {
                        walk(&element(path, value), before, value, found);
                    }
                    _ => added(&element(path, value), value, true, found),
                }
            }
            for before in old.iter().skip(new.len()) {
                let path = element(path, before);
                found.push(Place { path, value: Value::Null, is_gone: true });
            }
        }
        _ => added(path, after, false, found),
    }
}

/// Notes something that is new: the innermost object that has all of it, or the members of that if they
/// are two.
fn added(path: &str, value: &Value, is_element: bool, found: &mut Vec<Place>) {
    let place = |path: &str, value: Value| Place { path: path.to_owned(), value, is_gone: false };
    match value {
        Value::Object(members) if members.len() == 1 => {
            let (name, value) = members.iter().next().unwrap();
            added(&member(path, name), value, is_element, found);
        }
        Value::Object(members) if !is_element && members.len() == 2 => {
            for (name, value) in members {
                let value = if value.is_object() { Value::Null } else { value.clone() };
                found.push(place(&member(path, name), value));
            }
        }
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            for value in elements {
                added(&element(path, value), value, true, found);
            }
        }
        Value::Object(_) => found.push(place(path, Value::Null)),
        value => found.push(place(path, value.clone())),
    }
}
