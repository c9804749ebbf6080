//! JSON whose members keep their order, for documents that people read and edit.
//!
//! `serde_json::Value` sorts members by name, which would scatter a document. Knows no key.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::{Number, Value};

use super::io::ToolError;
use super::yaml::TreeNode;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ordered {
    /// Null, a boolean, a number or a text.
    Scalar(Value),
    List(Vec<Ordered>),
    /// Members in the order in which they were added.
    Map(Vec<(String, Ordered)>),
}

impl Ordered {
    /// Returns the same as a tree, to write it.
    ///
    /// # Errors
    /// None: what this type holds is JSON.
    pub(super) fn tree(&self) -> Result<TreeNode, ToolError> {
        let text = serde_json::to_string(self).map_err(ToolError::unusable)?;
        serde_json::from_str(&text).map_err(ToolError::unusable)
    }

    /// Returns an object without members.
    pub(super) const fn object() -> Self {
        Self::Map(Vec::new())
    }

    /// Returns an object with these members.
    pub(super) fn with<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Sets a member: in its place where there is one of that name, else at the end. Does nothing
    /// to a value that is not an object.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Self>) {
        let Self::Map(members) = self else { return };
        let value = value.into();
        match members.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => members.push((key.to_owned(), value)),
        }
    }

    /// Sets a member unless the value is an object or a list with nothing in it.
    pub(super) fn set_unless_empty(&mut self, key: &str, value: impl Into<Self>) {
        let value = value.into();
        if !value.is_empty() {
            self.set(key, value);
        }
    }

    /// Returns a member of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Returns a member of an object, which is made an empty object where it is missing. `None`
    /// where this is not an object.
    pub(super) fn entry(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Map(members) = self else { return None };
        let at = members.iter().position(|(name, _)| name == key).unwrap_or(members.len());
        if at == members.len() {
            members.push((key.to_owned(), Self::object()));
        }
        members.get_mut(at).map(|(_, value)| value)
    }

    /// Returns the members of an object; none of anything else.
    pub(super) fn members(&self) -> &[(String, Self)] {
        if let Self::Map(members) = self { members } else { &[] }
    }

    /// Returns the values in an object or a list, to change them. The key is that of the object.
    pub(super) fn inner_mut(&mut self) -> Vec<(&str, &mut Self)> {
        match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items.iter_mut().map(|item| ("", item)).collect(),
            Self::Map(members) => {
                members.iter_mut().map(|(key, value)| (key.as_str(), value)).collect()
            }
        }
    }

    /// Returns the text, where this is one.
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Scalar(value) = self { value.as_str() } else { None }
    }

    /// Whether this is an object or a list with nothing in it.
    pub(super) fn is_empty(&self) -> bool {
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

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(members) => {
                serializer.collect_map(members.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
        Ok(Ordered::Scalar(Value::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Ordered, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = elements.next_element()? {
            items.push(item);
        }
        Ok(Ordered::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Ordered, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = entries.next_entry()? {
            members.push(member);
        }
        Ok(Ordered::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let text = r#"{"b":1,"a":{"z":[null,true,-2,0.5,"x"],"y":{}}}"#;
        let read: Ordered = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let mut read = read;
        read.set("b", 3_u64);
        read.set("c", "new");
        read.set_unless_empty("d", Ordered::object());
        assert_eq!(read.entry("a").unwrap().members().len(), 2);
        let written = serde_json::to_string(&read).unwrap();
        assert!(
            written.starts_with(r#"{"b":3,"a":"#) && written.ends_with(r#","c":"new"}"#),
            "{written}"
        );
    }
}
