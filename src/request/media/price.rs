//! Tokens of images and audio, by the formulas that providers publish.
//!
//! Chosen by the document, for the estimate is made before it is known which
//! deployment answers: who is asked in OpenAI's words is taken to count as OpenAI
//! does. Where a formula does not apply, or the size is not known, the fixed costs
//! of the configuration do. Every formula scales large pictures down, which bounds
//! what one may cost.

use super::{Media, Probe};
use crate::request::facts::Tokens;
use crate::request::format::Document;
use crate::request::tokens::Costs;

/// What the data of one part of a request came to; a part may have several, of
/// which the dearest counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// Tokens of a picture; none where its size is not known.
    image: u32,
    /// Tokens of sound; none where its length is not known.
    audio: u32,
    /// Bytes of data that was not looked at.
    unseen: u32,
}

impl Measured {
    /// Of both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            image: self.image.max(other.image),
            audio: self.audio.max(other.audio),
            unseen: self.unseen.max(other.unseen),
        }
    }
}

/// How a provider counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Formula {
    /// It is not known, or the same for all.
    Fixed,
    /// <https://platform.openai.com/docs/guides/images-vision>, calculating costs: that
    /// of GPT-4o; <https://developers.openai.com/api/docs/guides/realtime-costs> for audio.
    OpenAi,
    /// The same page: that of GPT Image 1 at low input fidelity.
    OpenAiImages,
    /// <https://platform.claude.com/docs/en/build-with-claude/vision>
    Anthropic,
    /// <https://ai.google.dev/gemini-api/docs/tokens>
    Gemini,
}

/// The costs of images, audio and files in one request.
#[derive(Debug, Clone, Copy)]
pub struct Pricing {
    formula: Formula,
    costs: Costs,
}

/// Tokens of a picture at low detail, whatever its size.
const LOW: u64 = 85;

impl Pricing {
    /// Those of such a document, with these where the size says nothing.
    #[must_use]
    pub const fn new(document: Document, costs: Costs) -> Self {
        let formula = match document {
            Document::Chat | Document::Responses | Document::Moderations | Document::Speech => {
                Formula::OpenAi
            }
            Document::Images => Formula::OpenAiImages,
            Document::Messages => Formula::Anthropic,
            Document::Gemini => Formula::Gemini,
            Document::Completions
            | Document::Embeddings
            | Document::Converse
            | Document::CohereChat
            | Document::CohereEmbed
            | Document::Rerank
            | Document::Ollama => Formula::Fixed,
        };
        Self { formula, costs }
    }

    /// Whether sizes do not matter.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        self.formula == Formula::Fixed
    }

    /// The framing of one message.
    #[must_use]
    pub const fn message(self) -> u64 {
        self.costs.message
    }

    /// What came of data that was looked at, or not.
    #[must_use]
    pub fn measured(self, probe: &Probe, looks: bool) -> Measured {
        let none = Measured::default();
        match probe.media() {
            _ if !looks => {
                let length = u32::try_from(probe.length()).unwrap_or(u32::MAX);
                Measured { unseen: length.max(1), ..none }
            }
            Some(Media::Picture { width, height }) => {
                Measured { image: self.formula.picture(width, height), ..none }
            }
            Some(Media::Sound { bytes, bytes_a_second }) => {
                Measured { audio: self.formula.sound(bytes, bytes_a_second), ..none }
            }
            None => none,
        }
    }

    /// The tokens of one image, between two bounds where it was not looked at.
    #[must_use]
    pub fn image(self, measured: Measured, is_low: bool) -> Tokens {
        let fixed = self.costs.image;
        match measured {
            _ if is_low && self.formula == Formula::OpenAi => Tokens::exactly(LOW),
            Measured { unseen: 1.., .. } => {
                let (least, most) = self.formula.bounds();
                Tokens { least: fixed.min(least), most: fixed.max(most) }
            }
            Measured { image: 0, .. } => Tokens::exactly(fixed),
            Measured { image, .. } => Tokens::exactly(u64::from(image)),
        }
    }

    /// The tokens of one piece of audio.
    #[must_use]
    pub fn audio(self, measured: Measured) -> Tokens {
        let fixed = self.costs.audio;
        match measured {
            // The slowest sound has fewer tokens than bytes.
            Measured { unseen: unseen @ 1.., .. } => {
                Tokens { least: 0, most: fixed.max(u64::from(unseen)) }
            }
            Measured { audio: 0, .. } => Tokens::exactly(fixed),
            Measured { audio, .. } => Tokens::exactly(u64::from(audio)),
        }
    }

    /// The tokens of one file: of what is in it nothing is known.
    #[must_use]
    pub const fn file(self) -> Tokens {
        Tokens::exactly(self.costs.file)
    }
}

impl Formula {
    /// Tokens of a picture of that size; none where there is no formula.
    fn picture(self, width: u32, height: u32) -> u32 {
        match self {
            Self::Fixed => 0,
            Self::OpenAi => openai(width, height, 768).saturating_mul(170).saturating_add(85),
            Self::OpenAiImages => openai(width, height, 512).saturating_mul(129).saturating_add(65),
            Self::Anthropic => {
                let (width, height) = within(1568, width, height);
                width.saturating_mul(height).div_ceil(750).min(1600)
            }
            Self::Gemini if width <= 384 && height <= 384 => 258,
            Self::Gemini => {
                let (width, height) = within(3072, width, height);
                tiles(width, height, 768).saturating_mul(258)
            }
        }
    }

    /// The fewest and the most tokens of a picture, at full detail.
    const fn bounds(self) -> (u64, u64) {
        match self {
            Self::Fixed => (0, 0),
            Self::OpenAi => (255, 1445),
            Self::OpenAiImages => (194, 581),
            Self::Anthropic => (1, 1600),
            Self::Gemini => (258, 4128),
        }
    }

    /// Tokens of so much sound; none where there is no formula.
    fn sound(self, bytes: u64, bytes_a_second: u32) -> u32 {
        let tokens_a_second: u64 = match self {
            Self::OpenAi => 10,
            Self::Gemini => 32,
            Self::Fixed | Self::OpenAiImages | Self::Anthropic => return 0,
        };
        let tokens = bytes.saturating_mul(tokens_a_second);
        let tokens = tokens.checked_div(u64::from(bytes_a_second)).unwrap_or(0);
        // Even no sound is known to be none.
        u32::try_from(tokens).unwrap_or(u32::MAX).max(1)
    }
}

/// Squares of 512 pixels after scaling down into a square of 2,048 and then to a
/// shorter side of that many pixels.
fn openai(width: u32, height: u32, shorter: u32) -> u32 {
    let (width, height) = within(2048, width, height);
    let short = width.min(height);
    let (width, height) = if short > shorter {
        (scaled(width, shorter, short), scaled(height, shorter, short))
    } else {
        (width, height)
    };
    tiles(width, height, 512)
}

/// The sides after scaling down until both are within that many pixels.
fn within(limit: u32, width: u32, height: u32) -> (u32, u32) {
    let long = width.max(height);
    if long <= limit {
        return (width, height);
    }
    (scaled(width, limit, long), scaled(height, limit, long))
}

fn scaled(side: u32, to: u32, from: u32) -> u32 {
    side.saturating_mul(to).checked_div(from).unwrap_or(0).max(1)
}

/// Squares of that side which cover a picture.
fn tiles(width: u32, height: u32, side: u32) -> u32 {
    width.div_ceil(side).saturating_mul(height.div_ceil(side))
}
