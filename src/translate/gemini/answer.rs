//! Reads answers of generateContent. A stream has one answer in each event; without `alt=sse` it is a list of
//! answers.
//! <https://ai.google.dev/api/generate-content#generatecontentresponse>

use super::super::event::{
    AnswerEvent, AnswerReader, AnswerUsage, StopReason, Take, ToolPart, fail, fail_with,
};
use super::super::tape::Node;
use super::super::text::JsonText;
use crate::text::quoted;

/// Content that no client's API has in its answers. Google sends it only if it is asked for.
const FOREIGN: [&str; 4] = ["inlineData", "fileData", "executableCode", "codeExecutionResult"];

/// Why an answer ends. Any other word means that a call cannot be read, or that something unknown has happened.
const STOPS: &[(&str, StopReason)] = &[
    ("STOP", StopReason::Done),
    ("MAX_TOKENS", StopReason::Length),
    ("CONTINUATION", StopReason::Length),
    ("SAFETY", StopReason::Refused),
    ("RECITATION", StopReason::Refused),
    ("LANGUAGE", StopReason::Refused),
    ("BLOCKLIST", StopReason::Refused),
    ("PROHIBITED_CONTENT", StopReason::Refused),
    ("SPII", StopReason::Refused),
    ("IMAGE_SAFETY", StopReason::Refused),
    ("IMAGE_PROHIBITED_CONTENT", StopReason::Refused),
    ("IMAGE_RECITATION", StopReason::Refused),
    ("MODEL_ARMOR", StopReason::Refused),
    ("ESCALATION", StopReason::Refused),
    ("PUP_LIMITED_DISABLED", StopReason::Refused),
];

/// The reader of one answer.
#[derive(Debug, Default)]
pub(in super::super) struct GeminiAnswer {
    /// How many calls have come.
    calls: u32,
    /// Whether the reason to finish has come. Only then is the answer whole.
    has_stopped: bool,
}

impl AnswerReader for GeminiAnswer {
    fn event(&mut self, _: &str, data: Node<'_, '_>, take: Take<'_>) {
        if data.is_list() {
            data.elements().for_each(|data| self.response(data, take));
        } else {
            self.response(data, take);
        }
    }

    fn whole(&mut self, body: Node<'_, '_>, take: Take<'_>) {
        self.event("", body, take);
        if self.has_stopped {
            take(AnswerEvent::End);
        }
    }
}

impl GeminiAnswer {
    /// Reads one response, which may be a part of an answer.
    fn response(&mut self, data: Node<'_, '_>, take: Take<'_>) {
        if data.has("error") {
            return fail_with(data, take);
        }
        let text = |name: &str| data.text_of(name);
        take(AnswerEvent::Start { id: text("responseId"), model: text("modelVersion") });
        let candidates = data.elements_of("candidates");
        let is_first = |candidate: &Node<'_, '_>| candidate.whole_of("index").unwrap_or(0) == 0;
        let candidate = candidates.into_iter().find(is_first);
        let parts = candidate.and_then(|candidate| candidate.at(&["content", "parts"]));
        for part in parts.into_iter().flat_map(Node::elements) {
            self.part(part, take);
        }
        read_usage(data, take);
        if let Some(candidate) = candidate {
            self.finish_reason(candidate, take);
        } else if let Some(reason) = data.at(&["promptFeedback", "blockReason"])
            && !reason.is("BLOCK_REASON_UNSPECIFIED")
        {
            self.has_stopped = true;
            take(AnswerEvent::Stop { reason: StopReason::Refused, sequence: None });
        }
    }

    /// Reads a part of the content.
    fn part(&mut self, part: Node<'_, '_>, take: Take<'_>) {
        let is_thought = part.get("thought").and_then(Node::flag) == Some(true);
        match part.text_of("text") {
            Some(text) if is_thought => take(AnswerEvent::Thinking(text)),
            Some(text) => take(AnswerEvent::Text(text)),
            None => {}
        }
        if let Some(call) = part.get("functionCall") {
            let index = self.calls;
            self.calls = self.calls.saturating_add(1);
            let input = call.get("args").map_or("{}", Node::raw);
            take(AnswerEvent::Tool(ToolPart {
                index,
                id: call.text_of("id"),
                name: call.text_of("name"),
                signature: part.text_of("thoughtSignature"),
                input: Some(JsonText::of(input)),
            }));
            take(AnswerEvent::ToolEnd(index));
        }
        if let Some(name) = FOREIGN.into_iter().find(|name| part.has(name)) {
            let why = format_args!("has content of a kind that is not translated: {name}");
            fail(&why, take);
        }
    }

    /// Reads why the answer ends.
    fn finish_reason(&mut self, candidate: Node<'_, '_>, take: Take<'_>) {
        let Some(word) = candidate.text_of("finishReason") else { return };
        let word = word.plain();
        if word.is_empty() || word == "FINISH_REASON_UNSPECIFIED" {
            return;
        }
        let Some(reason) = StopReason::of(&word, STOPS) else {
            let why = format_args!("has ended before it was complete: {}", quoted(&word));
            return fail(&why, take);
        };
        self.has_stopped = true;
        take(AnswerEvent::Stop { reason, sequence: None });
    }
}

/// Reads the counts of tokens. Results of the provider's own tools are added to the input. Thinking is added to the
/// output, in which Google does not count it.
/// <https://ai.google.dev/api/generate-content#UsageMetadata>
fn read_usage(data: Node<'_, '_>, take: Take<'_>) {
    let Some(usage) = data.get("usageMetadata") else { return };
    let count = |name: &str| usage.whole_of(name);
    let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (None, None) => None,
        _ => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
    };
    let thoughts = count("thoughtsTokenCount");
    take(AnswerEvent::Usage(AnswerUsage {
        input: sum(count("promptTokenCount"), count("toolUsePromptTokenCount")),
        cache_read: count("cachedContentTokenCount"),
        cache_write: None,
        output: sum(count("candidatesTokenCount"), thoughts),
        reasoning: thoughts,
    }));
}
