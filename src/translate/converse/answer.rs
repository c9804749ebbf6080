//! Reads answers of Converse and the events of ConverseStream.
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use super::super::error::{fault, status_of};
use super::super::event::{
    AnswerEvent, AnswerReader, AnswerUsage, StopReason, Take, ToolPart, fail, take_text,
};
use super::super::tape::Node;
use super::super::text::JsonText;
use crate::text::quoted;

/// Content that no client's API has in its answers.
const FOREIGN: [&str; 4] = ["image", "audio", "video", "document"];

/// Why an answer ends. Any other word means that the provider could not read what the model wrote, or that something
/// unknown has happened.
const STOPS: &[(&str, StopReason)] = &[
    ("end_turn", StopReason::Done),
    ("tool_use", StopReason::Tools),
    ("max_tokens", StopReason::Length),
    ("stop_sequence", StopReason::Sequence),
    ("guardrail_intervened", StopReason::Refused),
    ("content_filtered", StopReason::Refused),
    ("refusal", StopReason::Refused),
    ("model_context_window_exceeded", StopReason::ContextWindow),
];

/// The reader of one answer.
#[derive(Debug, Default)]
pub(in super::super) struct ConverseAnswer {
    /// Whether the reason to stop has come. Only then is the answer whole.
    has_stopped: bool,
}

impl AnswerReader for ConverseAnswer {
    fn event(&mut self, name: &str, data: Node<'_, '_>, take: Take<'_>) {
        let index = data.whole_of("contentBlockIndex");
        let index = index.and_then(|index| u32::try_from(index).ok()).unwrap_or_default();
        match name {
            "messageStart" => take(AnswerEvent::Start { id: None, model: None }),
            "contentBlockStart" => {
                let Some(start) = data.get("start") else { return };
                if let Some(tool) = start.get("toolUse") {
                    take(AnswerEvent::Tool(tool_part(index, tool)));
                }
                refuse_foreign(start, take);
            }
            "contentBlockDelta" => {
                if let Some(delta) = data.get("delta") {
                    read_delta(index, delta, take);
                }
            }
            "contentBlockStop" => {
                take(AnswerEvent::ToolEnd(index));
                take(AnswerEvent::TextBreak);
            }
            "messageStop" => self.stop(data, take),
            "metadata" => {
                read_usage(data, take);
                if self.has_stopped {
                    take(AnswerEvent::End);
                }
            }
            // Failures have frames of their own kind, but some carry them as events.
            _ if name.ends_with("Exception") => {
                let status = status_of(name).unwrap_or(502);
                take(AnswerEvent::Failed(fault(status, Some(data))));
            }
            _ => {}
        }
    }

    fn whole(&mut self, body: Node<'_, '_>, take: Take<'_>) {
        take(AnswerEvent::Start { id: None, model: None });
        let content = body.at(&["output", "message", "content"]);
        for (index, block) in (0..).zip(content.into_iter().flat_map(Node::elements)) {
            read_block(index, block, take);
        }
        read_usage(body, take);
        self.stop(body, take);
        if self.has_stopped {
            take(AnswerEvent::End);
        }
    }
}

impl ConverseAnswer {
    /// Reads why the answer ends.
    fn stop(&mut self, data: Node<'_, '_>, take: Take<'_>) {
        let Some(word) = data.text_of("stopReason") else { return };
        self.has_stopped = true;
        let word = word.plain();
        let Some(reason) = StopReason::of(&word, STOPS) else {
            let why = format_args!("has ended before it was complete: {}", quoted(&word));
            return fail(&why, take);
        };
        let sequence = data.at(&["additionalModelResponseFields", "stop_sequence"]);
        take(AnswerEvent::Stop { reason, sequence: sequence.and_then(Node::text) });
    }
}

/// Reads a piece of a block.
fn read_delta(index: u32, delta: Node<'_, '_>, take: Take<'_>) {
    take_text(delta, "text", AnswerEvent::Text, take);
    if let Some(tool) = delta.get("toolUse") {
        let input = tool.text_of("input");
        take(AnswerEvent::Tool(ToolPart { index, input, ..ToolPart::default() }));
    }
    if let Some(reasoning) = delta.get("reasoningContent") {
        read_reasoning(reasoning, reasoning, take);
    }
    refuse_foreign(delta, take);
}

/// Reads a block of a whole answer.
fn read_block(index: u32, block: Node<'_, '_>, take: Take<'_>) {
    if let Some(text) = block.text_of("text") {
        take(AnswerEvent::Text(text));
        take(AnswerEvent::TextBreak);
    }
    // Text with what it rests on, which has no counterpart.
    let cited = block.at(&["citationsContent", "content"]);
    for part in cited.into_iter().flat_map(Node::elements) {
        take_text(part, "text", AnswerEvent::Text, take);
    }
    if let Some(tool) = block.get("toolUse") {
        let input = tool.get("input").map_or("{}", Node::raw);
        let input = Some(JsonText::of(input));
        take(AnswerEvent::Tool(ToolPart { input, ..tool_part(index, tool) }));
        take(AnswerEvent::ToolEnd(index));
    }
    if let Some(reasoning) = block.get("reasoningContent") {
        read_reasoning(reasoning, reasoning.get("reasoningText").unwrap_or(reasoning), take);
    }
    refuse_foreign(block, take);
}

/// Reads what the model has thought. `words` has text and signature.
fn read_reasoning(reasoning: Node<'_, '_>, words: Node<'_, '_>, take: Take<'_>) {
    take_text(words, "text", AnswerEvent::Thinking, take);
    take_text(words, "signature", AnswerEvent::Signature, take);
    take_text(reasoning, "redactedContent", AnswerEvent::Redacted, take);
}

/// Returns the beginning of a tool call.
fn tool_part<'a>(index: u32, tool: Node<'_, 'a>) -> ToolPart<'a> {
    let text = |name: &str| tool.text_of(name);
    ToolPart { index, id: text("toolUseId"), name: text("name"), ..ToolPart::default() }
}

/// Fails the answer if it has content that the client would miss.
fn refuse_foreign(block: Node<'_, '_>, take: Take<'_>) {
    if let Some(name) = FOREIGN.into_iter().find(|name| block.has(name)) {
        let why = format_args!("has content of a kind that is not translated: {name}");
        fail(&why, take);
    }
}

/// Reads the counts of tokens. Tokens read from a cache or written to one are added to the input, in which Amazon
/// does not count them.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>
fn read_usage(data: Node<'_, '_>, take: Take<'_>) {
    let Some(usage) = data.get("usage") else { return };
    let count = |name: &str| usage.whole_of(name);
    let (read, write) = (count("cacheReadInputTokens"), count("cacheWriteInputTokens"));
    let cached = read.unwrap_or(0).saturating_add(write.unwrap_or(0));
    take(AnswerEvent::Usage(AnswerUsage {
        input: count("inputTokens").map(|input| input.saturating_add(cached)),
        cache_read: read,
        cache_write: write,
        output: count("outputTokens"),
        reasoning: None,
    }));
}
