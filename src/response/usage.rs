//! How many tokens an answer says it took.
//!
//! Knows the names that providers give them and how those add up, not where in a body
//! they stand. Of every name the last value counts.

use super::place::Count;

/// Tokens, as far as the provider tells them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the request, with what was read from or written to a cache.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer, with those of reasoning.
    pub output_tokens: Option<u64>,
}

/// Every count by its name.
#[derive(Debug, Default)]
pub(super) struct UsageCounts {
    prompt: Option<u64>,
    tool_prompt: Option<u64>,
    completion: Option<u64>,
    thoughts: Option<u64>,
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    output: Option<u64>,
    billed_input: Option<u64>,
    billed_output: Option<u64>,
}

impl UsageCounts {
    pub(super) const fn set(&mut self, count: Count, value: u64) {
        let place = match count {
            Count::Prompt => &mut self.prompt,
            Count::ToolPrompt => &mut self.tool_prompt,
            Count::Completion => &mut self.completion,
            Count::Thoughts => &mut self.thoughts,
            Count::Input => &mut self.input,
            Count::CacheRead => &mut self.cache_read,
            Count::CacheWrite => &mut self.cache_write,
            Count::Output => &mut self.output,
            Count::BilledInput => &mut self.billed_input,
            Count::BilledOutput => &mut self.billed_output,
        };
        *place = Some(value);
    }

    /// What they come to. Gateways fill the names of one family with zeros beside those of
    /// another, so the larger sum is taken.
    pub(super) fn usage(&self) -> Usage {
        let plus = |base: Option<u64>, parts: &[Option<u64>]| {
            parts.iter().flatten().fold(base, |sum, part| sum.map(|sum| sum.saturating_add(*part)))
        };
        let input = plus(self.input, &[self.cache_read, self.cache_write]);
        let prompt = plus(self.prompt, &[self.tool_prompt]);
        // Gemini names thoughts and no candidates where it stopped while thinking.
        let completion = match self.completion {
            None => self.thoughts,
            some => plus(some, &[self.thoughts]),
        };
        Usage {
            input_tokens: input.max(prompt).or(self.billed_input),
            output_tokens: completion.max(self.output).or(self.billed_output),
        }
    }
}
