//! The tokens of images, audio and files in a request: by the formula of its document, or
//! where that does not apply, or the size is not known, the fixed costs of the
//! configuration.

use super::formula::Formula;
use super::probe::Probe;
use super::size::Media;
use crate::request::facts::Tokens;
use crate::request::tokens::Costs;

/// What the data of one part of a request measures. A part may have several data, of which
/// the dearest counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// Tokens of a picture; none where its size is not known.
    image: u32,
    /// Tokens of sound; none where its length is not known.
    audio: u32,
    /// Bytes of data that was not looked at, and so may be anything.
    unseen: u32,
}

impl Measured {
    /// Returns what both measure together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            image: self.image.max(other.image),
            audio: self.audio.max(other.audio),
            unseen: self.unseen.max(other.unseen),
        }
    }
}

/// What images, audio and files cost in one request: known by what carries them only after
/// their data has passed, so it is measured first and priced later.
#[derive(Debug, Clone, Copy)]
pub struct Pricing {
    formula: Formula,
    costs: Costs,
}

/// Tokens of a picture at low detail, whatever its size, by OpenAI's formula.
const LOW: u64 = 85;

impl Pricing {
    /// Returns costs by a formula, and these where the size says nothing.
    #[must_use]
    pub const fn new(formula: Formula, costs: Costs) -> Self {
        Self { formula, costs }
    }

    /// Returns whether sizes do not matter, so that data need not be looked at.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        self.formula == Formula::Fixed
    }

    /// Returns the tokens of one message's framing.
    #[must_use]
    pub const fn message(self) -> u64 {
        self.costs.message
    }

    /// Returns what data measures that went through a probe; `looks` says whether that has
    /// looked at it, rather than only counted.
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

    /// Returns the tokens of one image, between two bounds where it was not looked at.
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

    /// Returns the tokens of one piece of audio, between two bounds where it was not looked at.
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

    /// Returns the tokens of one file. Nothing is known of what is in it, so all cost the same.
    #[must_use]
    pub const fn file(self) -> Tokens {
        Tokens::exactly(self.costs.file)
    }
}
