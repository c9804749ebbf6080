//! What a value adds to the facts, in a form that can be summed.
//!
//! Nothing is written to the facts while reading: whose text it is, and what data is, the
//! object around it may say only at its end. So every value has a tally of its own.

use crate::request::document::{Modality, Saying};
use crate::request::facts::Tokens;
use crate::request::keyword::KeywordSet;
use crate::request::media::{Measured, Pricing};
use crate::request::prompt::Prompt;

/// What one value adds to the facts: of a string what it says itself, of an object the sum
/// of its members'.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Estimated tokens of counted text that was looked at, in
    /// [`UNIT`](crate::request::tokens::UNIT)s.
    pub(super) tokens: u64,
    /// Length of counted text.
    pub(super) bytes: u64,
    /// Of images, audio and files.
    pub(super) media: Tokens,
    /// What data in it measures, until it is known what the data is: the part around it says
    /// whether it is an image or audio, and may say so after the data.
    pub(super) measured: Measured,
    pub(super) messages: u32,
    /// The limit of the answer in tokens: the largest that stands under any name.
    pub(super) limit: Option<u64>,
    /// The sum of the hashes of the texts' beginnings, which tells a session. A sum, so that
    /// the order of keys does not matter.
    pub(super) said: u64,
    /// A bit for each [`Saying`].
    says: u16,
    /// The keywords in its text, as long as that is the client's own.
    pub(super) hits: KeywordSet,
    pub(super) prompt: Prompt,
}

impl Tally {
    /// Adds the tally of a part of this value: of a member or of an element.
    pub(super) fn add(&mut self, part: Self) {
        self.tokens = self.tokens.saturating_add(part.tokens);
        self.bytes = self.bytes.saturating_add(part.bytes);
        self.media = self.media.and(part.media);
        self.measured = self.measured.or(part.measured);
        self.messages = self.messages.saturating_add(part.messages);
        self.said = self.said.wrapping_add(part.said);
        self.says |= part.says;
        self.limit = self.limit.max(part.limit);
        self.prompt.add(part.prompt);
        if self.hits.is_empty() {
            self.hits = part.hits;
        } else {
            self.hits.merge(&part.hits);
        }
    }

    /// Returns what this data comes to that turned out to be base64: no text.
    pub(super) fn of_media(self) -> Self {
        Self { measured: self.measured, says: self.says, ..Self::default() }
    }

    /// Adds something that a message carries. It costs what the data in it has measured, which
    /// is priced only here.
    pub(super) fn carry(&mut self, modality: Modality, pricing: Pricing) {
        let measured = std::mem::take(&mut self.measured);
        let is_low = self.says(Saying::LowDetail);
        self.unsay(Saying::LowDetail);
        let (saying, cost) = match modality {
            Modality::Text => return,
            Modality::Image => (Saying::Images, pricing.image(measured, is_low)),
            Modality::Audio => (Saying::Audio, pricing.audio(measured)),
            Modality::File => (Saying::Files, pricing.file()),
        };
        self.say(saying);
        self.media = self.media.and(cost);
    }

    /// Notes that the value says this.
    pub(super) fn say(&mut self, saying: Saying) {
        self.says |= bit(saying);
    }

    /// Takes that back.
    pub(super) fn unsay(&mut self, saying: Saying) {
        self.says &= !bit(saying);
    }

    /// Returns whether the value says this.
    pub(super) const fn says(&self, saying: Saying) -> bool {
        self.says & bit(saying) != 0
    }
}

const fn bit(saying: Saying) -> u16 {
    1 << saying as u16
}
