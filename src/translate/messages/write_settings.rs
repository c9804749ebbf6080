//! Writes sampling settings, and how much the model is to think.
//!
//! It decides which of them the model accepts. If two of them exclude each other, it decides which one is sent. While a
//! model thinks with a budget, the API refuses a temperature, `top_k`, a low `top_p`, a forced tool call, and results
//! of tool calls that come without the thinking before them. Thinking is then left out, because the client has asked
//! for the other settings more explicitly. Thinking of other models is never sent, so every call that has just been
//! answered counts as one without thinking.
//! <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>,
//! <https://platform.claude.com/docs/en/build-with-claude/thinking#limits-and-feature-compatibility>

use super::super::claude::{ModelRules, ThinkingForm, ThinkingOff};
use super::super::conversation::{Conversation, Effort, Reasoning, Sampling};
use super::super::loss::Losses;
use super::super::sides::is_forced;
use super::arrange::Arranged;
use crate::json::Json;

/// The least budget of thinking, in tokens.
const LEAST_BUDGET: u64 = 1_024;

/// The least `top_p` with which a model may think.
const LEAST_TOP_P: f64 = 0.95;

/// Sampling settings as they are sent: without those that have their default value.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Knobs<'c> {
    temperature: Option<&'c str>,
    top_p: Option<&'c str>,
    top_k: Option<&'c str>,
}

impl<'c> Knobs<'c> {
    /// Returns the settings that the model accepts.
    pub(super) fn of(sampling: &Sampling<'c>, rules: ModelRules, losses: &mut Losses) -> Self {
        let value = |number: &str| number.parse::<f64>().unwrap_or(0.0);
        for (name, penalty) in [
            ("frequency_penalty", sampling.frequency_penalty),
            ("presence_penalty", sampling.presence_penalty),
        ] {
            if penalty.is_some_and(|penalty| value(penalty) != 0.0) {
                losses.drop(name, "has no counterpart");
            }
        }
        if sampling.seed.is_some() {
            losses.drop("seed", "has no counterpart");
        }
        // Anthropic's go from 0 to 1, and 1 is usual; OpenAI's go up to 2.
        let is_hot = sampling.temperature.is_some_and(|number| value(number) > 1.0);
        if is_hot && rules.takes_sampling() {
            losses.drop("temperature", "is above 1, the most that Anthropic accepts");
        }
        let unusual = |number: Option<&'c str>| number.filter(|number| value(number) != 1.0);
        let mut knobs = Self {
            temperature: unusual(sampling.temperature).filter(|_| !is_hot),
            top_p: unusual(sampling.top_p),
            top_k: sampling.top_k,
        };
        if !rules.takes_sampling() {
            let all = [
                ("temperature", unusual(sampling.temperature)),
                ("top_p", knobs.top_p),
                ("top_k", knobs.top_k),
            ];
            for (name, _) in all.iter().filter(|(_, knob)| knob.is_some()) {
                losses.drop(name, "is not accepted by this model");
            }
            return Self::default();
        }
        if knobs.temperature.is_some() && knobs.top_p.is_some() && !rules.takes_both_knobs() {
            losses.drop("top_p", "is not accepted by this model together with a temperature");
            knobs.top_p = None;
        }
        knobs
    }

    /// Returns whether a model may think with these settings.
    fn leave_thinking(&self) -> bool {
        let top_p = self.top_p.is_none_or(|top_p| top_p.parse().unwrap_or(0.0) >= LEAST_TOP_P);
        self.temperature.is_none() && self.top_k.is_none() && top_p
    }

    /// Writes them as members of a request.
    pub(super) fn write(&self, json: &mut Json) {
        let all = [("temperature", self.temperature), ("top_p", self.top_p), ("top_k", self.top_k)];
        for (name, knob) in all {
            if let Some(knob) = knob {
                json.key(name).value(knob);
            }
        }
    }
}

/// What is sent about how much the model is to think.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ThinkingPlan {
    thinking: Option<SentThinking>,
    /// How much effort the model makes, with or without thinking.
    pub(super) effort: Option<&'static str>,
}

/// The member `thinking`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SentThinking {
    Disabled,
    Adaptive,
    Budget(u64),
}

impl ThinkingPlan {
    /// Returns what is sent to the model, given the limit of the answer in tokens, the knobs and the turns.
    pub(super) fn of(
        conversation: &Conversation<'_>,
        rules: ModelRules,
        (max_tokens, knobs, arranged): (u64, &Knobs<'_>, &Arranged<'_, '_>),
        losses: &mut Losses,
    ) -> Self {
        let Some(reasoning) = conversation.reasoning else { return Self::default() };
        if reasoning == Reasoning::Off {
            return Self::off(rules, losses);
        }
        let forced = is_forced(conversation.tool_choice.as_ref());
        let form = rules.thinking();
        let is_budget = form == ThinkingForm::Budget;
        let obstacle = if form == ThinkingForm::Never {
            Some("has no counterpart, since the model does not think")
        } else if !knobs.leave_thinking() {
            Some("has no counterpart together with a temperature, top_p or top_k")
        } else if is_budget && forced {
            Some("has no counterpart if a tool has to be called")
        } else if is_budget && arranged.ends_with_results() {
            Some("has no counterpart after tool results whose call has no signed thinking")
        } else if is_budget && max_tokens <= LEAST_BUDGET {
            Some("has no counterpart in an answer of at most 1024 tokens")
        } else {
            None
        };
        if let Some(obstacle) = obstacle {
            losses.drop("reasoning", obstacle);
        }
        let thinking = match form {
            _ if obstacle.is_some() => None,
            ThinkingForm::Never => None,
            ThinkingForm::Budget => Some(SentThinking::Budget(budget(reasoning, max_tokens))),
            ThinkingForm::Adaptive => Some(SentThinking::Adaptive),
        };
        let effort = reasoning.effort().filter(|_| form == ThinkingForm::Adaptive);
        Self { thinking, effort: effort.map(|effort| rules.effort(effort)) }
    }

    /// Returns what keeps the model from thinking. If that is impossible, lets it think as little as it can.
    fn off(rules: ModelRules, losses: &mut Losses) -> Self {
        match rules.off() {
            ThinkingOff::Usual => Self::default(),
            ThinkingOff::Told => Self { thinking: Some(SentThinking::Disabled), effort: None },
            ThinkingOff::Impossible => {
                losses.drop("reasoning", "cannot be turned off for the model");
                Self { thinking: None, effort: Some("low") }
            }
        }
    }

    /// Writes the member `thinking`, if there is one.
    pub(super) fn write(&self, json: &mut Json) {
        let Some(thinking) = self.thinking else { return };
        json.key("thinking").object(|json| {
            json.member(
                "type",
                match thinking {
                    SentThinking::Disabled => "disabled",
                    SentThinking::Adaptive => "adaptive",
                    SentThinking::Budget(_) => "enabled",
                },
            );
            if let SentThinking::Budget(tokens) = thinking {
                json.key("budget_tokens").number(tokens);
            }
        });
    }
}

/// Returns the budget in tokens for a model that accepts no effort word. It is always below the limit of the answer. If
/// the client gives no budget of its own, the budget is at most half of the limit, to leave room for the answer's text.
fn budget(reasoning: Reasoning, max_tokens: u64) -> u64 {
    let below = max_tokens.saturating_sub(1);
    let half = below.min(LEAST_BUDGET.max(max_tokens / 2));
    let (wanted, most) = match reasoning {
        Reasoning::Budget(tokens) => (tokens, below),
        Reasoning::Effort(effort) => (effort.budget(), half),
        Reasoning::Off | Reasoning::Adaptive => (Effort::Medium.budget(), half),
    };
    wanted.max(LEAST_BUDGET).min(most)
}
