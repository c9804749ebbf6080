//! Reads answers of the API, streams (<https://platform.claude.com/docs/en/build-with-claude/streaming>) and whole
//! ones (<https://platform.claude.com/docs/en/api/messages/create>).
//!
//! It decides which content the client would miss. Blocks of tools that Anthropic runs itself, such as a web search, are
//! left out, because the text that follows has their outcome. Any other unknown block fails the answer.

use super::super::event::{
    AnswerEvent, AnswerReader, AnswerUsage, StopReason, Take, ToolPart, fail, fail_with, take_text,
};
use super::super::tape::Node;
use super::super::text::JsonText;
use crate::text::quoted;

/// An answer between two events.
#[derive(Debug, Default)]
pub(in super::super) struct MessagesAnswer {
    counts: AnswerCounts,
    call: Option<OpenCall>,
}

/// The tool call that is under way.
#[derive(Debug)]
struct OpenCall {
    index: u32,
    /// The input that came with its start, unless pieces have come after it.
    input: Option<String>,
}

/// The latest counts of the provider. The input count leaves out what was cached.
#[derive(Debug, Clone, Copy, Default)]
struct AnswerCounts {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
}

type Taker<'t> = &'t mut dyn FnMut(AnswerEvent<'_>);

impl AnswerReader for MessagesAnswer {
    fn event(&mut self, _: &str, data: Node<'_, '_>, take: Take<'_>) {
        let kind = data.text_of("type");
        let index = data.whole_of("index");
        let index = index.and_then(|index| u32::try_from(index).ok()).unwrap_or_default();
        match kind.as_ref().map(|kind| kind.plain()).as_deref() {
            Some("message_start") => {
                if let Some(message) = data.get("message") {
                    self.begin(message, take);
                }
            }
            Some("content_block_start") => {
                if let Some(block) = data.get("content_block") {
                    self.begin_block(index, block, take);
                }
            }
            Some("content_block_delta") => {
                if let Some(delta) = data.get("delta") {
                    self.delta(index, delta, take);
                }
            }
            Some("content_block_stop") => self.end_call(take),
            Some("message_delta") => {
                self.count(data, take);
                if let Some(delta) = data.get("delta") {
                    stop(delta, take);
                }
            }
            Some("message_stop") => {
                self.end_call(take);
                take(AnswerEvent::End);
            }
            Some("ping") => take(AnswerEvent::Ping),
            Some("error") => fail_with(data, take),
            _ if data.has("error") => fail_with(data, take),
            _ => {}
        }
    }

    fn whole(&mut self, body: Node<'_, '_>, take: Take<'_>) {
        let Some(content) = body.get("content").filter(|content| content.is_list()) else {
            if body.has("error") {
                return fail_with(body, take);
            }
            return fail(&"has no content", take);
        };
        self.begin(body, take);
        for (index, block) in content.elements().enumerate() {
            self.begin_block(u32::try_from(index).unwrap_or(u32::MAX), block, take);
            self.end_call(take);
        }
        stop(body, take);
        take(AnswerEvent::End);
    }
}

impl MessagesAnswer {
    /// Reads the beginning of a message.
    fn begin(&mut self, message: Node<'_, '_>, take: Taker<'_>) {
        self.count(message, take);
        let word = |name: &str| message.text_of(name);
        take(AnswerEvent::Start { id: word("id"), model: word("model") });
    }

    /// Reads the beginning of a block, which is all of it in a whole answer.
    fn begin_block(&mut self, index: u32, block: Node<'_, '_>, take: Taker<'_>) {
        self.end_call(take);
        let word = |name: &str| block.text_of(name).filter(|text| !text.is_empty());
        let kind = word("type").unwrap_or(JsonText::of(""));
        match &*kind.plain() {
            "text" => {
                take(AnswerEvent::TextBreak);
                take_text(block, "text", AnswerEvent::Text, take);
            }
            "thinking" => {
                take_text(block, "thinking", AnswerEvent::Thinking, take);
                if let Some(signature) = word("signature") {
                    take(AnswerEvent::Signature(signature));
                }
            }
            "redacted_thinking" => {
                if let Some(data) = word("data") {
                    take(AnswerEvent::Redacted(data));
                }
            }
            "tool_use" => {
                let (id, name) = (word("id"), word("name"));
                take(AnswerEvent::Tool(ToolPart { index, id, name, ..ToolPart::default() }));
                let input = block.get("input").filter(|input| input.is_object());
                let input = input.map_or("{}", Node::raw).to_owned();
                self.call = Some(OpenCall { index, input: Some(input) });
            }
            "server_tool_use" | "mcp_tool_use" | "mcp_tool_listing" => {}
            kind if kind.ends_with("_tool_result") => {}
            kind => {
                fail(&format_args!("has a block of type {}", quoted(kind)), take);
            }
        }
    }

    /// Reads more of a block. Unknown kinds of deltas are left out.
    fn delta(&mut self, index: u32, delta: Node<'_, '_>, take: Taker<'_>) {
        match &*delta.get("type").map(Node::word).unwrap_or_default() {
            "text_delta" => take_text(delta, "text", AnswerEvent::Text, take),
            "thinking_delta" => take_text(delta, "thinking", AnswerEvent::Thinking, take),
            "signature_delta" => take_text(delta, "signature", AnswerEvent::Signature, take),
            "input_json_delta" => {
                let input = delta.text_of("partial_json").filter(|piece| !piece.is_empty());
                // What Anthropic runs itself has an input too.
                let call = self.call.as_mut().filter(|call| call.index == index);
                if let (Some(call), Some(_)) = (call, &input) {
                    call.input = None;
                    take(AnswerEvent::Tool(ToolPart { index, input, ..ToolPart::default() }));
                }
            }
            _ => {}
        }
    }

    /// Ends the tool call that is under way, if there is one. If no pieces of input have come, it gets the input that
    /// came at its start.
    fn end_call(&mut self, take: Taker<'_>) {
        let Some(OpenCall { index, input }) = self.call.take() else { return };
        if let Some(input) = &input {
            let input = Some(JsonText::of(input));
            take(AnswerEvent::Tool(ToolPart { index, input, ..ToolPart::default() }));
        }
        take(AnswerEvent::ToolEnd(index));
    }

    /// Reads `usage`. Its counts are for the whole answer so far. Some events have only a few counts, and have zeros
    /// for what was counted before.
    fn count(&mut self, within: Node<'_, '_>, take: Taker<'_>) {
        let Some(usage) = within.get("usage") else { return };
        let counts = &mut self.counts;
        for (known, path) in [
            (&mut counts.input, ["input_tokens"].as_slice()),
            (&mut counts.cache_read, &["cache_read_input_tokens"]),
            (&mut counts.cache_write, &["cache_creation_input_tokens"]),
            (&mut counts.output, &["output_tokens"]),
            (&mut counts.reasoning, &["output_tokens_details", "thinking_tokens"]),
        ] {
            let newer = usage.at(path).and_then(Node::whole);
            if known.is_none() || newer.is_some_and(|newer| newer > 0) {
                *known = newer.or(*known);
            }
        }
        let AnswerCounts { input, cache_read, cache_write, output, reasoning } = self.counts;
        let cached = [cache_read, cache_write].into_iter().flatten();
        let input = input.map(|input| cached.fold(input, u64::saturating_add));
        take(AnswerEvent::Usage(AnswerUsage { input, cache_read, cache_write, output, reasoning }));
    }
}

/// Why an answer ends before all is said.
const STOPS: &[(&str, StopReason)] = &[
    ("max_tokens", StopReason::Length),
    ("stop_sequence", StopReason::Sequence),
    ("tool_use", StopReason::Tools),
    ("refusal", StopReason::Refused),
    ("model_context_window_exceeded", StopReason::ContextWindow),
    ("pause_turn", StopReason::Paused),
];

/// Reads why an answer ends, if it says so.
fn stop(within: Node<'_, '_>, take: Taker<'_>) {
    let Some(reason) = within.text_of("stop_reason") else { return };
    if reason.is_empty() {
        return;
    }
    let reason = StopReason::of(&reason.plain(), STOPS).unwrap_or(StopReason::Done);
    let sequence = within.text_of("stop_sequence");
    take(AnswerEvent::Stop { reason, sequence });
}
