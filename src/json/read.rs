//! One level of a JSON value: its members or elements, each as the text that it was written as.
//!
//! The syntax, and the depth at which it stops, are serde_json's. Reading as a type, or as
//! `serde_json::Value`, would add 40 KB to the module: their errors describe what they found, and
//! so print doubles.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A value, and the parts that are directly in it.
#[derive(Debug)]
pub(crate) enum Level<'t> {
    /// A number, a boolean or null.
    Scalar,
    /// A string, without its escapes.
    Text(Cow<'t, str>),
    /// The elements of a list.
    List(Vec<&'t RawValue>),
    /// The members of an object, in order and duplicates included. Keys have their quotes.
    Object(Vec<(&'t RawValue, &'t RawValue)>),
}

/// Returns the value that a text is; `None` for a text that is not JSON.
///
/// For example, `{"a": [1], "b": 2}` is an object with the members (`"a"`, `[1]`) and (`"b"`, `2`).
pub(crate) fn level(text: &[u8]) -> Option<Level<'_>> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let level = json.deserialize_any(LevelVisitor).ok()?;
    json.end().ok().map(|()| level)
}

/// Returns the text of a JSON string; `None` for other values, and for what is not text, such as a
/// lone surrogate.
pub(crate) fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    match level(json.get().as_bytes()) {
        Some(Level::Text(text)) => Some(text),
        _ => None,
    }
}

/// Keeps one level of what comes. It has a method for every kind of value, because the provided
/// ones return an error that describes the value.
struct LevelVisitor;

impl<'t> Visitor<'t> for LevelVisitor {
    type Value = Level<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Level<'t>, E> {
        Ok(Level::Scalar)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Level<'t>, E> {
        Ok(Level::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Level<'t>, E> {
        Ok(Level::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Level<'t>, E> {
        Ok(Level::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Level<'t>, E> {
        Ok(Level::Scalar)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Level<'t>, E> {
        Ok(Level::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'t str) -> Result<Level<'t>, E> {
        Ok(Level::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<Level<'t>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Level::List(list))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut entries: A) -> Result<Level<'t>, A::Error> {
        let mut members = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            members.push(entry);
        }
        Ok(Level::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_kept_as_they_were_written() {
        let Some(Level::Object(members)) = level(br#" {"a\n": [1, {}], "b": 1.50, "b": null} "#)
        else {
            panic!("no object");
        };
        let members: Vec<_> = members.iter().map(|(key, value)| (key.get(), value.get())).collect();
        let expected = [(r#""a\n""#, "[1, {}]"), (r#""b""#, "1.50"), (r#""b""#, "null")];
        assert_eq!(members, expected);
    }

    #[test]
    fn texts_lose_their_escapes() {
        for (json, expected) in [
            (r#""plain""#, Some("plain")),
            (r#""a\u00e9\n\ud83d\ude00""#, Some("aé\n😀")),
            (r#""\ud83d""#, None),
            ("5", None),
            ("[]", None),
        ] {
            let json = RawValue::from_string(json.to_owned()).expect("JSON");
            assert_eq!(text(&json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_not_one_json_value_has_no_level() {
        for text in ["", "{", "{}{}", r#"{"a" 1}"#, "nul", "\"\u{1}\"", "[1,]"] {
            assert!(level(text.as_bytes()).is_none(), "{text}");
        }
        assert!(level(b"\"\xff\"").is_none());
        assert!(level("[".repeat(10_000).as_bytes()).is_none());
        for text in ["null", "true", "1", "-1", "1.5"] {
            assert!(matches!(level(text.as_bytes()), Some(Level::Scalar)), "{text}");
        }
    }
}
