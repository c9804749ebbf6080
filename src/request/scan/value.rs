//! What single values mean: strings and scalars at the places of the table.
//!
//! The part of the walker that turns one value into its tally or into a label.

use super::error::ScanError;
use super::event::Scalar;
use super::frame::Content;
use super::labels::{PARAM_BYTES, TAG_LIST_BYTES};
use super::session::{self, CACHE_KEY, KEY_BYTES, USER};
use super::tally::Output;
use super::walker::{ModelValue, TextUse, Walker};
use crate::request::document::{Modality, Plain, Saying, Word};
use crate::request::tokens::UNIT;

/// Longest role, type or other word of a vocabulary in bytes.
const WORD_BYTES: usize = 64;
/// Longest place of a file that is looked at.
const URI_BYTES: usize = 1024;

impl Walker {
    /// Returns whether text in a skipped container is counted: it is skipped for its structure
    /// alone, as the arguments of a call are.
    pub(super) fn counts_skipped(&self) -> bool {
        self.skipped > 0 && self.place.whole
    }

    /// Returns whether it is searched for keywords too.
    pub(super) fn searches_skipped(&self) -> bool {
        self.place.word == Word::Prompt
    }

    /// A string begins at a place of the table, which says what is done with its text: it is
    /// counted, probed for the size of an image, kept as far as it may matter, or dropped.
    pub(super) fn begin_string(&mut self) {
        let cap = match self.place.word {
            Word::Prompt => {
                self.begin_said();
                self.text = TextUse::Counted { is_searched: true };
                return;
            }
            Word::Counted => {
                self.text = TextUse::Counted { is_searched: false };
                return;
            }
            Word::Media => {
                self.probe.restart(self.looks.tokens);
                self.text =
                    if self.pricing.is_fixed() { TextUse::Nowhere } else { TextUse::ToProbe };
                return;
            }
            Word::Model => ScanError::MAX_MODEL_BYTES,
            Word::Role(_) | Word::Type | Word::Mime | Word::SaysIf(..) | Word::Output(_) => {
                WORD_BYTES
            }
            Word::FileUri => URI_BYTES,
            Word::Says(_) => 0,
            Word::Tags(_) | Word::Tag(_) => TAG_LIST_BYTES,
            Word::Skip if self.frames.in_params() => PARAM_BYTES,
            Word::Skip if self.tells_session() => KEY_BYTES,
            Word::Skip => {
                self.text = TextUse::Nowhere;
                return;
            }
        };
        self.capture.restart(cap);
        self.text = TextUse::ToCapture;
    }

    /// A string ended. Returns what it is to its object, and moves what it says into the tally
    /// or the labels.
    pub(super) fn end_string(&mut self) -> Content {
        match self.text {
            TextUse::Counted { is_searched } => self.end_text(is_searched),
            TextUse::ToProbe => {
                self.value.measured = self.pricing.measured(&self.probe, self.looks.tokens);
            }
            TextUse::Nowhere | TextUse::ToKey | TextUse::ToCapture => {}
        }
        if self.place.message {
            self.value.messages = 1;
        }
        self.value.prompts = self.place.prompt.into();
        if self.frames.in_params() {
            let key = self.key.text();
            key.inspect(|key| self.labels.param(key, self.capture.text()));
        }
        let word = self.capture.text();
        match self.place.word {
            Word::Model => {
                self.model = match word {
                    Some(name) => ModelValue::Name(name.to_owned()),
                    None => ModelValue::Wrong(ScanError::ModelTooLong { at: self.value_at }),
                };
            }
            Word::Role(unsearched) => {
                // One that is too long to be known is searched, as all that are not known.
                let searched = !word.is_some_and(|word| unsearched.contains(&word));
                return Content::Role { searched };
            }
            Word::Mime => return Content::Type(Some(word.map_or(Modality::File, carried))),
            // A file of the provider's own is one that only it can read.
            Word::FileUri if word.is_none_or(is_kept_file) => {
                self.value.say(Saying::State);
            }
            Word::Type => return Content::Type(self.frames.modality(word.unwrap_or_default())),
            Word::Says(saying) if word != Some("") => self.value.say(saying),
            Word::SaysIf(saying, words) if word.is_some_and(|word| words.contains(&word)) => {
                self.value.say(saying);
            }
            Word::Output(bound) => {
                self.value.output =
                    number(word).map_or_else(Output::default, |n| Output::said(bound, n));
            }
            Word::Tags(rank) => self.labels.tag_list(rank, word.unwrap_or_default()),
            Word::Tag(rank) => self.labels.tag(rank, word.unwrap_or_default()),
            Word::Skip if self.text == TextUse::ToCapture && self.at_top() => {
                self.tell_session(word.and_then(session::of));
            }
            _ => {}
        }
        Content::Some
    }

    /// Takes a number, boolean or null at a place of the table.
    pub(super) fn scalar_value(&mut self, scalar: Scalar<'_>) {
        if self.frames.in_params() {
            let key = self.key.text();
            key.inspect(|key| self.labels.param(key, scalar.json()));
        }
        match (self.place.plain, scalar) {
            // Lenient servers take 1 for true.
            (Plain::Says(saying), Scalar::Bool(true) | Scalar::Number(Some("1" | "1.0"))) => {
                self.value.say(saying);
            }
            (Plain::Switch(on, off), Scalar::Bool(is_on)) => {
                self.value.say(if is_on { on } else { off });
            }
            (Plain::Output(bound), Scalar::Number(text)) => {
                self.value.output =
                    number(text).map_or_else(Output::default, |n| Output::said(bound, n));
            }
            (Plain::Token, Scalar::Number(_)) => self.value.tokens = UNIT,
            (Plain::Counted, _) => self.count(scalar.json().unwrap_or_default()),
            _ => {}
        }
    }

    /// A text begins that is searched. It tells the session unless an answer came before it:
    /// what follows an answer changes from request to request.
    pub(super) fn begin_said(&mut self) {
        self.beginning.restart(self.looks.sessions && !self.frames.is_answered());
    }

    /// Returns whether the value being read is a member of the document that tells a session.
    pub(super) fn tells_session(&self) -> bool {
        self.looks.sessions && self.at_top() && matches!(self.key.text(), Some(CACHE_KEY | USER))
    }

    /// Takes the value of a member of the document, if that tells a session. `None` forgets what
    /// an earlier one of that key has told.
    pub(super) fn tell_session(&mut self, value: Option<u64>) {
        match self.key.text() {
            Some(CACHE_KEY) => self.sessions.cache_key = value,
            Some(USER) => self.sessions.user = value,
            _ => {}
        }
    }

    /// A container begins that is skipped, or inside one that is.
    pub(super) fn open_skipped(&mut self) {
        if self.skipped == 0 {
            self.skipped_filled = false;
            if self.frames.in_params() {
                let key = self.key.text();
                key.inspect(|key| self.labels.param(key, None));
            }
        }
        self.skipped = self.skipped.saturating_add(1);
    }
}

/// Returns whether a file lies at the provider itself, by its address or its name: only there
/// can it be read, so the request continues state that the provider keeps.
fn is_kept_file(uri: &str) -> bool {
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

/// Returns a number, rounded up; the largest for one that is too long to be kept (`None`), and some
/// number below 0 for one that is. `None` where it is no number.
///
/// What a provider might read as a number counts as one, so that no spelling of a limit,
/// such as `"1e3"`, passes for its absence.
fn number(text: Option<&str>) -> Option<i128> {
    let Some(text) = text else { return Some(i128::MAX) };
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        let rounded = if number < 0.0 { number.floor() } else { number.ceil() };
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let whole = (!number.is_nan()).then_some(rounded as i128);
        whole
    })
}
