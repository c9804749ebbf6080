//! What a value adds to the facts, in a form that can be summed.
//!
//! Nothing is written to the facts while reading: whose text it is, and what data is, the
//! object around it may say only at its end. So every value has a tally of its own.

use crate::request::document::{Modality, OutputBound, Saying};
use crate::request::facts::Tokens;
use crate::request::keyword::KeywordSet;
use crate::request::media::{Measured, Pricing};
use crate::request::prompt::Prompt;

/// How much output a request asks for: of each number the largest that stands under any name.
/// Each value has one of these, so it is kept small.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::request) struct OutputWish {
    /// One more than the limit of one answer in tokens; 0 where there is none.
    above_limit: u64,
    /// The budget for thinking that the limit includes.
    thinking: u32,
    /// The budget for thinking beside it.
    beside: u32,
    /// How many answers there are to a prompt; 0 where nothing says so.
    answers: u32,
}

impl OutputWish {
    /// Returns what one number says. Below 0, a limit is none at all, and a budget leaves it to the
    /// model how much it thinks, as no budget does.
    pub(super) fn said(bound: OutputBound, number: i128) -> Self {
        let limit = u64::try_from(number).unwrap_or(u64::MAX);
        let count = u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        let nothing = Self::default();
        match bound {
            OutputBound::Limit => Self { above_limit: limit.saturating_add(1), ..nothing },
            OutputBound::Thinking => Self { thinking: count, ..nothing },
            OutputBound::ThinkingBeside => Self { beside: count, ..nothing },
            OutputBound::Answers => Self { answers: count, ..nothing },
        }
    }

    /// Returns the larger of each number.
    pub(in crate::request) fn max(self, other: Self) -> Self {
        Self {
            above_limit: self.above_limit.max(other.above_limit),
            thinking: self.thinking.max(other.thinking),
            beside: self.beside.max(other.beside),
            answers: self.answers.max(other.answers),
        }
    }

    /// Returns the limit of one answer, with what may be thought for it. A budget for thinking is
    /// a limit where there is no other: so much at least may be put out. The largest number stands
    /// for "without a limit".
    pub(in crate::request) fn of_answer(self) -> Option<u64> {
        // The largest budget that is kept stands for any larger one.
        let [thinking, beside] = [self.thinking, self.beside]
            .map(|budget| if budget == u32::MAX { u64::MAX } else { u64::from(budget) });
        match self.above_limit {
            // No limit is given, so there is one only where a budget is.
            0 => Some(thinking.max(beside)).filter(|budget| *budget > 0),
            u64::MAX => Some(u64::MAX),
            // A limit that includes thinking is no smaller than the budget for it.
            above => Some(above.saturating_sub(1).max(thinking).saturating_add(beside)),
        }
    }

    /// Returns how many answers there are to so many prompts, one at least.
    pub(in crate::request) fn answers(self, prompts: u32) -> u64 {
        u64::from(self.answers.max(1)).saturating_mul(prompts.max(1).into())
    }
}

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
    /// How much output is asked for.
    pub(super) output: OutputWish,
    /// How many prompts there are, each of which has answers of its own.
    pub(super) prompts: u32,
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
        // Nearly no value says anything of it.
        if part.output != OutputWish::default() {
            self.output = self.output.max(part.output);
        }
        self.prompts = self.prompts.saturating_add(part.prompts);
        self.prompt.add(part.prompt);
        // Nearly no value has both, and a set that is moved costs nothing.
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
            Modality::Sealed => return self.say(Saying::Signed),
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
