//! What a value adds to the facts, in a form that can be summed and taken back.
//!
//! A JSON parser lets the last of equal keys count, so nothing is written to
//! the facts while reading: every value has a tally of its own, and a repeated
//! key drops the tally of the value it replaces.

use super::place::{Modality, Saying};
use crate::request::keyword::KeywordSet;

/// The contribution of one value.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Of counted text, in [`crate::request::tokens::UNIT`]s; of what was looked at.
    pub(super) tokens: u64,
    /// Length of counted text.
    pub(super) bytes: u64,
    pub(super) images: u32,
    pub(super) audio: u32,
    pub(super) files: u32,
    pub(super) messages: u32,
    /// The limit of the answer in tokens: the largest that stands under any name.
    pub(super) limit: Option<u64>,
    says: u8,
    pub(super) hits: KeywordSet,
}

impl Tally {
    /// Adds the contribution of a part of this value.
    pub(super) fn add(&mut self, part: Self) {
        self.tokens = self.tokens.saturating_add(part.tokens);
        self.bytes = self.bytes.saturating_add(part.bytes);
        self.images = self.images.saturating_add(part.images);
        self.audio = self.audio.saturating_add(part.audio);
        self.files = self.files.saturating_add(part.files);
        self.messages = self.messages.saturating_add(part.messages);
        self.says |= part.says;
        self.limit = self.limit.max(part.limit);
        if self.hits.is_empty() {
            self.hits = part.hits;
        } else {
            self.hits.merge(&part.hits);
        }
    }

    /// Adds something that a message carries.
    pub(super) fn carry(&mut self, modality: Modality) {
        let count = match modality {
            Modality::Text => return,
            Modality::Image => &mut self.images,
            Modality::Audio => &mut self.audio,
            Modality::File => &mut self.files,
        };
        *count = count.saturating_add(1);
    }

    pub(super) fn say(&mut self, saying: Saying) {
        self.says |= bit(saying);
    }

    pub(super) fn unsay(&mut self, saying: Saying) {
        self.says &= !bit(saying);
    }

    pub(super) const fn says(&self, saying: Saying) -> bool {
        self.says & bit(saying) != 0
    }
}

const fn bit(saying: Saying) -> u8 {
    match saying {
        Saying::Stream => 1,
        Saying::Tools => 2,
        Saying::Json => 4,
        Saying::State => 8,
        Saying::NoStream => 16,
    }
}
