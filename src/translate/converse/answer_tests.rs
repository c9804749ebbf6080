//! Answers as Amazon gives them, and what a client gets of them.

use serde_json::{Value, json};

use super::super::api::ProviderApi;
use super::super::event::AnswerReader;
use super::super::made::any_document;
use super::super::step_lines::{in_pieces, lines_of};
use super::super::tape::Tape;
use super::ConverseAnswer;
use crate::framing::frames;

/// Returns the lines for a stream of these events.
fn streamed(events: &[(&str, Value)]) -> Vec<String> {
    let mut stream = Vec::new();
    for (name, data) in events {
        // Amazon pads its events, so that their lengths tell nothing.
        let mut data = data.clone();
        data["p"] = json!("abcdefgh");
        let headers = [
            (":event-type", *name),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ];
        stream.extend(frames::write(&headers, data.to_string().as_bytes()));
    }
    lines_of(ProviderApi::Converse, true, &stream)
}

fn whole(answer: &Value) -> Vec<String> {
    lines_of(ProviderApi::Converse, false, answer.to_string().as_bytes())
}

fn start() -> (&'static str, Value) {
    ("messageStart", json!({"role": "assistant"}))
}

fn delta(index: u32, delta: &Value) -> (&'static str, Value) {
    ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}))
}

fn block_stop(index: u32) -> (&'static str, Value) {
    ("contentBlockStop", json!({"contentBlockIndex": index}))
}

fn stop(reason: &str) -> (&'static str, Value) {
    ("messageStop", json!({"stopReason": reason}))
}

fn metadata() -> (&'static str, Value) {
    let usage = json!({
        "inputTokens": 10, "outputTokens": 5, "totalTokens": 118,
        "cacheReadInputTokens": 100, "cacheWriteInputTokens": 3,
    });
    ("metadata", json!({"usage": usage, "metrics": {"latencyMs": 551}}))
}

const COUNTED: &str = "input=113 read=100 write=3 output=5";

#[test]
fn a_stream_is_read() {
    let tool_start = json!({
        "contentBlockIndex": 2,
        "start": {"toolUse": {"toolUseId": "tooluse_1", "name": "short"}},
    });
    let events = [
        start(),
        delta(0, &json!({"reasoningContent": {"text": "hm"}})),
        delta(0, &json!({"reasoningContent": {"signature": "c2ln"}})),
        block_stop(0),
        delta(1, &json!({"text": "Let me "})),
        delta(1, &json!({"text": "look \"é😀"})),
        block_stop(1),
        ("contentBlockStart", tool_start),
        delta(2, &json!({"toolUse": {"input": ""}})),
        delta(2, &json!({"toolUse": {"input": "{\"city\": "}})),
        delta(2, &json!({"toolUse": {"input": "\"Bonn\"}"}})),
        block_stop(2),
        stop("tool_use"),
        metadata(),
    ];
    assert_eq!(
        streamed(&events),
        [
            "start made asked",
            "thinking",
            "+ hm",
            "signature c2ln",
            "close",
            "text",
            "+ Let me ",
            "+ look \"é😀",
            "close",
            "tool tooluse_1 own name",
            "+ {\"city\": ",
            "+ \"Bonn\"}",
            "close",
            &format!("finish Tools {COUNTED}"),
        ]
    );
}

#[test]
fn a_whole_answer_is_read() {
    let content = json!([
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "ZW5j"}},
        {"text": "a"},
        {"citationsContent": {"content": [{"text": "b"}], "citations": [{"title": "t"}]}},
        {"toolUse": {"toolUseId": "1", "name": "t", "input": {"z": 1, "a": "\n"}}},
        {"toolUse": {"toolUseId": "2", "name": "short"}},
    ]);
    let answer = json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use", "usage": metadata().1["usage"], "metrics": {"latencyMs": 1},
    });
    let lines = whole(&answer);
    let input = answer["output"]["message"]["content"][4]["toolUse"]["input"].to_string();
    assert_eq!(
        lines,
        [
            "start made asked",
            "thinking",
            "+ hm",
            "signature c2ln",
            "close",
            "redacted ZW5j",
            "close",
            "text",
            "+ a",
            "close",
            "text",
            "+ b",
            "close",
            "tool 1 t",
            &format!("+ {input}"),
            "close",
            "tool 2 own name",
            "+ {}",
            "close",
            &format!("finish Tools {COUNTED}"),
        ]
    );
}

#[test]
fn reasons_to_stop_are_translated() {
    let rows = [
        ("end_turn", "finish Done"),
        ("tool_use", "finish Tools"),
        ("max_tokens", "finish Length"),
        ("stop_sequence", "finish Sequence"),
        ("guardrail_intervened", "finish Refused"),
        ("content_filtered", "finish Refused"),
        ("model_context_window_exceeded", "finish ContextWindow"),
        ("malformed_model_output", "failed 502 invalid_answer"),
        ("malformed_tool_use", "failed 502 invalid_answer"),
        ("something_new", "failed 502 invalid_answer"),
    ];
    for (reason, wanted) in rows {
        let stream = streamed(&[start(), delta(0, &json!({"text": "a"})), stop(reason)]);
        let message = json!({"content": [{"text": "a"}]});
        let answer = json!({"output": {"message": message}, "stopReason": reason});
        for lines in [stream, whole(&answer)] {
            assert!(lines.last().unwrap().starts_with(wanted), "{reason}: {lines:?}");
        }
    }
    let fields = json!({"stop_sequence": "\n\n"});
    let ended = json!({"stopReason": "stop_sequence", "additionalModelResponseFields": fields});
    let lines = streamed(&[start(), ("messageStop", ended)]);
    assert_eq!(lines, ["start made asked", "finish Sequence ", "", ""]);
}

#[test]
fn a_stream_without_its_end_has_failed() {
    let cut =
        "failed 502 stream_broken_off: the provider has ended its answer before it was complete";
    let events = [start(), delta(0, &json!({"text": "a"})), block_stop(0)];
    assert_eq!(streamed(&events), ["start made asked", "text", "+ a", "close", cut]);
    // Counts alone do not say that it is whole.
    let events = [start(), delta(0, &json!({"text": "a"})), metadata()];
    assert_eq!(streamed(&events).last().unwrap(), cut);
    assert_eq!(streamed(&[]), ["start made asked", cut]);
    // The reason is enough, and nothing after the counts matters.
    assert_eq!(streamed(&[start(), stop("end_turn")]), ["start made asked", "finish Done"]);
    let events = [start(), stop("end_turn"), metadata(), delta(0, &json!({"text": "late"}))];
    assert_eq!(streamed(&events).last().unwrap(), &format!("finish Done {COUNTED}"));
    assert_eq!(
        whole(&json!({"Output": {"__type": "UnknownOperationException"}})).last().unwrap(),
        cut
    );
}

#[test]
fn a_frame_of_a_failure_ends_the_stream() {
    let event = |name: &str, data: &Value| {
        let headers = [(":event-type", name), (":message-type", "event")];
        frames::write(&headers, data.to_string().as_bytes())
    };
    let failure = |kind: &str, name: &str| {
        let headers =
            [(kind, name), (":content-type", "application/json"), (":message-type", "exception")];
        frames::write(&headers, br#"{"message":"slow down"}"#)
    };
    let rows = [
        (":exception-type", "throttlingException", "failed 429 rate_limit_exceeded: slow down"),
        (":exception-type", "modelStreamErrorException", "failed 500 server_error: slow down"),
        (":exception-type", "validationException", "failed 400 invalid_request: slow down"),
        (":exception-type", "serviceUnavailableException", "failed 503 overloaded: slow down"),
        (":event-type", "throttlingException", "failed 429 rate_limit_exceeded: slow down"),
        (":error-code", "InternalFailure", "failed 502 server_error: slow down"),
    ];
    for (kind, name, wanted) in rows {
        let mut stream = event("messageStart", &json!({"role": "assistant"}));
        stream.extend(event("contentBlockDelta", &delta(0, &json!({"text": "a"})).1));
        stream.extend(failure(kind, name));
        stream.extend(event("messageStop", &json!({"stopReason": "end_turn"})));
        let lines = lines_of(ProviderApi::Converse, true, &stream);
        assert_eq!(lines, ["start made asked", "text", "+ a", "close", wanted], "{name}");
    }
}

#[test]
fn a_frame_cut_within_is_no_event() {
    let headers = [(":event-type", "messageStop"), (":message-type", "event")];
    let frame = frames::write(&headers, br#"{"stopReason":"end_turn"}"#);
    for length in 0..frame.len() {
        let lines = lines_of(ProviderApi::Converse, true, &frame[..length]);
        assert!(lines.last().unwrap().starts_with("failed 502 stream_broken_off"), "{length}");
    }
}

#[test]
fn content_that_is_not_translated_is_named() {
    let image = json!({"contentBlockIndex": 0, "start": {"image": {"format": "png"}}});
    let wanted = "failed 502 invalid_answer: the provider's answer has content of a kind that is not \
                  translated: image";
    assert_eq!(streamed(&[start(), ("contentBlockStart", image)]).last().unwrap(), wanted);
    let content = json!([{"image": {"format": "png", "source": {"bytes": ""}}}]);
    let answer = json!({"output": {"message": {"content": content}}, "stopReason": "end_turn"});
    assert_eq!(whole(&answer).last().unwrap(), wanted);
}

#[test]
fn what_is_not_known_is_passed_over() {
    let events = [
        start(),
        ("somethingNew", json!({"a": 1})),
        ("contentBlockStart", json!({"contentBlockIndex": 0, "start": {"toolResult": {}}})),
        delta(0, &json!({"citation": {"title": "t"}})),
        delta(1, &json!({"text": "a"})),
        ("contentBlockDelta", json!([])),
        stop("end_turn"),
        ("metadata", json!({"usage": {"inputTokens": "many", "outputTokens": -1}})),
    ];
    let events: Vec<_> = events.into_iter().filter(|(_, data)| data.is_object()).collect();
    let lines = streamed(&events);
    assert_eq!(lines, ["start made asked", "text", "+ a", "close", "finish Done"]);
}

#[test]
fn calls_may_stand_beside_each_other() {
    let begin = |index: u32, id: &str| {
        let start = json!({"toolUse": {"toolUseId": id, "name": "t"}});
        ("contentBlockStart", json!({"contentBlockIndex": index, "start": start}))
    };
    let events = [
        start(),
        begin(0, "1"),
        begin(1, "2"),
        delta(1, &json!({"toolUse": {"input": "{\"b\":2}"}})),
        delta(0, &json!({"toolUse": {"input": "{\"a\":1}"}})),
        block_stop(0),
        block_stop(1),
        stop("end_turn"),
    ];
    let calls = ["tool 1 t", "+ {\"a\":1}", "close", "tool 2 t", "+ {\"b\":2}", "close"];
    let lines = streamed(&events);
    assert_eq!(lines[1..7], calls);
    // Amazon says what it does; here the answer waits for tools all the same.
    assert_eq!(lines[7], "finish Tools");
}

const EVENTS: [&str; 8] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "throttlingException",
    "",
];

/// Names of members, some of them in the wrong place.
const NAMES: [&str; 18] = [
    "contentBlockIndex",
    "start",
    "delta",
    "toolUse",
    "toolUseId",
    "name",
    "text",
    "input",
    "reasoningContent",
    "reasoningText",
    "signature",
    "redactedContent",
    "usage",
    "inputTokens",
    "stopReason",
    "output",
    "message",
    "content",
];

proptest::proptest! {
    #[test]
    fn no_document_makes_it_panic(document in any_document(&NAMES)) {
        let document = document.to_string();
        let tape = Tape::read(document.as_bytes()).unwrap();
        for name in EVENTS {
            ConverseAnswer::default().event(name, tape.root(), &mut |_| {});
        }
        in_pieces(ProviderApi::Converse, false, document.as_bytes(), 64);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        lines_of(ProviderApi::Converse, true, &bytes);
        lines_of(ProviderApi::Converse, false, &bytes);
    }
}
