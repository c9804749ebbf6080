//! Checked JSON into types.
//!
//! `shape` has checked every value, so reading cannot fail: what is absent is
//! the type's default. A derive of serde would do the same at ten times the
//! code, for it has an error for everything that was ruled out before.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::strategy::Strategy;

/// A type that is read from a value whose shape was checked.
pub(super) trait Read {
    /// The value as this type; what is absent comes as `null`.
    fn read(value: Value) -> Self;
}

/// Takes a member out of an object.
pub(super) fn member<T: Read>(members: &mut Map<String, Value>, key: &str) -> T {
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

impl Read for Strategy {
    fn read(value: Value) -> Self {
        value.as_str().and_then(Self::from_name).unwrap_or_else(|| default(&value))
    }
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

/// Declares how the fields of a struct are read: each from the member of its
/// name, or of the name given. Keys after a semicolon are for people alone.
macro_rules! readable {
    ($($type:ty { $($field:ident $(= $key:literal)?),* $(; $($unread:literal),*)? })*) => {$(
        impl $crate::config::read::Read for $type {
            fn read(value: serde_json::Value) -> Self {
                let mut members = <serde_json::Map<String, serde_json::Value>>::read(value);
                $($(members.remove($unread);)*)?
                let read = Self {
                    $($field: $crate::config::read::member(
                        &mut members,
                        $crate::config::read::key!($field $(= $key)?),
                    )),*
                };
                debug_assert!(members.is_empty(), "nothing reads {members:?}");
                read
            }
        }
    )*};
}

/// The key of a field.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident = $key:literal) => {
        $key
    };
}

/// Declares the names of an enum's values, which the tables list.
macro_rules! named {
    ($($type:ty { $first:literal => $fallback:ident $(, $name:literal => $value:ident)* })*) => {$(
        impl $type {
            /// The names of its values.
            pub(in crate::config) const NAMES: &'static [&'static str] = &[$first $(, $name)*];
        }

        impl $crate::config::read::Read for $type {
            fn read(value: serde_json::Value) -> Self {
                match value.as_str() {
                    Some($first) => return Self::$fallback,
                    $(Some($name) => return Self::$value,)*
                    _ => $crate::config::read::expect_absent(&value),
                }
                Self::$fallback
            }
        }
    )*};
}

pub(super) use {key, named, readable};
