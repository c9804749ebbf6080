//! Events of providers, and what is written of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::request::refusal::Refusal;
use crate::translate::api::{AnswerForm, ClientApi};
use crate::translate::event::{AnswerEvent, AnswerUsage, StopReason, ToolPart};
use crate::translate::order::{AnswerNames, AnswerOrder};
use crate::translate::text::JsonText;

pub(super) fn start(id: &str, model: &str) -> AnswerEvent<'static> {
    let made = |text: &str| Some(JsonText::made(text.to_owned()));
    AnswerEvent::Start { id: made(id), model: made(model) }
}

pub(super) fn text(text: &str) -> AnswerEvent<'static> {
    AnswerEvent::Text(JsonText::made(text.to_owned()))
}

pub(super) fn thinking(text: &str) -> AnswerEvent<'static> {
    AnswerEvent::Thinking(JsonText::made(text.to_owned()))
}

pub(super) fn refusal(text: &str) -> AnswerEvent<'static> {
    AnswerEvent::Refusal(JsonText::made(text.to_owned()))
}

pub(super) fn call(index: u32, id: &'static str, name: &'static str) -> AnswerEvent<'static> {
    let (id, name) = (Some(JsonText::of(id)), Some(JsonText::of(name)));
    AnswerEvent::Tool(ToolPart { index, id, name, ..ToolPart::default() })
}

pub(super) fn input(index: u32, input: &'static str) -> AnswerEvent<'static> {
    AnswerEvent::Tool(ToolPart { index, input: Some(JsonText::of(input)), ..ToolPart::default() })
}

pub(super) const fn stop(reason: StopReason) -> AnswerEvent<'static> {
    AnswerEvent::Stop { reason, sequence: None }
}

pub(super) const fn done() -> AnswerEvent<'static> {
    stop(StopReason::Done)
}

pub(super) fn failed() -> AnswerEvent<'static> {
    AnswerEvent::Failed(Refusal::new(429, "rate_limit_exceeded", "slow down"))
}

pub(super) fn usage() -> AnswerEvent<'static> {
    AnswerEvent::Usage(AnswerUsage {
        input: Some(100),
        cache_read: Some(60),
        cache_write: Some(10),
        output: Some(20),
        reasoning: Some(5),
    })
}

/// Returns what a client gets of these events.
fn written(events: Vec<AnswerEvent<'_>>, stream: bool) -> String {
    let form = AnswerForm { stream, stream_usage: true, created_s: 1_772_532_672 };
    let names = AnswerNames { id: "own".into(), model: "m".into(), renamed: BTreeMap::new() };
    let mut order = AnswerOrder::new(names, ClientApi::Responses.answer_writer(form));
    let mut to = Vec::new();
    for event in events {
        order.take(event, &mut to);
    }
    order.finish(&mut to);
    String::from_utf8(to).unwrap()
}

/// Returns the document that a client gets of these events.
pub(super) fn whole(events: Vec<AnswerEvent<'_>>) -> Value {
    let text = written(events, false);
    serde_json::from_str(&text).expect(&text)
}

/// Returns the stream that a client gets of these events.
pub(super) fn streamed(events: Vec<AnswerEvent<'_>>) -> String {
    written(events, true)
}
