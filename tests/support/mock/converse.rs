//! Streams of Bedrock's Converse: frames of Amazon's event stream.

use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::stream::Event;

/// What a stream of frames is declared as.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// Returns the events of a streamed answer with this text.
pub(super) fn events(text: &str, behaviour: &Behaviour) -> Vec<Event> {
    let used = behaviour.used;
    let event = |name: &str, data: Value| {
        let told = if name == "metadata" { used.input + used.output } else { 0 };
        Event {
            bytes: framed(&[(":event-type", name), (":message-type", "event")], &data).into(),
            told,
        }
    };
    let mut events = vec![event("messageStart", json!({"role": "assistant"}))];
    events.extend(text.split_inclusive(' ').map(|word| {
        event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": word}}))
    }));
    if behaviour.has_error_event {
        let headers = [(":exception-type", "throttlingException"), (":message-type", "exception")];
        let data = json!({"message": "The mock provider was asked to fail."});
        events.push(Event { bytes: framed(&headers, &data).into(), told: 0 });
        return events;
    }
    events.push(event("contentBlockStop", json!({"contentBlockIndex": 0})));
    events.push(event("messageStop", json!({"stopReason": "end_turn"})));
    events.push(event("metadata", json!({"usage": used.bedrock(), "metrics": {"latencyMs": 1}})));
    events
}

/// Returns one frame. Clients check both of its checksums.
fn framed(headers: &[(&str, &str)], data: &Value) -> Vec<u8> {
    let data = data.to_string();
    let json = (":content-type", "application/json");
    let mut head = Vec::new();
    for (name, value) in headers.iter().chain([&json]) {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut frame = length(16 + head.len() + data.len()).to_vec();
    frame.extend_from_slice(&length(head.len()));
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(data.as_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}
