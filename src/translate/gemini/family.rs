//! What Google's models accept, told by their names.

use super::super::conversation::{Effort, Reasoning};

/// A generation of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Generation {
    /// Those that do not think: up to Gemini 2.0, and Gemma.
    Early,
    /// Gemini 2.5, which thinks within a budget.
    Budget,
    /// Gemini 3 and later, which think at a level.
    Level,
}

/// A model of Google's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GoogleModel {
    pub(super) generation: Generation,
    size: ModelSize,
}

/// The size of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ModelSize {
    Pro,
    /// The first Pro of the third generation, which has only two levels.
    FirstPro,
    Flash,
    Lite,
}

/// How a model is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoogleThinking {
    /// At most this many tokens.
    Budget(u64),
    /// As many tokens as the model sees fit, where it thinks within a budget.
    AnyBudget,
    /// At this level.
    Level(&'static str),
    /// As the model does by itself.
    Usual,
}

impl GoogleModel {
    /// Returns the model of that name, which may be at the end of a path. A name without a number counts as one of
    /// the newest models.
    pub(super) fn of(name: &str) -> Self {
        let Some((_, version)) = name.split_once("gemini-") else {
            let is_early = name.contains("gemma");
            let generation = if is_early { Generation::Early } else { Generation::Level };
            return Self { generation, size: ModelSize::Flash };
        };
        let mut numbers = version.split(|char: char| !char.is_ascii_digit());
        let major = numbers.next().and_then(|number| number.parse::<u32>().ok());
        let minor = numbers.next().and_then(|number| number.parse::<u32>().ok());
        let generation = match (major, minor) {
            (Some(0 | 1), _) | (Some(2), None | Some(0..=4)) => Generation::Early,
            (Some(2), _) => Generation::Budget,
            _ => Generation::Level,
        };
        let size = match version {
            _ if version.starts_with("3-pro") => ModelSize::FirstPro,
            _ if version.contains("lite") => ModelSize::Lite,
            _ if version.contains("pro") => ModelSize::Pro,
            _ => ModelSize::Flash,
        };
        Self { generation, size }
    }

    /// Returns how the model is to think. If it cannot think as the client asks, returns why, and what comes
    /// nearest.
    /// <https://ai.google.dev/gemini-api/docs/generate-content/thinking>
    pub(super) fn thinking(
        self,
        reasoning: Reasoning,
    ) -> Result<GoogleThinking, (&'static str, GoogleThinking)> {
        match self.generation {
            Generation::Early if reasoning == Reasoning::Off => Ok(GoogleThinking::Usual),
            Generation::Early => Err(("is not accepted by this model", GoogleThinking::Usual)),
            Generation::Budget => self.budget(reasoning),
            Generation::Level => {
                let least = self.level(Effort::Minimal);
                match reasoning {
                    Reasoning::Off => Err(("cannot be turned off for this model", least)),
                    Reasoning::Adaptive => Ok(GoogleThinking::Usual),
                    Reasoning::Effort(effort) => Ok(self.level(effort)),
                    Reasoning::Budget(tokens) => Ok(self.level(Effort::of_budget(tokens))),
                }
            }
        }
    }

    /// Returns the budget, within what the model takes.
    fn budget(
        self,
        reasoning: Reasoning,
    ) -> Result<GoogleThinking, (&'static str, GoogleThinking)> {
        let (least, most) = match self.size {
            ModelSize::Pro | ModelSize::FirstPro => (128, 32_768),
            ModelSize::Flash => (1, 24_576),
            ModelSize::Lite => (512, 24_576),
        };
        let within = |tokens: u64| GoogleThinking::Budget(tokens.clamp(least, most));
        match reasoning {
            Reasoning::Off if self.size == ModelSize::Pro => {
                Err(("cannot be turned off for this model", within(0)))
            }
            Reasoning::Off => Ok(GoogleThinking::Budget(0)),
            Reasoning::Adaptive => Ok(GoogleThinking::AnyBudget),
            Reasoning::Effort(effort) => Ok(within(effort.budget())),
            Reasoning::Budget(tokens) => Ok(within(tokens)),
        }
    }

    /// Returns the level that is nearest to the word, of those that the model has.
    /// <https://ai.google.dev/gemini-api/docs/openai#thinking>
    fn level(self, effort: Effort) -> GoogleThinking {
        let is_pro = matches!(self.size, ModelSize::Pro | ModelSize::FirstPro);
        GoogleThinking::Level(match effort {
            Effort::Minimal if !is_pro => "MINIMAL",
            Effort::Minimal | Effort::Low => "LOW",
            Effort::Medium if self.size != ModelSize::FirstPro => "MEDIUM",
            Effort::Medium | Effort::High | Effort::Highest => "HIGH",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generation_is_told_by_the_name() {
        let rows = [
            ("gemini-1.5-pro", Generation::Early),
            ("gemini-2.0-flash-001", Generation::Early),
            ("gemma-3-27b-it", Generation::Early),
            ("gemini-2.5-flash-lite-preview-09-2025", Generation::Budget),
            ("publishers/google/models/gemini-2.5-pro", Generation::Budget),
            ("gemini-3-flash-preview", Generation::Level),
            ("gemini-3.1-pro-preview", Generation::Level),
            ("gemini-flash-latest", Generation::Level),
            ("projects/1/locations/eu/endpoints/2", Generation::Level),
        ];
        for (name, generation) in rows {
            assert_eq!(GoogleModel::of(name).generation, generation, "{name}");
        }
    }

    #[test]
    fn thinking_goes_with_the_model() {
        use GoogleThinking::{AnyBudget, Budget, Level, Usual};
        use Reasoning::{Adaptive, Effort as Word, Off};
        let rows = [
            ("gemini-2.5-flash", Off, Ok(Budget(0))),
            (
                "projects/1/locations/eu/publishers/google/models/gemini-2.5-flash",
                Off,
                Ok(Budget(0)),
            ),
            ("gemini-2.5-flash", Word(Effort::Low), Ok(Budget(1_024))),
            ("gemini-2.5-flash", Reasoning::Budget(31_999), Ok(Budget(24_576))),
            ("gemini-2.5-flash", Adaptive, Ok(AnyBudget)),
            ("gemini-2.5-flash-lite", Reasoning::Budget(5), Ok(Budget(512))),
            ("gemini-2.5-pro", Reasoning::Budget(31_999), Ok(Budget(31_999))),
            ("gemini-2.5-pro", Off, Err(Budget(128))),
            ("gemini-3-flash-preview", Word(Effort::Minimal), Ok(Level("MINIMAL"))),
            ("gemini-3-flash-preview", Off, Err(Level("MINIMAL"))),
            ("gemini-3.1-pro-preview", Off, Err(Level("LOW"))),
            ("gemini-3.1-pro-preview", Word(Effort::Medium), Ok(Level("MEDIUM"))),
            ("gemini-3-pro-preview", Word(Effort::Medium), Ok(Level("HIGH"))),
            ("gemini-3-pro-preview", Reasoning::Budget(2_000), Ok(Level("LOW"))),
            ("gemini-3-pro-preview", Adaptive, Ok(Usual)),
            ("gemini-2.0-flash", Off, Ok(Usual)),
            ("gemini-2.0-flash", Adaptive, Err(Usual)),
        ];
        for (name, reasoning, wanted) in rows {
            let thinking = GoogleModel::of(name).thinking(reasoning);
            assert_eq!(thinking.map_err(|(_, nearest)| nearest), wanted, "{name} {reasoning:?}");
        }
    }
}
