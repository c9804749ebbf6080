//! Why a body was refused, in words fit for the client that sent it.
//!
//! Refuses to know what happens to the request then. Every variant names the
//! byte it is about, counted from the start of the body.

use std::fmt;

/// Why a body cannot be scanned. Its text is what the client is told: it names no limit of
/// the configuration and repeats nothing of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanError {
    /// Not JSON.
    Malformed {
        /// Byte offset of the offender.
        at: u64,
        /// What is wrong, as a lower-case phrase.
        what: &'static str,
    },
    /// Not a form.
    Form {
        /// Byte offset of the offender.
        at: u64,
        /// What is wrong, as a lower-case phrase.
        what: &'static str,
    },
    /// Nested deeper than [`ScanError::MAX_DEPTH`], which what parses the body later may not
    /// survive.
    TooDeep {
        /// Byte offset of the bracket that goes too far.
        at: u64,
    },
    /// JSON, but not an object.
    NotAnObject {
        /// Byte offset of the value.
        at: u64,
        /// The type found instead.
        found: &'static str,
    },
    /// `model` is neither a string nor null.
    ModelType {
        /// Byte offset of the value.
        at: u64,
        /// The type found instead.
        found: &'static str,
    },
    /// `model` is longer than [`ScanError::MAX_MODEL_BYTES`]: no model has such a name, and
    /// all of it would have to be kept.
    ModelTooLong {
        /// Byte offset of the value.
        at: u64,
    },
    /// A key that means something, in another case: servers differ in what they make of it.
    Miscased {
        /// Byte offset after the key.
        at: u64,
    },
    /// A second `model`, when the request has gone where the first one sends it.
    SecondModel {
        /// Byte offset of its key.
        at: u64,
    },
    /// A member that names another model, when the request has gone on and nothing can be taken
    /// out of it any more.
    LateMember {
        /// Byte offset of its key.
        at: u64,
    },
    /// A member deeper in the body repeats the model for more than [`ScanError::MAX_NESTED`] times.
    TooManyModels {
        /// Byte offset of the value that is one too many.
        at: u64,
    },
    /// A key that means something stands twice in one object: of some servers the first counts,
    /// of others the last.
    Repeated {
        /// Byte offset of the second one.
        at: u64,
    },
}

impl ScanError {
    /// Greatest number of nested containers.
    pub const MAX_DEPTH: u32 = 127;
    /// Greatest length of a model name in bytes.
    pub const MAX_MODEL_BYTES: usize = 1024;

    /// Greatest number of strings deeper in a body that repeat its model. The largest batch of
    /// embeddings that Gemini takes has 100.
    pub const MAX_NESTED: usize = 256;

    /// Returns the byte offset of what is wrong, from the start of the body.
    #[must_use]
    pub const fn at(&self) -> u64 {
        match *self {
            Self::Malformed { at, .. }
            | Self::Form { at, .. }
            | Self::TooDeep { at }
            | Self::NotAnObject { at, .. }
            | Self::ModelType { at, .. }
            | Self::ModelTooLong { at }
            | Self::Miscased { at }
            | Self::SecondModel { at }
            | Self::LateMember { at }
            | Self::TooManyModels { at }
            | Self::Repeated { at } => at,
        }
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Malformed { at, what } => write!(f, "invalid JSON at byte {at}: {what}"),
            Self::Form { at, what } => write!(f, "invalid form at byte {at}: {what}"),
            Self::TooDeep { at } => write!(
                f,
                "invalid JSON at byte {at}: nested deeper than {} levels",
                Self::MAX_DEPTH
            ),
            Self::NotAnObject { at, found } => {
                write!(f, "the body must be a JSON object, found {found} at byte {at}")
            }
            Self::ModelType { at, found } => {
                write!(f, "`model` must be a string, found {found} at byte {at}")
            }
            Self::ModelTooLong { at } => {
                write!(f, "`model` at byte {at} is longer than {} bytes", Self::MAX_MODEL_BYTES)
            }
            Self::Miscased { at } => write!(
                f,
                "the key before byte {at} is known with other upper and lower case; write it that \
                 way, because servers treat other cases differently"
            ),
            Self::SecondModel { at } => write!(
                f,
                "a second \"model\" at byte {at}, after the request was already sent on by the \
                 first; send one \"model\""
            ),
            Self::LateMember { at } => write!(
                f,
                "the member at byte {at} names another model or provider, after the request was \
                 already sent on by its \"model\"; remove it, or put it first"
            ),
            Self::Repeated { at } => write!(
                f,
                "the key at byte {at} is twice in its object; send it once, because servers \
                 differ in which of the two counts"
            ),
            Self::TooManyModels { at } => write!(
                f,
                "the `model` at byte {at} is one too many; send at most {} of them",
                Self::MAX_NESTED
            ),
        }
    }
}

impl std::error::Error for ScanError {}
