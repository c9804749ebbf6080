//! JSON that is made member by member and keeps their order, for documents that people read and edit.
//!
//! `serde_json::Value` sorts members by name, which would scatter a document. Knows no key.

use std::rc::Rc;

use serde_json::{Number, Value};

use super::tree::{TreeMember, TreeNode, TreeValue};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ordered {
    /// Null, a boolean, a number or a text.
    Scalar(Value),
    List(Vec<Ordered>),
    /// Members in the order in which they were added.
    Map(Vec<(String, Ordered)>),
}

impl Ordered {
    /// Returns an object without members.
    pub(crate) const fn object() -> Self {
        Self::Map(Vec::new())
    }

    /// Returns an object with these members.
    pub(crate) fn with<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Sets a member: in its place where there is one of that name, else at the end. Does nothing
    /// to a value that is not an object.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Self>) {
        let Self::Map(members) = self else { return };
        let value = value.into();
        match members.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => members.push((key.to_owned(), value)),
        }
    }

    /// Sets a member unless the value is an object or a list with nothing in it.
    pub(crate) fn set_unless_empty(&mut self, key: &str, value: impl Into<Self>) {
        let value = value.into();
        if !value.is_empty() {
            self.set(key, value);
        }
    }

    /// Returns a member of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Returns a member of an object, which is made an empty object where it is missing. `None`
    /// where this is not an object.
    pub(crate) fn entry(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Map(members) = self else { return None };
        let at = members.iter().position(|(name, _)| name == key).unwrap_or(members.len());
        if at == members.len() {
            members.push((key.to_owned(), Self::object()));
        }
        members.get_mut(at).map(|(_, value)| value)
    }

    /// Returns the members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        if let Self::Map(members) = self { members } else { &[] }
    }

    /// Returns the values of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// Returns the values in an object or a list, to change them. The key is that of the object.
    pub(crate) fn inner_mut(&mut self) -> Vec<(&str, &mut Self)> {
        match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items.iter_mut().map(|item| ("", item)).collect(),
            Self::Map(members) => {
                members.iter_mut().map(|(key, value)| (key.as_str(), value)).collect()
            }
        }
    }

    /// Returns the text, where this is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Scalar(value) = self { value.as_str() } else { None }
    }

    /// Whether this is an object or a list with nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(members) => members.is_empty(),
        }
    }
}

impl From<Value> for Ordered {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Map(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
            scalar => Self::Scalar(scalar),
        }
    }
}

macro_rules! of_scalars {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Ordered {
            fn from(value: $kind) -> Self {
                Self::Scalar(Value::from(value))
            }
        }
    )*};
}
of_scalars!(&str, String, bool, u64, Number);

impl<T: Into<Self>> From<Vec<T>> for Ordered {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<&TreeNode> for Ordered {
    fn from(node: &TreeNode) -> Self {
        match &node.value {
            TreeValue::List(items) => {
                Self::List(items.iter().map(|item| (&**item).into()).collect())
            }
            TreeValue::Map(members) => {
                let member = |of: &TreeMember| (of.key.clone(), (&*of.node).into());
                Self::Map(members.iter().map(member).collect())
            }
            _ => Self::Scalar(node.json()),
        }
    }
}

impl From<Ordered> for TreeNode {
    fn from(value: Ordered) -> Self {
        let value = match value {
            Ordered::Scalar(value) => return value.into(),
            Ordered::List(items) => {
                TreeValue::List(items.into_iter().map(|item| Rc::new(item.into())).collect())
            }
            Ordered::Map(members) => TreeValue::Map(
                members.into_iter().map(|(key, of)| TreeMember::unplaced(key, of.into())).collect(),
            ),
        };
        Self { line: 0, value }
    }
}

#[cfg(test)]
mod tests {
    use super::super::json_text;
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let text = r#"{"b":1,"a":{"z":[null,true,-2,0.5,"x"],"y":{}}}"#;
        let of = |text: &str| Ordered::from(&serde_json::from_str::<TreeNode>(text).unwrap());
        let to = |value: Ordered| {
            let text = json_text(&value.into()).text;
            text.split_whitespace().collect::<String>()
        };
        let read = of(text);
        assert_eq!(to(read.clone()), text);
        let mut read = read;
        read.set("b", 3_u64);
        read.set("c", "new");
        read.set_unless_empty("d", Ordered::object());
        assert_eq!(read.entry("a").unwrap().members().len(), 2);
        let written = to(read);
        assert!(
            written.starts_with(r#"{"b":3,"a":"#) && written.ends_with(r#","c":"new"}"#),
            "{written}"
        );
    }
}
