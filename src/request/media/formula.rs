//! Tokens of images and audio, by the formulas that providers publish.
//!
//! Each document names its formula, for the estimate is made before it is known which
//! deployment answers: who is asked in OpenAI's words is taken to count as OpenAI does.
//! Every formula scales large pictures down, which bounds what one may cost.

/// How a provider counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formula {
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

impl Formula {
    /// Returns the tokens of a picture of that size, in pixels; 0 where there is no formula.
    ///
    /// With OpenAI's, one of 2,048 by 4,096 is scaled to 1,024 by 2,048 and then to 768 by
    /// 1,536. That takes 2 by 3 tiles of 512 pixels, which cost 170 tokens each, and 85 for
    /// the picture: 1,105 in all.
    pub(super) fn picture(self, width: u32, height: u32) -> u32 {
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

    /// Returns the fewest and the most tokens of a picture, at full detail.
    pub(super) const fn bounds(self) -> (u64, u64) {
        match self {
            Self::Fixed => (0, 0),
            Self::OpenAi => (255, 1445),
            Self::OpenAiImages => (194, 581),
            Self::Anthropic => (1, 1600),
            Self::Gemini => (258, 4128),
        }
    }

    /// Returns the tokens of so many bytes of sound; 0 where there is no formula.
    pub(super) fn sound(self, bytes: u64, bytes_a_second: u32) -> u32 {
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

/// Returns the squares of 512 pixels that cover a picture after it is scaled down into a square
/// of 2,048 and then to a shorter side of that many pixels.
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

/// Returns the sides after scaling down until both are within that many pixels.
fn within(limit: u32, width: u32, height: u32) -> (u32, u32) {
    let long = width.max(height);
    if long <= limit {
        return (width, height);
    }
    (scaled(width, limit, long), scaled(height, limit, long))
}

/// Returns a side scaled by `to / from`; never 0.
fn scaled(side: u32, to: u32, from: u32) -> u32 {
    side.saturating_mul(to).checked_div(from).unwrap_or(0).max(1)
}

/// Returns the number of squares of that side which cover a picture.
fn tiles(width: u32, height: u32, side: u32) -> u32 {
    width.div_ceil(side).saturating_mul(height.div_ceil(side))
}
