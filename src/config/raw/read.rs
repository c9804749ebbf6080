//! From the checked tree to the shapes of `raw`.
//!
//! What the table has checked needs no second opinion, so reading cannot fail:
//! a value of another type than the shape's is the type's default, which only a
//! table that disagrees with the shapes could bring about and the tests rule
//! out. Written out rather than derived with serde, whose derived readers of
//! these shapes were a fifth of the module.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Something that can be read from a checked value.
pub(in crate::config) trait Checked: Sized {
    /// The value as this type; its default where it is another.
    fn read(value: Value) -> Self;
}

impl Checked for String {
    fn read(value: Value) -> Self {
        match value {
            Value::String(text) => text,
            _ => Self::new(),
        }
    }
}

impl Checked for bool {
    fn read(value: Value) -> Self {
        value == Value::Bool(true)
    }
}

impl Checked for u64 {
    fn read(value: Value) -> Self {
        value.as_u64().unwrap_or_default()
    }
}

impl Checked for u32 {
    fn read(value: Value) -> Self {
        value.as_u64().and_then(|number| number.try_into().ok()).unwrap_or_default()
    }
}

impl Checked for i32 {
    fn read(value: Value) -> Self {
        value.as_i64().and_then(|number| number.try_into().ok()).unwrap_or_default()
    }
}

impl Checked for f64 {
    fn read(value: Value) -> Self {
        value.as_f64().unwrap_or_default()
    }
}

impl Checked for Value {
    fn read(value: Value) -> Self {
        value
    }
}

impl Checked for Map<String, Value> {
    fn read(value: Value) -> Self {
        match value {
            Value::Object(members) => members,
            _ => Self::new(),
        }
    }
}

impl<T: Checked> Checked for Option<T> {
    fn read(value: Value) -> Self {
        (!value.is_null()).then(|| T::read(value))
    }
}

impl<T: Checked> Checked for Box<T> {
    fn read(value: Value) -> Self {
        Self::new(T::read(value))
    }
}

impl<T: Checked> Checked for Vec<T> {
    fn read(value: Value) -> Self {
        match value {
            Value::Array(elements) => elements.into_iter().map(T::read).collect(),
            _ => Self::new(),
        }
    }
}

impl<T: Checked> Checked for BTreeMap<String, T> {
    fn read(value: Value) -> Self {
        let members = Map::read(value);
        members.into_iter().map(|(key, value)| (key, T::read(value))).collect()
    }
}

/// The value of a member, taken out; null where there is none.
pub(super) fn member(members: &mut Map<String, Value>, key: &str) -> Value {
    members.remove(key).unwrap_or_default()
}

/// Reads a struct from an object, field by field; `field = "key"` where the key is another.
macro_rules! record {
    ($name:ident { $($field:ident $(= $key:literal)?),* $(,)? }) => {
        impl $crate::config::raw::Checked for $name {
            fn read(value: ::serde_json::Value) -> Self {
                let mut members = <::serde_json::Map<_, _> as $crate::config::raw::Checked>::read(value);
                Self {
                    $($field: $crate::config::raw::Checked::read($crate::config::raw::read::member(
                        &mut members,
                        $crate::config::raw::read::key!($field $($key)?),
                    )),)*
                }
            }
        }
    };
}

/// The key of a field: its name, unless another is given.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// Reads an enum from its words; the first one stands in for anything else.
macro_rules! word {
    ($name:ident { $first:literal => $fallback:ident $(, $word:literal => $variant:ident)* $(,)? }) => {
        impl $crate::config::raw::Checked for $name {
            fn read(value: ::serde_json::Value) -> Self {
                match value.as_str() {
                    Some($first) => Self::$fallback,
                    $(Some($word) => Self::$variant,)*
                    _ => Self::$fallback,
                }
            }
        }
    };
}

pub(super) use {key, record, word};
