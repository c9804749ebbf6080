//! The declarations that configuration keys are made of.
//!
//! A section is a struct whose fields are keys. [`section!`] makes of one declaration the
//! struct, the table that documents are checked against, the JSON Schema and the page of
//! documentation come from that table, and the reader that takes the fields from what was
//! checked. So a new key costs its declaration, and its use:
//!
//! ```text
//! section! {
//!     /// Failover inside one request.
//!     #[derive(Debug)]
//!     pub struct Failover "failover" {
//!         /// 1 is off
//!         pub max_attempts: u32 as (whole(1, 100)) = 1,
//!         /// how a retry is called
//!         pub label ("name"): Option<String> = none,
//!     }
//! }
//! ```
//!
//! - The doc comment is the documentation: of the section a sentence, of a key a phrase.
//! - After the name stands the key, in parentheses, where the field has another name.
//! - The type says what the key holds ([`HasKind`](super::shape::HasKind)). `as` says it
//!   instead where the type takes more than the key may have, and names a constant or holds
//!   an expression in parentheses.
//! - After `=` stands the default as JSON, or `required`, or `none`.
//! - `..field: Section` at the end takes the keys of another section into this one.
//! - Fields after `with` are no keys. They have their type's default until `resolve` sets
//!   them.

/// Declares a section of the configuration.
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        $(#[derive $derive:tt])*
        $vis:vis struct $name:ident $shape:literal {
            $(
                $(#[doc = $key_doc:literal])+
                $key_vis:vis $field:ident $(($key:literal))? : $type:ty $(as $kind:tt)? = $preset:tt,
            )*
            $(..$flat_vis:vis $flat:ident: $flat_type:ty,)?
        }
        $(with {
            $($(#[doc = $more_doc:literal])+ $more_vis:vis $more:ident: $more_type:ty,)*
        })?
    ) => {
        $(#[doc = $doc])+
        $(#[derive $derive])*
        $vis struct $name {
            $($(#[doc = $key_doc])+ $key_vis $field: $type,)*
            $(
                /// Keys of another section.
                $flat_vis $flat: $flat_type,
            )?
            $($($(#[doc = $more_doc])+ $more_vis $more: $more_type,)*)?
        }

        const _: () = {
            use $crate::config::read::{Members, Read, Section, member};
            use $crate::config::shape::{HasKind, Key, Kind, Shape, documentation};

            static SHAPE: Shape = Shape {
                name: $shape,
                doc: documentation(concat!($($doc),+)),
                keys: &[$name::KEYS $(, <$flat_type>::KEYS)?],
            };

            impl Section for $name {
                const KEYS: &'static [Key] = &[$(
                    Key {
                        name: $crate::config::declare::key!($field $($key)?),
                        kind: $crate::config::declare::kind!($type $(, $kind)?),
                        presence: $crate::config::declare::presence!($preset),
                        doc: documentation(concat!($($key_doc),+)),
                    },
                )*];

                fn shape() -> &'static Shape {
                    &SHAPE
                }

                fn take(members: &mut Members) -> Self {
                    Self {
                        $($field: member(members, $crate::config::declare::key!($field $($key)?)),)*
                        $($flat: <$flat_type>::take(members),)?
                        $($($more: Default::default(),)*)?
                    }
                }
            }

            impl HasKind for $name {
                const KIND: Kind = Kind::Object(<$name as Section>::shape);
            }

            impl Read for $name {
                fn read(value: serde_json::Value) -> Self {
                    $crate::config::read::section(value)
                }
            }
        };
    };
}

/// The key of a field.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// What a key holds.
macro_rules! kind {
    ($type:ty) => {
        <$type as HasKind>::KIND
    };
    ($type:ty, $kind:tt) => {
        $kind
    };
}

/// What holds where a key is left out.
macro_rules! presence {
    (required) => {
        $crate::config::shape::Presence::Required
    };
    (none) => {
        $crate::config::shape::Presence::Optional
    };
    ($json:tt) => {
        $crate::config::shape::Presence::Default(stringify!($json))
    };
}

/// Declares the names of an enum's values. The first is the one of what was reported.
macro_rules! named {
    ($($type:ty { $first:literal => $fallback:ident $(, $name:literal => $value:ident)* $(,)? })*) => {$(
        impl $crate::config::shape::HasKind for $type {
            const KIND: $crate::config::shape::Kind =
                $crate::config::shape::Kind::Choice(&[$first $(, $name)*]);
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

pub(super) use {key, kind, named, presence, section};
