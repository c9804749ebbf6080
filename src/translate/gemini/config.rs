//! How the answer is made: `generationConfig`.
//! <https://ai.google.dev/api/generate-content#generationconfig>

use super::super::conversation::{AnswerFormat, Conversation, Reasoning, Sampling};
use super::super::loss::Losses;
use super::super::text::JsonText;
use super::family::{Generation, GoogleModel, GoogleThinking};
use crate::json::Json;

/// The most texts to stop at.
const MOST_STOPS: usize = 5;

/// Writes the members of the configuration.
#[inline(never)]
pub(super) fn write_config(
    conversation: &Conversation<'_>,
    model: GoogleModel,
    losses: &mut Losses,
    json: &mut Json,
) {
    if let Some(tokens) = conversation.max_tokens {
        json.key("maxOutputTokens").number(tokens);
    }
    write_sampling(conversation.sampling, losses, json);
    if conversation.stop.len() > MOST_STOPS {
        losses.refuse(
            "stop",
            "has more than 5 stop sequences, the most that generateContent accepts",
        );
    } else if !conversation.stop.is_empty() {
        JsonText::write_list(&conversation.stop, json.key("stopSequences"));
    }
    if let Some(format) = &conversation.format {
        if !conversation.tools.is_empty() && model.generation < Generation::Level {
            let why = "is not accepted by this model together with tools";
            losses.refuse("response_format", why);
        }
        json.member("responseMimeType", "application/json");
        if let AnswerFormat::Schema { description, schema, .. } = format {
            if description.is_some() {
                let why = "has a description, which has no counterpart in generateContent";
                losses.drop("response_format", why);
            }
            json.key("responseJsonSchema").value(schema);
        }
    }
    if let Some(reasoning) = conversation.reasoning {
        write_thinking(reasoning, model, losses, json);
    }
}

fn write_sampling(sampling: Sampling<'_>, losses: &mut Losses, json: &mut Json) {
    let Sampling { temperature, top_p, top_k, frequency_penalty, presence_penalty, seed } =
        sampling;
    let is_some_penalty = |number: &&str| number.parse() != Ok(0.0);
    let seed = seed.filter(|number| {
        let is_taken = number.parse::<i32>().is_ok();
        if !is_taken {
            losses.drop("seed", "is outside the range that generateContent accepts");
        }
        is_taken
    });
    let numbers = [
        ("temperature", temperature),
        ("topP", top_p),
        ("topK", top_k),
        ("seed", seed),
        ("presencePenalty", presence_penalty.filter(is_some_penalty)),
        ("frequencyPenalty", frequency_penalty.filter(is_some_penalty)),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            json.key(name).value(number);
        }
    }
}

fn write_thinking(reasoning: Reasoning, model: GoogleModel, losses: &mut Losses, json: &mut Json) {
    let thinking = model.thinking(reasoning).unwrap_or_else(|(why, nearest)| {
        losses.drop("reasoning", why);
        nearest
    });
    let is_wanted = reasoning != Reasoning::Off && model.generation != Generation::Early;
    if !is_wanted && thinking == GoogleThinking::Usual {
        return;
    }
    json.key("thinkingConfig").object(|json| {
        match thinking {
            GoogleThinking::Budget(tokens) => json.key("thinkingBudget").number(tokens),
            GoogleThinking::AnyBudget => json.key("thinkingBudget").value("-1"),
            GoogleThinking::Level(level) => json.member("thinkingLevel", level),
            GoogleThinking::Usual => {}
        }
        if is_wanted {
            json.key("includeThoughts").flag(true);
        }
    });
}
