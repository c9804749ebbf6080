//! The types of the tables: a shape has keys, a key has a kind.

use super::text::TextForm;

/// An object of the configuration.
pub(in crate::config) struct SectionShape {
    /// Its name among the schema's definitions.
    pub(in crate::config) name: &'static str,
    /// What it is, in a few words.
    pub(in crate::config) doc: &'static str,
    /// Its keys, in groups that shapes share.
    pub(in crate::config) keys: &'static [&'static [Key]],
}

impl SectionShape {
    /// Returns every key, in the order of the documentation.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().copied().flatten()
    }
}

/// One key of an object.
pub(in crate::config) struct Key {
    /// As it is written.
    pub(in crate::config) name: &'static str,
    /// What it holds.
    pub(in crate::config) kind: KeyKind,
    /// Whether it may be left out, and what holds in that case.
    pub(in crate::config) presence: WhenAbsent,
    /// One line of documentation.
    pub(in crate::config) doc: &'static str,
}

/// What happens when a key is left out.
pub(in crate::config) enum WhenAbsent {
    /// That is an error.
    Required,
    /// It stays out.
    Optional,
    /// This value is taken; it is JSON text.
    Default(&'static str),
}

/// What a value may be. The checker, the schema and the reference page all go by this, so they
/// cannot disagree.
pub(in crate::config) enum KeyKind {
    /// `true` or `false`.
    Bool,
    /// A whole number of this range, as a number or as text.
    Integer(i64, i64),
    /// A number of this range, as a number or as text.
    Number(f64, f64),
    /// A text of that form.
    Text(TextForm),
    /// One of these names. A text that is none of them is reported with the nearest.
    Choice(&'static [&'static str]),
    /// A text, number or boolean, kept as text: values of params are compared as text.
    Scalar,
    /// Elements of one kind.
    List(&'static KeyKind),
    /// An object with any keys of that form, all of whose values are of one kind.
    Map(TextForm, &'static KeyKind),
    /// An object with known keys. It is given as a function, because shapes may hold themselves and
    /// a constant cannot.
    Object(fn() -> &'static SectionShape),
    /// An object of any JSON. It stays as it is, except that numbers which Envoy's YAML loader has
    /// turned into text become numbers again.
    Json,
    /// The first alternative that fits the type of the value. Markers tell objects apart.
    Either(&'static [Alternative]),
}

/// One alternative of [`KeyKind::Either`].
pub(in crate::config) struct Alternative {
    /// What the value is.
    pub(super) kind: KeyKind,
    /// A key that an object must have for this alternative to be meant. None: any object may be.
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

/// Returns an alternative that is taken as it is.
pub(in crate::config) const fn plain(kind: KeyKind) -> Alternative {
    Alternative { kind, marker: None, stands_for: Meaning::Itself }
}

/// Returns a short form of a list of one element: `"all"` for `["all"]`.
pub(in crate::config) const fn as_element(kind: KeyKind) -> Alternative {
    Alternative { kind, marker: None, stands_for: Meaning::Element }
}

/// Returns a short form of an object that has this key alone: `"a"` for `{"deployment": "a"}`.
pub(in crate::config) const fn as_member(key: &'static str, kind: KeyKind) -> Alternative {
    Alternative { kind, marker: None, stands_for: Meaning::Member(key) }
}

/// Returns an object that is recognised by one of its keys.
pub(in crate::config) const fn marked(
    marker: &'static str,
    shape: fn() -> &'static SectionShape,
) -> Alternative {
    Alternative { kind: KeyKind::Object(shape), marker: Some(marker), stands_for: Meaning::Itself }
}

/// Returns the text of a doc comment: its lines follow each other, each with a space before
/// it. In the WebAssembly module every text is empty, because the module prints no schema.
pub(in crate::config) const fn documentation(comment: &'static str) -> &'static str {
    match comment.split_at_checked(1) {
        Some((_, text)) if !cfg!(target_os = "wasi") => text,
        _ => "",
    }
}
