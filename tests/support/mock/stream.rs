//! Server-sent events, and answers that break off.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Bytes;
use hyper::{Response, header};
use serde_json::{Value, json};

use super::answer::{self, Operation, operation};
use super::behaviour::{Behaviour, Reset, Used};
use super::record::Seen;
use super::serve::{Answer, Broken};
use super::{Did, State, converse};

/// How long to wait before breaking a connection, so that what was sent leaves this process.
const FLUSH: Duration = Duration::from_millis(5);

/// One event of a stream.
#[derive(Debug)]
pub(crate) struct Event {
    pub(super) bytes: Bytes,
    /// Tokens that have been reported as used, by this event or an earlier one.
    pub(super) told: u64,
}

impl Event {
    /// Returns whether it brings text, and not only what goes before it.
    fn has_text(&self) -> bool {
        let event = String::from_utf8_lossy(&self.bytes);
        let is_filled = event.contains(r#""content":""#) && !event.contains(r#""content":"""#);
        ["text_delta", "output_text.delta", r#""parts":[{"text":"#, r#""delta":{"text":"#]
            .iter()
            .any(|text| is_filled || event.contains(text))
    }
}

/// Returns the events of a streamed answer, or `None` if the request asks for no stream.
pub(crate) fn events(provider: &str, seen: &Seen, behaviour: &Behaviour) -> Option<Vec<Event>> {
    let body: Value = serde_json::from_slice(&seen.body).ok()?;
    let operation = operation(&seen.path);
    if operation == Operation::StreamConverse {
        return Some(converse::events(&answer::text(provider, behaviour), behaviour));
    }
    let is_generating = operation == Operation::StreamGenerate && seen.path.contains("alt=sse");
    if body.get("stream") != Some(&Value::Bool(true)) && !is_generating {
        return None;
    }
    let model = seen.upstream_model.as_deref().unwrap_or("none");
    let text = answer::text(provider, behaviour);
    let used = behaviour.used;
    let mut events = match operation {
        Operation::Chat => chat(&text, used, model, "chat.completion.chunk"),
        Operation::Completions => chat(&text, used, model, "text_completion"),
        Operation::Messages => messages(&text, used, model),
        Operation::Responses => responses(&text, used, model),
        Operation::StreamGenerate => generated(&text, used, model),
        _ => return None,
    };
    if behaviour.has_error_event {
        let late = events.split_off(events.len().div_ceil(2));
        // Report the usage anyway, so that it can be counted.
        if events.iter().all(|(_, tokens)| *tokens == 0) {
            events.extend(late.into_iter().find(|(_, tokens)| *tokens > 0));
        }
        events.push(error(operation));
    }
    let mut told = 0;
    let event = |(text, tokens): (String, u64)| {
        told = told.max(tokens);
        Event { bytes: Bytes::from(text), told }
    };
    Some(events.into_iter().map(event).collect())
}

/// Returns a body as events of so many bytes.
pub(crate) fn pieces(body: &Bytes, bytes: usize) -> Vec<Event> {
    let pieces = body.chunks(bytes.max(1));
    pieces.map(|piece| Event { bytes: Bytes::copy_from_slice(piece), told: 0 }).collect()
}

/// Returns the error that ends a stream.
fn error(operation: Operation) -> (String, u64) {
    let message = "The mock provider was asked to fail.";
    match operation {
        Operation::Messages => {
            let error = json!({"type": "overloaded_error", "message": message});
            named(&json!({"type": "error", "error": error}))
        }
        Operation::Responses => {
            let error = json!({"type": "error", "code": "server_error", "message": message});
            named(&error)
        }
        _ => {
            let error = json!({"message": message, "type": "server_error", "code": null});
            (format!("data: {}\n\n", json!({"error": error})), 0)
        }
    }
}

fn chat(text: &str, used: Used, model: &str, object: &str) -> Vec<(String, u64)> {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": "chatcmpl-mock", "object": object, "created": 1, "model": model,
                           "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| {
        let text = delta.get("content").cloned().unwrap_or_else(|| json!(""));
        let choice = json!([{"index": 0, "delta": delta, "text": text, "finish_reason": finish}]);
        (chunk(choice, Value::Null), 0)
    };
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    events
        .extend(text.split_inclusive(' ').map(|word| delta(json!({"content": word}), Value::Null)));
    events.push(delta(json!({}), json!("stop")));
    events.push((chunk(json!([]), used.openai()), used.input + used.output));
    events.push(("data: [DONE]\n\n".to_owned(), 0));
    events
}

fn generated(text: &str, used: Used, model: &str) -> Vec<(String, u64)> {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    let event = |(at, word): (usize, &&str)| {
        let used = (at + 1 == words.len()).then_some(used);
        let event = answer::generated(model, word, used);
        (format!("data: {event}\n\n"), used.map_or(0, |used| used.input + used.output))
    };
    words.iter().enumerate().map(event).collect()
}

/// Returns an event that is named after the type of its data.
fn named(data: &Value) -> (String, u64) {
    let name = data["type"].as_str().unwrap_or_default();
    (format!("event: {name}\ndata: {data}\n\n"), 0)
}

fn messages(text: &str, used: Used, model: &str) -> Vec<(String, u64)> {
    let start = json!({"type": "message_start", "message": {
        "id": "msg_mock", "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": used.input, "output_tokens": 1}}});
    let block = json!({"type": "text", "text": ""});
    let mut events = vec![
        (named(&start).0, used.input + 1),
        named(&json!({"type": "content_block_start", "index": 0, "content_block": block})),
    ];
    events.extend(text.split_inclusive(' ').map(|word| {
        let delta = json!({"type": "text_delta", "text": word});
        named(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    }));
    events.push(named(&json!({"type": "content_block_stop", "index": 0})));
    let end = json!({"type": "message_delta", "usage": {"output_tokens": used.output},
                     "delta": {"stop_reason": "end_turn", "stop_sequence": null}});
    events.push((named(&end).0, used.input + used.output));
    events.push(named(&json!({"type": "message_stop"})));
    events
}

fn responses(text: &str, used: Used, model: &str) -> Vec<(String, u64)> {
    let started = answer::response_object(model, "", "in_progress", used);
    let mut events = vec![json!({"type": "response.created", "response": started})];
    events.extend(text.split_inclusive(' ').map(|word| {
        json!({"type": "response.output_text.delta", "item_id": "msg_mock", "output_index": 0,
               "content_index": 0, "delta": word, "logprobs": []})
    }));
    let ended = answer::response_object(model, text, "completed", used);
    events.push(json!({"type": "response.completed", "response": ended}));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events.iter().map(|event| (named(event).0, used.input + used.output)).collect()
}

/// Sends the events one by one, as the behaviour says.
pub(crate) fn answer(
    state: &Arc<State>,
    seen: &Seen,
    events: Vec<Event>,
    behaviour: &Behaviour,
) -> Answer {
    let (sender, body) = Channel::<Bytes, Broken>::new(1);
    let (state, behaviour) = (Arc::clone(state), behaviour.clone());
    let model = seen.upstream_model.clone();
    tokio::spawn(async move {
        let (did, told) = send(&state, &model, sender, events, &behaviour).await;
        if behaviour.hold.is_none() {
            state.did(model.as_deref(), did, told);
        }
    });
    let mut response = Response::new(body.boxed());
    let kind = match operation(&seen.path) {
        Operation::StreamConverse => converse::CONTENT_TYPE,
        _ => "text/event-stream",
    };
    let kind = header::HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

async fn send(
    state: &State,
    model: &Option<String>,
    mut sender: Sender<Bytes, Broken>,
    mut events: Vec<Event>,
    behaviour: &Behaviour,
) -> (Did, u64) {
    let is_cut = behaviour.reset == Some(Reset::MidBody);
    if is_cut {
        events.truncate(events.len() / 2);
    }
    let mut told = 0;
    // Until then, a proxy that can ask another provider waits.
    let begun = events.iter().position(Event::has_text).unwrap_or(0) + 1;
    for (number, event) in events.into_iter().enumerate() {
        match (&behaviour.hold, number) {
            (_, 0) => {}
            (Some(key), number) if number == begun => {
                state.did(model.as_deref(), Did::Hold, told);
                state.released(key).await;
            }
            _ => tokio::time::sleep(Duration::from_millis(behaviour.event_delay_ms)).await,
        }
        if sender.send_data(event.bytes).await.is_err() {
            return (Did::Left, told);
        }
        told = event.told;
    }
    tokio::time::sleep(Duration::from_millis(behaviour.linger_ms)).await;
    if is_cut {
        tokio::time::sleep(FLUSH).await;
        sender.abort(Broken);
        return (Did::Cut, told);
    }
    (if behaviour.has_error_event { Did::ErrorEvent } else { Did::Stream }, told)
}

/// Returns the same answer, broken off after half of it.
pub(crate) fn cut_short(response: Answer) -> Answer {
    let (head, body) = response.into_parts();
    let (sender, short): (Sender<Bytes, Broken>, _) = Channel::new(1);
    tokio::spawn(async move {
        let mut sender = sender;
        let whole =
            body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        if sender.send_data(whole.slice(..whole.len() / 2)).await.is_ok() {
            sender.abort(Broken);
        }
    });
    Response::from_parts(head, short.boxed())
}
