//! Answers as Google gives them, and what a client gets of them.

use serde_json::{Value, json};

use super::super::api::ProviderApi;
use super::super::event::AnswerReader;
use super::super::made::any_document;
use super::super::step_lines::{in_pieces, lines_of};
use super::super::tape::Tape;
use super::GeminiAnswer;

fn streamed(chunks: &[Value]) -> Vec<String> {
    let event = |chunk: &Value| format!("data: {chunk}\r\n\r\n");
    let stream: String = chunks.iter().map(event).collect();
    lines_of(ProviderApi::Gemini, true, stream.as_bytes())
}

fn whole(answer: &Value) -> Vec<String> {
    lines_of(ProviderApi::Gemini, false, answer.to_string().as_bytes())
}

/// Returns a response with these parts, and a reason to finish or `null`.
fn parts(parts: &Value, finish: &Value) -> Value {
    let content = json!({"parts": parts, "role": "model"});
    json!({"candidates": [{"content": content, "finishReason": finish, "index": 0}]})
}

/// Returns the body of a recorded answer.
fn recorded(file: &str) -> String {
    let file: Value = serde_json::from_str(file).unwrap();
    file["body_text"].as_str().unwrap().to_owned()
}

#[test]
fn recorded_answers_are_read() {
    let start = "start kYqMaKfFGPXhz7IP gemini-2.5-flash";
    let both = [
        start,
        "text",
        "+ Glaciers ",
        "+ carve valleys.",
        "close",
        "finish Done input=10 output=5",
    ];
    let sse = recorded(include_str!("../../../tests/wire/responses/gemini_stream_sse.json"));
    assert_eq!(lines_of(ProviderApi::Gemini, true, sse.as_bytes()), both);
    let list =
        recorded(include_str!("../../../tests/wire/responses/gemini_stream_json_array.json"));
    assert_eq!(lines_of(ProviderApi::Gemini, false, list.as_bytes()), both);
    let call = recorded(include_str!("../../../tests/wire/responses/gemini_function_call.json"));
    let lines = lines_of(ProviderApi::Gemini, false, call.as_bytes());
    assert_eq!(lines[1], "tool call_made_0 get_weather");
    assert_eq!(lines.last().unwrap(), "finish Tools input=55 output=12");
    let thoughts =
        recorded(include_str!("../../../tests/wire/responses/gemini_thoughts_cached.json"));
    let lines = lines_of(ProviderApi::Gemini, false, thoughts.as_bytes());
    let counted = "finish Done input=3100 read=2800 output=196 reasoning=187";
    assert_eq!(lines.last().unwrap(), counted);
    let blocked =
        recorded(include_str!("../../../tests/wire/responses/gemini_prompt_blocked.json"));
    let lines = lines_of(ProviderApi::Gemini, false, blocked.as_bytes());
    assert_eq!(lines, ["start x1 gemini-2.5-flash", "finish Refused input=23"]);
    let error =
        recorded(include_str!("../../../tests/wire/responses/gemini_stream_error_inband.json"));
    let lines = lines_of(ProviderApi::Gemini, true, error.as_bytes());
    assert_eq!(lines[..4], [start, "text", "+ Glaciers ", "close"]);
    assert!(lines[4].starts_with("failed 503 overloaded: The model is overloaded."));
}

#[test]
fn calls_are_counted_over_the_whole_stream() {
    let call = |name: &str, args: Value| json!({"functionCall": {"name": name, "args": args}});
    let signed = json!({
        "functionCall": {"name": "short", "args": {"z": 1, "a": "\n"}, "id": "9x"},
        "thoughtSignature": "Cs0BAdHtim9+/w==",
    });
    let chunks = [
        parts(&json!([{"text": "hm", "thought": true}]), &Value::Null),
        parts(&json!([{"text": "Looking."}, signed]), &Value::Null),
        parts(&json!([call("t", json!({})), {"functionCall": {"name": "t"}}]), &Value::Null),
        parts(&json!([{"text": "", "thoughtSignature": "AA=="}]), &json!("STOP")),
    ];
    assert_eq!(
        streamed(&chunks),
        [
            "start made asked",
            "thinking",
            "+ hm",
            "close",
            "text",
            "+ Looking.",
            "close",
            "tool 9x own name signed Cs0BAdHtim9+/w==",
            r#"+ {"a":"\n","z":1}"#,
            "close",
            "tool call_made_1 t",
            "+ {}",
            "close",
            "tool call_made_2 t",
            "+ {}",
            "close",
            // The call and the reason have come in two responses.
            "finish Tools",
        ]
    );
}

#[test]
fn reasons_to_finish_are_translated() {
    let refused = [
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "MODEL_ARMOR",
    ];
    let failed =
        ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "TOO_MANY_TOOL_CALLS", "NEW"];
    let rows = refused.map(|word| (word, "finish Refused")).into_iter();
    let rows = rows.chain(failed.map(|word| (word, "failed 502 invalid_answer")));
    let rows = rows.chain([("STOP", "finish Done"), ("MAX_TOKENS", "finish Length")]);
    for (word, wanted) in rows {
        let answer = parts(&json!([{"text": "a"}]), &json!(word));
        for lines in [streamed(std::slice::from_ref(&answer)), whole(&answer)] {
            assert_eq!(lines[..4], ["start made asked", "text", "+ a", "close"]);
            assert!(lines[4].starts_with(wanted), "{word}: {lines:?}");
        }
    }
    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}});
    assert_eq!(streamed(&[blocked]), ["start made asked", "finish Refused"]);
}

#[test]
fn an_answer_without_its_end_has_failed() {
    let cut =
        "failed 502 stream_broken_off: the provider has ended its answer before it was complete";
    for finish in [Value::Null, json!("FINISH_REASON_UNSPECIFIED"), json!("")] {
        let answer = parts(&json!([{"text": "a"}]), &finish);
        assert_eq!(streamed(std::slice::from_ref(&answer)).last().unwrap(), cut);
        assert_eq!(whole(&answer).last().unwrap(), cut);
        assert_eq!(whole(&json!([answer])).last().unwrap(), cut);
    }
    assert_eq!(whole(&json!({})).last().unwrap(), cut);
    assert_eq!(streamed(&[]).last().unwrap(), cut);
}

#[test]
fn counts_may_come_after_the_reason() {
    let usage = json!({
        "promptTokenCount": 10, "toolUsePromptTokenCount": 7, "cachedContentTokenCount": 4,
        "candidatesTokenCount": 5, "thoughtsTokenCount": 20, "totalTokenCount": 42,
    });
    let chunks = [
        json!({"usageMetadata": {"promptTokenCount": 10, "thoughtsTokenCount": 20}}),
        parts(&json!([{"text": "a"}]), &json!("STOP")),
        json!({"usageMetadata": usage}),
    ];
    let counted = "finish Done input=17 read=4 output=25 reasoning=20";
    assert_eq!(streamed(&chunks).last().unwrap(), counted);
}

#[test]
fn only_the_first_candidate_counts() {
    let candidate = |index: u32, text: &str| {
        let content = json!({"parts": [{"text": text}]});
        json!({"content": content, "finishReason": "STOP", "index": index})
    };
    let answer = json!({"candidates": [candidate(1, "b"), candidate(0, "a")]});
    assert_eq!(whole(&answer)[1..3], ["text", "+ a"]);
}

#[test]
fn content_that_is_not_translated_is_named() {
    let rows = [
        ("inlineData", json!({"mimeType": "image/png", "data": "AAAA"})),
        ("fileData", json!({"fileUri": "https://a"})),
        ("executableCode", json!({"language": "PYTHON", "code": "1"})),
        ("codeExecutionResult", json!({"outcome": "OUTCOME_OK"})),
    ];
    for (name, value) in rows {
        let lines = whole(&parts(&json!([{"text": "a"}, {name: value}]), &json!("STOP")));
        let why = "the provider's answer has content of a kind that is not translated";
        assert_eq!(lines[4], format!("failed 502 invalid_answer: {why}: {name}"));
    }
}

#[test]
fn errors_are_read_wherever_they_stand() {
    let error = json!({"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}});
    let wanted = ["start made asked", "failed 429 rate_limit_exceeded: quota"];
    assert_eq!(streamed(std::slice::from_ref(&error)), wanted);
    assert_eq!(whole(&error), wanted);
    assert_eq!(whole(&json!([error])), wanted);
}

/// Names of members, some of them in the wrong place.
const NAMES: [&str; 18] = [
    "candidates",
    "content",
    "parts",
    "index",
    "finishReason",
    "text",
    "thought",
    "functionCall",
    "name",
    "args",
    "id",
    "thoughtSignature",
    "inlineData",
    "usageMetadata",
    "promptTokenCount",
    "promptFeedback",
    "blockReason",
    "error",
];

proptest::proptest! {
    #[test]
    fn no_document_makes_it_panic(document in any_document(&NAMES)) {
        let document = document.to_string();
        let tape = Tape::read(document.as_bytes()).unwrap();
        GeminiAnswer::default().event("", tape.root(), &mut |_| {});
        in_pieces(ProviderApi::Gemini, false, document.as_bytes(), 64);
        let event = format!("data: {document}\n\n");
        in_pieces(ProviderApi::Gemini, true, event.as_bytes(), 64);
    }
}
