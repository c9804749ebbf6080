//! What the keys of an object are, and how they may be spelled.

use std::fmt;
use std::ptr;

use super::place::Place;
use super::word::Modality;
use crate::request::facts::Fact;
use crate::request::media::Formula;

/// What is known of one kind of body. A wire format may have several kinds, and two formats may
/// share one: everything that differs only by path is one document.
pub struct Document {
    /// The top level.
    pub(in crate::request) shape: &'static ObjectShape,
    /// What images and audio in it cost.
    pub(in crate::request) formula: Formula,
    /// What it never says. Who depends on that need not wait for the body.
    pub(crate) lacks: &'static [Fact],
    /// Whether a file is audio, where it is written as a form.
    pub(in crate::request) has_audio_files: bool,
}

impl Document {
    /// Returns a document with that top level, which may say anything.
    pub(super) const fn new(shape: &'static ObjectShape, formula: Formula) -> Self {
        Self { shape, formula, lacks: &[], has_audio_files: false }
    }

    /// Returns the same, which is text alone.
    pub(super) const fn text_only(self) -> Self {
        self.lacking(&[Fact::State, Fact::Tools, Fact::JsonMode, Fact::Modality])
    }

    /// Returns the same, which says none of these.
    pub(super) const fn lacking(self, lacks: &'static [Fact]) -> Self {
        Self { lacks, ..self }
    }

    /// Returns the same, whose files are audio.
    pub(super) const fn with_audio_files(self) -> Self {
        Self { has_audio_files: true, ..self }
    }
}

/// Each is a static of its own, equal to nothing else.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self, other)
    }
}

impl Eq for Document {}

/// Leaves the table out, which may hold itself.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("formula", &self.formula).finish_non_exhaustive()
    }
}

/// What kind of object it is, beyond its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum ObjectKind {
    /// Nothing but its members: what it says is what they say.
    Plain,
    /// A message. It is counted as one, and its role says whose text it is.
    Message,
    /// A message that may also be a thing the provider keeps, named by its `id`: one of these
    /// types, or of none.
    Item(&'static [&'static str]),
    /// A part of a message: its type, one of these, says what it carries.
    Part(&'static [(&'static str, Modality)]),
    /// Data, and how it is encoded.
    Source,
    /// Free metadata of the client's, whose keys no table names: scalar members are params.
    Params,
}

/// Keys whose values are all the same: what they are, and the keys.
pub(in crate::request) type Alike = (&'static Place, &'static [&'static str]);

/// The keys of an object that are known, each with its place. Tables are short, so a key is
/// looked for from the first on; the keys that most bodies have come first.
#[derive(Debug)]
pub(in crate::request) struct ObjectShape {
    pub(in crate::request) kind: ObjectKind,
    fields: &'static [(&'static str, Place)],
    /// Further keys: mostly those that cannot reach the model as prompt, by the reason.
    alike: &'static [Alike],
    /// What the value of any other key is. Where it is text, so is the key.
    pub(in crate::request) others: &'static Place,
    /// Whether a key may be written in snake case too, as Protobuf's JSON allows.
    is_snake_too: bool,
}

/// What an object may have of known keys, so that a bit for each fits.
const MOST_KEYS: usize = 128;

impl ObjectShape {
    /// Returns an object of that kind, whose other keys may reach the model as prompt.
    pub(super) const fn new(kind: ObjectKind, fields: &'static [(&'static str, Place)]) -> Self {
        assert!(fields.len() <= MOST_KEYS, "a bit for each");
        Self { kind, fields, alike: &[], others: &Place::ASIDE, is_snake_too: false }
    }

    /// Returns the same with further keys.
    pub(super) const fn with(self, alike: &'static [Alike]) -> Self {
        let mut keys = self.fields.len();
        let mut rest = alike;
        while let [(_, names), tail @ ..] = rest {
            keys = keys.saturating_add(names.len());
            rest = tail;
        }
        assert!(keys <= MOST_KEYS, "a bit for each");
        Self { alike, ..self }
    }

    /// Returns the same, of which all other keys have this place.
    pub(super) const fn others(self, others: &'static Place) -> Self {
        Self { others, ..self }
    }

    /// Returns the same, whose keys are written in camel case here and may be in snake case.
    pub(super) const fn in_both_cases(self) -> Self {
        Self { is_snake_too: true, ..self }
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &'static Place)> {
        let alike =
            self.alike.iter().flat_map(|(place, keys)| keys.iter().map(|key| (*key, *place)));
        self.fields.iter().map(|(name, place)| (*name, place)).chain(alike)
    }

    /// Returns the number and the place of a key. Two spellings of one key have one number.
    pub(in crate::request) fn field(&self, key: &str) -> Option<(u8, &'static Place)> {
        let mut number: u8 = 0;
        for (name, place) in self.all() {
            if name == key || self.is_snake_too && is_snake_of(name, key) {
                return Some((number, place));
            }
            number = number.saturating_add(1);
        }
        None
    }

    /// Returns whether a key that is not known is one of these in another case, but for those that
    /// say nothing of the request. Keys of free metadata are the client's own, in any case.
    pub(in crate::request) fn is_miscased(&self, key: &str) -> bool {
        let is_same = |name: &str| {
            is_same_but_for_case(name, key)
                || self.is_snake_too && key.contains('_') && is_same_but_for_case(name, &flat(key))
        };
        self.kind != ObjectKind::Params && self.fields.iter().any(|(name, _)| is_same(name))
    }
}

/// Returns a key without its underscores.
fn flat(key: &str) -> String {
    key.replace('_', "")
}

/// Returns whether a key is this name, which is in camel case, in snake case: `max_tokens` is
/// `maxTokens`.
fn is_snake_of(name: &str, key: &str) -> bool {
    let mut rest = key.bytes();
    let mut is_next = |byte: u8| rest.next() == Some(byte);
    let is_same = name.bytes().all(|byte| {
        if byte.is_ascii_uppercase() {
            is_next(b'_') && is_next(byte.to_ascii_lowercase())
        } else {
            is_next(byte)
        }
    });
    is_same && rest.next().is_none()
}

/// Returns whether two keys differ, and only in the case of their letters.
///
/// Some servers match keys without case: to them `Model` is `model`, and even the long s and
/// the Kelvin sign are cases of `s` and `k`. What they might read, and others not, is refused.
pub(in crate::request) fn is_same_but_for_case(name: &str, key: &str) -> bool {
    let folded = |char: char| match char {
        'ſ' => 's',
        '\u{212a}' => 'k',
        char => char.to_ascii_lowercase(),
    };
    if key.is_ascii() {
        return name.len() == key.len() && name != key && name.eq_ignore_ascii_case(key);
    }
    name.chars().map(folded).eq(key.chars().map(folded))
}
