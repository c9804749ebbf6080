//! The tokens of images, audio and files in a request: by the formula of its document, or
//! where that does not apply, or the size is not known, the fixed costs of the
//! configuration.

use super::formula::Formula;
use super::probe::Probe;
use super::size::Media;
use crate::request::facts::Tokens;
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

/// The costs of images, audio and files in one request.
#[derive(Debug, Clone, Copy)]
pub struct Pricing {
    formula: Formula,
    costs: Costs,
}

/// Tokens of a picture at low detail, whatever its size.
const LOW: u64 = 85;

impl Pricing {
    /// Costs by a formula, with these where the size says nothing.
    #[must_use]
    pub const fn new(formula: Formula, costs: Costs) -> Self {
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
