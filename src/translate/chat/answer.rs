//! Reads a provider's answer, whether it streams or not.

use super::super::event::{
    AnswerEvent, AnswerReader, StopReason, Take, ToolPart, fail, fail_with, take_text,
};
use super::super::tape::Node;
use super::super::text::JsonText;
use super::calls::SeenCalls;
use super::usage::read_usage;

/// The number of a call in the older form, which has no numbers. No other call has it.
const OLDER_CALL: u64 = u64::MAX;

/// An answer that is read.
#[derive(Debug, Default)]
pub(in super::super) struct ChatAnswer {
    is_started: bool,
    calls: SeenCalls,
}

impl AnswerReader for ChatAnswer {
    fn event(&mut self, _: &str, data: Node<'_, '_>, take: Take<'_>) {
        self.read(data, "delta", take);
    }

    fn whole(&mut self, body: Node<'_, '_>, take: Take<'_>) {
        let has_choice = body.elements_of("choices").next().is_some();
        if !has_choice && !is_error(body) {
            fail(&"has no choices", take);
            return;
        }
        self.read(body, "message", take);
        take(AnswerEvent::End);
    }
}

impl ChatAnswer {
    /// Reads a chunk of a stream, or a whole answer, whose choices have the message in that member.
    fn read(&mut self, document: Node<'_, '_>, message: &str, take: Take<'_>) {
        if is_error(document) {
            fail_with(document, take);
            return;
        }
        self.start(document, take);
        // Groq and Moonshot have the counts elsewhere.
        let counts = [document.get("usage"), document.at(&["x_groq", "usage"])];
        for usage in counts.into_iter().flatten() {
            take(AnswerEvent::Usage(read_usage(usage)));
        }
        for choice in document.elements_of("choices") {
            // Only one is asked for.
            if choice.get("index").is_some_and(|index| index.whole() != Some(0)) {
                continue;
            }
            if let Some(usage) = choice.get("usage") {
                take(AnswerEvent::Usage(read_usage(usage)));
            }
            if let Some(message) = choice.get(message) {
                self.message(message, take);
            }
            stop(choice, take);
        }
    }

    /// Reads what the answer is called. Azure's first chunk has neither name.
    fn start(&mut self, document: Node<'_, '_>, take: Take<'_>) {
        if self.is_started {
            return;
        }
        let name = |key: &str| document.text_of(key).filter(|name| !name.is_empty());
        let (id, model) = (name("id"), name("model"));
        if id.is_some() || model.is_some() {
            self.is_started = true;
            take(AnswerEvent::Start { id, model });
        }
    }

    /// Reads a message or a piece of one.
    fn message(&mut self, message: Node<'_, '_>, take: Take<'_>) {
        let text = |key: &str| message.text_of(key);
        // DeepSeek's name and the one of vLLM and OpenRouter. Some send both.
        let thinking = text("reasoning_content").filter(|text| !text.is_empty());
        if let Some(thinking) = thinking.or_else(|| text("reasoning")) {
            take(AnswerEvent::Thinking(thinking));
        }
        if let Some(content) = message.get("content") {
            read_content(content, take);
        }
        take_text(message, "refusal", AnswerEvent::Refusal, take);
        if message.has("audio") {
            fail(&"has audio, which is not translated", take);
            return;
        }
        let calls = message.elements_of("tool_calls");
        for (position, call) in (0..).zip(calls) {
            let number = call.whole_of("index");
            self.call(call, call.get("function"), (number, position), take);
        }
        if let Some(function) = message.get("function_call") {
            self.call(function, Some(function), (Some(OLDER_CALL), 0), take);
        }
    }

    /// Reads a call or a piece of one.
    fn call(
        &mut self,
        call: Node<'_, '_>,
        function: Option<Node<'_, '_>>,
        numbered: (Option<u64>, u64),
        take: Take<'_>,
    ) {
        if call.has("custom") {
            fail(&"has a call of a custom tool, which is not translated", take);
            return;
        }
        let part = |key: &str| function.and_then(|function| function.get(key));
        let name = part("name").and_then(Node::text).filter(|name| !name.is_empty());
        let id = call.text_of("id");
        let Some(index) = self.calls.index(numbered, id.as_ref(), name.is_some()) else {
            fail(&"has too many tool calls", take);
            return;
        };
        // Ollama's own form is the object itself.
        let input = part("arguments").and_then(|input| {
            let object = input.is_object().then(|| JsonText::of(input.raw()));
            input.text().or(object)
        });
        let signature = call.at(&["extra_content", "google", "thought_signature"]);
        let signature = signature.and_then(Node::text);
        take(AnswerEvent::Tool(ToolPart { index, id, name, signature, input }));
    }
}

/// Returns whether a document is an error. vLLM's errors have a form of their own.
fn is_error(document: Node<'_, '_>) -> bool {
    let is_own_kind = document.says("object", "error");
    is_own_kind || document.has("error")
}

/// Reads content: a text, or parts, as Mistral's thinking models send them.
/// <https://docs.mistral.ai/studio-api/conversations/reasoning>
fn read_content(content: Node<'_, '_>, take: Take<'_>) {
    if let Some(text) = content.text() {
        take(AnswerEvent::Text(text));
        return;
    }
    for part in content.elements() {
        take_text(part, "thinking", AnswerEvent::Thinking, take);
        for thought in part.elements_of("thinking") {
            take_text(thought, "text", AnswerEvent::Thinking, take);
        }
        take_text(part, "text", AnswerEvent::Text, take);
        take_text(part, "refusal", AnswerEvent::Refusal, take);
    }
}

/// Reads why the answer ends, if it does. Some servers write `""` or `"null"` while it goes on.
fn stop(choice: Node<'_, '_>, take: Take<'_>) {
    let Some(word) = choice.text_of("finish_reason") else { return };
    // vLLM tells the text that ended the answer.
    let sequence = choice.text_of("stop_reason").filter(|text| !text.is_empty());
    let reason = match &*word.plain() {
        "" | "null" => return,
        "stop" if sequence.is_some() => StopReason::Sequence,
        // `model_length` is Mistral's.
        "length" | "model_length" | "max_tokens" => StopReason::Length,
        "tool_calls" | "function_call" => StopReason::Tools,
        "content_filter" => StopReason::Refused,
        // OpenRouter, SGLang and DeepSeek.
        "error" | "abort" | "insufficient_system_resource" => {
            fail(&"has ended with an error", take);
            return;
        }
        _ => StopReason::Done,
    };
    let sequence = sequence.filter(|_| reason == StopReason::Sequence);
    take(AnswerEvent::Stop { reason, sequence });
}
