//! How a document is kept once it is read: what each value is, and how large a document may be.

use std::fmt;

/// The most values that a document may have, including the keys of its objects. Each takes 16 bytes.
pub(super) const MOST_VALUES: usize = 1 << 19;

/// How deep lists and objects may be nested. The scanner refuses deeper requests before.
pub(super) const MOST_DEPTH: usize = 128;

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    Object,
    List,
    Text,
    Number,
    True,
    False,
    Null,
}

/// A value as the tape keeps it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) kind: NodeKind,
    /// Where it begins; a text after its quotation mark.
    pub(super) start: u32,
    /// Where it ends; a text before its quotation mark.
    pub(super) end: u32,
    /// The number of the first slot after it and all its parts.
    pub(super) after: u32,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRead {
    /// It is not JSON, or not UTF-8.
    Malformed,
    /// It has more values than are kept, is nested too deeply, or is too long.
    TooLarge,
}

impl fmt::Display for NotRead {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Malformed => "it is not JSON",
            Self::TooLarge => "it has too many values to be translated",
        })
    }
}
