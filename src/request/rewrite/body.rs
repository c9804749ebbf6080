//! The edits that make a JSON body one for another model.
//!
//! The value of the top-level `model` is replaced, and so is every string deeper in
//! the body that repeats it. Where there is no such member, it is inserted as the first.
//! Overrides replace, merge into or remove top-level members. Members that name another
//! model are removed. A body in which one of these keys stands twice has been refused before.

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use super::merge::{MergePlace, Mergeable, ObjectPlaces};
use super::splice::Edit;
use crate::request::credential::Naming;
use crate::request::scan::{Layout, Member};
use crate::sort::sorted;

/// Why a body is not rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWritten {
    /// A member that overrides merge into is too long, an object that cannot be read, or has a
    /// key of the override twice.
    Merged {
        /// Its key.
        key: String,
    },
    /// The model cannot be the value of a form's field.
    Field,
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Merged { key } => {
                write!(
                    f,
                    "the member \"{key}\" must be an object of at most 1 MiB, with each key once"
                )
            }
            Self::Field => f.write_str("the model must be one line of a form's field"),
        }
    }
}

/// What a body is rewritten for.
#[derive(Debug, Clone, Copy)]
pub struct BodyTarget<'a> {
    /// The model; `None` where the body is sent with the model that it names, or with none.
    pub model: Option<BodyModel<'a>>,
    /// Top-level members: an object merges into one that is there, one level deep; `null`
    /// removes.
    pub overrides: &'a [(String, Value)],
    /// Top-level members that a body gets if it has none of that setting.
    pub defaults: &'a [(String, Value)],
    /// The keys that the layout's places were collected for.
    pub watched: &'a [String],
    /// Members that name another model, and do not go to this provider.
    pub held_back: Naming,
}

/// The model as a body names it.
#[derive(Debug, Clone, Copy)]
pub struct BodyModel<'a> {
    /// Its name, as the member `model` has it.
    pub name: &'a str,
    /// Its name where it is repeated deeper in the body.
    pub repeated: &'a str,
    /// What becomes of the member `model`.
    pub member: MemberUse,
}

/// What becomes of the member `model` of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberUse {
    /// It is what the provider goes by: it is set, and inserted where it is missing.
    Set,
    /// It repeats what the path says: it is set where it is.
    Repeat,
    /// The provider goes by the path, and does not read it.
    Leave,
}

/// Returns the names of the setting that a top-level member is of. Most have one name. The limit of an answer
/// has three, and APIs refuse a body with two of them.
pub fn same_setting(key: &str) -> impl Iterator<Item = &str> {
    const LIMITS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
    let is_limit = LIMITS.contains(&key);
    let limits = LIMITS.into_iter().filter(move |_| is_limit);
    limits.chain(std::iter::once(key).filter(move |_| !is_limit))
}

/// Returns the edits for a body of that layout.
///
/// `objects` are the members of this body that overrides merge into. A form has no members to
/// override.
///
/// For example, with the model `b` and the override `"user": null` the body
/// `{"user":"u","model":"a"}` has two edits: the value `"a"` becomes `"b"`, and `"user":"u",`
/// goes with its comma.
///
/// # Errors
/// [`NotWritten`] where a member to merge into is too long, or starts like an object and
/// cannot be read; or where a form cannot hold the model.
pub fn edits(
    layout: &Layout,
    target: BodyTarget<'_>,
    objects: &Mergeable<'_, impl Fn(Range<u64>) -> Option<Vec<u8>>>,
) -> Result<Vec<Edit>, NotWritten> {
    let BodyTarget { model, overrides, defaults, watched, held_back } = target;
    let key = |at: usize| watched.get(at).map(String::as_str).unwrap_or_default();
    if let Some(boundary) = &layout.boundary {
        let out = layout.watched.iter().filter(|(at, _)| held_back.has(key(*at)));
        let mut edits = removals(&out.map(|(_, part)| part).collect::<Vec<_>>());
        if let Some(model) = model {
            edits.extend(field(layout, boundary, model)?);
        }
        return Ok(edits);
    }
    let mut changes = Changes::default();
    if let Some(model) = model {
        changes.set_model(layout, model);
    }
    // A member that the configuration overrides is no choice of the client's any more, so it stays.
    let is_overridden = |key: &str| overrides.iter().any(|(known, _)| known == key);
    let is_out = |at: usize| held_back.has(key(at)) && !is_overridden(key(at));
    let out = layout.watched.iter().filter(|(at, _)| is_out(*at));
    changes.removed.extend(out.map(|(_, member)| member));
    let is_sent =
        |name: &str| layout.watched.iter().any(|(at, _)| key(*at) == name && !is_out(*at));
    changes.fill(defaults, |key| !is_overridden(key) && !same_setting(key).any(is_sent));
    for (key, value) in overrides {
        let place = layout.watched.iter().find(|(at, _)| watched.get(*at) == Some(key));
        match (value, place.map(|(_, member)| member)) {
            (Value::Null, place) => changes.removed.extend(place),
            (Value::Object(over), Some(place)) => {
                let opened = objects.open(&place.value);
                match &*opened.ok_or_else(|| NotWritten::Merged { key: key.clone() })? {
                    MergePlace::Object(there) => changes.edits.extend(merge(there, over)),
                    MergePlace::Other => {
                        let value = without_nulls(value).to_string();
                        changes.edits.push(replacing(place, value));
                    }
                }
            }
            (value, Some(place)) => changes.set(key, value.to_string(), Some(place)),
            (value, None) => changes.set(key, without_nulls(value).to_string(), None),
        }
    }
    Ok(changes.into_edits(layout.open, layout.members))
}

/// What becomes of the members of a body, or of an object in it.
#[derive(Debug, Default)]
struct Changes<'l> {
    /// Of values that are replaced.
    edits: Vec<Edit>,
    /// Members that the body does not have, as JSON.
    inserted: Vec<String>,
    removed: Vec<&'l Member>,
}

impl Changes<'_> {
    /// Sets the model in every place of the body that the provider reads.
    fn set_model(&mut self, layout: &Layout, model: BodyModel<'_>) {
        let repeated = || as_json(model.repeated).into_bytes();
        let nested = layout.nested.iter();
        let nested = nested.map(|range| Edit { range: range.clone(), with: repeated() });
        self.edits.extend(nested);
        let is_set = match model.member {
            MemberUse::Set => true,
            MemberUse::Repeat => layout.model.is_some(),
            MemberUse::Leave => false,
        };
        if is_set {
            self.set("model", as_json(model.name), layout.model.as_ref());
        }
    }

    /// Inserts the defaults that the body has no member for.
    fn fill(&mut self, defaults: &[(String, Value)], is_free: impl Fn(&str) -> bool) {
        for (key, value) in defaults.iter().filter(|(key, _)| is_free(key)) {
            self.set(key, value.to_string(), None);
        }
    }

    /// Sets the member at a place to a value, which is JSON, or inserts it where there is none.
    fn set(&mut self, key: &str, value: String, place: Option<&Member>) {
        match place {
            Some(member) => self.edits.push(replacing(member, value)),
            None => self.inserted.push(format!("{}:{value}", as_json(key))),
        }
    }

    /// Returns all edits of an object with that many members, whose first would stand at `open`.
    /// What is inserted comes first in it, before the first member that stays.
    fn into_edits(self, open: u64, members: u64) -> Vec<Edit> {
        let Self { mut edits, inserted, removed } = self;
        let left = members.saturating_sub(removed.len() as u64);
        if !removed.is_empty() {
            edits.extend(removals(&removed));
        }
        if !inserted.is_empty() {
            let mut with = inserted.join(",");
            if left > 0 {
                with.push(',');
            }
            edits.push(Edit { range: open..open, with: with.into_bytes() });
        }
        edits
    }
}

/// Returns the edits of a form: the value of `model`, or a first part with one.
///
/// # Errors
/// The model is not one line, which a field's value has to be.
fn field(layout: &Layout, boundary: &str, model: BodyModel<'_>) -> Result<Vec<Edit>, NotWritten> {
    let BodyModel { name: model, member, .. } = model;
    if member == MemberUse::Leave {
        return Ok(Vec::new());
    }
    // With a line end it could pretend to be parts of its own.
    if model.contains(char::is_control) {
        return Err(NotWritten::Field);
    }
    Ok(match &layout.model {
        Some(place) => vec![replacing(place, model.to_owned())],
        None if member == MemberUse::Set => {
            let part = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n"
            );
            vec![Edit { range: 0..0, with: part.into_bytes() }]
        }
        None => Vec::new(),
    })
}

/// Returns the edits that merge an override into an object. What it does not name stays byte for
/// byte: numbers have more digits than a parser keeps, and a provider may hash what it is sent.
fn merge(there: &ObjectPlaces, over: &Map<String, Value>) -> Vec<Edit> {
    let mut changes = Changes::default();
    for (key, value) in over {
        let place = there.members.iter().find(|(known, _)| known == key);
        let place = place.map(|(_, member)| member);
        if value.is_null() {
            changes.removed.extend(place);
        } else {
            changes.set(key, value.to_string(), place);
        }
    }
    changes.into_edits(there.open, there.count)
}

/// Returns a text as JSON.
fn as_json(text: &str) -> String {
    // Names have no need of escapes, and most texts here are names.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if text.bytes().all(is_plain) {
        return ["\"", text, "\""].concat();
    }
    // A text has no part that JSON cannot hold.
    serde_json::to_string(text).unwrap_or_default()
}

/// Returns the edit that replaces a member's value.
fn replacing(member: &Member, with: String) -> Edit {
    Edit { range: member.value.clone(), with: with.into_bytes() }
}

/// Returns the edits that take members out, with one comma each.
///
/// A member goes with the comma after it. The last one has none: it goes with the nearest
/// comma before it that has not gone with another member. Of `{"a":1,"b":2,"c":3}` without
/// `b` and `c` there go `"b":2,`, then `"c":3` and the comma before `"b"`.
fn removals(removed: &[&Member]) -> Vec<Edit> {
    let removed = sorted(removed.to_vec(), &|a, b| a.whole.start < b.whole.start);
    let without = |range| Edit { range, with: Vec::new() };
    let mut edits = Vec::new();
    let mut gone: Vec<&Member> = Vec::new();
    for member in removed {
        if let Some(comma) = member.comma_after {
            edits.push(without(member.whole.start..comma.saturating_add(1)));
            gone.push(member);
            continue;
        }
        edits.push(without(member.whole.clone()));
        // The comma before it may have gone with the member before it, and so on.
        let mut comma = member.comma_before;
        for earlier in gone.iter().rev() {
            if earlier.comma_after != comma {
                break;
            }
            comma = earlier.comma_before;
        }
        edits.extend(comma.map(|comma| without(comma..comma.saturating_add(1))));
    }
    edits
}

/// Returns an override as it stands alone: `null` members of an object have nothing to remove,
/// and are left out.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        value => value.clone(),
    }
}
