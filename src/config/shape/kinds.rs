//! What a key holds: by the type of its field, or one of the kinds that several keys name.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::table::KeyKind;
use super::text::TextForm;
use crate::request::format::Format;

/// Integers that a double, and so a Struct, holds exactly.
const MOST_EXACT: i64 = 9_007_199_254_740_992;

pub(in crate::config) const AT_LEAST_ONE: KeyKind = whole(1, 4_294_967_295);
pub(in crate::config) const MILLISECONDS: KeyKind = whole(1, 2_592_000_000);
pub(in crate::config) const PERCENT: KeyKind = KeyKind::Number(0.0, 100.0);
pub(in crate::config) const A_SHARE: KeyKind = KeyKind::Number(0.0, 1.0);
pub(in crate::config) const USD: KeyKind = KeyKind::Number(0.0, 1e12);
pub(in crate::config) const TEXT: KeyKind = KeyKind::Text(TextForm::Any);
pub(in crate::config) const A_HEADER_NAME: KeyKind = KeyKind::Text(TextForm::HeaderName);
pub(in crate::config) const A_HEADER_VALUE: KeyKind = KeyKind::Text(TextForm::HeaderValue);
pub(in crate::config) const A_PATH: KeyKind = KeyKind::Text(TextForm::Path);
pub(in crate::config) const VARIABLE: KeyKind = KeyKind::Text(TextForm::Variable);

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
pub(in crate::config) const fn whole(least: i64, most: i64) -> KeyKind {
    KeyKind::Integer(least, most)
}

/// A type of fields that says what their keys hold, where the key itself does not.
pub(in crate::config) trait HasKeyKind {
    const KIND: KeyKind;
}

impl HasKeyKind for bool {
    const KIND: KeyKind = KeyKind::Bool;
}

impl HasKeyKind for u32 {
    const KIND: KeyKind = whole(0, 4_294_967_295);
}

impl HasKeyKind for i32 {
    const KIND: KeyKind = whole(-2_147_483_648, 2_147_483_647);
}

impl HasKeyKind for u64 {
    const KIND: KeyKind = whole(0, MOST_EXACT);
}

/// Most texts are names. A key that takes other texts says so in its declaration.
impl HasKeyKind for String {
    const KIND: KeyKind = KeyKind::Text(TextForm::Name);
}

impl HasKeyKind for Map<String, Value> {
    const KIND: KeyKind = KeyKind::Json;
}

impl<T: HasKeyKind> HasKeyKind for Option<T> {
    const KIND: KeyKind = T::KIND;
}

impl<T: HasKeyKind> HasKeyKind for Box<T> {
    const KIND: KeyKind = T::KIND;
}

impl<T: HasKeyKind> HasKeyKind for Arc<T> {
    const KIND: KeyKind = T::KIND;
}

impl<T: HasKeyKind + 'static> HasKeyKind for Vec<T> {
    const KIND: KeyKind = KeyKind::List(&T::KIND);
}

impl<T: HasKeyKind + 'static> HasKeyKind for BTreeMap<String, T> {
    const KIND: KeyKind = KeyKind::Map(TextForm::Name, &T::KIND);
}
