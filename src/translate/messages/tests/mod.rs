//! Tests of requests and answers of the Messages API.

mod accumulate;
mod answers;
mod answers_written;
mod from_chat;
mod instructions;
mod properties;
mod read;
mod refused;
mod settings;
mod turns;
mod valid;
mod written;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use valid::assert_valid;

use super::super::conversation::Conversation;
use super::super::loss::{Gravity, Losses};
use super::super::names::ToolNames;
use super::super::tape::Tape;
use super::super::{ModelTarget, messages};

/// Losses as text: place, why, and `!` before what refuses the request.
fn told(losses: &Losses) -> Vec<String> {
    let line = |loss: &super::super::loss::Loss| {
        let mark = if loss.gravity == Gravity::Refused { "!" } else { "" };
        format!("{mark}{loss}")
    };
    losses.list().iter().map(line).collect()
}

/// Reads a request, lets `change` change it, and writes it for that model. Returns what is sent, what is
/// lost, and the names that have changed.
fn rewritten(
    body: &Value,
    model: &str,
    change: impl FnOnce(&mut Conversation<'_>),
) -> (Value, Vec<String>, BTreeMap<String, String>) {
    let text = body.to_string();
    let tape = Tape::read(text.as_bytes()).unwrap();
    let mut losses = Losses::default();
    let mut conversation = messages::read_request(tape.root(), &mut losses);
    change(&mut conversation);
    let mut target = ModelTarget { model, max_tokens: 4096, names: ToolNames::default() };
    let sent = messages::write_request(&conversation, &mut target, &mut losses);
    let sent = serde_json::from_str(&sent).unwrap_or_else(|error| panic!("{error}: {sent}"));
    (sent, told(&losses), target.names.into_own())
}

/// Returns what is lost of a request when it is read.
fn lost(body: &Value) -> Vec<String> {
    let text = body.to_string();
    let tape = Tape::read(text.as_bytes()).unwrap();
    let mut losses = Losses::default();
    messages::read_request(tape.root(), &mut losses);
    told(&losses)
}

/// Returns a request of one turn, with these members added.
fn request(members: &Value) -> Value {
    let mut body =
        json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]});
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// Returns a request with these messages.
fn talk(messages: &Value) -> Value {
    request(&json!({"messages": messages}))
}

/// Returns a request of one turn with this block.
fn with_block(block: &Value) -> Value {
    talk(&json!([{"role": "user", "content": [block]}]))
}
