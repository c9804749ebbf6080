//! What a configuration may look like, as one table.
//!
//! The tables (`table` and those named after it) name every key once: what it holds, its
//! default, and one line of documentation. `check` walks a document against
//! them and `schema` prints them as JSON Schema, so that neither can disagree
//! with the other. Nothing here knows what a name refers to.

mod additions_table;
mod check;
mod describe;
mod reference;
mod routing_table;
mod schema;
mod settings_table;
mod suggest;
mod table;
mod text;

pub(super) use additions_table::{DYNAMIC, DYNAMIC_ALIAS, DYNAMIC_ROUTE, FETCHED};
pub(super) use check::check;
pub(super) use reference::reference;
pub(super) use schema::schema;
pub(super) use suggest::{did_you_mean, listed};
pub(super) use table::CONFIGURATION;
pub(super) use text::Text;

/// Deepest nesting of an object within itself (`when` in `any_of` or `not`).
const DEEPEST_NESTING: usize = 16;

/// An object of the configuration.
pub(super) struct Shape {
    /// Its name among the schema's definitions.
    pub(super) name: &'static str,
    /// What it is, in a few words.
    pub(super) doc: &'static str,
    /// Its keys, in groups that shapes share.
    pub(super) keys: &'static [&'static [Key]],
}

impl Shape {
    /// Every key.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().copied().flatten()
    }
}

/// One key of an object.
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether it may be left out, and what then holds.
    pub(super) presence: Presence,
    /// One line of documentation.
    pub(super) doc: &'static str,
}

/// What happens when a key is left out.
pub(super) enum Presence {
    /// That is an error.
    Required,
    /// It stays out.
    Optional,
    /// This value is taken.
    Default(Preset),
}

/// A default, in a form that statics can hold.
pub(super) enum Preset {
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(&'static str),
    Texts(&'static [&'static str]),
    /// An empty list.
    List,
    /// An empty object, whose own defaults are then taken.
    Object,
}

/// What a value may be.
pub(super) enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number of this range, as a number or as text.
    Integer(i64, i64),
    /// A number of this range, as a number or as text.
    Number(f64, f64),
    /// A text of that form.
    Text(Text),
    /// One of these names.
    Choice(&'static [&'static str]),
    /// A text, number or boolean, kept as text.
    Scalar,
    /// Elements of one kind.
    List(&'static Kind),
    /// An object with any keys of that form.
    Map(Text, &'static Kind),
    /// An object with known keys.
    Object(&'static Shape),
    /// An object of any JSON.
    Json,
    /// The first alternative that fits the type of the value.
    Either(&'static [Alternative]),
}

/// One alternative of [`Kind::Either`].
pub(super) struct Alternative {
    /// What the value is.
    pub(super) kind: Kind,
    /// A key that objects must have for this alternative to be meant.
    pub(super) marker: Option<&'static str>,
    /// What a short form stands for.
    pub(super) stands_for: Meaning,
}

/// What the value of an alternative is turned into.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    /// It stays.
    Itself,
    /// An object whose only member is the value under this key.
    Member(&'static str),
    /// A list whose only element is the value.
    Element,
}

/// The documentation, where it is asked for: the module prints no schema.
const fn kept(doc: &'static str) -> &'static str {
    if cfg!(target_os = "wasi") { "" } else { doc }
}

/// A key that must be there.
const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, presence: Presence::Required, doc: kept(doc) }
}

/// A key that may be left out.
const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, presence: Presence::Optional, doc: kept(doc) }
}

/// A key with a default.
const fn preset(name: &'static str, kind: Kind, preset: Preset, doc: &'static str) -> Key {
    Key { name, kind, presence: Presence::Default(preset), doc: kept(doc) }
}

/// An alternative that is taken as it is.
const fn plain(kind: Kind) -> Alternative {
    Alternative { kind, marker: None, stands_for: Meaning::Itself }
}

/// A short form.
const fn short(kind: Kind, stands_for: Meaning) -> Alternative {
    Alternative { kind, marker: None, stands_for }
}

/// An object recognised by one of its keys.
const fn marked(marker: &'static str, shape: &'static Shape) -> Alternative {
    Alternative { kind: Kind::Object(shape), marker: Some(marker), stands_for: Meaning::Itself }
}
