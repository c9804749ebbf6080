//! Puts the events of an answer into an order that every API can write.
//!
//! Providers differ. Tool calls may overlap, a name may come after the input, an answer without content has no
//! block, and counts may come more than once. A writer gets [`AnswerStep`]s of one grammar:
//!
//! ```text
//! Start (Open (Delta | Signature)* Close)* (Finish | Failed)
//! ```
//!
//! with `Ping` anywhere after `Start`. Each step comes once, except `Ping` and the blocks. Blocks do not overlap:
//! while one tool call is open, what belongs to other calls waits.
//!
//! Invariant: what waits is bounded. If more would have to wait, the answer fails.

mod waiting;

use std::collections::BTreeMap;
use std::fmt;

use super::error::unreadable;
use super::event::{AnswerEvent, AnswerUsage, StopReason, ToolPart};
use super::text::JsonText;
use crate::request::refusal::Refusal;

use waiting::{OpenKind, Waiting, WaitingBlock, WaitingTool};

/// A step of an answer, as a writer gets it.
#[derive(Debug, Clone)]
pub(super) enum AnswerStep<'s> {
    Start {
        id: JsonText<'s>,
        model: JsonText<'s>,
        /// What is known of the tokens by now.
        usage: AnswerUsage,
    },
    /// A block begins.
    Open(BlockStart<'s>),
    /// More of the open block: of its text, or of the JSON of a tool's input.
    Delta(JsonText<'s>),
    /// The signature of the open block, which is thinking.
    Signature(JsonText<'s>),
    /// The open block ends.
    Close,
    /// Nothing has happened, but the connection lives. It may come before `Start`.
    Ping,
    /// The answer is complete.
    Finish {
        reason: StopReason,
        /// The text that ended it, for [`StopReason::Sequence`].
        sequence: Option<JsonText<'s>>,
        usage: AnswerUsage,
    },
    /// The answer has failed. `Start` has come before; blocks are closed, unless the writer had an obstacle.
    Failed(Refusal),
}

/// What block begins.
#[derive(Debug, Clone)]
pub(super) enum BlockStart<'s> {
    Text,
    Thinking,
    /// Encrypted thinking. It has no deltas.
    Redacted(JsonText<'s>),
    /// The model declines.
    Refusal,
    Tool {
        id: JsonText<'s>,
        name: JsonText<'s>,
        signature: Option<JsonText<'s>>,
    },
}

/// Writes an answer in one API.
pub(super) trait StepWriter: fmt::Debug {
    /// Appends the step in the form of the API. A writer of whole answers may keep it until the answer is
    /// complete.
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>);

    /// Returns why it can take no further step but `Failed`, in words that end a sentence about the answer.
    fn obstacle(&self) -> Option<&'static str> {
        None
    }
}

/// What the client gets if the provider does not send it.
#[derive(Debug, Clone, Default)]
pub struct AnswerNames {
    /// The id of the answer. It has only letters, digits, `-` and `_`.
    pub id: String,
    /// The model.
    pub model: String,
    /// The client's own names of tools, by those that the provider knows, where they differ.
    pub renamed: BTreeMap<String, String>,
}

/// The longest name of an answer or of its model that the client gets, in bytes. Some APIs repeat both in each
/// event.
const LONGEST_NAME: usize = 256;

/// How far an answer has come.
#[derive(Debug)]
enum AnswerProgress {
    /// Nothing has been written.
    New,
    /// It has begun.
    Begun,
    /// It is complete.
    Complete,
    /// It has failed, with this error.
    Failed(Refusal),
}

/// The order of one answer.
#[derive(Debug)]
pub(super) struct AnswerOrder {
    names: AnswerNames,
    writer: Box<dyn StepWriter>,
    progress: AnswerProgress,
    open: Option<OpenKind>,
    waiting: Waiting,
    /// How many tool calls have come.
    tools: u32,
    usage: AnswerUsage,
    stop: Option<(StopReason, Option<String>)>,
    has_end: bool,
}

impl AnswerOrder {
    /// Returns the order of an answer that has not begun, for that writer.
    #[must_use]
    pub(super) fn new(names: AnswerNames, writer: Box<dyn StepWriter>) -> Self {
        Self {
            names,
            writer,
            progress: AnswerProgress::New,
            open: None,
            waiting: Waiting::default(),
            tools: 0,
            usage: AnswerUsage::default(),
            stop: None,
            has_end: false,
        }
    }

    /// Returns whether the answer has failed or is complete, so that nothing more is written.
    #[must_use]
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.progress, AnswerProgress::Complete | AnswerProgress::Failed(_))
    }

    /// Returns whether the reason for its end has come, and the end has not.
    pub(super) const fn is_ending(&self) -> bool {
        self.stop.is_some() && !self.is_over()
    }

    /// Returns the error that it has ended with, if it has failed.
    pub(super) const fn failure(&self) -> Option<&Refusal> {
        match &self.progress {
            AnswerProgress::Failed(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Takes an event, and appends what the client gets of it.
    pub(super) fn take(&mut self, event: AnswerEvent<'_>, to: &mut Vec<u8>) {
        if self.is_over() {
            return;
        }
        match event {
            AnswerEvent::Start { id, model } => self.start(id, model, to),
            AnswerEvent::Text(text) => self.words(OpenKind::Text, text, to),
            AnswerEvent::Thinking(text) => self.words(OpenKind::Thinking, text, to),
            AnswerEvent::Refusal(text) => self.words(OpenKind::Refusal, text, to),
            AnswerEvent::TextBreak => {
                if self.open == Some(OpenKind::Text) {
                    self.close(to);
                }
            }
            AnswerEvent::Signature(signature) => {
                // Without thinking there is nothing that it signs for a client.
                if self.open != Some(OpenKind::Thinking) && self.is_free() {
                    self.open(OpenKind::Thinking, BlockStart::Thinking, to);
                }
                if self.open == Some(OpenKind::Thinking) {
                    self.step(AnswerStep::Signature(signature), to);
                    self.close(to);
                }
            }
            AnswerEvent::Redacted(data) => {
                if self.is_free() {
                    self.open(OpenKind::Thinking, BlockStart::Redacted(data), to);
                    self.close(to);
                }
            }
            AnswerEvent::Tool(part) => self.tool(part, to),
            AnswerEvent::ToolEnd(index) => self.end_tool(index, to),
            AnswerEvent::Usage(usage) => self.usage.merge(usage),
            AnswerEvent::Stop { reason, sequence } => {
                let sequence = sequence.map(|text| text.plain().into_owned());
                self.stop = Some((reason, sequence));
            }
            AnswerEvent::Ping => self.step(AnswerStep::Ping, to),
            AnswerEvent::Failed(refusal) => self.fail(refusal, to),
            AnswerEvent::End => {
                self.has_end = true;
                self.finish(to);
            }
        }
    }

    /// Takes the end of the provider's answer. If the provider has sent neither a reason nor its end mark, the
    /// answer was broken off.
    pub(super) fn finish(&mut self, to: &mut Vec<u8>) {
        if self.is_over() {
            return;
        }
        if self.stop.is_none() && !self.has_end {
            let message = "the provider has ended its answer before it was complete";
            self.fail(Refusal::new(502, "stream_broken_off", message), to);
            return;
        }
        self.start(None, None, to);
        self.close(to);
        self.release(true, to);
        // Words that have waited for the last tool call are open still.
        self.close(to);
        if self.is_over() {
            return;
        }
        let (reason, sequence) = self.stop.take().unwrap_or((StopReason::Done, None));
        // Some say that they are done where they wait for a tool.
        let is_waiting = reason == StopReason::Done && self.tools > 0;
        let reason = if is_waiting { StopReason::Tools } else { reason };
        let sequence = sequence.map(JsonText::made);
        self.step(AnswerStep::Finish { reason, sequence, usage: self.usage }, to);
        self.progress = AnswerProgress::Complete;
    }

    /// Ends the answer with an error.
    #[inline(never)]
    pub(super) fn fail(&mut self, refusal: Refusal, to: &mut Vec<u8>) {
        if self.is_over() {
            return;
        }
        self.start(None, None, to);
        self.close(to);
        if !self.is_over() {
            self.end_with(refusal, to);
        }
    }

    #[inline(never)]
    fn step(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        if self.is_over() {
            return;
        }
        let is_last = matches!(step, AnswerStep::Finish { .. } | AnswerStep::Failed(_));
        self.writer.write(step, to);
        if let (false, Some(why)) = (is_last, self.writer.obstacle()) {
            self.end_with(unreadable(&why), to);
        }
    }

    /// Has the writer end with an error.
    #[cold]
    fn end_with(&mut self, refusal: Refusal, to: &mut Vec<u8>) {
        self.waiting.clear();
        self.writer.write(AnswerStep::Failed(refusal.clone()), to);
        self.progress = AnswerProgress::Failed(refusal);
    }

    /// Begins the answer, if it has not begun.
    #[inline(never)]
    fn start(&mut self, id: Option<JsonText<'_>>, model: Option<JsonText<'_>>, to: &mut Vec<u8>) {
        if !matches!(self.progress, AnswerProgress::New) {
            return;
        }
        self.progress = AnswerProgress::Begun;
        let named = |name: Option<JsonText<'_>>, own: &str| match name {
            Some(name) if (1..=LONGEST_NAME).contains(&name.escaped().len()) => name.into_owned(),
            _ => JsonText::made(own.to_owned()),
        };
        let id = named(id, &self.names.id);
        let model = named(model, &self.names.model);
        self.step(AnswerStep::Start { id, model, usage: self.usage }, to);
    }

    /// Returns whether a block may begin now.
    fn is_free(&self) -> bool {
        self.waiting.is_empty() && !matches!(self.open, Some(OpenKind::Tool(_)))
    }

    #[inline(never)]
    fn open(&mut self, kind: OpenKind, start: BlockStart<'_>, to: &mut Vec<u8>) {
        self.start(None, None, to);
        self.close(to);
        self.open = Some(kind);
        self.step(AnswerStep::Open(start), to);
    }

    #[inline(never)]
    fn close(&mut self, to: &mut Vec<u8>) {
        if self.open.take().is_some() {
            self.step(AnswerStep::Close, to);
        }
    }

    /// Takes text, thinking or a refusal.
    fn words(&mut self, kind: OpenKind, words: JsonText<'_>, to: &mut Vec<u8>) {
        if words.is_empty() {
            return;
        }
        if self.is_free() {
            if self.open != Some(kind) {
                let start = match kind {
                    OpenKind::Thinking => BlockStart::Thinking,
                    OpenKind::Refusal => BlockStart::Refusal,
                    OpenKind::Text | OpenKind::Tool(_) => BlockStart::Text,
                };
                self.open(kind, start, to);
            }
            self.step(AnswerStep::Delta(words), to);
            return;
        }
        self.waiting.add_words(kind, &words);
        self.check_room(to);
    }

    /// Takes a piece of a tool call.
    fn tool(&mut self, part: ToolPart<'_>, to: &mut Vec<u8>) {
        if self.open == Some(OpenKind::Tool(part.index)) {
            if let Some(input) = part.input.filter(|input| !input.is_empty()) {
                self.step(AnswerStep::Delta(input), to);
            }
            return;
        }
        if self.waiting.add_part(&part) {
            self.tools = self.tools.saturating_add(1);
        }
        self.check_room(to);
        self.release(false, to);
    }

    fn end_tool(&mut self, index: u32, to: &mut Vec<u8>) {
        if self.open == Some(OpenKind::Tool(index)) {
            self.close(to);
        }
        self.waiting.end(index);
        self.release(false, to);
    }

    /// Writes what has waited, up to what still has to wait. `is_end`: nothing more comes.
    #[inline(never)]
    fn release(&mut self, is_end: bool, to: &mut Vec<u8>) {
        while !matches!(self.open, Some(OpenKind::Tool(_))) && !self.is_over() {
            match self.waiting.take_ready(is_end) {
                None => return,
                Some(WaitingBlock::Words(kind, text)) => {
                    let waiting = std::mem::take(&mut self.waiting);
                    self.words(kind, JsonText::Escaped(&text), to);
                    self.waiting = waiting;
                }
                Some(WaitingBlock::Tool(tool)) => self.begin_tool(tool, is_end, to),
            }
        }
    }

    /// Opens a tool call that has waited, and writes what has come of it so far.
    fn begin_tool(&mut self, tool: WaitingTool, is_end: bool, to: &mut Vec<u8>) {
        let WaitingTool { index, id, name, signature, input, is_ended } = tool;
        let Some(name) = name else {
            self.fail(unreadable(&"has a tool call without a name"), to);
            return;
        };
        let name = self.names.renamed.get(&name).cloned().unwrap_or(name);
        // A call needs an id, to which its result refers.
        let id = id.unwrap_or_else(|| format!("call_{}_{index}", self.names.id));
        let signature = signature.map(JsonText::made);
        let start =
            BlockStart::Tool { id: JsonText::made(id), name: JsonText::made(name), signature };
        self.open(OpenKind::Tool(index), start, to);
        if !input.is_empty() {
            self.step(AnswerStep::Delta(JsonText::Escaped(&input)), to);
        }
        if is_ended || is_end {
            self.close(to);
        }
    }

    /// Fails the answer if more of it waits than is allowed.
    #[inline(never)]
    fn check_room(&mut self, to: &mut Vec<u8>) {
        if self.waiting.is_too_much() {
            self.fail(unreadable(&"has tool calls that are too long to be translated"), to);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
