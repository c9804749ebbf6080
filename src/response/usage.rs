//! How many tokens an answer says it took.
//!
//! Knows the names that providers give to counts and how those add up, not where in a body
//! they are. Where a name comes several times, as in streams with running totals, the last
//! value counts that is not 0. Running totals only grow (Anthropic: "the token counts shown in
//! the usage field of the `message_delta` event are cumulative"), so a 0 after a count comes
//! from a server that fills in a field it does not know: several repeat the input as 0 in
//! `message_delta`.

use super::place::Count;

/// The tokens of a request and its answer, as far as the provider reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the request, including those read from or written to a cache; `None` where the
    /// provider reports none.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer, including those of reasoning; `None` where the provider reports
    /// none.
    pub output_tokens: Option<u64>,
}

/// Every count by its name; `None` for those that have not come.
#[derive(Debug, Default)]
pub(super) struct TokenCounts {
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

impl TokenCounts {
    /// Takes a count, in place of an earlier one under the same name. A 0 replaces none.
    pub(super) const fn set(&mut self, count: Count, value: u64) {
        let known = match count {
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
        if value > 0 || known.is_none() {
            *known = Some(value);
        }
    }

    /// Returns what the counts add up to. Gateways fill the names of one family with zeros
    /// beside those of another, so the larger sum is taken.
    ///
    /// For example, Anthropic's `input_tokens` 10, `cache_read_input_tokens` 90 and OpenAI's
    /// `prompt_tokens` 0 are 100 tokens of input.
    pub(super) fn usage(&self) -> Usage {
        // Parts count only beside their base: alone, they are part of an unknown total.
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
        // What is billed may differ from what was used, so it is the last resort.
        Usage {
            input_tokens: input.max(prompt).or(self.billed_input),
            output_tokens: completion.max(self.output).or(self.billed_output),
        }
    }
}
