//! The counts of tokens, as OpenAI and servers that are compatible with it write them.

use super::super::event::AnswerUsage;
use super::super::tape::Node;
use crate::json::Json;

/// Returns the counts of a `usage` object.
///
/// Beside OpenAI's own names there are `prompt_cache_hit_tokens` (DeepSeek), `cached_tokens` without an
/// object around it (Moonshot) and Anthropic's names for what is written to a cache (LiteLLM).
#[must_use]
#[inline(never)]
pub(super) fn read_usage(usage: Node<'_, '_>) -> AnswerUsage {
    let count = |path: &[&str]| usage.at(path).and_then(Node::whole);
    let reasoning = count(&["completion_tokens_details", "reasoning_tokens"]);
    let (input, output) = (count(&["prompt_tokens"]), count(&["completion_tokens"]));
    // xAI and Google count what was thought beside the completion, and only the total has all.
    let sum = |counts: [Option<u64>; 3]| {
        counts.into_iter().try_fold(0_u64, |sum, count| sum.checked_add(count?))
    };
    let is_beside = reasoning.is_some_and(|count| count > 0)
        && sum([input, output, reasoning]) == count(&["total_tokens"]);
    let output = if is_beside { sum([output, reasoning, Some(0)]) } else { output };
    AnswerUsage {
        input,
        output,
        reasoning,
        cache_read: count(&["prompt_tokens_details", "cached_tokens"])
            .or_else(|| count(&["prompt_cache_hit_tokens"]))
            .or_else(|| count(&["cached_tokens"])),
        cache_write: count(&["prompt_tokens_details", "cache_write_tokens"])
            .or_else(|| count(&["prompt_tokens_details", "cache_creation_tokens"]))
            .or_else(|| count(&["cache_creation_input_tokens"])),
    }
}

/// Writes a `usage` object as the next value. Returns whether anything is known; else nothing is written.
#[inline(never)]
pub(super) fn write_usage(json: &mut Json, key: &str, usage: AnswerUsage) -> bool {
    let AnswerUsage { input, cache_read, cache_write, output, reasoning } = usage;
    if input.is_none() && output.is_none() {
        return false;
    }
    let (input, output) = (input.unwrap_or(0), output.unwrap_or(0));
    json.key(key).object(|json| {
        json.key("prompt_tokens").number(input);
        json.key("completion_tokens").number(output);
        json.key("total_tokens").number(input.saturating_add(output));
        json.key("prompt_tokens_details").object(|json| {
            json.key("cached_tokens").number(cache_read.unwrap_or(0));
            if let Some(count) = cache_write {
                json.key("cache_write_tokens").number(count);
            }
        });
        json.key("completion_tokens_details").object(|json| {
            json.key("reasoning_tokens").number(reasoning.unwrap_or(0));
        });
    });
    true
}
