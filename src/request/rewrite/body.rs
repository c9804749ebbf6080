//! The edits that make a JSON body one for another model.
//!
//! The value of every top-level `model` is replaced, and of every string deeper in
//! the body that repeats it, or the member is inserted first; overrides replace,
//! merge into or remove top-level members. Members that name another model go.
//! Where a key stands more than once, every occurrence changes; of one that is
//! merged into, the last stays.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::splice::Edit;
use crate::request::credential::Naming;
use crate::request::scan::{Layout, Member};
use crate::sort::sorted;

/// Longest value that is merged into, in bytes: it is taken apart in memory.
const LARGEST_MERGED: u64 = 1024 * 1024;

/// Why a body is not rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWritten {
    /// A member that overrides merge into is too long, or an object that cannot be read.
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
                write!(f, "the member \"{key}\" must be an object of at most 1 MiB")
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

/// Returns the edits for a body of that layout.
///
/// `read` gives bytes of the original body and is asked only for members that are merged into.
/// A form has no members to override.
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
    read: impl Fn(Range<u64>) -> Option<Vec<u8>>,
) -> Result<Vec<Edit>, NotWritten> {
    let BodyTarget { model, overrides, watched, held_back } = target;
    if let Some(boundary) = &layout.boundary {
        return model.map_or(Ok(Vec::new()), |model| field(layout, boundary, model));
    }
    let mut changes = Changes::default();
    if let Some(model) = model {
        changes.set_model(layout, model);
    }
    let key = |at: usize| watched.get(at).map(String::as_str).unwrap_or_default();
    let is_overridden = |key: &str| overrides.iter().any(|(known, _)| known == key);
    let is_out = |at: usize| held_back.has(key(at)) && !is_overridden(key(at));
    let out = layout.watched.iter().filter(|(at, _)| is_out(*at));
    changes.removed.extend(out.map(|(_, member)| member));
    for (key, value) in overrides {
        let places = || {
            let is_key = |at: usize| watched.get(at) == Some(key);
            layout.watched.iter().filter(move |(at, _)| is_key(*at)).map(|(_, member)| member)
        };
        match (value, places().next_back()) {
            (Value::Null, _) => changes.removed.extend(places()),
            (Value::Object(over), Some(last)) => {
                // What is merged is the client's: written for every occurrence, one
                // request could become many times as large.
                changes.removed.extend(places().filter(|member| *member != last));
                let there = Some(&last.value).filter(|place| span(place) <= LARGEST_MERGED);
                let there = there.ok_or_else(|| NotWritten::Merged { key: key.clone() })?;
                let merged = merged(key, over, read(there.clone()))?;
                changes.edits.push(replacing(last, merged));
            }
            (value, Some(_)) => changes.set(key, value, places()),
            (value, None) => changes.set(key, &without_nulls(value), places()),
        }
    }
    Ok(changes.into_edits(layout))
}

/// What becomes of the members of a body.
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
        let value = Value::from(model.name);
        let repeated = || Value::from(model.repeated).to_string().into_bytes();
        let nested = layout.nested.iter();
        let nested = nested.map(|range| Edit { range: range.clone(), with: repeated() });
        self.edits.extend(nested);
        let is_set = match model.member {
            MemberUse::Set => true,
            MemberUse::Repeat => !layout.model.is_empty(),
            MemberUse::Leave => false,
        };
        if is_set {
            self.set("model", &value, layout.model.iter());
        }
    }

    /// Sets a member wherever it is, or inserts it where it is nowhere.
    fn set<'m>(&mut self, key: &str, value: &Value, places: impl Iterator<Item = &'m Member>) {
        let value = value.to_string();
        let before = self.edits.len();
        self.edits.extend(places.map(|member| replacing(member, value.clone())));
        if self.edits.len() == before {
            self.inserted.push(format!("{}:{value}", Value::from(key)));
        }
    }

    /// Returns all edits. What is inserted comes first in the body, before the first member
    /// that stays.
    fn into_edits(self, layout: &Layout) -> Vec<Edit> {
        let Self { mut edits, inserted, removed } = self;
        let left = layout.members.saturating_sub(removed.len() as u64);
        edits.extend(removals(&removed));
        if !inserted.is_empty() {
            let mut with = inserted.join(",");
            if left > 0 {
                with.push(',');
            }
            edits.push(Edit { range: layout.open..layout.open, with: with.into_bytes() });
        }
        edits
    }
}

/// Returns the edits of a form: the value of every `model`, or a first part with one.
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
    let value = |member| replacing(member, model.to_owned());
    let mut edits: Vec<Edit> = layout.model.iter().map(value).collect();
    if edits.is_empty() && member == MemberUse::Set {
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n"
        );
        edits.push(Edit { range: 0..0, with: part.into_bytes() });
    }
    Ok(edits)
}

/// Returns how many bytes are between two places.
const fn span(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
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

/// Returns the override merged into what is there. Members that stay, stay byte for byte:
/// numbers have more digits than a parser keeps, and a provider may hash what it is sent.
///
/// # Errors
/// What is there begins like an object and is none.
fn merged(
    key: &str,
    over: &serde_json::Map<String, Value>,
    there: Option<Vec<u8>>,
) -> Result<String, NotWritten> {
    let there = there.unwrap_or_default();
    if there.first() != Some(&b'{') {
        return Ok(without_nulls(&Value::Object(over.clone())).to_string());
    }
    let members: BodyMembers<'_> =
        serde_json::from_slice(&there).map_err(|_| NotWritten::Merged { key: key.to_owned() })?;
    let kept = members.0.iter().filter(|(key, _)| !over.contains_key(key));
    let kept = kept.map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), value.get()));
    let set = over.iter().filter(|(_, value)| !value.is_null());
    let set = set.map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())));
    Ok(format!("{{{}}}", kept.chain(set).collect::<Vec<_>>().join(",")))
}

/// An object's members in order, values as they are written.
struct BodyMembers<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for BodyMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = BodyMembers<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(BodyMembers(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
