//! What a JSON document is made of, as events from the lexer to who follows them.

/// What a document is made of; the receiving end of the lexer.
///
/// Offsets are bytes from the start of the body; ends are exclusive.
pub(super) trait Sink {
    /// A string starts, at its opening quote; `is_key` if it names a member.
    fn string_start(&mut self, at: u64, is_key: bool);
    /// A piece of the current string, decoded: whole characters, valid UTF-8. May be empty.
    fn text(&mut self, piece: &[u8]);
    /// What is wanted of the current string, if it may come otherwise than through `text`.
    fn gathers(&mut self) -> Gathers<'_>;
    /// So many bytes were gathered, whole characters of valid UTF-8, and behind them some
    /// that are none of the text. Not told where reading fails: what was gathered then may
    /// be anything.
    fn gathered(&mut self, added: usize, surplus: usize);
    /// The string ends, after its closing quote.
    fn string_end(&mut self, end: u64, is_key: bool);
    /// A number, boolean or null.
    fn scalar(&mut self, scalar: Scalar<'_>, at: u64, end: u64);
    /// An object or array starts, at its bracket.
    fn open(&mut self, container: Container, at: u64);
    /// The innermost object or array ends, after its bracket.
    fn close(&mut self, end: u64);
    /// A comma between members or elements of the innermost container.
    fn comma(&mut self, at: u64);
    /// Whether reading stops here for now.
    fn is_paused(&self) -> bool;
}

/// What is wanted of a string.
#[derive(Debug)]
pub(super) enum Gathers<'t> {
    /// Its pieces, one by one.
    Nothing,
    /// Its length at most.
    Length,
    /// To be appended to this text, until that has about so many bytes.
    Text { text: &'t mut Vec<u8>, most: usize },
}

/// A value without parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// Its text, if short enough to be of use.
    Number(Option<&'a str>),
}

impl<'a> Scalar<'a> {
    /// Returns the name of its type.
    pub(super) const fn type_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
        }
    }

    /// Returns it as it stands in JSON; null is no value.
    pub(super) const fn json(self) -> Option<&'a str> {
        match self {
            Self::Null => None,
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Number(text) => text,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    Array,
}
