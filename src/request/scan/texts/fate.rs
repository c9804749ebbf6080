//! Whether a text is searched, and why, in words.

use crate::request::document::{Modality, Place, Saying, TextClass, Word};
use crate::request::scan::spec::Searched;

/// Whether a text is searched for keywords, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextFate {
    /// Whether it is searched.
    pub is_searched: bool,
    /// Why, as the end of a sentence.
    pub because: &'static str,
}

const fn searched(because: &'static str) -> TextFate {
    TextFate { is_searched: true, because }
}

const fn left_out(because: &'static str) -> TextFate {
    TextFate { is_searched: false, because }
}

impl TextFate {
    /// Returns the fate of text of that class.
    pub(super) const fn of_class(class: TextClass, all: Searched) -> Self {
        match (class, all.has(class)) {
            (TextClass::Prompt, _) => searched("it is text of the prompt"),
            (TextClass::Aside, _) => searched("it may reach the model as prompt"),
            (TextClass::Assistant, true) => {
                searched("an assistant has said it, and search.assistant is true")
            }
            (TextClass::Assistant, false) => {
                left_out("an assistant has said it, and search.assistant is false")
            }
            (TextClass::Tools, true) => {
                searched("it belongs to a call of a tool, and search.tools is true")
            }
            (TextClass::Tools, false) => {
                left_out("it belongs to a call of a tool, and search.tools is false")
            }
            (TextClass::Schemas, true) => {
                searched("it belongs to a definition or schema, and search.schemas is true")
            }
            (TextClass::Schemas, false) => {
                left_out("it belongs to a definition or schema, and search.schemas is false")
            }
        }
    }

    /// Returns the fate of a member that no table names, or of its key.
    pub(super) const fn unknown() -> Self {
        searched("no table names this member, so it may reach the model")
    }

    /// Returns the fate of a word that turned out to be text: too long for its place, or a role
    /// that nobody knows.
    pub(super) const fn no_word(word: Word) -> Self {
        match word {
            Word::Role(_) => searched("this role is not known, so it may reach the model"),
            _ => searched("it is too long for a setting, an id or a label"),
        }
    }

    /// Returns the fate of data of that kind; `None`: of some file.
    pub(super) const fn media(modality: Option<Modality>) -> Self {
        left_out(match modality {
            Some(Modality::Image) => "it is an image",
            Some(Modality::Audio) => "it is audio",
            Some(Modality::Sealed) => "only its provider can read it",
            Some(Modality::File | Modality::Text) | None => "it is a file",
        })
    }

    /// Returns the fate of a short word at that place.
    pub(super) const fn word(place: &Place) -> Self {
        left_out(match place.word {
            Word::Id | Word::ItemId | Word::Session(_) | Word::Tags(_) | Word::Tag(_) => {
                "it is an id or a label, which the model is not shown"
            }
            Word::Model | Word::ModelAgain => "it is the name of the model",
            Word::Says(Saying::State) => "it names something that the provider keeps",
            Word::FileUri => "it is the place of a file",
            Word::Sealed(Saying::Tokens, _) => "it is a prompt as tensors",
            Word::Sealed(Saying::Signed, _) => "it is a signature",
            Word::Sealed(..) => "it is encrypted, and only its provider can read it",
            Word::Media | Word::Link | Word::Encoded => "it is a file",
            Word::Opaque => "it is not text",
            Word::Role(_) | Word::Type(_) => "it is a word of the API",
            _ => "it is a setting, which the provider's program reads",
        })
    }
}
