//! Writes an answer for a client as a whole.
//! <https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create>

use super::super::api::AnswerForm;
use super::super::event::{AnswerUsage, StopReason};
use super::super::order::{AnswerStep, BlockStart, StepWriter};
use super::stream::finish_reason;
use super::usage::write_usage;
use super::write_name::write_signature;
use crate::json::Json;
use crate::request::format::Dialect;

/// Which text the open block belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpenText {
    Content,
    Reasoning,
    Refusal,
    Arguments,
}

/// A call of a tool. All its texts are escaped.
#[derive(Debug)]
struct WrittenCall {
    id: String,
    name: String,
    signature: Option<String>,
    arguments: String,
}

/// An answer that is collected. All its texts are escaped.
#[derive(Debug)]
pub(in super::super) struct ChatWhole {
    form: AnswerForm,
    id: String,
    model: String,
    open: OpenText,
    content: String,
    reasoning: String,
    refusal: String,
    calls: Vec<WrittenCall>,
}

impl ChatWhole {
    /// Returns an answer of which nothing has come.
    pub(in super::super) const fn new(form: AnswerForm) -> Self {
        Self {
            form,
            id: String::new(),
            model: String::new(),
            open: OpenText::Content,
            content: String::new(),
            reasoning: String::new(),
            refusal: String::new(),
            calls: Vec::new(),
        }
    }

    fn open(&mut self, start: BlockStart<'_>) {
        self.open = match start {
            BlockStart::Text => OpenText::Content,
            BlockStart::Thinking | BlockStart::Redacted(_) => OpenText::Reasoning,
            BlockStart::Refusal => OpenText::Refusal,
            BlockStart::Tool { id, name, signature } => {
                self.calls.push(WrittenCall {
                    id: id.kept(),
                    name: name.kept(),
                    signature: signature.map(|signature| signature.kept()),
                    arguments: String::new(),
                });
                OpenText::Arguments
            }
        };
    }

    fn delta(&mut self, text: &str) {
        let all = match self.open {
            OpenText::Content => Some(&mut self.content),
            OpenText::Reasoning => Some(&mut self.reasoning),
            OpenText::Refusal => Some(&mut self.refusal),
            OpenText::Arguments => self.calls.last_mut().map(|call| &mut call.arguments),
        };
        if let Some(all) = all {
            all.push_str(text);
        }
    }

    /// Writes the document.
    fn finish(&self, reason: StopReason, usage: AnswerUsage) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.key("id").escaped(&self.id);
            json.member("object", "chat.completion");
            json.key("created").number(self.form.created_s);
            json.key("model").escaped(&self.model);
            json.key("choices").list(|json| {
                json.object(|json| {
                    json.key("index").number(0);
                    json.key("message").object(|json| self.message(json));
                    json.key("logprobs").null();
                    json.member("finish_reason", finish_reason(reason));
                });
            });
            write_usage(json, "usage", usage);
        });
        json.finish()
    }

    /// Writes the message. Its content is `null` where the model only calls tools or declines.
    fn message(&self, json: &mut Json) {
        json.member("role", "assistant");
        let has_other = !self.calls.is_empty() || !self.refusal.is_empty();
        if self.content.is_empty() && has_other {
            json.key("content").null();
        } else {
            json.key("content").escaped(&self.content);
        }
        if self.refusal.is_empty() {
            json.key("refusal").null();
        } else {
            json.key("refusal").escaped(&self.refusal);
        }
        if !self.reasoning.is_empty() {
            json.key("reasoning_content").escaped(&self.reasoning);
        }
        if !self.calls.is_empty() {
            json.key("tool_calls").list(|json| self.calls.iter().for_each(|call| call.write(json)));
        }
    }
}

impl WrittenCall {
    fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.key("id").escaped(&self.id);
            json.member("type", "function");
            json.key("function").object(|json| {
                json.key("name").escaped(&self.name);
                // Arguments are JSON, also where there are none.
                let has_any = !self.arguments.is_empty();
                json.key("arguments").escaped(if has_any { &self.arguments } else { "{}" });
            });
            if let Some(signature) = &self.signature {
                write_signature(json, signature);
            }
        });
    }
}

impl StepWriter for ChatWhole {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        match step {
            AnswerStep::Start { id, model, .. } => {
                self.id = id.kept();
                self.model = model.kept();
            }
            AnswerStep::Open(start) => self.open(start),
            AnswerStep::Delta(text) => self.delta(&text.escaped()),
            AnswerStep::Close | AnswerStep::Signature(_) | AnswerStep::Ping => {}
            AnswerStep::Finish { reason, usage, .. } => {
                to.extend_from_slice(self.finish(reason, usage).as_bytes());
            }
            AnswerStep::Failed(refusal) => {
                to.extend_from_slice(refusal.body(Dialect::OpenAi).as_bytes());
            }
        }
    }
}
