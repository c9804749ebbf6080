//! How whole answers are written.

use serde_json::{Value, json};

use super::writing::{
    call, done, failed, input, refusal, start, stop, text, thinking, usage, whole,
};
use crate::translate::event::{AnswerEvent, AnswerUsage, StopReason};

#[test]
fn a_whole_answer_is_the_response_object() {
    let answer = whole(vec![
        start("chatcmpl-1", "gpt-x"),
        thinking("Hm\n"),
        thinking("."),
        text("A \"haiku\""),
        text(" é."),
        call(0, "call_1", "get_weather"),
        input(0, "{\"city\":"),
        input(0, "\"Oslo\"}"),
        AnswerEvent::ToolEnd(0),
        call(1, "call_2", "now"),
        usage(),
        stop(StopReason::Tools),
        AnswerEvent::End,
    ]);
    let wanted = json!({
        "id": "resp_chatcmpl-1",
        "object": "response",
        "created_at": 1_772_532_672,
        "status": "completed",
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": null,
        "model": "gpt-x",
        "output": [
            {
                "id": "rs_chatcmpl-1_0", "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "Hm\n."}],
            },
            {
                "id": "msg_chatcmpl-1_1", "type": "message", "status": "completed", "role": "assistant",
                "content": [{
                    "type": "output_text", "annotations": [], "logprobs": [], "text": "A \"haiku\" é.",
                }],
            },
            {
                "id": "fc_chatcmpl-1_2", "type": "function_call", "status": "completed",
                "arguments": "{\"city\":\"Oslo\"}", "call_id": "call_1", "name": "get_weather",
            },
            {
                "id": "fc_chatcmpl-1_3", "type": "function_call", "status": "completed",
                "arguments": "{}", "call_id": "call_2", "name": "now",
            },
        ],
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null},
        "store": false,
        "temperature": null,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": null,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 120,
        },
        "user": null,
        "metadata": {},
    });
    assert_eq!(answer, wanted);
}

/// Returns status, reason and what became of the last item of an answer with these events before its end.
fn ending(mut events: Vec<AnswerEvent<'static>>, reason: StopReason) -> (Value, Value, Value) {
    events.push(stop(reason));
    events.push(AnswerEvent::End);
    let answer = whole(events);
    let last = answer["output"].as_array().unwrap().last().cloned().unwrap_or_default();
    (
        answer["status"].clone(),
        answer["incomplete_details"]["reason"].clone(),
        last["status"].clone(),
    )
}

#[test]
fn an_answer_says_why_it_has_ended() {
    let full = json!("completed");
    let cut = |reason: &str| (json!("incomplete"), json!(reason), json!("incomplete"));
    let whole = (full.clone(), Value::Null, full.clone());
    let rows = [
        (StopReason::Done, whole.clone()),
        (StopReason::Sequence, whole.clone()),
        (StopReason::Tools, whole.clone()),
        (StopReason::Length, cut("max_output_tokens")),
        (StopReason::ContextWindow, cut("max_output_tokens")),
        (StopReason::Paused, cut("max_output_tokens")),
        (StopReason::Refused, cut("content_filter")),
    ];
    for (reason, wanted) in rows {
        assert_eq!(ending(vec![text("a")], reason), wanted, "{reason:?}");
    }
    // The model has declined in words of its own, so nothing is missing.
    assert_eq!(ending(vec![refusal("No.")], StopReason::Refused), whole);
    let empty = (full.clone(), Value::Null, Value::Null);
    assert_eq!(ending(Vec::new(), StopReason::Done), empty);
}

#[test]
fn a_refusal_is_a_message() {
    let answer = whole(vec![refusal("I ca"), refusal("nnot."), done(), AnswerEvent::End]);
    assert_eq!(
        answer["output"][0]["content"],
        json!([{"type": "refusal", "refusal": "I cannot."}])
    );
    assert_eq!(answer["output"][0]["role"], "assistant");
}

#[test]
fn a_call_that_was_cut_off_gets_no_arguments() {
    let answer = whole(vec![call(0, "c", "f"), stop(StopReason::Length), AnswerEvent::End]);
    assert_eq!(answer["output"][0]["arguments"], "");
    assert_eq!(answer["output"][0]["status"], "incomplete");
}

#[test]
fn only_what_can_be_read_is_shown_of_thinking() {
    let redacted = AnswerEvent::Redacted(crate::translate::text::JsonText::of("EnCrYpTeD"));
    let signature = AnswerEvent::Signature(crate::translate::text::JsonText::of("sig"));
    let answer = whole(vec![redacted, thinking("T"), signature, text("A"), done()]);
    assert_eq!(answer["output"].as_array().unwrap().len(), 2);
    assert_eq!(answer["output"][0]["id"], "rs_own_0");
    assert!(!answer.to_string().contains("EnCrYpTeD"));
}

#[test]
fn ids_are_ones_that_the_api_takes() {
    let answer_of = |id: &str| whole(vec![start(id, "m"), text("A"), done()]);
    for (id, response, item) in
        [("resp_1", "resp_1", "msg_1_0"), ("msg_01X-z", "resp_msg_01X-z", "msg_msg_01X-z_0")]
    {
        let answer = answer_of(id);
        assert_eq!((&answer["id"], &answer["output"][0]["id"]), (&json!(response), &json!(item)));
    }
    // Ids of items have letters, digits, `-` and `_`, and at most 64 of them.
    let mut items = Vec::new();
    for id in ["a b\"é".to_owned(), "a".repeat(250), "a".repeat(251)] {
        let answer = answer_of(&id);
        assert_eq!(answer["id"], format!("resp_{id}"));
        let item = answer["output"][0]["id"].as_str().unwrap().to_owned();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        assert!(item.len() <= 64 && item.starts_with("msg_") && item.bytes().all(is_plain));
        items.push(item);
    }
    items.dedup();
    assert_eq!(items.len(), 3, "{items:?}");
}

#[test]
fn usage_that_nobody_has_told_is_not_made_up() {
    let answer = whole(vec![text("A"), done()]);
    assert_eq!(answer["usage"], Value::Null);
    let some = AnswerUsage { output: Some(3), ..AnswerUsage::default() };
    let answer = whole(vec![text("A"), AnswerEvent::Usage(some), done()]);
    assert_eq!(answer["usage"]["total_tokens"], 3);
    assert_eq!(answer["usage"]["input_tokens_details"]["cached_tokens"], 0);
}

#[test]
fn an_error_is_the_error_document() {
    let wanted = json!({"error": {
        "message": "slow down", "type": "rate_limit_error", "param": null, "code": "rate_limit_exceeded",
    }});
    assert_eq!(whole(vec![failed()]), wanted);
    assert_eq!(whole(vec![text("a"), call(0, "c", "f"), failed()]), wanted);
}

#[test]
fn an_answer_that_is_too_long_fails() {
    let name: &'static str = Box::leak("n".repeat(1024).into_boxed_str());
    let piece = "x".repeat(1 << 20);
    let events = |count: usize| {
        let mut events: Vec<_> = (0..count).map(|_| text(&piece)).collect();
        events.push(done());
        events
    };
    assert_eq!(whole(events(7))["status"], "completed");
    assert_eq!(whole(events(9))["error"]["code"], "invalid_answer");
    assert_eq!(whole(events(30))["error"]["code"], "invalid_answer");
    // Calls without arguments take room too.
    let calls = (0..9_000).flat_map(|at| [call(at, "c", name), AnswerEvent::ToolEnd(at)]).collect();
    assert_eq!(whole(calls)["error"]["code"], "invalid_answer");
}
