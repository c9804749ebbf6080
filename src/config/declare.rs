//! The declarations that configuration keys are made of.
//!
//! A section is a struct whose fields are keys. [`section!`] makes three things of one
//! declaration: the struct, the table that documents are checked against, and the reader that
//! takes the fields from what was checked. The JSON Schema and the page of documentation are
//! printed from the table. So a new key costs its declaration, and its use:
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
//! - The type says what the key holds ([`HasKeyKind`](super::shape::HasKeyKind)). `as` says it
//!   instead where the key may have less than the type can hold. A constant follows it, or an
//!   expression in parentheses.
//! - After `=` stands the default as JSON, or `required`, or `none`.
//! - `..field: Section` at the end takes the keys of another section into this one.
//! - Fields after `with` are no keys. They have their type's default until `resolve` sets them.
//! - All that is made is data and one call for each field: code for each key would make the
//!   module larger, and a derive of serde does.

/// Declares a section of the configuration. The comment at the top of this file has an example,
/// and says what each part of it means.
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
            use $crate::config::read::{CheckedMembers, ReadChecked, Section, member};
            use $crate::config::shape::{HasKeyKind, Key, KeyKind, SectionShape, documentation};

            static SHAPE: SectionShape = SectionShape {
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

                fn shape() -> &'static SectionShape {
                    &SHAPE
                }

                fn take(members: &mut CheckedMembers) -> Self {
                    Self {
                        $($field: member(members, $crate::config::declare::key!($field $($key)?)),)*
                        $($flat: <$flat_type>::take(members),)?
                        $($($more: Default::default(),)*)?
                    }
                }
            }

            impl HasKeyKind for $name {
                const KIND: KeyKind = KeyKind::Object(<$name as Section>::shape);
            }

            impl ReadChecked for $name {
                fn read(value: serde_json::Value) -> Self {
                    $crate::config::read::section(value)
                }
            }
        };
    };
}

/// The key of a field: the name of the field, unless the declaration has another one in
/// parentheses.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// What a key holds. The type of its field says it, unless the declaration has an `as`.
macro_rules! kind {
    ($type:ty) => {
        <$type as HasKeyKind>::KIND
    };
    ($type:ty, $kind:tt) => {
        $kind
    };
}

/// What holds where a key is left out. A default is kept as JSON text, and is checked and read
/// like the text of a document.
macro_rules! presence {
    (required) => {
        $crate::config::shape::WhenAbsent::Required
    };
    (none) => {
        $crate::config::shape::WhenAbsent::Optional
    };
    ($json:tt) => {
        $crate::config::shape::WhenAbsent::Default(stringify!($json))
    };
}

/// Declares the names of an enum's values. A value that was reported as wrong is read as the
/// first of them.
macro_rules! named {
    ($($type:ty { $first:literal => $fallback:ident $(, $name:literal => $value:ident)* $(,)? })*) => {$(
        impl $crate::config::shape::HasKeyKind for $type {
            const KIND: $crate::config::shape::KeyKind =
                $crate::config::shape::KeyKind::Choice(&[$first $(, $name)*]);
        }

        impl $crate::config::read::ReadChecked for $type {
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
