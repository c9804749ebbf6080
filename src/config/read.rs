//! Checked JSON into types.
//!
//! `shape` has checked every value, so reading cannot fail: what is absent is the type's
//! default. A derive of serde would do the same with ten times the code, because it has an
//! error for everything that was ruled out before.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::shape::{Key, SectionShape};
use crate::sort::map_of;

/// Members of an object whose shape was checked.
pub(super) type CheckedMembers = Map<String, Value>;

/// A type that is read from a value whose shape was checked.
pub(super) trait ReadChecked {
    /// Returns the value as this type; what is absent comes as `null`. A value of another type
    /// becomes the default: the tables should have refused it.
    fn read(value: Value) -> Self;
}

/// A struct whose fields are keys; `section!` declares it.
pub(super) trait Section: Sized {
    /// Its own keys.
    const KEYS: &'static [Key];

    /// Returns what documents are checked against.
    fn shape() -> &'static SectionShape;

    /// Takes the fields out of an object. What is left belongs to the section around this one.
    fn take(members: &mut CheckedMembers) -> Self;
}

impl<T: Section> Section for Arc<T> {
    const KEYS: &'static [Key] = T::KEYS;

    fn shape() -> &'static SectionShape {
        T::shape()
    }

    fn take(members: &mut CheckedMembers) -> Self {
        Self::new(T::take(members))
    }
}

/// Reads a section, to which all members of the object belong.
#[inline(never)]
pub(super) fn section<T: Section>(value: Value) -> T {
    let mut members = CheckedMembers::read(value);
    let section = T::take(&mut members);
    // A key that is checked and not read would be accepted without effect.
    debug_assert!(members.is_empty(), "nothing reads {members:?}");
    section
}

/// Takes a member out of an object. One that is absent is read as `null`, which is the default of
/// its type.
#[inline(never)]
pub(super) fn member<T: ReadChecked>(members: &mut CheckedMembers, key: &str) -> T {
    T::read(members.remove(key).unwrap_or_default())
}

/// Returns the default for what is absent, and for what the tables should have ruled out. The
/// latter panics in a build with assertions.
#[inline(never)]
fn default<T: Default>(value: &Value) -> T {
    expect_absent(value);
    T::default()
}

/// Panics where assertions are on and the value is not `null`: a table then accepts more than is
/// read. In a release the caller takes the default instead, so it never panics.
pub(super) fn expect_absent(value: &Value) {
    debug_assert!(value.is_null(), "the tables let {value} pass");
}

impl ReadChecked for bool {
    fn read(value: Value) -> Self {
        value.as_bool().unwrap_or_else(|| default(&value))
    }
}

impl ReadChecked for u64 {
    fn read(value: Value) -> Self {
        value.as_u64().unwrap_or_else(|| default(&value))
    }
}

impl ReadChecked for u32 {
    fn read(value: Value) -> Self {
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        number.unwrap_or_else(|| default(&value))
    }
}

impl ReadChecked for i32 {
    fn read(value: Value) -> Self {
        let number = value.as_i64().and_then(|number| number.try_into().ok());
        number.unwrap_or_else(|| default(&value))
    }
}

impl ReadChecked for f64 {
    fn read(value: Value) -> Self {
        value.as_f64().unwrap_or_else(|| default(&value))
    }
}

impl ReadChecked for String {
    fn read(value: Value) -> Self {
        match value {
            Value::String(text) => text,
            other => default(&other),
        }
    }
}

impl ReadChecked for Value {
    fn read(value: Value) -> Self {
        value
    }
}

impl ReadChecked for Map<String, Value> {
    fn read(value: Value) -> Self {
        match value {
            Value::Object(members) => members,
            other => default(&other),
        }
    }
}

/// A value that is absent and one that was reported are both `null`, and are both read as none.
impl<T: ReadChecked> ReadChecked for Option<T> {
    fn read(value: Value) -> Self {
        (!value.is_null()).then(|| T::read(value))
    }
}

impl<T: ReadChecked> ReadChecked for Box<T> {
    fn read(value: Value) -> Self {
        Self::new(T::read(value))
    }
}

impl<T: ReadChecked> ReadChecked for Arc<T> {
    fn read(value: Value) -> Self {
        Self::new(T::read(value))
    }
}

impl<T: ReadChecked> ReadChecked for Vec<T> {
    fn read(value: Value) -> Self {
        match value {
            Value::Array(elements) => elements.into_iter().map(T::read).collect(),
            other => default(&other),
        }
    }
}

impl<T: ReadChecked> ReadChecked for BTreeMap<String, T> {
    fn read(value: Value) -> Self {
        map_of(Map::read(value).into_iter().map(|(key, value)| (key, T::read(value))))
    }
}

/// A member whose value was reported has an empty text, so that its key is still known.
impl ReadChecked for Vec<(String, String)> {
    fn read(value: Value) -> Self {
        let members = CheckedMembers::read(value).into_iter();
        members.map(|(key, value)| (key, String::read(value))).collect()
    }
}
