//! What Claude models accept, told by their names.
//!
//! Anthropic's API refuses requests with settings that a model does not have, and the models differ. So the writer has
//! to know how to ask a model to think, whether thinking can be turned off, and whether the model accepts sampling
//! settings. The rules are those of
//! <https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting>,
//! <https://platform.claude.com/docs/en/build-with-claude/thinking#limits-and-feature-compatibility> and
//! <https://platform.claude.com/docs/en/build-with-claude/effort>.
//!
//! A Claude model whose version cannot be read from its name counts as the newest. Models of other vendors that speak
//! this API accept its older form.

use super::conversation::Effort;

/// The line of a model. `Other` stands for all other lines, whose names are not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClaudeLine {
    Haiku,
    Sonnet,
    Opus,
    Other,
}

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModelRules {
    /// `None` for a model of another vendor.
    line: Option<ClaudeLine>,
    version: (u8, u8),
}

/// How a model is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThinkingForm {
    /// It does not think.
    Never,
    /// With a budget in tokens.
    Budget,
    /// As it sees fit, with an effort.
    Adaptive,
}

/// How a model is kept from thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThinkingOff {
    /// It does not think unless told to.
    Usual,
    /// It has to be told.
    Told,
    /// It always thinks.
    Impossible,
}

impl ModelRules {
    /// Returns the rules for a model of that name, which may have a vendor before it and a date or version
    /// after it: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`.
    #[must_use]
    pub(super) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let Some((_, rest)) = name.split_once("claude") else {
            return Self { line: None, version: (u8::MAX, u8::MAX) };
        };
        // Amazon's names end with a revision, such as `-v1:0`.
        let rest = rest.split(':').next().unwrap_or_default();
        let words = || rest.split(|char: char| !char.is_ascii_alphanumeric());
        let line = words().find_map(|word| match word {
            "haiku" => Some(ClaudeLine::Haiku),
            "sonnet" => Some(ClaudeLine::Sonnet),
            "opus" => Some(ClaudeLine::Opus),
            _ => None,
        });
        // A date is longer than any version.
        let number = |word: &str| word.parse::<u8>().ok().filter(|_| word.len() <= 2);
        let mut numbers = words().map(number).skip_while(Option::is_none);
        let version = numbers
            .next()
            .flatten()
            .map_or((u8::MAX, u8::MAX), |major| (major, numbers.next().flatten().unwrap_or(0)));
        Self { line: Some(line.unwrap_or(ClaudeLine::Other)), version }
    }

    /// Returns how it is told to think.
    #[must_use]
    pub(super) fn thinking(self) -> ThinkingForm {
        match self.version {
            _ if self.line.is_none() => ThinkingForm::Budget,
            version if version < (3, 7) => ThinkingForm::Never,
            version if version < (4, 6) => ThinkingForm::Budget,
            _ => ThinkingForm::Adaptive,
        }
    }

    /// Returns how it is kept from thinking.
    #[must_use]
    pub(super) fn off(self) -> ThinkingOff {
        match (self.line, self.version) {
            (None, _) | (Some(ClaudeLine::Opus | ClaudeLine::Sonnet), (5, 0)) => ThinkingOff::Told,
            (_, version) if version < (5, 0) => ThinkingOff::Usual,
            (Some(ClaudeLine::Haiku), (..=5, _)) => ThinkingOff::Told,
            _ => ThinkingOff::Impossible,
        }
    }

    /// Returns the word for an effort. The newer models have one between `high` and `max`.
    #[must_use]
    pub(super) fn effort(self, effort: Effort) -> &'static str {
        match effort {
            Effort::Highest if self.version < (4, 7) => "max",
            Effort::Highest => "xhigh",
            effort => effort.usual_word(),
        }
    }

    /// Returns whether it accepts sampling settings at all.
    #[must_use]
    pub(super) fn takes_sampling(self) -> bool {
        self.line.is_none() || self.version < (4, 7)
    }

    /// Returns whether it accepts a temperature and `top_p` together.
    #[must_use]
    pub(super) fn takes_both_knobs(self) -> bool {
        self.line.is_none() || self.version < (4, 1)
    }

    /// Returns whether it can be made to call a tool.
    #[must_use]
    pub(super) fn can_be_forced(self) -> bool {
        matches!(self.line, None | Some(ClaudeLine::Haiku)) || self.version <= (5, 0)
    }

    /// Returns whether its answers and tool calls can be made to follow a schema.
    /// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
    #[must_use]
    pub(super) fn follows_schemas(self) -> bool {
        self.line.is_none() || self.version >= (4, 5)
    }

    /// Returns whether it is one of Anthropic's.
    #[must_use]
    pub(super) const fn is_claude(self) -> bool {
        self.line.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_how_a_model_thinks() {
        use ThinkingForm::{Adaptive, Budget, Never};
        use ThinkingOff::{Impossible, Told, Usual};
        let rows = [
            ("claude-3-haiku-20240307", Never, Usual),
            ("claude-3-5-sonnet-20241022", Never, Usual),
            ("claude-3-7-sonnet-20250219", Budget, Usual),
            ("claude-sonnet-4-20250514", Budget, Usual),
            ("claude-opus-4-1-20250805", Budget, Usual),
            ("claude-sonnet-4-5@20250929", Budget, Usual),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Budget, Usual),
            ("anthropic.claude-opus-4-6-v1", Adaptive, Usual),
            ("anthropic/claude-sonnet-4.6", Adaptive, Usual),
            ("claude-opus-4-7", Adaptive, Usual),
            ("claude-opus-4-8", Adaptive, Usual),
            ("claude-opus-5", Adaptive, Told),
            ("claude-sonnet-5", Adaptive, Told),
            ("claude-haiku-5-5", Adaptive, Told),
            ("claude-opus-5-5", Adaptive, Impossible),
            ("claude-fable-5", Adaptive, Impossible),
            ("claude-mythos-preview", Adaptive, Impossible),
            ("us.anthropic.claude-mythos-preview-v1:0", Adaptive, Impossible),
            ("claude-next", Adaptive, Impossible),
            ("glm-4.6", Budget, Told),
            ("kimi-k2-thinking", Budget, Told),
        ];
        for (name, thinking, off) in rows {
            let rules = ModelRules::of(name);
            assert_eq!((rules.thinking(), rules.off()), (thinking, off), "{name}");
        }
    }

    #[test]
    fn names_tell_which_settings_a_model_takes() {
        let of = |name: &str| {
            let rules = ModelRules::of(name);
            [
                rules.takes_sampling(),
                rules.takes_both_knobs(),
                rules.can_be_forced(),
                rules.follows_schemas(),
            ]
        };
        assert_eq!(of("claude-sonnet-4-20250514"), [true, true, true, false]);
        assert_eq!(of("claude-opus-4-1"), [true, false, true, false]);
        assert_eq!(of("claude-sonnet-4-5"), [true, false, true, true]);
        assert_eq!(of("claude-sonnet-4-6"), [true, false, true, true]);
        assert_eq!(of("claude-opus-4-7"), [false, false, true, true]);
        assert_eq!(of("claude-opus-5"), [false, false, true, true]);
        assert_eq!(of("claude-fable-5-1"), [false, false, false, true]);
        assert_eq!(of("claude-haiku-5-5"), [false, false, true, true]);
        assert_eq!(of("deepseek-chat"), [true, true, true, true]);
        assert_eq!(ModelRules::of("claude-opus-4-6").effort(Effort::Highest), "max");
        assert_eq!(ModelRules::of("claude-opus-4-7").effort(Effort::Highest), "xhigh");
    }
}
