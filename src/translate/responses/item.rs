//! The items of an answer, and how each kind of them is written.

use crate::json::Json;

/// An item of an answer.
#[derive(Debug)]
pub(super) struct ResponseItem {
    pub(super) kind: ItemKind,
    /// Which of the answer's items it is.
    pub(super) index: u64,
    pub(super) id: String,
    /// For a call, its id and the name of the function, escaped.
    pub(super) call: Option<(String, String)>,
    /// The text so far, or the arguments of a call, escaped.
    pub(super) text: String,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind {
    /// A message of text.
    Message,
    /// A message with which the model declines.
    Refusal,
    /// What the model has thought.
    Reasoning,
    /// A call of a function.
    Call,
}

/// How far an item has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemStatus {
    /// It has just begun: it is written without its text.
    InProgress,
    Completed,
    /// It was cut off.
    Incomplete,
}

/// The names of the events about the text of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextEvents {
    pub(super) delta: &'static str,
    pub(super) done: &'static str,
    /// The member that has the whole text.
    pub(super) whole: &'static str,
    /// The part that has the text begins and ends, if the item has parts.
    pub(super) part: Option<[&'static str; 2]>,
}

impl ItemKind {
    /// Returns what the events of such an item are called.
    pub(super) const fn events(self) -> TextEvents {
        const CONTENT: [&str; 2] = ["response.content_part.added", "response.content_part.done"];
        match self {
            Self::Message => TextEvents {
                delta: "response.output_text.delta",
                done: "response.output_text.done",
                whole: "text",
                part: Some(CONTENT),
            },
            Self::Refusal => TextEvents {
                delta: "response.refusal.delta",
                done: "response.refusal.done",
                whole: "refusal",
                part: Some(CONTENT),
            },
            Self::Reasoning => TextEvents {
                delta: "response.reasoning_summary_text.delta",
                done: "response.reasoning_summary_text.done",
                whole: "text",
                part: Some([
                    "response.reasoning_summary_part.added",
                    "response.reasoning_summary_part.done",
                ]),
            },
            Self::Call => TextEvents {
                delta: "response.function_call_arguments.delta",
                done: "response.function_call_arguments.done",
                whole: "arguments",
                part: None,
            },
        }
    }
}

impl ResponseItem {
    /// Returns about how many bytes are kept of it.
    pub(super) fn length(&self) -> usize {
        let (id, name) = self.call.as_ref().map_or((0, 0), |(id, name)| (id.len(), name.len()));
        self.text.len().saturating_add(id).saturating_add(name)
    }

    /// Writes the item.
    pub(super) fn write(&self, status: ItemStatus, json: &mut Json) {
        let has_text = status != ItemStatus::InProgress;
        let status = match status {
            ItemStatus::InProgress => "in_progress",
            ItemStatus::Completed => "completed",
            ItemStatus::Incomplete => "incomplete",
        };
        let parts = |json: &mut Json| {
            if has_text {
                self.write_part(&self.text, json);
            }
        };
        json.object(|json| {
            json.member("id", &self.id);
            match self.kind {
                ItemKind::Message | ItemKind::Refusal => {
                    json.member("type", "message");
                    json.member("status", status);
                    json.member("role", "assistant");
                    json.key("content").list(parts);
                }
                ItemKind::Reasoning => {
                    json.member("type", "reasoning");
                    json.key("summary").list(parts);
                }
                ItemKind::Call => {
                    let (id, name) = self.call.as_ref().map_or(("", ""), |(id, name)| (id, name));
                    json.member("type", "function_call");
                    json.member("status", status);
                    json.key("arguments").escaped(if has_text { &self.text } else { "" });
                    json.key("call_id").escaped(id);
                    json.key("name").escaped(name);
                }
            }
        });
    }

    /// Writes the members that tell where in the answer its text is.
    pub(super) fn write_place(&self, json: &mut Json) {
        json.member("item_id", &self.id);
        json.key("output_index").number(self.index);
        match self.kind {
            ItemKind::Message | ItemKind::Refusal => json.key("content_index").number(0),
            ItemKind::Reasoning => json.key("summary_index").number(0),
            ItemKind::Call => {}
        }
    }

    /// Writes the part of the item that has the text, with that text.
    pub(super) fn write_part(&self, text: &str, json: &mut Json) {
        json.object(|json| match self.kind {
            ItemKind::Message => {
                json.member("type", "output_text");
                json.key("annotations").list(|_| {});
                json.key("logprobs").list(|_| {});
                json.key("text").escaped(text);
            }
            ItemKind::Refusal => {
                json.member("type", "refusal");
                json.key("refusal").escaped(text);
            }
            ItemKind::Reasoning | ItemKind::Call => {
                json.member("type", "summary_text");
                json.key("text").escaped(text);
            }
        });
    }
}
