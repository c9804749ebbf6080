//! Envoy's configuration as a tree, and places in it.
//!
//! A place knows its path whether or not something stands there, so that a
//! finding can say where a missing setting belongs. Fields go by the names of
//! Envoy's protocol files; those of its JSON mapping (`maxRetries`) are found as
//! well. Knows no field.

use std::rc::Rc;

use serde_json::Value;

/// A value and the line it begins in; 0 where that is not known.
#[derive(Debug)]
pub(in crate::cli) struct YamlNode {
    pub(super) line: usize,
    pub(super) kind: YamlValue,
}

/// A value as Envoy reads it.
#[derive(Debug)]
pub(super) enum YamlValue {
    Null,
    Bool(bool),
    /// A number as it was written.
    Number(String),
    Text(String),
    List(Vec<Rc<YamlNode>>),
    /// Members in order.
    Map(Vec<(String, Rc<YamlNode>)>),
}

impl YamlNode {
    fn member(&self, key: &str) -> Option<&Rc<Self>> {
        let YamlValue::Map(members) = &self.kind else { return None };
        // Of equal keys the last counts.
        members.iter().rev().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    fn json(&self) -> Value {
        match &self.kind {
            YamlValue::Null => Value::Null,
            YamlValue::Bool(value) => Value::Bool(*value),
            YamlValue::Number(text) => {
                text.parse().map_or_else(|_| Value::String(text.clone()), Value::Number)
            }
            YamlValue::Text(text) => Value::String(text.clone()),
            YamlValue::List(items) => items.iter().map(|item| item.json()).collect(),
            YamlValue::Map(members) => {
                let member = |(key, node): &(String, Rc<Self>)| (key.clone(), node.json());
                Value::Object(members.iter().map(member).collect())
            }
        }
    }
}

impl From<Value> for YamlNode {
    fn from(value: Value) -> Self {
        let kind = match value {
            Value::Null => YamlValue::Null,
            Value::Bool(value) => YamlValue::Bool(value),
            Value::Number(number) => YamlValue::Number(number.to_string()),
            Value::String(text) => YamlValue::Text(text),
            Value::Array(items) => {
                YamlValue::List(items.into_iter().map(|item| Rc::new(item.into())).collect())
            }
            Value::Object(members) => YamlValue::Map(
                members.into_iter().map(|(key, of)| (key, Rc::new(of.into()))).collect(),
            ),
        };
        Self { line: 0, kind }
    }
}

/// A place, with or without something there.
#[derive(Debug, Clone)]
pub(in crate::cli) struct At {
    path: String,
    /// Of what stands here, or else of what it would stand in.
    line: usize,
    node: Option<Rc<YamlNode>>,
}

impl At {
    /// The whole of a tree.
    pub(in crate::cli) fn root(node: YamlNode) -> Self {
        Self { path: String::new(), line: node.line, node: Some(Rc::new(node)) }
    }

    /// Where it is: `static_resources.clusters[0].name`.
    pub(super) fn path(&self) -> &str {
        if self.path.is_empty() { "configuration" } else { &self.path }
    }

    /// The line; 0 where that is not known.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    /// The place of a field, in the field before it, and so on: names with dots between.
    pub(in crate::cli) fn get(&self, fields: &str) -> Self {
        fields.split('.').fold(self.clone(), |at, field| at.member(field))
    }

    /// The place of a member by its key.
    pub(in crate::cli) fn member(&self, key: &str) -> Self {
        let found = self.node.as_ref().and_then(|node| {
            node.member(key).map(|of| (key.to_owned(), of)).or_else(|| {
                let key = camel_case(key);
                node.member(&key).map(|of| (key, of))
            })
        });
        let (key, node) = found.map_or((key.to_owned(), None), |(key, node)| (key, Some(node)));
        let dot = if self.path.is_empty() { "" } else { "." };
        let key = if key.contains('.') { format!("[{key:?}]") } else { format!("{dot}{key}") };
        self.below(&key, node)
    }

    fn below(&self, step: &str, node: Option<&Rc<YamlNode>>) -> Self {
        Self {
            path: format!("{}{step}", self.path),
            line: node.map_or(self.line, |node| node.line),
            node: node.filter(|node| !matches!(node.kind, YamlValue::Null)).cloned(),
        }
    }

    /// Whether something stands here that is not null.
    pub(in crate::cli) const fn is_there(&self) -> bool {
        self.node.is_some()
    }

    /// The items of a list.
    pub(in crate::cli) fn items(&self) -> Vec<Self> {
        match self.kind() {
            Some(YamlValue::List(items)) => {
                let item = |(at, node)| self.below(&format!("[{at}]"), Some(node));
                items.iter().enumerate().map(item).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The keys of an object.
    pub(in crate::cli) fn keys(&self) -> Vec<&str> {
        match self.kind() {
            Some(YamlValue::Map(members)) => members.iter().map(|(key, _)| key.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// The text that stands here; numbers are text as well.
    pub(in crate::cli) fn text(&self) -> Option<&str> {
        match self.kind() {
            Some(YamlValue::Text(text) | YamlValue::Number(text)) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    /// Whether `true` stands here.
    pub(super) fn is_true(&self) -> bool {
        matches!(self.kind(), Some(YamlValue::Bool(true)))
    }

    /// The whole number that stands here.
    pub(super) fn number(&self) -> Option<u64> {
        let text = self.text()?;
        text.strip_suffix(".0").unwrap_or(text).parse().ok()
    }

    /// The duration that stands here, in seconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        self.text()?.strip_suffix('s')?.parse().ok()
    }

    /// What stands here, as JSON.
    pub(in crate::cli) fn json(&self) -> Option<Value> {
        self.node.as_ref().map(|node| node.json())
    }

    /// The name of a `typed_config`'s type without its package, and its fields.
    pub(super) fn typed(&self) -> (String, Self) {
        let name = |at: &Self| {
            let url = at.text().unwrap_or_default();
            url.rsplit(['.', '/']).next().unwrap_or_default().to_owned()
        };
        let outer = name(&self.member("@type"));
        if outer == "TypedStruct" {
            return (name(&self.get("type_url")), self.get("value"));
        }
        (outer, self.clone())
    }

    fn kind(&self) -> Option<&YamlValue> {
        self.node.as_ref().map(|node| &node.kind)
    }
}

/// The name that the JSON mapping gives a field.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.extend(letters);
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_both_of_their_names() {
        let at = At::root(serde_json::json!({"vmConfig": {"vm_id": "a"}, "b": null}).into());
        let id = at.get("vm_config.vm_id");
        assert_eq!((id.text(), id.path()), (Some("a"), "vmConfig.vm_id"));
        assert!(!at.get("b").is_there());
        assert_eq!(at.get("b.c_d.e").path(), "b.c_d.e");
        assert_eq!(at.member("a.b.C").path(), r#"["a.b.C"]"#);
    }
}
