//! How the answer is made: which of the client's settings a family of models accepts, and in which form.
//!
//! While a model of Anthropic's thinks, it accepts no temperature and no `top_k`. If it thinks within a budget, it also
//! accepts no forced call, and no result of a call that came without thinking. In these cases thinking is left out,
//! because the client has asked for the other setting more explicitly.
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html>

use std::borrow::Cow;

use super::super::claude::{ModelRules, ThinkingForm, ThinkingOff};
use super::super::conversation::{Conversation, Effort, Reasoning, Sampling};
use super::super::loss::Losses;
use super::super::sides::{OneSide, is_forced, is_result, is_thought};
use super::family::ModelFamily;

/// The least budget for thinking, in tokens.
const LEAST_BUDGET: u64 = 1024;

/// The least `top_p` with which a model may think.
const LEAST_TOP_P: f64 = 0.95;

/// What the request says about how the answer is made.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ConverseKnobs<'a> {
    pub(super) max_tokens: Option<u64>,
    pub(super) temperature: Option<Cow<'a, str>>,
    pub(super) top_p: Option<&'a str>,
    pub(super) top_k: Option<&'a str>,
    pub(super) thinking: Option<ThinkingKnob>,
    /// The effort, for a model of Anthropic's that decides itself when to think.
    pub(super) effort: Option<&'static str>,
    /// How much a model of OpenAI's thinks.
    pub(super) reasoning_effort: Option<&'static str>,
}

/// How a model of Anthropic's is to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThinkingKnob {
    /// At most this many tokens.
    Budget(u64),
    Adaptive,
    Disabled,
}

/// Returns what the request says. `default_max_tokens` limits the answer where the client gives no limit and
/// one is needed.
#[inline(never)]
pub(super) fn knobs<'a>(
    conversation: &Conversation<'a>,
    sides: &[OneSide<'_, 'a>],
    (family, default_max_tokens): (ModelFamily, u64),
    losses: &mut Losses,
) -> ConverseKnobs<'a> {
    let mut knobs = sampled(conversation.sampling, family, losses);
    knobs.max_tokens = conversation.max_tokens;
    let Some(reasoning) = conversation.reasoning else { return knobs };
    match family {
        ModelFamily::Claude(rules) if reasoning == Reasoning::Off => knobs.turn_off(rules, losses),
        ModelFamily::Claude(rules) => {
            let max_tokens = conversation.max_tokens.unwrap_or(default_max_tokens);
            if let Some(why) = obstacle(&knobs, rules, max_tokens, (conversation, sides)) {
                losses.drop("reasoning", why);
            } else {
                knobs.think(reasoning, rules, max_tokens);
            }
        }
        ModelFamily::GptOss if reasoning == Reasoning::Off => {
            losses.drop("reasoning", "cannot be turned off for this model");
            knobs.reasoning_effort = Some("low");
        }
        ModelFamily::GptOss => {
            knobs.reasoning_effort = reasoning.effort().map(Effort::usual_word);
        }
        // They do not think unless they are asked to.
        ModelFamily::Nova | ModelFamily::Other if reasoning == Reasoning::Off => {}
        ModelFamily::Nova | ModelFamily::Other => {
            losses.drop("reasoning", "is not known to be accepted by this model");
        }
    }
    knobs
}

/// Returns what keeps a model of Anthropic's from thinking.
fn obstacle(
    knobs: &ConverseKnobs<'_>,
    rules: ModelRules,
    max_tokens: u64,
    (conversation, sides): (&Conversation<'_>, &[OneSide<'_, '_>]),
) -> Option<&'static str> {
    let is_forced = is_forced(conversation.tool_choice.as_ref());
    let form = rules.thinking();
    let is_budget = form == ThinkingForm::Budget;
    let is_low = |number: &str| number.parse().is_ok_and(|number: f64| number < LEAST_TOP_P);
    let has_knob = knobs.temperature.is_some() || knobs.top_k.is_some();
    Some(if form == ThinkingForm::Never {
        "is not accepted by this model"
    } else if has_knob || knobs.top_p.is_some_and(is_low) {
        "is not accepted by this model together with a temperature, top_p or top_k"
    } else if is_budget && is_forced {
        "is not accepted by this model together with a forced tool call"
    } else if is_budget && awaits_thoughtless_call(sides) {
        "is not accepted by this model after results of calls that came without thinking"
    } else if is_budget && max_tokens <= LEAST_BUDGET {
        "is not accepted by this model with a limit of at most 1024 tokens"
    } else {
        return None;
    })
}

/// Returns whether the conversation ends with the result of a call that the model made without thinking.
fn awaits_thoughtless_call(sides: &[OneSide<'_, '_>]) -> bool {
    let [.., before, last] = sides else { return false };
    let begins_with_thought = before.blocks.first().is_some_and(|block| is_thought(&block.content));
    last.has(&is_result) && !begins_with_thought
}

impl ConverseKnobs<'_> {
    /// Makes a model of Anthropic's think.
    fn think(&mut self, reasoning: Reasoning, rules: ModelRules, max_tokens: u64) {
        if rules.thinking() == ThinkingForm::Adaptive {
            self.thinking = Some(ThinkingKnob::Adaptive);
            self.effort = reasoning.effort().map(|effort| rules.effort(effort));
            return;
        }
        let below = max_tokens.saturating_sub(1);
        // Of a limit that is not made for thinking, half is left to the answer.
        let half = below.min(LEAST_BUDGET.max(max_tokens / 2));
        let (wanted, most) = match reasoning {
            Reasoning::Budget(tokens) => (tokens, below),
            Reasoning::Effort(effort) => (effort.budget(), half),
            Reasoning::Adaptive | Reasoning::Off => (Effort::Medium.budget(), half),
        };
        self.thinking = Some(ThinkingKnob::Budget(wanted.max(LEAST_BUDGET).min(most)));
        // The model's own limit is not known here, and a budget has to be below the limit.
        self.max_tokens = Some(max_tokens);
    }

    /// Keeps a model of Anthropic's from thinking. If that is impossible, lets it think as little as it can.
    fn turn_off(&mut self, rules: ModelRules, losses: &mut Losses) {
        match rules.off() {
            ThinkingOff::Usual => {}
            ThinkingOff::Told => self.thinking = Some(ThinkingKnob::Disabled),
            ThinkingOff::Impossible => {
                losses.drop("reasoning", "cannot be turned off for this model");
                self.effort = Some("low");
            }
        }
    }
}

/// Returns the sampling settings that the family accepts.
#[inline(never)]
fn sampled<'a>(
    sampling: Sampling<'a>,
    family: ModelFamily,
    losses: &mut Losses,
) -> ConverseKnobs<'a> {
    let Sampling { temperature, top_p, top_k, frequency_penalty, presence_penalty, seed } =
        sampling;
    let is = |number: &str, usual: f64| number.parse() == Ok(usual);
    let others = [
        ("frequency_penalty", frequency_penalty.filter(|number| !is(number, 0.0))),
        ("presence_penalty", presence_penalty.filter(|number| !is(number, 0.0))),
        ("seed", seed),
    ];
    for (name, _) in others.iter().filter(|(_, knob)| knob.is_some()) {
        losses.drop(name, "has no counterpart in Bedrock Converse");
    }
    let mut knobs = ConverseKnobs { top_p, top_k, ..ConverseKnobs::default() };
    let ModelFamily::Claude(rules) = family else {
        knobs.temperature = temperature.map(|number| cut(number, losses));
        if knobs.top_k.take().is_some() {
            losses.drop("top_k", "has no counterpart for this model");
        }
        return knobs;
    };
    let temperature = temperature.filter(|number| !is(number, 1.0));
    knobs.top_p = top_p.filter(|number| !is(number, 1.0));
    if !rules.takes_sampling() {
        let all = [("temperature", temperature), ("top_p", knobs.top_p), ("top_k", top_k)];
        for (name, _) in all.iter().filter(|(_, knob)| knob.is_some()) {
            losses.drop(name, "is not accepted by this model");
        }
        return ConverseKnobs::default();
    }
    // What is cut to 1 is cut to what is usual.
    knobs.temperature =
        temperature.map(|number| cut(number, losses)).filter(|number| number != "1");
    if knobs.temperature.is_some() && knobs.top_p.is_some() && !rules.takes_both_knobs() {
        losses.drop("top_p", "is not accepted by this model together with a temperature");
        knobs.top_p = None;
    }
    knobs
}

/// Returns a temperature that the API accepts. OpenAI's temperatures go up to 2.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html>
fn cut<'a>(temperature: &'a str, losses: &mut Losses) -> Cow<'a, str> {
    if temperature.parse().is_ok_and(|number: f64| number > 1.0) {
        losses.drop("temperature", "is cut to 1, the most that Bedrock Converse accepts");
        return "1".into();
    }
    temperature.into()
}
