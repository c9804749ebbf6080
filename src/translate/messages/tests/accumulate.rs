//! Answers as clients see them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::answer::AnswerTranslation;
use super::super::super::api::{AnswerForm, ClientApi, ProviderApi};
use super::super::super::event::AnswerEvent;
use super::super::super::order::{AnswerNames, AnswerOrder};
use super::super::{MessagesStream, MessagesWhole};

/// Translates an answer of a provider of this API for a client of this API, of which both may stream or
/// not.
pub(super) fn translated(bytes: &[u8], (is_stream, stream): (bool, bool), piece: usize) -> String {
    let form = AnswerForm { stream, stream_usage: true, created_s: 0 };
    let names = AnswerNames { id: "own".into(), model: "own".into(), renamed: BTreeMap::new() };
    let apis = (ProviderApi::Messages, ClientApi::Messages);
    let mut answer = AnswerTranslation::new(apis, (200, is_stream), form, names, 1 << 20);
    let mut to = Vec::new();
    for piece in bytes.chunks(piece) {
        answer.feed(piece, &mut to);
    }
    answer.finish(&mut to);
    String::from_utf8(to).unwrap()
}

/// Returns names and data of the events of a stream, without its comments.
pub(super) fn events(stream: &str) -> Vec<(String, Value)> {
    let event = |text: &str| {
        let (name, data) = text.split_once('\n').unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["type"], *name, "{text}");
        (name, data)
    };
    assert!(stream.ends_with("\n\n"), "{stream}");
    stream.split_terminator("\n\n").filter(|text| !text.starts_with(':')).map(event).collect()
}

/// Puts a stream together as Anthropic's SDKs do.
pub(super) fn accumulated(stream: &str) -> Value {
    let mut message = Value::Null;
    let mut inputs = std::collections::BTreeMap::<u64, String>::new();
    let (mut open, mut has_delta, mut has_stop) = (None, false, false);
    for (name, data) in events(stream) {
        assert!(!has_stop, "{stream}");
        let index = data["index"].as_u64();
        match &*name {
            "message_start" => {
                assert_eq!(message, Value::Null, "{stream}");
                message = data["message"].clone();
            }
            "content_block_start" => {
                let blocks = message["content"].as_array_mut().unwrap();
                assert_eq!((open, index), (None, Some(blocks.len() as u64)), "{stream}");
                blocks.push(data["content_block"].clone());
                open = index;
            }
            "content_block_delta" => {
                assert_eq!((open, has_delta), (index, false), "{stream}");
                let index = index.unwrap();
                let block = &mut message["content"][usize::try_from(index).unwrap()];
                let delta = &data["delta"];
                let (kind, member) = match delta["type"].as_str().unwrap() {
                    "text_delta" => ("text", "text"),
                    "thinking_delta" => ("thinking", "thinking"),
                    "signature_delta" => ("thinking", "signature"),
                    "input_json_delta" => {
                        let piece = delta["partial_json"].as_str().unwrap();
                        inputs.entry(index).or_default().push_str(piece);
                        continue;
                    }
                    other => panic!("{other}"),
                };
                assert_eq!(block["type"], kind, "{stream}");
                let text = block[member].as_str().unwrap().to_owned();
                block[member] = (text + delta[member].as_str().unwrap()).into();
            }
            "content_block_stop" => {
                assert_eq!(open, index, "{stream}");
                open = None;
            }
            "message_delta" => {
                assert_eq!((open, has_delta), (None, false), "{stream}");
                has_delta = true;
                for member in ["stop_reason", "stop_sequence"] {
                    message[member] = data["delta"][member].clone();
                }
                for (key, value) in data["usage"].as_object().unwrap() {
                    message["usage"][key] = value.clone();
                }
            }
            "message_stop" => has_stop = has_delta,
            "ping" => {}
            other => panic!("{other} in {stream}"),
        }
    }
    assert!(has_stop, "{stream}");
    for (index, input) in inputs {
        let block = &mut message["content"][usize::try_from(index).unwrap()];
        block["input"] = serde_json::from_str(&input).unwrap();
    }
    message
}

/// Writes these events of an answer, as a stream or as a whole.
pub(super) fn written(events: Vec<AnswerEvent<'_>>, stream: bool) -> String {
    let form = AnswerForm { stream, stream_usage: true, created_s: 0 };
    let names = AnswerNames { id: "msg_own".into(), model: "own".into(), renamed: BTreeMap::new() };
    let mut order = if stream {
        AnswerOrder::new(names, Box::new(MessagesStream::new(form)))
    } else {
        AnswerOrder::new(names, Box::new(MessagesWhole::new(form)))
    };
    let mut to = Vec::new();
    for event in events {
        order.take(event, &mut to);
    }
    order.finish(&mut to);
    String::from_utf8(to).unwrap()
}

pub(super) fn recorded(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/responses");
    let file = std::fs::read(format!("{folder}/{name}.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    file["body_text"].as_str().unwrap().to_owned()
}
