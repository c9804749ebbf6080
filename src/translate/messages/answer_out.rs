//! Writes answers of the API: as a stream (<https://platform.claude.com/docs/en/build-with-claude/streaming>) or
//! as a whole (<https://platform.claude.com/docs/en/api/messages/create>).

use super::super::api::AnswerForm;
use super::super::event::{AnswerUsage, StopReason};
use super::super::order::{AnswerStep, BlockStart, StepWriter};
use super::super::tape::Tape;
use super::super::text::JsonText;
use crate::json::Json;
use crate::request::format::Dialect;

/// An answer as a stream of events.
#[derive(Debug)]
pub(in super::super) struct MessagesStream {
    /// The number of the block that is open, or else of the next one.
    index: u64,
    /// The type of a delta of the open block, and the name of its member.
    delta: (&'static str, &'static str),
    /// Whether the open block is a tool call that has no input so far.
    lacks_input: bool,
}

impl MessagesStream {
    pub(in super::super) const fn new(_: AnswerForm) -> Self {
        Self { index: 0, delta: ("", ""), lacks_input: false }
    }

    /// Writes the beginning of a block.
    fn open(&mut self, start: &BlockStart<'_>, to: &mut Vec<u8>) {
        self.delta = match start {
            BlockStart::Thinking => ("thinking_delta", "thinking"),
            BlockStart::Tool { .. } => ("input_json_delta", "partial_json"),
            _ => ("text_delta", "text"),
        };
        self.lacks_input = matches!(start, BlockStart::Tool { .. });
        event(to, "content_block_start", &|json| {
            json.key("index").number(self.index);
            json.key("content_block").object(|json| write_block(json, start, ("", ""), "{}"));
        });
    }

    /// Writes a delta of the open block, with that type.
    #[inline(never)]
    fn delta(&self, (kind, member): (&str, &str), text: &JsonText<'_>, to: &mut Vec<u8>) {
        event(to, "content_block_delta", &|json| {
            json.key("index").number(self.index);
            json.key("delta").object(|json| {
                json.member("type", kind);
                text.write(json.key(member));
            });
        });
    }
}

impl StepWriter for MessagesStream {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        match step {
            AnswerStep::Start { id, model, usage } => event(to, "message_start", &|json| {
                json.key("message").object(|json| {
                    write_message(json, (&id.plain(), &model.plain()), &[], (None, None, &usage));
                });
            }),
            AnswerStep::Open(start) => self.open(&start, to),
            AnswerStep::Delta(text) => {
                self.lacks_input = false;
                self.delta(self.delta, &text, to);
            }
            AnswerStep::Signature(signature) => {
                self.delta(("signature_delta", "signature"), &signature, to);
            }
            AnswerStep::Close => {
                // Some clients put the pieces together and read them as JSON, even if there are none.
                if std::mem::take(&mut self.lacks_input) {
                    self.delta(self.delta, &JsonText::of("{}"), to);
                }
                event(to, "content_block_stop", &|json| json.key("index").number(self.index));
                self.index = self.index.saturating_add(1);
            }
            // A comment, which may come before the message starts. SDKs refuse events there.
            AnswerStep::Ping => to.extend_from_slice(b": ping\n\n"),
            AnswerStep::Finish { reason, sequence, usage } => {
                // Clients take the first block of a message without asking whether there is one.
                if self.index == 0 {
                    self.write(AnswerStep::Open(BlockStart::Text), to);
                    self.write(AnswerStep::Close, to);
                }
                event(to, "message_delta", &|json| {
                    json.key("delta").object(|json| {
                        write_end(json, Some(reason), sequence.as_ref());
                    });
                    write_usage(json, &usage);
                });
                event(to, "message_stop", &|_| {});
            }
            AnswerStep::Failed(refusal) => {
                let document = refusal.body(Dialect::Anthropic);
                to.extend_from_slice(format!("event: error\ndata: {document}\n\n").as_bytes());
            }
        }
    }
}

/// Appends an event with that name. Its data have the name as their type.
#[inline(never)]
fn event(to: &mut Vec<u8>, name: &str, members: &dyn Fn(&mut Json)) {
    let mut json = Json::default();
    json.object(|json| {
        json.member("type", name);
        members(json);
    });
    for part in ["event: ", name, "\ndata: ", &json.finish(), "\n\n"] {
        to.extend_from_slice(part.as_bytes());
    }
}

/// An answer as one document.
#[derive(Debug, Default)]
pub(in super::super) struct MessagesWhole {
    id: String,
    model: String,
    /// The blocks that are closed, as JSON.
    content: Vec<String>,
    open: Option<BlockStart<'static>>,
    /// The text of the open block, escaped.
    words: String,
    signature: String,
    /// Whether the input of a tool call is not an object.
    is_unreadable: bool,
}

impl MessagesWhole {
    pub(in super::super) fn new(_: AnswerForm) -> Self {
        Self::default()
    }

    /// Closes the open block.
    fn close(&mut self) {
        let words = std::mem::take(&mut self.words);
        let signature = std::mem::take(&mut self.signature);
        let Some(start) = self.open.take() else { return };
        let input = if matches!(start, BlockStart::Tool { .. }) {
            JsonText::Escaped(&words).plain()
        } else {
            "".into()
        };
        // Without input there is nothing to write of it, which the API has as an empty object.
        let input = if input.trim().is_empty() { "{}" } else { &*input };
        let tape = Tape::read(input.as_bytes());
        let Some(input) = tape.as_ref().ok().map(Tape::root).filter(|root| root.is_object()) else {
            self.is_unreadable = true;
            return;
        };
        let mut json = Json::default();
        json.object(|json| write_block(json, &start, (&words, &signature), input.raw()));
        self.content.push(json.finish());
    }

    /// Appends the document.
    fn finish(
        &mut self,
        (reason, sequence): (StopReason, Option<&JsonText<'_>>),
        usage: &AnswerUsage,
        to: &mut Vec<u8>,
    ) {
        if self.content.is_empty() {
            self.open = Some(BlockStart::Text);
            self.close();
        }
        let mut json = Json::default();
        json.object(|json| {
            let end = (Some(reason), sequence, usage);
            write_message(json, (&self.id, &self.model), &self.content, end);
        });
        to.extend_from_slice(json.finish().as_bytes());
    }
}

impl StepWriter for MessagesWhole {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        match step {
            AnswerStep::Start { id, model, .. } => {
                (self.id, self.model) = (id.plain().into_owned(), model.plain().into_owned());
            }
            AnswerStep::Open(start) => self.open = Some(kept(start)),
            AnswerStep::Delta(text) => self.words.push_str(&text.escaped()),
            AnswerStep::Signature(signature) => self.signature.push_str(&signature.escaped()),
            AnswerStep::Close => self.close(),
            AnswerStep::Ping => {}
            AnswerStep::Finish { reason, sequence, usage } => {
                self.finish((reason, sequence.as_ref()), &usage, to);
            }
            AnswerStep::Failed(refusal) => {
                to.extend_from_slice(refusal.body(Dialect::Anthropic).as_bytes());
            }
        }
    }

    fn obstacle(&self) -> Option<&'static str> {
        self.is_unreadable.then_some("has a tool call whose input is not a JSON object")
    }
}

/// Returns an owned copy of the beginning of a block. Another vendor's signature of a call is left out, because the
/// API has no member for it.
fn kept(start: BlockStart<'_>) -> BlockStart<'static> {
    match start {
        BlockStart::Text => BlockStart::Text,
        BlockStart::Thinking => BlockStart::Thinking,
        BlockStart::Redacted(data) => BlockStart::Redacted(data.into_owned()),
        BlockStart::Refusal => BlockStart::Refusal,
        BlockStart::Tool { id, name, signature: _ } => {
            BlockStart::Tool { id: id.into_owned(), name: name.into_owned(), signature: None }
        }
    }
}

/// Writes the members of a message with that id and model, and those blocks.
fn write_message(
    json: &mut Json,
    (id, model): (&str, &str),
    content: &[String],
    (reason, sequence, usage): (Option<StopReason>, Option<&JsonText<'_>>, &AnswerUsage),
) {
    json.member("id", id);
    json.member("type", "message");
    json.member("role", "assistant");
    json.member("model", model);
    json.key("content").list(|json| content.iter().for_each(|block| json.value(block)));
    write_end(json, reason, sequence);
    write_usage(json, usage);
}

/// Writes the members of a block. Texts are escaped, and the input of a tool is JSON.
#[inline(never)]
fn write_block(
    json: &mut Json,
    start: &BlockStart<'_>,
    (words, signature): (&str, &str),
    input: &str,
) {
    let mut kind = |kind: &str| json.member("type", kind);
    match start {
        // A refusal is told by the reason for which the answer ends; its words are text.
        BlockStart::Text | BlockStart::Refusal => {
            kind("text");
            json.key("text").escaped(words);
        }
        BlockStart::Thinking => {
            kind("thinking");
            json.key("thinking").escaped(words);
            json.key("signature").escaped(signature);
        }
        BlockStart::Redacted(data) => {
            kind("redacted_thinking");
            data.write(json.key("data"));
        }
        BlockStart::Tool { id, name, .. } => {
            kind("tool_use");
            id.write(json.key("id"));
            name.write(json.key("name"));
            json.key("input").value(input);
        }
    }
}

/// Writes why the answer ends; `null` as long as it does not.
#[inline(never)]
fn write_end(json: &mut Json, reason: Option<StopReason>, sequence: Option<&JsonText<'_>>) {
    let word = reason.map(|reason| match reason {
        StopReason::Done => "end_turn",
        StopReason::Length => "max_tokens",
        StopReason::Sequence => "stop_sequence",
        StopReason::Tools => "tool_use",
        StopReason::Refused => "refusal",
        StopReason::ContextWindow => "model_context_window_exceeded",
        StopReason::Paused => "pause_turn",
    });
    let reason_key = json.key("stop_reason");
    match word {
        Some(word) => reason_key.text(word),
        None => reason_key.null(),
    }
    let sequence_key = json.key("stop_sequence");
    match sequence {
        Some(sequence) => sequence_key.escaped(&sequence.escaped()),
        None => sequence_key.null(),
    }
}

/// Writes the counts. Anthropic's input count leaves out what was read from a cache or written to one.
#[inline(never)]
fn write_usage(json: &mut Json, usage: &AnswerUsage) {
    json.key("usage").object(|json| {
        json.key("input_tokens").number(usage.uncached_input());
        json.key("cache_creation_input_tokens").number(usage.cache_write.unwrap_or(0));
        json.key("cache_read_input_tokens").number(usage.cache_read.unwrap_or(0));
        json.key("output_tokens").number(usage.output.unwrap_or(0));
        if let Some(thought) = usage.reasoning {
            json.key("output_tokens_details").object(|json| {
                json.key("thinking_tokens").number(thought);
            });
        }
    });
}
