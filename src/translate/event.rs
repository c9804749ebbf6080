//! An answer in a form that belongs to no API: the events that readers make of it, one at a time.
//!
//! A whole answer is read into the same events as a stream. Events may come in the order in which the
//! provider sends them; [`order`](super::order) puts them into the order that writers can rely on.

use std::fmt;

use super::error;
use super::tape::Node;
use super::text::JsonText;
use crate::request::refusal::Refusal;

/// Takes the events of an answer.
pub(super) type Take<'t> = &'t mut dyn FnMut(AnswerEvent<'_>);

/// Reads the answers of one API.
pub(super) trait AnswerReader: fmt::Debug {
    /// Reads an event of a stream. `name` is its name where the API has it outside the data, as Amazon's
    /// does.
    fn event(&mut self, name: &str, data: Node<'_, '_>, take: Take<'_>);

    /// Reads a whole answer, and ends with [`AnswerEvent::End`].
    fn whole(&mut self, body: Node<'_, '_>, take: Take<'_>);
}

/// If a member is a text, takes it as an event of that kind.
#[inline(never)]
pub(super) fn take_text<'e>(
    within: Node<'_, 'e>,
    name: &str,
    event: fn(JsonText<'e>) -> AnswerEvent<'e>,
    take: Take<'_>,
) {
    if let Some(text) = within.text_of(name) {
        take(event(text));
    }
}

/// Fails an answer that cannot be read. `why` ends a sentence about it.
#[cold]
#[inline(never)]
pub(super) fn fail(why: &dyn fmt::Display, take: Take<'_>) {
    take(AnswerEvent::Failed(error::unreadable(why)));
}

/// Fails an answer with the error that a document tells of.
#[cold]
#[inline(never)]
pub(super) fn fail_with(document: Node<'_, '_>, take: Take<'_>) {
    take(AnswerEvent::Failed(error::fault(0, Some(document))));
}

/// Something that a provider's answer says.
#[derive(Debug, Clone)]
pub(super) enum AnswerEvent<'e> {
    /// The answer begins. Only the first counts.
    Start { id: Option<JsonText<'e>>, model: Option<JsonText<'e>> },
    /// More of the answer's text.
    Text(JsonText<'e>),
    /// The text that follows is another block than the text before.
    TextBreak,
    /// More of what the model thinks.
    Thinking(JsonText<'e>),
    /// The provider's signature of what the model has thought.
    Signature(JsonText<'e>),
    /// What the model has thought, encrypted.
    Redacted(JsonText<'e>),
    /// More of the text with which the model declines.
    Refusal(JsonText<'e>),
    /// More of a tool call. Id and name may come late, and the input in pieces.
    Tool(ToolPart<'e>),
    /// The tool call of that index is complete.
    ToolEnd(u32),
    /// Tokens so far. A count that is there replaces the count that was known.
    Usage(AnswerUsage),
    /// Why the answer ends.
    Stop {
        reason: StopReason,
        /// The text that ended it, for [`StopReason::Sequence`].
        sequence: Option<JsonText<'e>>,
    },
    /// The provider is still there.
    Ping,
    /// The provider reports a failure in the answer.
    Failed(Refusal),
    /// The mark of the answer's end.
    End,
}

/// A piece of a tool call.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolPart<'e> {
    /// Which call of the answer it belongs to.
    pub(super) index: u32,
    pub(super) id: Option<JsonText<'e>>,
    pub(super) name: Option<JsonText<'e>>,
    /// Google's signature of the thinking before the call.
    pub(super) signature: Option<JsonText<'e>>,
    /// More of the input, as text of JSON.
    pub(super) input: Option<JsonText<'e>>,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopReason {
    /// The model has finished.
    Done,
    /// The limit of tokens is reached.
    Length,
    /// One of the texts to stop at came.
    Sequence,
    /// The model waits for results of tools.
    Tools,
    /// The provider or the model declines.
    Refused,
    /// The model's context window is full.
    ContextWindow,
    /// The provider pauses a long turn, which the client may continue.
    Paused,
}

impl StopReason {
    /// Returns the reason that a table has for a provider's word.
    #[inline(never)]
    pub(super) fn of(word: &str, table: &[(&str, Self)]) -> Option<Self> {
        table.iter().find(|(known, _)| *known == word).map(|(_, reason)| *reason)
    }
}

/// Counts of tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct AnswerUsage {
    /// All input, including what was read from a cache or written to one.
    pub(super) input: Option<u64>,
    /// The part of the input that was read from a cache.
    pub(super) cache_read: Option<u64>,
    /// The part of the input that was written to a cache.
    pub(super) cache_write: Option<u64>,
    /// All output, including thinking.
    pub(super) output: Option<u64>,
    /// The part of the output that was thinking.
    pub(super) reasoning: Option<u64>,
}

impl AnswerUsage {
    /// Takes newer counts. A zero does not replace a count, because some providers repeat counts as zeros in the last
    /// event.
    pub(super) fn merge(&mut self, newer: Self) {
        let Self { input, cache_read, cache_write, output, reasoning } = newer;
        let all = [
            (&mut self.input, input),
            (&mut self.cache_read, cache_read),
            (&mut self.cache_write, cache_write),
            (&mut self.output, output),
            (&mut self.reasoning, reasoning),
        ];
        for (known, newer) in all {
            let is_zero_after_count = newer == Some(0) && known.is_some();
            if newer.is_some() && !is_zero_after_count {
                *known = newer;
            }
        }
    }

    /// Returns the input without what was read from a cache or written to one.
    #[must_use]
    pub(super) fn uncached_input(&self) -> u64 {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        self.input.unwrap_or(0).saturating_sub(cached)
    }
}
