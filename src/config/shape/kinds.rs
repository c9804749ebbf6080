//! What a key holds: by the type of its field, or one of the kinds that several keys name.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::table::Kind;
use super::text::Text;
use crate::request::format::Format;

/// Integers that a double, and so a Struct, holds exactly.
const MOST_EXACT: i64 = 9_007_199_254_740_992;

pub(in crate::config) const AT_LEAST_ONE: Kind = whole(1, 4_294_967_295);
pub(in crate::config) const MILLISECONDS: Kind = whole(1, 2_592_000_000);
pub(in crate::config) const PERCENT: Kind = Kind::Number(0.0, 100.0);
pub(in crate::config) const USD: Kind = Kind::Number(0.0, 1e12);
pub(in crate::config) const TEXT: Kind = Kind::Text(Text::Any);
pub(in crate::config) const A_HEADER_NAME: Kind = Kind::Text(Text::HeaderName);
pub(in crate::config) const A_HEADER_VALUE: Kind = Kind::Text(Text::HeaderValue);
pub(in crate::config) const A_PATH: Kind = Kind::Text(Text::Path);
pub(in crate::config) const VARIABLE: Kind = Kind::Text(Text::Variable);

/// Names of the wire formats, which `request` owns.
pub(in crate::config) static FORMATS: [&str; Format::ALL.len()] = {
    let mut names = [""; Format::ALL.len()];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
    while at < names.len() {
        names[at] = Format::ALL[at].name();
        at += 1;
    }
    names
};

/// Returns the kind of whole numbers from `least` to `most`.
pub(in crate::config) const fn whole(least: i64, most: i64) -> Kind {
    Kind::Integer(least, most)
}

/// A type of fields that says what their keys hold, where the key itself does not.
pub(in crate::config) trait HasKind {
    const KIND: Kind;
}

impl HasKind for bool {
    const KIND: Kind = Kind::Bool;
}

impl HasKind for u32 {
    const KIND: Kind = whole(0, 4_294_967_295);
}

impl HasKind for i32 {
    const KIND: Kind = whole(-2_147_483_648, 2_147_483_647);
}

impl HasKind for u64 {
    const KIND: Kind = whole(0, MOST_EXACT);
}

/// Most texts are names.
impl HasKind for String {
    const KIND: Kind = Kind::Text(Text::Name);
}

impl HasKind for Map<String, Value> {
    const KIND: Kind = Kind::Json;
}

impl<T: HasKind> HasKind for Option<T> {
    const KIND: Kind = T::KIND;
}

impl<T: HasKind> HasKind for Box<T> {
    const KIND: Kind = T::KIND;
}

impl<T: HasKind> HasKind for Arc<T> {
    const KIND: Kind = T::KIND;
}

impl<T: HasKind + 'static> HasKind for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
}

impl<T: HasKind + 'static> HasKind for BTreeMap<String, T> {
    const KIND: Kind = Kind::Map(Text::Name, &T::KIND);
}
