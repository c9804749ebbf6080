//! Objects of a body that overrides merge into: where their members stand.
//!
//! A merge edits single members and leaves the rest where it is, so what is the client's is
//! copied nowhere: a plan may have many deployments, and each has edits of its own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::{self, Level, level};
use crate::request::scan::Member;
use crate::sort::set_of;

/// Longest value that is merged into, in bytes: it is taken apart in memory.
const LARGEST_MERGED: u64 = 1024 * 1024;

/// The objects of one body that overrides merge into, each taken apart once for all deployments
/// of a plan.
///
/// `F` gives bytes of the original body, and is asked only for such objects.
pub struct Mergeable<'o, F> {
    read: F,
    /// The keys that some override has inside of an object. Only members of these are kept.
    keys: BTreeSet<&'o str>,
    /// Each by where it begins; `None` where it cannot be merged into. The value is shared, because
    /// every deployment of the plan asks for the same places.
    opened: RefCell<Vec<(u64, Option<Rc<MergePlace>>)>>,
}

impl<F> fmt::Debug for Mergeable<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mergeable").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// What an override that is an object finds in the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MergePlace {
    /// Another value, in whose place the override comes.
    Other,
    /// An object.
    Object(ObjectPlaces),
}

/// Where members of an object stand in the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ObjectPlaces {
    /// Right after its brace.
    pub(super) open: u64,
    /// How many members it has.
    pub(super) count: u64,
    /// The members that an override may touch, in order, with their keys.
    pub(super) members: Vec<(String, Member)>,
}

impl<'o, F: Fn(Range<u64>) -> Option<Vec<u8>>> Mergeable<'o, F> {
    /// Returns the objects of a body, of which none is taken apart yet. `overrides` are those of
    /// all deployments that the body may go to.
    pub fn new(overrides: impl IntoIterator<Item = &'o (String, Value)>, read: F) -> Self {
        let objects = overrides.into_iter().filter_map(|(_, value)| value.as_object());
        let keys = set_of(objects.flat_map(|object| object.keys().map(String::as_str)));
        Self { read, keys, opened: RefCell::default() }
    }

    /// Returns what stands at a place of the body; `None` where it is too long, cannot be read, or
    /// has a member twice that overrides touch: some servers take the first, some the last.
    pub(super) fn open(&self, place: &Range<u64>) -> Option<Rc<MergePlace>> {
        let mut opened = self.opened.borrow_mut();
        if let Some((_, known)) = opened.iter().find(|(at, _)| *at == place.start) {
            return known.clone();
        }
        let is_short = place.end.saturating_sub(place.start) <= LARGEST_MERGED;
        let text = is_short.then(|| (self.read)(place.clone())).flatten();
        let found = text.and_then(|text| places(&text, place.start, &self.keys)).map(Rc::new);
        opened.push((place.start, found.clone()));
        found
    }
}

/// Returns where the members of these keys stand in a value that begins at byte `at` of the body.
fn places(text: &[u8], at: u64, keys: &BTreeSet<&str>) -> Option<MergePlace> {
    if text.first() != Some(&b'{') {
        return Some(MergePlace::Other);
    }
    let Some(Level::Object(members)) = level(text) else { return None };
    let collect = Collect { text, at, keys };
    let places = collect.places(&members);
    let is_repeated = |key: &str| {
        let same = places.members.iter().filter(|(known, _)| known == key);
        same.count() > 1
    };
    // The keys are those of the configuration, so there are few.
    let is_clear = !keys.iter().any(|key| is_repeated(key));
    is_clear.then_some(MergePlace::Object(places))
}

/// Finds the places of members of an object.
struct Collect<'t> {
    text: &'t [u8],
    /// Where the text begins in the body.
    at: u64,
    keys: &'t BTreeSet<&'t str>,
}

impl Collect<'_> {
    /// Returns where the members of the keys stand.
    fn places(&self, members: &[(&RawValue, &RawValue)]) -> ObjectPlaces {
        let mut places =
            ObjectPlaces { open: self.at.saturating_add(1), count: 0, members: Vec::new() };
        let mut before = None;
        for (key, value) in members {
            let (whole, value) = (self.place(key).start..self.place(value).end, self.place(value));
            let comma = before.and_then(|end| self.comma(end));
            places.count = places.count.saturating_add(1);
            // A comma belongs to the members on both sides of it.
            if let Some((_, last)) = places.members.last_mut()
                && before == Some(last.whole.end)
            {
                last.comma_after = comma;
            }
            before = Some(whole.end);
            // A key that is not text, such as a lone surrogate, is no key of an override.
            let key = json::text(key).unwrap_or_default();
            if self.keys.contains(&*key) {
                let member = Member { whole, value, comma_before: comma, comma_after: None };
                places.members.push((key.into_owned(), member));
            }
        }
        places
    }

    /// Returns where a part of the text stands in the body.
    fn place(&self, part: &RawValue) -> Range<u64> {
        // The part is borrowed from the text, so its address tells where it stands there.
        let part = part.get();
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr()) as u64;
        let start = self.at.saturating_add(start);
        start..start.saturating_add(part.len() as u64)
    }

    /// Returns where the comma stands in the body that follows the value ending at `end`.
    fn comma(&self, end: u64) -> Option<u64> {
        // Only blanks can stand before it, since what has been read is JSON.
        let from = usize::try_from(end.saturating_sub(self.at)).ok()?;
        let blanks = self.text.get(from..)?.iter().position(|byte| *byte == b',')?;
        Some(end.saturating_add(blanks as u64))
    }
}
