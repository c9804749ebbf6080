//! Answers of other APIs, as they are written.

use serde_json::{Value, json};

use super::super::super::event::{AnswerEvent, AnswerUsage, StopReason, ToolPart};
use super::super::super::text::JsonText;
use super::accumulate::{accumulated, events, written};
use crate::request::refusal::Refusal;

#[test]
fn answers_of_other_apis_are_written() {
    let part =
        |index: u32, id: Option<&'static str>, name: Option<&'static str>, input: &'static str| {
            AnswerEvent::Tool(ToolPart {
                index,
                id: id.map(JsonText::of),
                name: name.map(JsonText::of),
                signature: None,
                input: Some(JsonText::of(input)),
            })
        };
    let usage = AnswerUsage {
        input: Some(100),
        cache_read: Some(80),
        cache_write: None,
        output: Some(7),
        reasoning: Some(2),
    };
    let all = || {
        vec![
            AnswerEvent::Ping,
            AnswerEvent::Start { id: None, model: Some(JsonText::of("gpt-\"5\"")) },
            AnswerEvent::Ping,
            AnswerEvent::Thinking(JsonText::of("hm")),
            AnswerEvent::Text(JsonText::of("a\n\"b\"")),
            AnswerEvent::Refusal(JsonText::of("no")),
            // The two calls overlap, and the second one's name comes last.
            part(0, Some("c0"), Some("t"), "{\"a\":"),
            part(1, Some("c1"), None, "{\"b\":"),
            part(0, None, None, "\"\\u00e9\\\"\"}"),
            part(1, None, Some("u"), "2}"),
            part(2, Some("c2"), Some("v"), ""),
            AnswerEvent::Stop { reason: StopReason::Done, sequence: None },
            AnswerEvent::Usage(usage),
            AnswerEvent::End,
        ]
    };
    let wanted = json!({
        "id": "msg_own", "type": "message", "role": "assistant", "model": "gpt-\"5\"", "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "a\n\"b\""},
            {"type": "text", "text": "no"},
            {"type": "tool_use", "id": "c0", "name": "t", "input": {"a": "é\""}},
            {"type": "tool_use", "id": "c1", "name": "u", "input": {"b": 2}},
            {"type": "tool_use", "id": "c2", "name": "v", "input": {}},
        ],
        "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 20,
            "cache_creation_input_tokens": 0, "cache_read_input_tokens": 80, "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 2}},
    });
    let stream = written(all(), true);
    assert_eq!(accumulated(&stream), wanted);
    assert_eq!(stream.matches(": ping\n\n").count(), 2);
    assert_eq!(serde_json::from_str::<Value>(&written(all(), false)).unwrap(), wanted);
    let first = events(&stream).remove(0).1;
    let usage = json!({"input_tokens": 0, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "output_tokens": 0});
    assert_eq!(first["message"]["usage"], usage);
    assert_eq!(first["message"]["stop_reason"], Value::Null);
}

#[test]
fn an_input_that_comes_whole_is_one_delta() {
    let part = ToolPart {
        index: 0,
        id: Some(JsonText::of("c")),
        name: Some(JsonText::of("t")),
        signature: None,
        input: Some(JsonText::of("{\"a\":1}")),
    };
    let stream = written(vec![AnswerEvent::Tool(part), AnswerEvent::End], true);
    let events = events(&stream);
    let deltas: Vec<_> = events.iter().filter(|(name, _)| name == "content_block_delta").collect();
    assert_eq!(deltas.len(), 1, "{stream}");
    assert_eq!(deltas[0].1["delta"]["partial_json"], "{\"a\":1}");
}

#[test]
fn an_empty_answer_has_a_block() {
    let empty = || vec![AnswerEvent::Stop { reason: StopReason::Refused, sequence: None }];
    for message in [
        accumulated(&written(empty(), true)),
        serde_json::from_str(&written(empty(), false)).unwrap(),
    ] {
        let content = json!([{"type": "text", "text": ""}]);
        assert_eq!((&message["content"], &message["stop_reason"]), (&content, &json!("refusal")));
    }
}

#[test]
fn an_input_that_is_no_object_fails_a_whole_answer() {
    for input in ["[1]", "{\"a\":", "x", "1"] {
        let part = ToolPart {
            index: 0,
            id: Some(JsonText::of("c")),
            name: Some(JsonText::of("t")),
            signature: None,
            input: Some(JsonText::of(input)),
        };
        let answer = written(vec![AnswerEvent::Tool(part), AnswerEvent::End], false);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (&answer["type"], &answer["error"]["type"]),
            (&json!("error"), &json!("api_error"))
        );
    }
}

#[test]
fn failures_have_the_form_of_the_api() {
    let failed = || {
        vec![
            AnswerEvent::Text(JsonText::of("a")),
            AnswerEvent::Failed(Refusal::new(429, "rate_limit_exceeded", "slow\ndown")),
            AnswerEvent::Text(JsonText::of("b")),
        ]
    };
    let error =
        json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow\ndown"}});
    assert_eq!(serde_json::from_str::<Value>(&written(failed(), false)).unwrap(), error);
    let stream = written(failed(), true);
    let mut all = events(&stream);
    assert_eq!(all.pop().unwrap(), ("error".to_owned(), error));
    assert_eq!(all.pop().unwrap().0, "content_block_stop");
}
