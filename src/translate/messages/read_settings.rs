//! Reads how the answer is to be made: its limit, the sampling settings, how much the model is to think, and the form
//! of the answer.

use super::super::conversation::{AnswerFormat, Conversation, Effort, Reasoning};
use super::super::known::{KnownObject, NO_COUNTERPART};
use super::super::loss::Losses;
use super::super::openai;

/// Reads the settings.
#[inline(never)]
pub(super) fn settings<'a>(
    read: &mut Conversation<'a>,
    body: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) {
    read.max_tokens = body.whole("max_tokens", losses);
    if read.max_tokens == Some(0) {
        body.refuse("max_tokens", "is 0, which only fills a cache", losses);
    }
    read.sampling.temperature = body.number("temperature", losses);
    read.sampling.top_p = body.number("top_p", losses);
    read.sampling.top_k = body.number("top_k", losses);
    let list = body.at("stop_sequences");
    for (number, sequence) in body.elements("stop_sequences", losses) {
        read.stop.extend(list.element(number).text(sequence, losses));
    }
    read.stream = body.flag("stream", losses).unwrap_or(false);
    read.reasoning = read_thinking(body, losses);
    read_output(read, body, losses);
}

/// Reads `thinking` (<https://platform.claude.com/docs/en/build-with-claude/thinking>).
fn read_thinking(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) -> Option<Reasoning> {
    let names = ["type", "budget_tokens", "display", "block_binding"];
    let thinking = body.object("thinking", &names, losses)?;
    // Whether what is thought is shown is the provider's to say. Most show it if they can.
    thinking.drop_unless(&[("display", "summarized")], losses);
    if thinking.has("block_binding") {
        thinking.drop("block_binding", NO_COUNTERPART, losses);
    }
    match &*thinking.needed_text("type", losses)?.plain() {
        "enabled" => {
            thinking.needed("budget_tokens", losses);
            thinking.whole("budget_tokens", losses).map(Reasoning::Budget)
        }
        "adaptive" => Some(Reasoning::Adaptive),
        "disabled" => Some(Reasoning::Off),
        "between_tools" => {
            let why = "is between_tools, which is translated as disabled";
            thinking.drop("type", why, losses);
            Some(Reasoning::Off)
        }
        _ => {
            thinking.refuse_value("type", losses);
            None
        }
    }
}

/// Reads `output_config`, and the older `output_format`.
/// <https://platform.claude.com/docs/en/build-with-claude/effort>,
/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
fn read_output<'a>(
    read: &mut Conversation<'a>,
    body: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) {
    const FORMAT: &[&str] = &["type", "schema"];
    let older = body.object("output_format", FORMAT, losses);
    let config = body.object("output_config", &["effort", "format", "task_budget"], losses);
    let mut newer = None;
    if let Some(config) = &config {
        if config.has("task_budget") {
            config.drop("task_budget", NO_COUNTERPART, losses);
        }
        read_effort(read, config, losses);
        newer = config.object("format", FORMAT, losses);
    }
    if newer.is_some() && older.is_some() {
        body.refuse("output_format", "is given together with output_config.format", losses);
    }
    read.format = newer.or(older).and_then(|format| read_format(&format, losses));
}

/// Reads the effort. It says how much an adaptive model thinks. Together with a budget, or with thinking turned off, it
/// has no counterpart.
fn read_effort(read: &mut Conversation<'_>, config: &KnownObject<'_, '_, '_>, losses: &mut Losses) {
    let Some(word) = config.text("effort", losses) else { return };
    match (openai::reasoning(&word), read.reasoning) {
        (None | Some(Reasoning::Off | Reasoning::Effort(Effort::Minimal)), _) => {
            config.drop("effort", "is not known to the translation", losses);
        }
        (effort, None | Some(Reasoning::Adaptive)) => read.reasoning = effort,
        _ => config.drop("effort", "has no counterpart together with thinking", losses),
    }
}

fn read_format<'a>(
    format: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) -> Option<AnswerFormat<'a>> {
    if !format.says("type", "json_schema") {
        format.refuse("type", "is not json_schema", losses);
    }
    format.needed("schema", losses);
    let schema = format.raw_object("schema", losses)?;
    // Anthropic's answers always follow it.
    Some(AnswerFormat::Schema { name: None, description: None, schema, strict: Some(true) })
}
