//! What single values mean: strings and scalars at the places of the table.
//!
//! The part of the walker that turns one value into its tally or into a label.

use super::error::ScanError;
use super::event::Scalar;
use super::frame::{Content, KnownType};
use super::labels::{PARAM_BYTES, TAG_LIST_BYTES};
use super::session::{self, KEY_BYTES};
use super::tally::OutputWish;
use super::walker::{TextUse, Walker};
use crate::request::document::{Modality, OutputBound, Plain, Saying, TextClass, Word};
use crate::request::tokens::UNIT;

/// Longest role, type, setting or other word of a vocabulary in bytes.
const WORD_BYTES: usize = 64;
/// Roles of the client's own text. Templates write a role into the prompt as it is, so one that is
/// not known is text itself.
const OWN_ROLES: [&str; 3] = ["user", "system", "developer"];
/// What may stand in a signature's place, and binds a request to nobody: Google documents both words
/// (<https://ai.google.dev/gemini-api/docs/thought-signatures>).
const SAY_NOTHING: [&str; 3] =
    ["", "skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];
/// Longest place of a file that is looked at.
const URI_BYTES: usize = 1024;

impl Walker {
    /// A string begins that is such a word: it is counted, probed for the size of an image,
    /// kept as far as it may matter, or dropped.
    pub(super) fn begin_word(&mut self, word: Word) {
        match word {
            Word::Text(class) => self.text = TextUse::Counted(self.begin_text(class)),
            Word::Opaque => self.text = TextUse::Nowhere,
            Word::Media | Word::Link | Word::Encoded => self.begin_media(word),
            _ => {
                self.capture.restart(longest(word).unwrap_or(0));
                let spills = !matches!(word, Word::Model | Word::FileUri | Word::Sealed(..));
                self.text = TextUse::ToCapture { spills };
            }
        }
    }

    /// Data begins, or where it is.
    fn begin_media(&mut self, word: Word) {
        self.probe.restart(self.looks.tokens);
        self.text = match word {
            // Before its encoding is known, it may be either.
            Word::Encoded if !self.frames.is_base64() => {
                TextUse::ToBoth(self.begin_text(TextClass::Aside))
            }
            Word::Media | Word::Encoded if self.pricing.is_fixed() => TextUse::Nowhere,
            _ => TextUse::ToProbe,
        };
    }

    /// A string ended. Returns what it is to its object, and moves what it says into the tally
    /// or the labels.
    pub(super) fn end_string(&mut self) -> Content {
        if let TextUse::Counted(kind) | TextUse::ToBoth(kind) = self.text {
            self.end_text(kind);
        }
        if self.place.message {
            self.value.messages = 1;
        }
        if self.frames.in_params() {
            let value = self.capture.text().map(str::to_owned);
            self.note_param(value.as_deref());
        }
        if let TextUse::ToProbe | TextUse::ToBoth(_) = self.text {
            return self.end_media();
        }
        self.end_word()
    }

    /// Data ended, or where it is.
    fn end_media(&mut self) -> Content {
        if !self.pricing.is_fixed() {
            self.value.measured = self.pricing.measured(&self.probe, self.looks.tokens);
        }
        if self.place.word == Word::Link && !self.probe.is_inline() {
            self.value.say(Saying::Reference);
        }
        // Its encoding may come after it, and says whether it was text.
        if let TextUse::ToBoth(_) = self.text { Content::Data } else { Content::Some }
    }

    /// A word ended. Returns what it is to its object, and moves what it says into the tally or
    /// the labels.
    fn end_word(&mut self) -> Content {
        let word = self.capture.text();
        match self.place.word {
            Word::Model => {
                self.model = word.map(str::to_owned);
                if self.model.is_none() {
                    self.refuse(ScanError::ModelTooLong { at: self.value_at });
                }
            }
            // One that is too long to be known is the user's, as all that are not known.
            Word::Role(roles) => {
                let class = word.and_then(|word| class(roles, word));
                if class.is_none() && !word.is_none_or(|word| OWN_ROLES.contains(&word)) {
                    self.count_captured();
                }
                return Content::Role(class);
            }
            Word::Mime => {
                let modality = Some(word.map_or(Modality::File, carried));
                return Content::Type(KnownType { modality, ..KnownType::default() });
            }
            Word::FileUri => {
                self.value.say(Saying::Reference);
                // A file of the provider's own is one that only it can read.
                if word.is_none_or(is_kept_file) {
                    self.value.say(Saying::State);
                }
            }
            Word::Type(classes) => {
                let name = word.unwrap_or_default();
                return Content::Type(self.frames.known_type(name, class(classes, name)));
            }
            Word::Encoding => return Content::Encoding { is_base64: word == Some("base64") },
            Word::ItemId => return Content::ItemId,
            Word::Says(saying) | Word::Sealed(saying, _) if is_said(word) => self.value.say(saying),
            Word::SaysIf(saying, words) if word.is_some_and(|word| words.contains(&word)) => {
                self.value.say(saying);
            }
            Word::Output(bound) => {
                self.value.output = output(bound, word);
            }
            Word::Tags(rank) => self.labels.tag_list(rank, word.unwrap_or_default()),
            Word::Tag(rank) => self.labels.tag(rank, word.unwrap_or_default()),
            Word::Session(key) if self.at_top() => {
                self.sessions.tell(key, word.and_then(session::of));
            }
            _ => {}
        }
        Content::Some
    }

    /// Counts and searches a word that has turned out to be none.
    #[cold]
    fn count_captured(&mut self) {
        let word = self.capture.take();
        self.aside = self.keywords.start();
        self.count(std::str::from_utf8(&word).unwrap_or_default(), TextClass::Aside);
    }

    /// Takes a number, boolean or null at a place of the table.
    pub(super) fn scalar_value(&mut self, scalar: Scalar<'_>) {
        self.note_param(scalar.json());
        match (self.place.plain, scalar) {
            // Lenient servers take 1 for true.
            (Plain::Says(saying), Scalar::Bool(true) | Scalar::Number(Some("1" | "1.0"))) => {
                self.value.say(saying);
            }
            (Plain::Switch(on, off), Scalar::Bool(is_on)) => {
                self.value.say(if is_on { on } else { off });
            }
            (Plain::Output(bound), Scalar::Number(text)) => {
                self.value.output = output(bound, text);
            }
            (Plain::Token, Scalar::Number(_)) => {
                self.value.tokens = UNIT;
                self.value.say(Saying::Tokens);
            }
            (Plain::Counted, _) => self.count(scalar.json().unwrap_or_default(), self.class_here()),
            _ => {}
        }
    }
}

/// Returns how long such a word is at most, in bytes; `None` where it is text or data, of any
/// length.
#[inline]
pub(in crate::request) const fn longest(word: Word) -> Option<usize> {
    Some(match word {
        Word::Text(_) | Word::Opaque | Word::Media | Word::Link | Word::Encoded => return None,
        Word::Model => ScanError::MAX_MODEL_BYTES,
        Word::Setting
        | Word::Role(_)
        | Word::Type(_)
        | Word::Mime
        | Word::Encoding
        | Word::SaysIf(..)
        | Word::Sealed(..)
        | Word::Output(_) => WORD_BYTES,
        Word::FileUri => URI_BYTES,
        Word::Id | Word::ModelAgain | Word::ItemId | Word::Says(_) => PARAM_BYTES,
        Word::Session(_) => KEY_BYTES,
        Word::Tags(_) | Word::Tag(_) => TAG_LIST_BYTES,
    })
}

/// Returns whether a string says what its place is there to say. A long one always does.
pub(in crate::request) fn is_said(word: Option<&str>) -> bool {
    word.is_none_or(|word| !SAY_NOTHING.contains(&word))
}

/// Returns the class of text under a role or in a type.
fn class(classes: &[(&str, TextClass)], word: &str) -> Option<TextClass> {
    classes.iter().find(|(known, _)| *known == word).map(|(_, class)| *class)
}

/// Returns whether a file lies at the provider itself, by its address or its name: only there
/// can it be read, so the request continues state that the provider keeps.
pub(in crate::request) fn is_kept_file(uri: &str) -> bool {
    uri.contains("/files/") || uri.starts_with("files/")
}

/// Returns what data of that media type is; all that is neither image nor audio is a file.
fn carried(mime: &str) -> Modality {
    match mime.split('/').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "image" => Modality::Image,
        "audio" => Modality::Audio,
        _ => Modality::File,
    }
}

/// Returns what a number says of the answer's length; nothing where it is no number.
pub(in crate::request) fn output(bound: OutputBound, text: Option<&str>) -> OutputWish {
    number(text).map_or_else(OutputWish::default, |number| OutputWish::said(bound, number))
}

/// Returns a number, rounded up; the largest for one that is too long to be kept (`None`), and some
/// number below 0 for one that is. `None` where there is nothing.
///
/// What a provider might read as a number counts as one, so that no spelling of a limit passes for
/// its absence: `"1e3"` is known, and `"1_000"` and any other text may be as large as can be.
fn number(text: Option<&str>) -> Option<i128> {
    let text = text.map(str::trim);
    if text == Some("") {
        return None;
    }
    let whole = text.and_then(|text| text.parse().ok());
    whole.or_else(|| text.and_then(rounded)).or(Some(i128::MAX))
}

/// Returns a number with a fraction or an exponent, rounded away from 0 below it and up above.
/// `None` where it is no number.
fn rounded(text: &str) -> Option<i128> {
    let number: f64 = text.parse().ok()?;
    let rounded = if number < 0.0 { number.floor() } else { number.ceil() };
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let whole = (!number.is_nan()).then_some(rounded as i128);
    whole
}
