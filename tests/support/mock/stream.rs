//! Server-sent events, and answers that stop short.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::channel::Channel;
use http_body_util::{BodyExt, channel};
use hyper::body::Bytes;
use hyper::{Response, header};
use serde_json::{Value, json};

use super::State;
use super::answer::{self, Operation, operation, text};
use super::behaviour::Behaviour;
use super::record::Seen;
use super::serve::{Answer, Broken};

/// The events of a streamed answer; none when the request asks for no stream.
pub(crate) fn events(provider: &str, seen: &Seen) -> Option<Vec<Bytes>> {
    let body: Value = serde_json::from_slice(&seen.body).ok()?;
    if body.get("stream") != Some(&Value::Bool(true)) {
        return None;
    }
    let model = seen.upstream_model.as_deref().unwrap_or("none");
    let events = match operation(&seen.path) {
        Operation::Chat => chat(provider, model, "chat.completion.chunk"),
        Operation::Completions => chat(provider, model, "text_completion"),
        Operation::Messages => messages(provider, model),
        Operation::Responses => responses(provider, model),
        _ => return None,
    };
    Some(events.into_iter().map(Bytes::from).collect())
}

fn chat(provider: &str, model: &str, object: &str) -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": "chatcmpl-mock", "object": object, "created": 1, "model": model,
                           "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| {
        let text = delta.get("content").cloned().unwrap_or_else(|| json!(""));
        chunk(
            json!([{"index": 0, "delta": delta, "text": text, "finish_reason": finish}]),
            Value::Null,
        )
    };
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    let text = text(provider);
    events
        .extend(text.split_inclusive(' ').map(|word| delta(json!({"content": word}), Value::Null)));
    events.push(delta(json!({}), json!("stop")));
    events.push(chunk(json!([]), answer::openai_usage()));
    events.push("data: [DONE]\n\n".to_owned());
    events
}

/// An event that is named after the type of its data.
fn named(data: &Value) -> String {
    let name = data["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n")
}

fn messages(provider: &str, model: &str) -> Vec<String> {
    let mut events = vec![
        json!({"type": "message_start", "message": {
            "id": "msg_mock", "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 7, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    events.extend(text(provider).split_inclusive(' ').map(|word| {
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}})
    }));
    events.push(json!({"type": "content_block_stop", "index": 0}));
    events.push(json!({"type": "message_delta", "usage": {"output_tokens": 5},
                       "delta": {"stop_reason": "end_turn", "stop_sequence": null}}));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(named).collect()
}

fn responses(provider: &str, model: &str) -> Vec<String> {
    let text = text(provider);
    let started = answer::response_object(model, "", "in_progress");
    let mut events = vec![json!({"type": "response.created", "response": started})];
    events.extend(text.split_inclusive(' ').map(|word| {
        json!({"type": "response.output_text.delta", "item_id": "msg_mock", "output_index": 0,
               "content_index": 0, "delta": word, "logprobs": []})
    }));
    let ended = answer::response_object(model, &text, "completed");
    events.push(json!({"type": "response.completed", "response": ended}));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events.iter().map(named).collect()
}

/// Sends the events one by one, as the behaviour says.
pub(crate) fn answer(state: &Arc<State>, events: Vec<Bytes>, behaviour: &Behaviour) -> Answer {
    let (mut sender, body) = Channel::<Bytes, Broken>::new(1);
    let state = Arc::clone(state);
    let Behaviour { hold, event_delay_ms, .. } = behaviour.clone();
    tokio::spawn(async move {
        for (number, event) in events.into_iter().enumerate() {
            match (&hold, number) {
                (Some(key), 1) => state.released(key).await,
                (_, 0) => {}
                _ => tokio::time::sleep(Duration::from_millis(event_delay_ms)).await,
            }
            if sender.send_data(event).await.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(body.boxed());
    let sse = header::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, sse);
    response
}

/// The same answer, broken off after half of it.
pub(crate) fn cut_short(response: Answer) -> Answer {
    let (head, body) = response.into_parts();
    let (sender, short): (channel::Sender<Bytes, Broken>, _) = Channel::new(1);
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
