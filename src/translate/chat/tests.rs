//! Tests of this API as a client's and as a provider's.

mod answers;
mod messages;
mod outline;
mod properties;
mod real;
mod settings;
mod streams;
mod turns;
mod writing;

use std::collections::BTreeMap;

use super::super::ModelTarget;
use super::super::answer::AnswerTranslation;
use super::super::api::{AnswerForm, ClientApi, ProviderApi};
use super::super::conversation::Conversation;
use super::super::loss::{Gravity, Losses};
use super::super::names::ToolNames;
use super::super::order::AnswerNames;
use super::super::tape::Tape;
use super::model::ChatModel;
use serde_json::Value;

/// Returns what a request is read as.
fn read(text: &str) -> (Conversation<'static>, Losses) {
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let tape: &'static _ = Box::leak(Box::new(Tape::read(text.as_bytes()).expect(text)));
    let mut losses = Losses::default();
    let conversation = super::read_request(tape.root(), &mut losses);
    (conversation, losses)
}

/// Returns a request with these messages.
fn with_messages(messages: &str) -> String {
    format!(r#"{{"model":"m","messages":{messages}}}"#)
}

/// Returns the losses, each as `-` (left out) or `!` (refused), place and reason.
fn told(losses: &Losses) -> Vec<String> {
    let told = losses.list().iter().map(|loss| {
        let mark = if loss.gravity == Gravity::Refused { '!' } else { '-' };
        format!("{mark}{loss}")
    });
    told.collect()
}

/// Returns what a conversation is written as for a model, and what is lost.
fn write(conversation: &Conversation<'_>, model: &str) -> (Value, Vec<String>) {
    let mut losses = Losses::default();
    let mut target = ModelTarget { model, max_tokens: 7, names: ToolNames::default() };
    let body =
        super::write_request(ChatModel::of(target.model), conversation, &mut target, &mut losses);
    (serde_json::from_str(&body).expect(&body), told(&losses))
}

/// Returns what a client gets of an answer with that status.
fn translated(status: u16, body: &[u8], is_stream: bool, form: AnswerForm) -> String {
    let mut translation = translation(status, is_stream, form);
    let mut to = Vec::new();
    translation.feed(body, &mut to);
    translation.finish(&mut to);
    String::from_utf8(to).unwrap()
}

fn translation(status: u16, is_stream: bool, form: AnswerForm) -> AnswerTranslation {
    let renamed = BTreeMap::from([("short_1".to_owned(), "a.long.name".to_owned())]);
    let names = AnswerNames { id: "own-id".to_owned(), model: "own-model".to_owned(), renamed };
    let apis = (ProviderApi::Chat, ClientApi::Chat);
    AnswerTranslation::new(apis, (status, is_stream), form, names, 1 << 20)
}

const STREAM: AnswerForm = AnswerForm { stream: true, stream_usage: true, created_s: 1000 };
const QUIET_STREAM: AnswerForm = AnswerForm { stream: true, stream_usage: false, created_s: 1000 };
const WHOLE: AnswerForm = AnswerForm { stream: false, stream_usage: false, created_s: 1000 };
