//! Writes an answer for a client as a stream of chunks.
//! <https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events>

use super::super::api::AnswerForm;
use super::super::event::{AnswerUsage, StopReason};
use super::super::order::{AnswerStep, BlockStart, StepWriter};
use super::super::text::JsonText;
use super::usage::write_usage;
use super::write_name::write_signature;
use crate::json::Json;
use crate::request::format::Dialect;

/// What the deltas of the open block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DeltaKind {
    /// The member of a chunk's delta that has them.
    Words(&'static str),
    /// Arguments of the newest call; and whether there were any.
    Arguments(bool),
}

/// A stream that is written.
#[derive(Debug)]
pub(in super::super) struct ChatStream {
    form: AnswerForm,
    /// What every chunk begins with, up to its choices.
    head: String,
    open: DeltaKind,
    /// How many calls of tools have begun.
    calls: u64,
}

impl ChatStream {
    /// Returns a stream of which nothing is written.
    pub(in super::super) const fn new(form: AnswerForm) -> Self {
        Self { form, head: String::new(), open: DeltaKind::Words("content"), calls: 0 }
    }

    /// Writes a chunk with that delta.
    #[inline(never)]
    fn chunk(&self, finish: Option<StopReason>, to: &mut Vec<u8>, delta: &dyn Fn(&mut Json)) {
        let mut json = Json::default();
        json.list(|json| {
            json.object(|json| {
                json.key("index").number(0);
                json.key("delta").object(delta);
                json.key("logprobs").null();
                match finish {
                    Some(reason) => json.member("finish_reason", finish_reason(reason)),
                    None => json.key("finish_reason").null(),
                }
            });
        });
        // Where a client asks for the usage, every chunk has the member.
        let usage = if self.form.stream_usage { ",\"usage\":null" } else { "" };
        self.event(&[&json.finish(), usage], to);
    }

    /// Writes an event: what every chunk begins with, and the rest.
    #[inline(never)]
    fn event(&self, rest: &[&str], to: &mut Vec<u8>) {
        to.extend_from_slice(b"data: ");
        to.extend_from_slice(self.head.as_bytes());
        rest.iter().for_each(|part| to.extend_from_slice(part.as_bytes()));
        to.extend_from_slice(b"}\n\n");
    }

    /// Writes a piece of the newest call.
    fn call(&self, to: &mut Vec<u8>, call: &dyn Fn(&mut Json)) {
        self.chunk(None, to, &|json| {
            json.key("tool_calls").list(|json| {
                json.object(|json| {
                    json.key("index").number(self.calls.saturating_sub(1));
                    call(json);
                });
            });
        });
    }

    fn arguments(&self, arguments: &str, to: &mut Vec<u8>) {
        self.call(to, &|json| {
            json.key("function").object(|json| json.key("arguments").escaped(arguments));
        });
    }

    fn start(&mut self, id: &JsonText<'_>, model: &JsonText<'_>, to: &mut Vec<u8>) {
        let mut json = Json::default();
        id.write(json.key("id"));
        json.member("object", "chat.completion.chunk");
        json.key("created").number(self.form.created_s);
        model.write(json.key("model"));
        self.head = format!("{{{},\"choices\":", json.finish());
        self.chunk(None, to, &|json| {
            json.member("role", "assistant");
            json.member("content", "");
        });
    }

    fn open(&mut self, start: &BlockStart<'_>, to: &mut Vec<u8>) {
        self.open = match start {
            BlockStart::Text => DeltaKind::Words("content"),
            BlockStart::Thinking | BlockStart::Redacted(_) => DeltaKind::Words("reasoning_content"),
            BlockStart::Refusal => DeltaKind::Words("refusal"),
            BlockStart::Tool { id, name, signature } => {
                self.calls = self.calls.saturating_add(1);
                self.call(to, &|json| {
                    id.write(json.key("id"));
                    json.member("type", "function");
                    json.key("function").object(|json| {
                        name.write(json.key("name"));
                        json.member("arguments", "");
                    });
                    if let Some(signature) = signature {
                        write_signature(json, &signature.escaped());
                    }
                });
                DeltaKind::Arguments(false)
            }
        };
    }

    fn finish(&self, reason: StopReason, usage: AnswerUsage, to: &mut Vec<u8>) {
        self.chunk(Some(reason), to, &|_| {});
        let mut json = Json::default();
        json.list(|_| {});
        if self.form.stream_usage && write_usage(&mut json, "usage", usage) {
            self.event(&[&json.finish()], to);
        }
        to.extend_from_slice(b"data: [DONE]\n\n");
    }
}

impl StepWriter for ChatStream {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        match step {
            AnswerStep::Start { id, model, .. } => self.start(&id, &model, to),
            AnswerStep::Open(start) => self.open(&start, to),
            AnswerStep::Delta(text) => match self.open {
                DeltaKind::Words(key) => {
                    self.chunk(None, to, &|json| text.write(json.key(key)));
                }
                DeltaKind::Arguments(_) => {
                    self.open = DeltaKind::Arguments(true);
                    self.arguments(&text.escaped(), to);
                }
            },
            // Arguments are JSON, also where there are none.
            AnswerStep::Close if self.open == DeltaKind::Arguments(false) => {
                self.arguments("{}", to)
            }
            AnswerStep::Close | AnswerStep::Signature(_) => {}
            // A comment: it keeps the connection alive, and is no chunk.
            AnswerStep::Ping => to.extend_from_slice(b": ping\n\n"),
            AnswerStep::Finish { reason, usage, .. } => self.finish(reason, usage, to),
            // OpenAI ends with such an event, without its usual mark, which would say that all has come.
            AnswerStep::Failed(refusal) => {
                let error = refusal.body(Dialect::OpenAi);
                to.extend_from_slice(format!("data: {error}\n\n").as_bytes());
            }
        }
    }
}

/// Returns OpenAI's word for why an answer ends.
#[must_use]
pub(super) const fn finish_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Done | StopReason::Sequence | StopReason::Paused => "stop",
        StopReason::Length | StopReason::ContextWindow => "length",
        StopReason::Tools => "tool_calls",
        StopReason::Refused => "content_filter",
    }
}
