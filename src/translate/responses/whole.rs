//! Writes a whole answer: one document, when the answer is complete.

use super::draft::ResponseDraft;
use super::item::ItemStatus;
use crate::json::Json;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;
use crate::translate::api::AnswerForm;
use crate::translate::order::{AnswerStep, StepWriter};

/// A whole answer of the Responses API while it is written.
#[derive(Debug)]
pub(in crate::translate) struct ResponsesWhole {
    draft: ResponseDraft,
}

impl ResponsesWhole {
    /// Returns an answer of which nothing has come.
    pub(in crate::translate) fn new(form: AnswerForm) -> Self {
        Self { draft: ResponseDraft::new(form.created_s) }
    }
}

impl StepWriter for ResponsesWhole {
    fn write(&mut self, step: AnswerStep<'_>, to: &mut Vec<u8>) {
        let draft = &mut self.draft;
        match step {
            AnswerStep::Start { id, model, .. } => draft.begin(&id, &model),
            AnswerStep::Open(start) => {
                draft.close(ItemStatus::Completed);
                draft.open(start);
            }
            AnswerStep::Delta(text) => draft.add(&text.escaped()),
            // The last item is closed when it is known whether it was cut off.
            AnswerStep::Close | AnswerStep::Signature(_) | AnswerStep::Ping => {}
            AnswerStep::Finish { reason, usage, .. } => {
                let state = draft.ending(reason, usage);
                draft.close(state.item_status());
                let mut json = Json::default();
                draft.write(state, &mut json);
                to.extend_from_slice(json.finish().as_bytes());
            }
            AnswerStep::Failed(refusal) => fail(&refusal, to),
        }
    }

    fn obstacle(&self) -> Option<&'static str> {
        self.draft.obstacle()
    }
}

/// Appends an error instead of the answer.
fn fail(refusal: &Refusal, to: &mut Vec<u8>) {
    to.extend_from_slice(refusal.body(Dialect::OpenAi).as_bytes());
}
