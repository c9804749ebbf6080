//! Answers of the API, as they are read.

use serde_json::{Value, json};

use super::accumulate::{accumulated, events, recorded, translated};

/// Keeps of a message what is carried.
fn carried(mut message: Value) -> Value {
    let usage = message["usage"].as_object_mut().unwrap();
    usage.retain(|name, _| name.ends_with("_tokens") || name == "output_tokens_details");
    message
}

#[test]
fn recorded_answers_come_back_whichever_way_they_go() {
    for name in ["anthropic_ok", "anthropic_thinking", "anthropic_tool_use", "anthropic_cache"] {
        let body = recorded(name);
        let wanted = carried(serde_json::from_str(&body).unwrap());
        let whole = translated(body.as_bytes(), (false, false), 999);
        assert_eq!(serde_json::from_str::<Value>(&whole).unwrap(), wanted, "{name}");
        let stream = translated(body.as_bytes(), (false, true), 999);
        assert_eq!(accumulated(&stream), wanted, "{name}");
        let again = translated(stream.as_bytes(), (true, false), 7);
        assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), wanted, "{name}");
        assert_eq!(translated(stream.as_bytes(), (true, true), 7), stream, "{name}");
    }
}

#[test]
fn recorded_streams_are_read() {
    for (name, input, output) in
        [("anthropic_stream", None, None), ("anthropic_stream_old_delta_usage", Some(31), Some(8))]
    {
        let body = recorded(name);
        let message = accumulated(&translated(body.as_bytes(), (true, true), 50));
        assert_eq!(message["content"][0]["type"], "text", "{name}");
        assert_eq!(message["stop_reason"], "end_turn", "{name}");
        if let (Some(input), Some(output)) = (input, output) {
            assert_eq!(message["usage"]["input_tokens"], input);
            assert_eq!(message["usage"]["output_tokens"], output);
            assert_eq!(message["content"][0]["text"], "Hello — ça va?");
        }
        assert!(translated(body.as_bytes(), (true, true), 50).contains("\n\n: ping\n\n"));
    }
    for (name, kind) in [
        ("anthropic_stream_error_first", "api_error"),
        ("anthropic_stream_error_inband", "overloaded_error"),
    ] {
        let stream = translated(recorded(name).as_bytes(), (true, true), 50);
        let (last, data) = events(&stream).pop().unwrap();
        assert_eq!((&*last, &data["error"]["type"]), ("error", &json!(kind)), "{stream}");
    }
}

/// Returns a stream of these events.
fn stream(events: &[Value]) -> String {
    let event = |data: &Value| {
        format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
    };
    events.iter().map(event).collect()
}

/// Returns a message of a stream with these events between start and end.
fn message(middle: &[Value], reason: &str) -> Value {
    let mut all = vec![json!({"type": "message_start", "message": {"id": "msg_1", "model": "c",
        "usage": {"input_tokens": 3, "output_tokens": 1}}})];
    all.extend_from_slice(middle);
    all.push(json!({"type": "message_delta", "delta": {"stop_reason": reason},
        "usage": {"output_tokens": 5}}));
    all.push(json!({"type": "message_stop"}));
    accumulated(&translated(stream(&all).as_bytes(), (true, true), 64))
}

fn start(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn end(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

#[test]
fn inputs_of_tools_come_whole_in_pieces_or_not_at_all() {
    let tool = |input: Value| {
        start(0, json!({"type": "tool_use", "id": "toolu_1", "name": "t", "input": input}))
    };
    let piece = |text: &str| delta(0, json!({"type": "input_json_delta", "partial_json": text}));
    let rows = [
        (vec![tool(json!({})), end(0)], json!({})),
        (vec![tool(json!({})), piece(""), end(0)], json!({})),
        (
            vec![tool(json!({})), piece(""), piece("{\"a\""), piece(": [1]}"), end(0)],
            json!({"a": [1]}),
        ),
        (vec![tool(json!({"a": "b"})), end(0)], json!({"a": "b"})),
        // Pieces come in place of what came whole.
        (vec![tool(json!({"a": "b"})), piece("{\"c\":1}"), end(0)], json!({"c": 1})),
        (vec![tool(json!(null)), end(0)], json!({})),
        // Without an end.
        (vec![tool(json!({})), piece("{\"c\":1}")], json!({"c": 1})),
    ];
    for (middle, wanted) in rows {
        let message = message(&middle, "tool_use");
        assert_eq!(message["content"][0]["input"], wanted, "{middle:?}");
        assert_eq!(message["content"][0]["id"], "toolu_1");
        assert_eq!(message["stop_reason"], "tool_use");
    }
}

#[test]
fn blocks_stay_apart() {
    let message = message(
        &[
            start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
            delta(0, json!({"type": "thinking_delta", "thinking": "hm"})),
            delta(0, json!({"type": "signature_delta", "signature": "sig"})),
            end(0),
            start(1, json!({"type": "redacted_thinking", "data": "secret"})),
            end(1),
            start(2, json!({"type": "text", "text": ""})),
            delta(2, json!({"type": "text_delta", "text": "a"})),
            delta(2, json!({"type": "citations_delta", "citation": {"type": "char_location"}})),
            delta(2, json!({"type": "text_delta", "text": "b"})),
            end(2),
            start(3, json!({"type": "text", "text": "c"})),
            end(3),
            start(
                4,
                json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}),
            ),
            delta(4, json!({"type": "input_json_delta", "partial_json": "{\"query\":\"q\"}"})),
            end(4),
            start(5, json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": []})),
            end(5),
            start(6, json!({"type": "text", "text": ""})),
            delta(6, json!({"type": "text_delta", "text": "d"})),
            end(6),
        ],
        "end_turn",
    );
    let text = |text: &str| json!({"type": "text", "text": text});
    let wanted = json!([
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "secret"},
        text("ab"), text("c"), text("d"),
    ]);
    assert_eq!(message["content"], wanted);
}

#[test]
fn a_signature_may_come_without_words() {
    let middle = [
        start(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "signature_delta", "signature": "sig"})),
        end(0),
        start(1, json!({"type": "text", "text": "a"})),
        end(1),
    ];
    let wanted = json!({"type": "thinking", "thinking": "", "signature": "sig"});
    assert_eq!(message(&middle, "end_turn")["content"][0], wanted);
}

#[test]
fn every_reason_comes_back() {
    for reason in [
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
    ] {
        assert_eq!(message(&[], reason)["stop_reason"], reason);
    }
    assert_eq!(message(&[], "some_new_reason")["stop_reason"], "end_turn");
    let body = json!({"id": "m", "model": "c", "content": [], "stop_reason": "stop_sequence",
        "stop_sequence": "EN\"D", "usage": {"input_tokens": 1, "output_tokens": 2}});
    for stream in [false, true] {
        let answer = translated(body.to_string().as_bytes(), (false, stream), 10);
        let message =
            if stream { accumulated(&answer) } else { serde_json::from_str(&answer).unwrap() };
        assert_eq!(message["stop_sequence"], "EN\"D");
    }
}

#[test]
fn counts_are_set_not_added_and_zeros_erase_nothing() {
    let usage = |events: &[Value]| {
        let answer = translated(stream(events).as_bytes(), (true, true), 30);
        accumulated(&answer)["usage"].clone()
    };
    let begin = |usage: Value| json!({"type": "message_start", "message": {"usage": usage}});
    let last = |usage: Value| json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage});
    let stop = json!({"type": "message_stop"});
    let all = json!({"input_tokens": 10, "cache_creation_input_tokens": 4,
        "cache_read_input_tokens": 100, "output_tokens": 1});
    let wanted = json!({"input_tokens": 10, "cache_creation_input_tokens": 4,
        "cache_read_input_tokens": 100, "output_tokens": 9});
    for newer in [
        json!({"output_tokens": 9}),
        json!({"input_tokens": 10, "output_tokens": 9}),
        json!({"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 9}),
        json!({"input_tokens": 10, "cache_creation_input_tokens": 4,
            "cache_read_input_tokens": 100, "output_tokens": 9}),
    ] {
        assert_eq!(
            usage(&[begin(all.clone()), last(newer.clone()), stop.clone()]),
            wanted,
            "{newer}"
        );
        let twice = [begin(all.clone()), last(newer.clone()), last(newer.clone()), stop.clone()];
        assert_eq!(usage(&twice), wanted, "{newer}");
    }
    let thought = json!({"input_tokens": 1, "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 6}});
    let wanted = json!({"input_tokens": 1, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 6}});
    assert_eq!(usage(&[begin(json!({})), last(thought), stop]), wanted);
}

#[test]
fn what_is_not_known_is_ignored_unless_it_is_content() {
    let text = [start(0, json!({"type": "text", "text": "a"})), end(0)];
    let mut middle = vec![json!({"type": "weather_report", "index": 9}), json!({"x": 1})];
    middle.extend(text.clone());
    middle.push(delta(0, json!({"type": "mood_delta", "mood": "good"})));
    assert_eq!(message(&middle, "end_turn")["content"].as_array().unwrap().len(), 1);
    for kind in ["container_upload", "hologram"] {
        let sent =
            [json!({"type": "message_start", "message": {}}), start(0, json!({"type": kind}))];
        let answer = translated(stream(&sent).as_bytes(), (true, true), 30);
        let (name, data) = events(&answer).pop().unwrap();
        assert_eq!(name, "error");
        let message = data["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("a block of type \"{kind}\"")), "{message}");
    }
}

#[test]
fn ends_are_written_once() {
    let one = message(&[json!({"type": "message_start", "message": {"id": "other"}})], "end_turn");
    assert_eq!(one["id"], "msg_1");
    assert_eq!(one["content"], json!([{"type": "text", "text": ""}]));
    let bare =
        translated(b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", (true, true), 9);
    let bare = accumulated(&bare);
    assert_eq!((&bare["id"], &bare["stop_reason"]), (&json!("own"), &json!("end_turn")));
    let twice = "data: {\"type\":\"message_stop\"}\n\n".repeat(2);
    accumulated(&translated(twice.as_bytes(), (true, true), 9));
    let cut = stream(&[
        json!({"type": "message_start", "message": {}}),
        start(0, json!({"type": "text", "text": "a"})),
    ]);
    let cut = translated(cut.as_bytes(), (true, true), 9);
    let names: Vec<_> = events(&cut).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "error"
        ]
    );
}

#[test]
fn a_whole_answer_that_cannot_be_read_is_an_error() {
    for (body, wanted) in [
        ("{}", "the provider's answer has no content"),
        ("[1]", "the provider's answer has no content"),
        ("<html>", "the provider's answer is not JSON"),
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#, "busy"),
    ] {
        let answer = translated(body.as_bytes(), (false, false), 5);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["type"], "error", "{body}");
        assert_eq!(answer["error"]["message"], wanted);
    }
}
