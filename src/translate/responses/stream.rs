//! Writes an answer as a stream of events.
//!
//! Their order and members: <https://developers.openai.com/api/reference/resources/responses/streaming-events>. The last event has
//! the whole answer, so all of it is kept. An item ends when the next one begins or the answer ends, because only then
//! it is known whether the item was cut off.
//!
//! An error is two events, as in the API itself. The first is an error event, for which OpenAI's clients raise an
//! exception. The second is the failed response, for which other clients wait.

use super::draft::{ResponseDraft, ResponseState};
use super::item::{ItemKind, ItemStatus, ResponseItem, TextEvents};
use crate::json::Json;
use crate::request::refusal::Refusal;
use crate::translate::api::AnswerForm;
use crate::translate::order::{AnswerStep, BlockStart, StepWriter};

/// A stream of the Responses API while it is written.
#[derive(Debug)]
pub(in crate::translate) struct ResponsesStream {
    draft: ResponseDraft,
    events: ResponseEvents,
}

/// The events of one stream.
#[derive(Debug, Default)]
struct ResponseEvents {
    /// The number of the next one.
    sequence: u64,
}

impl ResponsesStream {
    /// Returns a stream that has not begun.
    pub(in crate::translate) fn new(form: AnswerForm) -> Self {
        let draft = ResponseDraft::new(form.created_s);
        Self { draft, events: ResponseEvents::default() }
    }

    /// Begins an item.
    fn open(&mut self, start: BlockStart<'_>, to: &mut Vec<u8>) {
        self.draft.open(start);
        let Some(item) = &self.draft.open else { return };
        self.events.item("response.output_item.added", item, ItemStatus::InProgress, to);
        if let Some([added, _]) = item.kind.events().part {
            self.events.part(added, item, "", to);
        }
    }

    /// Adds to the text of the open item.
    fn add(&mut self, escaped: &str, to: &mut Vec<u8>) {
        self.draft.add(escaped);
        if let Some(item) = &self.draft.open {
            self.events.text((item.kind.events().delta, "delta"), item, escaped, to);
        }
    }

    /// Ends the open item, if there is one.
    fn close(&mut self, status: ItemStatus, to: &mut Vec<u8>) {
        let is_filled = self.draft.fill(status);
        let Some(item) = self.draft.close(status) else { return };
        let TextEvents { delta, done, whole, part } = item.kind.events();
        if is_filled {
            self.events.text((delta, "delta"), &item, &item.text, to);
        }
        self.events.text((done, whole), &item, &item.text, to);
        if let Some([_, done]) = part {
            self.events.part(done, &item, &item.text, to);
        }
        self.events.item("response.output_item.done", &item, status, to);
    }

    /// Appends an error.
    #[inline(never)]
    fn fail(&mut self, refusal: &Refusal, to: &mut Vec<u8>) {
        let event = refusal.responses_event(self.events.sequence).to_string();
        self.events.append("error", &event, to);
        self.events.response(&self.draft, ResponseState::Failed(refusal), to);
    }
}

impl StepWriter for ResponsesStream {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        match step {
            AnswerStep::Start { id, model, .. } => {
                self.draft.begin(&id, &model);
                self.events.response(&self.draft, ResponseState::Created, to);
                self.events.response(&self.draft, ResponseState::InProgress, to);
            }
            AnswerStep::Open(start) => {
                self.close(ItemStatus::Completed, to);
                self.open(start, to);
            }
            AnswerStep::Delta(text) => self.add(&text.escaped(), to),
            AnswerStep::Close | AnswerStep::Signature(_) => {}
            AnswerStep::Ping => to.extend_from_slice(b": ping\n\n"),
            AnswerStep::Finish { reason, usage, .. } => {
                let state = self.draft.ending(reason, usage);
                self.close(state.item_status(), to);
                self.events.response(&self.draft, state, to);
            }
            AnswerStep::Failed(refusal) => self.fail(&refusal, to),
        }
    }

    fn obstacle(&self) -> Option<&'static str> {
        self.draft.obstacle()
    }
}

impl ResponseEvents {
    /// Appends an event with that name and data.
    #[inline(never)]
    fn append(&mut self, name: &str, data: &str, to: &mut Vec<u8>) {
        for piece in ["event: ", name, "\ndata: ", data, "\n\n"] {
            to.extend_from_slice(piece.as_bytes());
        }
        self.sequence = self.sequence.saturating_add(1);
    }

    /// Appends an event with these members after its type and number.
    #[inline(never)]
    fn event(&mut self, name: &str, members: &dyn Fn(&mut Json), to: &mut Vec<u8>) {
        let mut json = Json::default();
        json.object(|json| {
            json.member("type", name);
            json.key("sequence_number").number(self.sequence);
            members(json);
        });
        self.append(name, &json.finish(), to);
    }

    /// Appends an event that has the response object. The event is named after the state of the response.
    fn response(&mut self, draft: &ResponseDraft, state: ResponseState<'_>, to: &mut Vec<u8>) {
        let members = |json: &mut Json| draft.write(state, json.key("response"));
        self.event(state.event(), &members, to);
    }

    /// Appends an event that has an item.
    fn item(&mut self, name: &str, item: &ResponseItem, status: ItemStatus, to: &mut Vec<u8>) {
        let members = |json: &mut Json| {
            json.key("output_index").number(item.index);
            item.write(status, json.key("item"));
        };
        self.event(name, &members, to);
    }

    /// Appends an event that has the part of an item, with that text.
    fn part(&mut self, name: &str, item: &ResponseItem, text: &str, to: &mut Vec<u8>) {
        let members = |json: &mut Json| {
            item.write_place(json);
            item.write_part(text, json.key("part"));
        };
        self.event(name, &members, to);
    }

    /// Appends an event that has text of an item, in that member.
    fn text(
        &mut self,
        (name, member): (&str, &str),
        item: &ResponseItem,
        text: &str,
        to: &mut Vec<u8>,
    ) {
        let members = |json: &mut Json| {
            item.write_place(json);
            json.key(member).escaped(text);
            if item.kind == ItemKind::Message {
                json.key("logprobs").list(|_| {});
            }
        };
        self.event(name, &members, to);
    }
}
