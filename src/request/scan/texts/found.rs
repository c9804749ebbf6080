//! What stands in a body: its strings, and what cannot be searched.

use super::fate::TextFate;
use super::marks::KeywordMark;

/// A string of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyText {
    /// Where it stands, such as `messages[0].content[1].text`.
    pub at: String,
    /// The string, decoded.
    pub text: String,
    /// Whether it is a key, which is text where no table names it.
    pub is_key: bool,
    /// Whether it is searched, and why.
    pub fate: TextFate,
    /// The keywords in it; none where it is not searched.
    pub marks: Vec<KeywordMark>,
}

/// Something in a body that may hold a prompt and cannot be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Where it stands.
    pub at: String,
    /// What it is.
    pub kind: HiddenKind,
}

/// What cannot be searched, as a condition names it. What a provider keeps is found by
/// [`StateScan`](crate::request::strip::StateScan).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiddenKind {
    /// A prompt as numbers of tokens, or as tensors.
    Tokens,
    /// An image.
    Images,
    /// Audio.
    Audio,
    /// A file.
    Files,
}

impl HiddenKind {
    /// Returns its name in `unsearchable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Images => "images",
            Self::Audio => "audio",
            Self::Files => "files",
        }
    }
}

/// What stands in a body.
#[derive(Debug, Clone, Default)]
pub struct BodyTexts {
    /// All strings but empty ones and keys that a table names, in the order of the body.
    pub texts: Vec<BodyText>,
    /// What cannot be searched, in the order of the body.
    pub hidden: Vec<Hidden>,
}
