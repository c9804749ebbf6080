//! How streams are written, and whether a client that puts their events together gets the answer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::writing::{
    call, done, failed, input, refusal, start, stop, streamed, text, thinking, usage, whole,
};
use crate::translate::event::{AnswerEvent, StopReason};
use crate::translate::order::tests::any_event;

/// Returns the events of a stream: their data, of which the name is checked to be the type.
fn events_of(stream: &str) -> Vec<Value> {
    let mut events = Vec::new();
    for block in stream.split_terminator("\n\n").filter(|block| !block.starts_with(':')) {
        let (name, data) = block.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: ").unwrap(), data["type"]);
        assert_eq!(data["sequence_number"], events.len());
        events.push(data);
    }
    events
}

/// What a client has put together of a stream.
#[derive(Debug, Default)]
struct Client {
    response: Value,
    items: BTreeMap<u64, Value>,
    done: BTreeMap<u64, Value>,
    error: Option<Value>,
}

impl Client {
    /// Returns what becomes of all events.
    fn of(stream: &str) -> Self {
        let mut client = Self::default();
        for event in events_of(stream) {
            client.take(&event);
        }
        client
    }

    /// Takes an event as the accumulators of OpenAI's SDKs do, and checks that it fits to those before.
    fn take(&mut self, event: &Value) {
        let kind = event["type"].as_str().unwrap();
        let index = event["output_index"].as_u64();
        match kind {
            "response.created" => self.response = event["response"].clone(),
            "error" => self.error = Some(event.clone()),
            "response.output_item.added" => {
                let (index, item) = (index.unwrap(), event["item"].clone());
                assert_eq!(index, self.items.len() as u64);
                assert!(self.items.insert(index, item).is_none());
            }
            "response.output_item.done" => {
                let item = event["item"].clone();
                for member in ["id", "type", "call_id"] {
                    assert_eq!(self.items[&index.unwrap()][member], item[member]);
                }
                assert!(self.done.insert(index.unwrap(), item).is_none());
            }
            _ if index.is_some() => {
                assert!(!self.done.contains_key(&index.unwrap()), "{kind} after the end");
                let item = self.items.get_mut(&index.unwrap()).expect("an item that was added");
                assert_eq!(item["id"], event["item_id"]);
                Self::take_text(item, event);
            }
            _ => {
                assert_eq!(self.response["id"], event["response"]["id"]);
                self.response = event["response"].clone();
            }
        }
    }

    /// Takes an event about the text of an item.
    fn take_text(item: &mut Value, event: &Value) {
        let kind = event["type"].as_str().unwrap();
        let (list, member) = match kind.split('.').nth(1).unwrap() {
            "output_text" => ("content", "text"),
            "refusal" => ("content", "refusal"),
            "content_part" => ("content", ""),
            "reasoning_summary_text" => ("summary", "text"),
            "reasoning_summary_part" => ("summary", ""),
            _ => ("", "arguments"),
        };
        if list.is_empty() {
            return Self::take_piece(&mut item[member], event, "arguments");
        }
        let at = if list == "content" { "content_index" } else { "summary_index" };
        let at = usize::try_from(event[at].as_u64().unwrap()).unwrap();
        let parts = item[list].as_array_mut().unwrap();
        match kind.rsplit('.').next().unwrap() {
            "added" => {
                assert_eq!(at, parts.len());
                parts.push(event["part"].clone());
            }
            "done" if member.is_empty() => assert_eq!(parts[at], event["part"]),
            _ => Self::take_piece(&mut parts[at][member], event, member),
        }
    }

    /// Adds a delta to a text, or checks the text at its end.
    fn take_piece(text: &mut Value, event: &Value, member: &str) {
        if let Some(delta) = event["delta"].as_str() {
            assert!(!delta.is_empty());
            *text = json!(format!("{}{delta}", text.as_str().unwrap()));
        } else {
            assert_eq!(*text, event[member]);
        }
    }

    /// Returns the items as the events before their end make them.
    fn put_together(&self) -> Vec<Value> {
        let mut items: Vec<_> = self.items.values().cloned().collect();
        for (item, done) in items.iter_mut().zip(self.done.values()) {
            if item.get("status").is_some() {
                assert_eq!(item["status"], "in_progress");
                item["status"] = done["status"].clone();
            }
        }
        items
    }
}

#[test]
fn a_stream_has_the_events_of_the_api() {
    let stream = streamed(vec![
        start("1", "gpt-x"),
        AnswerEvent::Ping,
        text("Rivers "),
        text("run.\n"),
        usage(),
        done(),
        AnswerEvent::End,
    ]);
    let part = |text: &str| json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text});
    let item = |status: &str, content: Value| json!({"id": "msg_1_0", "type": "message", "status": status, "role": "assistant", "content": content});
    let at = |mut event: Value| {
        event["item_id"] = json!("msg_1_0");
        event["output_index"] = json!(0);
        event["content_index"] = json!(0);
        event
    };
    let full = item("completed", json!([part("Rivers run.\n")]));
    let wanted = [
        json!({"type": "response.output_item.added", "output_index": 0, "item": item("in_progress", json!([]))}),
        at(json!({"type": "response.content_part.added", "part": part("")})),
        at(json!({"type": "response.output_text.delta", "delta": "Rivers ", "logprobs": []})),
        at(json!({"type": "response.output_text.delta", "delta": "run.\n", "logprobs": []})),
        at(json!({"type": "response.output_text.done", "text": "Rivers run.\n", "logprobs": []})),
        at(json!({"type": "response.content_part.done", "part": part("Rivers run.\n")})),
        json!({"type": "response.output_item.done", "output_index": 0, "item": full.clone()}),
    ];
    let events = events_of(&stream);
    assert_eq!(events.len(), wanted.len() + 3);
    for (mut wanted, (number, event)) in wanted.into_iter().zip((2..).zip(&events[2..])) {
        wanted["sequence_number"] = json!(number);
        assert_eq!(*event, wanted);
    }
    for (event, kind) in events.iter().zip(["response.created", "response.in_progress"]) {
        assert_eq!(event["type"], kind);
        assert_eq!(event["response"]["status"], "in_progress");
        assert_eq!(event["response"]["output"], json!([]));
        assert_eq!(event["response"]["usage"], Value::Null);
    }
    let last = &events[9];
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["output"], json!([full]));
    assert_eq!(last["response"]["usage"]["total_tokens"], 120);
    assert!(stream.contains("\n\n: ping\n\nevent: "));
}

#[test]
fn every_kind_of_item_has_its_events() {
    let stream = streamed(vec![
        thinking("Hm."),
        refusal("No."),
        call(0, "c0", "f"),
        input(0, "{\"a\":1}"),
        AnswerEvent::ToolEnd(0),
        call(1, "c1", "g"),
        done(),
    ]);
    let kinds: Vec<_> = events_of(&stream).iter().map(|event| event["type"].clone()).collect();
    let item = |middle: &[&'static str]| {
        let ends = ["response.output_item.added", "response.output_item.done"];
        [&ends[..1], middle, &ends[1..]].concat()
    };
    let thought = [
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
    ];
    let declined = [
        "response.content_part.added",
        "response.refusal.delta",
        "response.refusal.done",
        "response.content_part.done",
    ];
    let called =
        ["response.function_call_arguments.delta", "response.function_call_arguments.done"];
    let wanted = [
        vec!["response.created", "response.in_progress"],
        item(&thought),
        item(&declined),
        item(&called),
        item(&called),
        vec!["response.completed"],
    ];
    assert_eq!(kinds, wanted.concat());
    // A call without input has an empty object, in a delta too.
    assert_eq!(Client::of(&stream).put_together()[3]["arguments"], "{}");
}

#[test]
fn an_answer_that_is_cut_off_ends_incomplete() {
    let events = vec![call(0, "c", "f"), input(0, "{\"a\":"), stop(StopReason::Length)];
    let stream = streamed(events);
    let client = Client::of(&stream);
    assert!(stream.contains("event: response.incomplete\n"));
    assert_eq!(client.response["incomplete_details"], json!({"reason": "max_output_tokens"}));
    assert_eq!(client.done[&0]["status"], "incomplete");
    assert_eq!(client.done[&0]["arguments"], "{\"a\":");
}

#[test]
fn an_error_is_an_event_with_the_error_in_it() {
    for before in [Vec::new(), vec![text("a")], vec![call(0, "c", "f"), input(0, "{")]] {
        let count = before.len();
        let stream = streamed(before.into_iter().chain([failed()]).collect());
        let events = events_of(&stream);
        let [error, failed] = &events[events.len() - 2..] else { panic!("{events:?}") };
        let wanted = json!({
            "type": "error", "sequence_number": events.len() - 2,
            "code": "rate_limit_exceeded", "message": "slow down", "param": null,
            "error": {
                "message": "slow down", "type": "rate_limit_error", "param": null,
                "code": "rate_limit_exceeded",
            },
        });
        assert_eq!(*error, wanted, "after {count} events");
        assert_eq!(failed["type"], "response.failed");
        assert_eq!(failed["response"]["status"], "failed");
        let wanted = json!({"code": "rate_limit_exceeded", "message": "slow down"});
        assert_eq!(failed["response"]["error"], wanted);
        assert_eq!(failed["response"]["output"], json!([]));
    }
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let client = Client::of(&streamed(vec![text("a")]));
    assert_eq!(client.error.unwrap()["code"], "stream_broken_off");
    assert_eq!(client.response["status"], "failed");
    assert_eq!(client.response["error"]["code"], "server_error");
}

#[test]
fn a_stream_that_is_too_long_ends_with_an_error() {
    let piece = "x".repeat(1 << 20);
    let events: Vec<_> = (0..12).map(|_| text(&piece)).collect();
    let stream = streamed(events);
    // It is the end: neither is more of the answer written after it, nor a second error.
    assert!(stream.len() < 10 << 20, "{} bytes", stream.len());
    let client = Client::of(&stream);
    assert_eq!(client.error.unwrap()["code"], "invalid_answer");
    assert_eq!(client.response["status"], "failed");
}

proptest! {
    /// Whatever a provider sends: events fit together, and are the same as the whole answer.
    #[test]
    fn a_client_gets_the_whole_answer(events in proptest::collection::vec(any_event(), 0..40)) {
        let client = Client::of(&streamed(events.clone()));
        let answer = whole(events);
        if client.error.is_some() {
            prop_assert!(answer["error"].is_object());
        } else {
            prop_assert_eq!(&json!(client.put_together()), &answer["output"]);
            prop_assert_eq!(&json!(client.done.values().collect::<Vec<_>>()), &answer["output"]);
            prop_assert_eq!(client.response, answer);
        }
    }
}
