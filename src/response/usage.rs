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
    /// Tokens of the output that are reasoning; 0 where the provider reports none.
    pub reasoning_tokens: u64,
    /// What of the input a cache had to do with.
    pub cache: CacheUse,
}

/// Tokens of the input that a provider has read from a cache of earlier requests, or kept in one
/// for later ones. They have prices of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Tokens that were read.
    pub read: u64,
    /// Tokens that were written.
    pub written: u64,
    /// Those of them that are kept for an hour instead of some minutes.
    pub written_for_hour: u64,
}

impl CacheUse {
    /// Returns it as far as that input can have it: none of it where it is more.
    const fn within(self, input: u64) -> Self {
        let is_possible = self.read.saturating_add(self.written) <= input
            && self.written_for_hour <= self.written;
        if is_possible { self } else { Self { read: 0, written: 0, written_for_hour: 0 } }
    }
}

/// Every count by its name. What may stand alone is `None` until it comes; parts of something else
/// are 0 then.
#[derive(Debug, Default)]
pub(super) struct TokenCounts {
    prompt: Option<u64>,
    completion: Option<u64>,
    thoughts: Option<u64>,
    input: Option<u64>,
    output: Option<u64>,
    billed_input: Option<u64>,
    billed_output: Option<u64>,
    tool_prompt: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_hour: u64,
    cache_read_within: u64,
    cache_write_within: u64,
    reasoning: u64,
    total: u64,
}

impl TokenCounts {
    /// Takes a count, in place of an earlier one under the same name. A 0 replaces none.
    pub(super) const fn set(&mut self, count: Count, value: u64) {
        let part = match count {
            Count::Prompt => return Self::replace(&mut self.prompt, value),
            Count::Completion => return Self::replace(&mut self.completion, value),
            Count::Thoughts => return Self::replace(&mut self.thoughts, value),
            Count::Input => return Self::replace(&mut self.input, value),
            Count::Output => return Self::replace(&mut self.output, value),
            Count::BilledInput => return Self::replace(&mut self.billed_input, value),
            Count::BilledOutput => return Self::replace(&mut self.billed_output, value),
            Count::ToolPrompt => &mut self.tool_prompt,
            Count::CacheRead => &mut self.cache_read,
            Count::CacheWrite => &mut self.cache_write,
            Count::CacheWriteHour => &mut self.cache_write_hour,
            Count::CacheReadWithin => &mut self.cache_read_within,
            Count::CacheWriteWithin => &mut self.cache_write_within,
            Count::Reasoning => &mut self.reasoning,
            Count::Total => &mut self.total,
        };
        if value > 0 {
            *part = value;
        }
    }

    /// Puts a count in place of an earlier one, unless it is 0.
    const fn replace(known: &mut Option<u64>, value: u64) {
        if value > 0 || known.is_none() {
            *known = Some(value);
        }
    }

    /// Returns what the counts add up to. Gateways fill the names of one family with zeros
    /// beside those of another, so the larger sum is taken.
    ///
    /// For example, Anthropic's `input_tokens` 10, `cache_read_input_tokens` 90 and OpenAI's
    /// `prompt_tokens` 0 are 100 tokens of input, of which 90 were read from a cache. OpenAI's
    /// `prompt_tokens` 100 with `cached_tokens` 90 say the same.
    pub(super) fn usage(&self) -> Usage {
        // Parts count only beside their base: alone, they are part of an unknown total.
        let plus = |base: Option<u64>, part: u64| base.map(|sum| sum.saturating_add(part));
        let input = plus(plus(self.input, self.cache_read), self.cache_write);
        let prompt = plus(self.prompt, self.tool_prompt);
        // Gemini names thoughts and no candidates where it stopped while thinking.
        let thoughts = self.thoughts.unwrap_or(0);
        let completion = plus(self.completion, thoughts).or(self.thoughts);
        // What is billed may differ from what was used, so it is the last resort.
        let input_tokens = input.max(prompt).or(self.billed_input);
        let cache = CacheUse {
            read: self.cache_read.max(self.cache_read_within),
            written: self.cache_write.max(self.cache_write_within),
            written_for_hour: self.cache_write_hour,
        };
        let output_tokens = self.with_reasoning(input_tokens, completion.max(self.output));
        let output_tokens = output_tokens.or(self.billed_output);
        let reasoning = self.reasoning.max(thoughts);
        Usage {
            input_tokens,
            output_tokens,
            // More than all of the output cannot be reasoning.
            reasoning_tokens: if Some(reasoning) <= output_tokens { reasoning } else { 0 },
            cache: cache.within(input_tokens.unwrap_or(0)),
        }
    }

    /// Returns that output with its reasoning.
    ///
    /// The total tells whether the output includes it. For example, of 30 tokens of input and 10 of
    /// output, 8 of them for reasoning, OpenAI names 40 in total; xAI names 48, as its output is
    /// without. Where there is no total, reasoning that is more than the output is not within it.
    fn with_reasoning(&self, input: Option<u64>, output: Option<u64>) -> Option<u64> {
        let output = output?;
        let sum = output.saturating_add(self.reasoning);
        let is_beside = match self.total {
            0 => self.reasoning > output,
            total => total == sum.saturating_add(input.unwrap_or(0)),
        };
        Some(if is_beside { sum } else { output })
    }
}
