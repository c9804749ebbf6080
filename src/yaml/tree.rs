//! A file as a tree, and places in it: Envoy's configuration, or a routing document.
//!
//! A place knows its path whether or not there is a value, so that a finding can say
//! where a missing setting belongs. Fields go by the names of Envoy's protocol files
//! (`max_retries`). Those of its JSON mapping (`maxRetries`) are found as well. Knows no field.

use std::rc::Rc;

use serde_json::Value;

/// A value and the line in which it begins, from 1. JSON is read without lines, so its values
/// have line 0.
#[derive(Debug, Clone)]
pub(crate) struct TreeNode {
    pub(crate) line: usize,
    pub(crate) value: TreeValue,
}

/// A value as Envoy reads it. Aliases share what they stand for.
#[derive(Debug, Clone)]
pub(crate) enum TreeValue {
    Null,
    Bool(bool),
    /// A number as it was written, so that none is rounded.
    Number(String),
    Text(String),
    List(Vec<Rc<TreeNode>>),
    /// Members in the order of the file, equal keys included.
    Map(Vec<TreeMember>),
}

/// A member of an object. Its key has a line of its own, since a value may begin in a later one.
#[derive(Debug, Clone)]
pub(crate) struct TreeMember {
    pub(crate) key: String,
    /// From 1; 0 where it is not known.
    pub(crate) line: usize,
    pub(crate) node: Rc<TreeNode>,
}

impl TreeNode {
    fn member(&self, key: &str) -> Option<&Rc<Self>> {
        let TreeValue::Map(members) = &self.value else { return None };
        // Of equal keys the last counts.
        members.iter().rev().find(|member| member.key == key).map(|member| &member.node)
    }

    pub(super) fn json(&self) -> Value {
        match &self.value {
            TreeValue::Null => Value::Null,
            TreeValue::Bool(value) => Value::Bool(*value),
            TreeValue::Number(text) => {
                // JSON cannot say what does not parse: it stays the text.
                text.parse().map_or_else(|_| Value::String(text.clone()), Value::Number)
            }
            TreeValue::Text(text) => Value::String(text.clone()),
            TreeValue::List(items) => items.iter().map(|item| item.json()).collect(),
            TreeValue::Map(members) => {
                let member = |of: &TreeMember| (of.key.clone(), of.node.json());
                Value::Object(members.iter().map(member).collect())
            }
        }
    }
}

/// Changes leave the tree as it is and return another one, which shares what is the same.
impl TreeNode {
    /// Returns a list.
    pub(crate) const fn list(items: Vec<Rc<Self>>) -> Self {
        Self { line: 0, value: TreeValue::List(items) }
    }

    /// Whether an object has a member.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.member(key).is_some()
    }

    /// Whether it is an object without members, or null.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.value {
            TreeValue::Map(members) => members.is_empty(),
            value => matches!(value, TreeValue::Null),
        }
    }

    /// Returns a member of an object; an empty object where there is none.
    pub(crate) fn member_or_empty(&self, key: &str) -> Self {
        let empty = || Self { line: 0, value: TreeValue::Map(Vec::new()) };
        self.member(key).map_or_else(empty, |node| Self::clone(node))
    }

    /// Returns the keys of an object in its order; none where it is no object.
    pub(crate) fn keys(&self) -> Vec<String> {
        let TreeValue::Map(members) = &self.value else { return Vec::new() };
        members.iter().map(|member| member.key.clone()).collect()
    }

    /// Returns the items of a list that is a member; none where there is no such list.
    pub(crate) fn items_of(&self, key: &str) -> Vec<Rc<Self>> {
        match self.member(key).map(|node| &node.value) {
            Some(TreeValue::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    /// Returns an object with a member in the place of one of its key, or else at the end.
    pub(crate) fn with(&self, key: &str, node: Self) -> Self {
        let mut members = self.members();
        match members.iter_mut().find(|member| member.key == key) {
            Some(member) => member.node = Rc::new(node),
            None => members.push(TreeMember::unplaced(key.to_owned(), node)),
        }
        Self { line: self.line, value: TreeValue::Map(members) }
    }

    /// Returns an object without the members of a key.
    pub(crate) fn without(&self, key: &str) -> Self {
        let mut members = self.members();
        members.retain(|member| member.key != key);
        Self { line: self.line, value: TreeValue::Map(members) }
    }

    fn members(&self) -> Vec<TreeMember> {
        match &self.value {
            TreeValue::Map(members) => members.clone(),
            _ => Vec::new(),
        }
    }
}

impl From<Value> for TreeNode {
    fn from(value: Value) -> Self {
        let value = match value {
            Value::Null => TreeValue::Null,
            Value::Bool(value) => TreeValue::Bool(value),
            Value::Number(number) => TreeValue::Number(number.to_string()),
            Value::String(text) => TreeValue::Text(text),
            Value::Array(items) => {
                TreeValue::List(items.into_iter().map(|item| Rc::new(item.into())).collect())
            }
            Value::Object(members) => TreeValue::Map(
                members.into_iter().map(|(key, of)| TreeMember::unplaced(key, of.into())).collect(),
            ),
        };
        Self { line: 0, value }
    }
}

impl TreeMember {
    /// Returns a member of a text whose lines are not known.
    pub(crate) fn unplaced(key: String, node: TreeNode) -> Self {
        Self { key, line: 0, node: Rc::new(node) }
    }
}

/// A place in a tree, with or without a value.
///
/// Every step leads to a place, so checks need not care what is missing:
///
/// ```text
/// at.get("route.timeout").seconds()    None where there is no timeout, or no route
/// at.get("route.timeout").path()       "…routes[0].route.timeout" in either case
/// ```
#[derive(Debug, Clone)]
pub(crate) struct At {
    path: String,
    /// The line of the value here, or else of what it would be in.
    line: usize,
    node: Option<Rc<TreeNode>>,
}

/// What stands between the name of a file and a path in it.
const OF_FILE: &str = ": ";

impl At {
    /// Returns the place of the whole tree.
    pub(crate) fn root(node: TreeNode) -> Self {
        Self { path: String::new(), line: node.line, node: Some(Rc::new(node)) }
    }

    /// Returns the same place, as one in another file than the rest: its paths begin with the name
    /// of the file, as in `clusters.yaml: resources[0]`.
    pub(crate) fn in_file(self, name: &str) -> Self {
        Self { path: format!("{name}{OF_FILE}"), ..self }
    }

    /// Returns the path for messages: `static_resources.clusters[0].name`.
    pub(crate) fn path(&self) -> &str {
        if self.path.is_empty() { "configuration" } else { &self.path }
    }

    /// Returns the line, from 1; 0 where it is not known.
    ///
    /// A place without a value has the line of what it would be in.
    pub(crate) const fn line(&self) -> usize {
        self.line
    }

    /// Returns the place of a field by its path from here: `route.retry_policy`.
    ///
    /// A name that has dots itself, such as that of an extension, is for [`At::member`].
    pub(crate) fn get(&self, fields: &str) -> Self {
        fields.split('.').fold(self.clone(), |at, field| at.member(field))
    }

    /// Returns the place of a member by its key.
    ///
    /// The key is looked for as it is and then as the JSON mapping spells it. The path has the
    /// spelling that is there.
    pub(crate) fn member(&self, key: &str) -> Self {
        let found = self.node.as_ref().and_then(|node| {
            node.member(key).map(|of| (key.to_owned(), of)).or_else(|| {
                let key = camel_case(key);
                node.member(&key).map(|of| (key, of))
            })
        });
        let (key, node) = found.map_or((key.to_owned(), None), |(key, node)| (key, Some(node)));
        let dot = if self.path.is_empty() || self.path.ends_with(OF_FILE) { "" } else { "." };
        // A path with such a key would read as two steps.
        let key = if key.contains('.') { format!("[{key:?}]") } else { format!("{dot}{key}") };
        self.below(&key, node)
    }

    fn below(&self, step: &str, node: Option<&Rc<TreeNode>>) -> Self {
        Self {
            path: format!("{}{step}", self.path),
            line: node.map_or(self.line, |node| node.line),
            // Taken for nothing here, so that `is_there` need not look.
            node: node.filter(|node| !matches!(node.value, TreeValue::Null)).cloned(),
        }
    }

    /// Whether there is a value here.
    ///
    /// Null counts as nothing: Envoy takes it for a field that is not set.
    pub(crate) const fn is_there(&self) -> bool {
        self.node.is_some()
    }

    /// Returns the places of a list's items; none where there is no list.
    pub(crate) fn items(&self) -> Vec<Self> {
        match self.value() {
            Some(TreeValue::List(items)) => {
                let item = |(at, node)| self.below(&format!("[{at}]"), Some(node));
                items.iter().enumerate().map(item).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the keys of an object; none where there is no object.
    pub(crate) fn keys(&self) -> Vec<&str> {
        match self.value() {
            Some(TreeValue::Map(members)) => members.iter().map(|of| of.key.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the text here.
    ///
    /// Numbers are text as well: protobuf's JSON allows `"3"` for 3, and a name may be `1`.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.value() {
            Some(TreeValue::Text(text) | TreeValue::Number(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the texts of a list, without items of other types.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self.value(), Some(TreeValue::Bool(true)))
    }

    /// Returns the whole number here.
    ///
    /// None for other types, for fractions and for negative numbers.
    pub(crate) fn number(&self) -> Option<u64> {
        let text = self.text()?;
        // JSON that passed through a `Struct` has every number as a double.
        text.strip_suffix(".0").unwrap_or(text).parse().ok()
    }

    /// Returns the duration here, in seconds: 0.5 for `0.5s`.
    ///
    /// Seconds are the only unit of durations in protobuf's JSON, so `500ms` is none.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.text()?.strip_suffix('s')?.parse().ok()
    }

    /// Returns what a message adds to a default value: " (the default)", or nothing where the
    /// value is in the file.
    pub(crate) const fn unless_set(&self) -> &'static str {
        if self.is_there() { "" } else { " (the default)" }
    }

    /// Returns the value here as JSON.
    ///
    /// None where there is no value, and where it is null.
    pub(crate) fn json(&self) -> Option<Value> {
        self.node.as_ref().map(|node| node.json())
    }

    /// Returns the type of a `typed_config` without its package, and the place of its fields.
    ///
    /// The type is empty where none is named. A `TypedStruct` stands for the type that it names.
    pub(crate) fn typed(&self) -> (String, Self) {
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

    /// Returns the tree from here on; `None` where there is no value.
    pub(crate) fn node(&self) -> Option<&TreeNode> {
        self.node.as_deref()
    }

    fn value(&self) -> Option<&TreeValue> {
        self.node.as_ref().map(|node| &node.value)
    }
}

/// Returns the name that the JSON mapping gives a field: `maxRetries` for `max_retries`.
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
