//! What the requests of both of OpenAI's APIs have in common.

use super::conversation::{AnswerFormat, Effort, Reasoning, ToolChoice};
use super::known::KnownObject;
use super::loss::Losses;
use super::text::JsonText;

/// Reads a schema that the answer is to follow, with its name beside it.
#[inline(never)]
pub(super) fn read_schema<'a>(
    format: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) -> Option<AnswerFormat<'a>> {
    format.needed("schema", losses);
    Some(AnswerFormat::Schema {
        name: format.text("name", losses),
        description: format.text("description", losses),
        strict: format.flag("strict", losses),
        schema: format.raw_object("schema", losses)?,
    })
}

/// Returns what a word says about which tools the model is to call.
#[inline(never)]
pub(super) fn tool_choice<'a>(word: &JsonText<'_>) -> Option<ToolChoice<'a>> {
    Some(match &*word.plain() {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::Never,
        "required" => ToolChoice::Any,
        _ => return None,
    })
}

/// Returns what a word says about how much the model is to think. `max` is Anthropic's word for the most.
#[inline(never)]
pub(super) fn reasoning(word: &JsonText<'_>) -> Option<Reasoning> {
    Some(Reasoning::Effort(match &*word.plain() {
        "none" => return Some(Reasoning::Off),
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" | "max" => Effort::Highest,
        _ => return None,
    }))
}
