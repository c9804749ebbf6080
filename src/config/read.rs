//! Checked JSON into types.
//!
//! `shape` has checked every value, so reading cannot fail: what is absent is
//! the type's default. A derive of serde would do the same at ten times the
//! code, for it has an error for everything that was ruled out before.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::shape::{Key, Shape};

/// Members of an object whose shape was checked.
pub(super) type Members = Map<String, Value>;

/// A type that is read from a value whose shape was checked.
pub(super) trait Read {
    /// Returns the value as this type; what is absent comes as `null`.
    fn read(value: Value) -> Self;
}

/// A struct whose fields are keys; `section!` declares it.
pub(super) trait Section: Sized {
    /// Its own keys.
    const KEYS: &'static [Key];

    /// Returns what documents are checked against.
    fn shape() -> &'static Shape;

    /// Takes the fields out of an object.
    fn take(members: &mut Members) -> Self;
}

impl<T: Section> Section for Arc<T> {
    const KEYS: &'static [Key] = T::KEYS;

    fn shape() -> &'static Shape {
        T::shape()
    }

    fn take(members: &mut Members) -> Self {
        Self::new(T::take(members))
    }
}

/// Reads a section, to which all members of the object belong.
pub(super) fn section<T: Section>(value: Value) -> T {
    let mut members = Members::read(value);
    let section = T::take(&mut members);
    debug_assert!(members.is_empty(), "nothing reads {members:?}");
    section
}

/// Takes a member out of an object.
pub(super) fn member<T: Read>(members: &mut Members, key: &str) -> T {
    T::read(members.remove(key).unwrap_or_default())
}

/// The default for what is absent, and for what the tables should have ruled out.
fn default<T: Default>(value: &Value) -> T {
    expect_absent(value);
    T::default()
}

/// Finds, wherever assertions are on, a table that lets more pass than is read.
pub(super) fn expect_absent(value: &Value) {
    debug_assert!(value.is_null(), "the tables let {value} pass");
}

impl Read for bool {
    fn read(value: Value) -> Self {
        value.as_bool().unwrap_or_else(|| default(&value))
    }
}

impl Read for u64 {
    fn read(value: Value) -> Self {
        value.as_u64().unwrap_or_else(|| default(&value))
    }
}

impl Read for u32 {
    fn read(value: Value) -> Self {
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        number.unwrap_or_else(|| default(&value))
    }
}

impl Read for i32 {
    fn read(value: Value) -> Self {
        let number = value.as_i64().and_then(|number| number.try_into().ok());
        number.unwrap_or_else(|| default(&value))
    }
}

impl Read for f64 {
    fn read(value: Value) -> Self {
        value.as_f64().unwrap_or_else(|| default(&value))
    }
}

impl Read for String {
    fn read(value: Value) -> Self {
        match value {
            Value::String(text) => text,
            other => default(&other),
        }
    }
}

impl Read for Value {
    fn read(value: Value) -> Self {
        value
    }
}

impl Read for Map<String, Value> {
    fn read(value: Value) -> Self {
        match value {
            Value::Object(members) => members,
            other => default(&other),
        }
    }
}

/// `null` stands for what was reported.
impl<T: Read> Read for Option<T> {
    fn read(value: Value) -> Self {
        (!value.is_null()).then(|| T::read(value))
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: Value) -> Self {
        Self::new(T::read(value))
    }
}

impl<T: Read> Read for Arc<T> {
    fn read(value: Value) -> Self {
        Self::new(T::read(value))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value) -> Self {
        match value {
            Value::Array(elements) => elements.into_iter().map(T::read).collect(),
            other => default(&other),
        }
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(value: Value) -> Self {
        let mut map = Self::new();
        for (key, value) in Map::read(value) {
            map.insert(key, T::read(value));
        }
        map
    }
}

/// Members that were not reported.
impl Read for Vec<(String, String)> {
    fn read(value: Value) -> Self {
        let members = Members::read(value).into_iter();
        members
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, String::read(value)))
            .collect()
    }
}
