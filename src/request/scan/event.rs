//! What a JSON document is made of, as events from the lexer to who follows them.

/// Who is told what a document is made of; the receiving end of the lexer.
///
/// Offsets are bytes from the start of the body; ends are exclusive. For `{"a":[1]}` the
/// calls are: `open(Object, 0)`, `string_start(1, true)`, `text(b"a")`, `string_end(4, true)`,
/// `open(Array, 5)`, `scalar(Number("1"), 6, 7)`, `close(8)`, `close(9)`.
pub(in crate::request) trait Sink {
    /// A string starts, at its opening quote; `is_key` if it names a member.
    fn string_start(&mut self, at: u64, is_key: bool);
    /// A piece of the current string, decoded: whole characters, valid UTF-8. May be empty.
    fn text(&mut self, piece: &[u8]);
    /// Returns what is wanted of the current string. Unless it is the pieces, a lexer that
    /// can do so hands the string over as a whole: it counts it, or appends it to the text
    /// that is returned here, and then calls [`gathered`](Self::gathered).
    fn gathers(&mut self) -> Gathers<'_>;
    /// `added` bytes of the string were gathered, whole characters of valid UTF-8. After
    /// them stand `surplus` bytes that are not part of it and have to be dropped. Not called
    /// where reading fails: what was gathered then may be anything.
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
    /// Returns whether reading stops here for now. The lexer asks after each event, and
    /// leaves the rest of the chunk to its caller.
    fn is_paused(&self) -> bool;
}

/// What is wanted of a string: the less, the faster it is read.
#[derive(Debug)]
pub(in crate::request) enum Gathers<'t> {
    /// Its pieces, one by one.
    Nothing,
    /// Its length at most.
    Length,
    /// To be appended to this text, until that has about `most` bytes; what is left of the
    /// string is asked for again.
    Text { text: &'t mut Vec<u8>, most: usize },
}

/// A value without parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::request) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// Its text as it was written; `None` where it is too long to be of use.
    Number(Option<&'a str>),
}

impl<'a> Scalar<'a> {
    /// Returns the name of its type, for messages.
    pub(in crate::request) const fn type_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
        }
    }

    /// Returns it as it stands in JSON; `None` for null, which is no value, and for a
    /// number that is too long to be kept.
    pub(in crate::request) const fn json(self) -> Option<&'a str> {
        match self {
            Self::Null => None,
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Number(text) => text,
        }
    }
}

/// A value with parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::request) enum Container {
    Object,
    Array,
}
