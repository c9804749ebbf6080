//! Where answers end by their own word, and which of them are answers at all.

use pointsman::request::format::Format;
use pointsman::response::body::{BodyReader, Told};
use pointsman::response::kind::ErrorKind;
use pointsman::response::usage::Usage;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::answers::answers;
use crate::frames::frame;
use crate::streams::{Answered, EVENTS, FRAMES, JSON, answered, embedded, event};

/// What the pieces of an answer tell, in chunks of that many bytes.
fn told_in(answer: &Answered, pieces: &[Vec<u8>], size: usize) -> Told {
    read_in(answer.format, answer.content_type, &pieces.concat(), size)
}

fn read_in(format: Format, content_type: &str, body: &[u8], size: usize) -> Told {
    let mut reader = BodyReader::new(format, 200, Some(content_type), None).unwrap();
    body.chunks(size).for_each(|chunk| reader.feed(chunk));
    let is_complete = reader.is_complete();
    let told = reader.finish();
    assert_eq!(told.is_complete, is_complete);
    told
}

fn read(format: Format, content_type: &str, body: &str) -> Told {
    read_in(format, content_type, body.as_bytes(), body.len().max(1))
}

/// Returns the kind of the failure that a body tells of.
fn kind_of(told: &Told) -> Option<ErrorKind> {
    told.error.map(|failure| failure.kind)
}

#[test]
fn an_answer_is_whole_from_its_mark_on_and_filled_from_its_first_content_on() {
    for answer in answered() {
        for count in 0..=answer.pieces.len() {
            for size in [1, 3, 7, usize::MAX] {
                let told = told_in(&answer, &answer.pieces[..count], size);
                let name = answer.name;
                assert_eq!(told.is_complete, count >= answer.marked, "{name}: {count} in {size}s");
                assert_eq!(told.has_content, count >= answer.filled, "{name}: {count} in {size}s");
                assert_eq!(told.error, None, "{name}: {count} in {size}s");
            }
        }
        let usage = Usage { input_tokens: Some(2), output_tokens: Some(3), ..Usage::default() };
        assert_eq!(told_in(&answer, &answer.pieces, 5).usage, usage, "{}", answer.name);
    }
}

#[test]
fn every_recorded_success_is_an_answer_and_whole() {
    let mut successes = 0;
    for answer in answers() {
        let is_success = answer.status == 200 && answer.expect["error_kind"].is_null();
        let Some(told) = answer.told([&answer.body[..]]).filter(|_| is_success) else { continue };
        successes += 1;
        assert!(told.has_content && told.is_complete, "{}: {told:?}", answer.name);
        // Without its last bytes it is neither, or has its mark before them.
        let cut = answer.told([&answer.body[..answer.body.len() / 2]]).unwrap();
        assert!(!cut.is_complete, "{}", answer.name);
    }
    assert!(successes >= 40, "{successes}");
}

#[test]
fn what_ends_a_choice_is_taken_back_by_what_follows() {
    // Early versions of Gemini's API gave a reason with every event.
    let piece =
        r#"data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#;
    let more = r#"data: {"candidates":[{"content":{"parts":[{"text":"b"}]}}]}"#;
    let told = |body: String| read(Format::GeminiGenerate, EVENTS, &body).is_complete;
    assert!(told(format!("{piece}\n\n")));
    assert!(!told(format!("{piece}\n\n{more}\n\n")));
    assert!(told(format!("{piece}\n\n{more}\n\n{piece}\n\n")));
    // An event that brings nothing takes nothing back.
    assert!(told(format!("{piece}\n\ndata: {{\"candidates\":[{{\"index\":0}}]}}\n\n")));
}

#[test]
fn what_looks_like_a_mark_elsewhere_is_none() {
    for body in [
        "data: {\"choices\":[{\"delta\":{\"content\":\"[DONE]\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"finish_reason\":\"stop\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"{\\\"type\\\":\\\"message_stop\\\"}\"}}]}\n\n",
        "data: {\"metadata\":{\"type\":\"message_stop\",\"done\":true}}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"null\"}]}\n\n",
        ": [DONE]\n\nevent: [DONE]\n\n",
        "data: [\"DONE\"]\n\n",
        "data: [DON\n\ndata: E]\n\n",
    ] {
        assert!(!read(Format::OpenAiChat, EVENTS, body).is_complete, "{body}");
    }
    for body in ["{", "{}{", "[{}", "[{},", "{\"done\":false}", "{\"a\":\"}\"", " "] {
        assert!(!read(Format::OpenAiChat, JSON, body).is_complete, "{body}");
    }
    for body in ["{}", "{} ", "[{}]", "[]", "{\"done\":true}", "{\"a\":{}}\n{}"] {
        assert!(read(Format::OpenAiChat, JSON, body).is_complete, "{body}");
    }
}

#[test]
fn what_is_no_answer_has_no_content() {
    let page = "<!DOCTYPE html><html><body>Sign in: {\"choices\":[{\"text\":\"a\"}]}</body></html>";
    let cases = [
        (Format::OpenAiChat, JSON, ""),
        (Format::OpenAiChat, JSON, "  \n"),
        (Format::OpenAiChat, JSON, "{}"),
        (Format::OpenAiChat, JSON, "[]"),
        (Format::OpenAiChat, JSON, "null"),
        (Format::OpenAiChat, JSON, "OK"),
        (Format::OpenAiChat, "text/plain", "upstream is well"),
        (Format::OpenAiChat, "text/html; charset=utf-8", page),
        (Format::OpenAiChat, JSON, page),
        (Format::OpenAiChat, EVENTS, page),
        (Format::OpenAiAudio, "text/html", page),
        (Format::OpenAiChat, "application/xml", "<?xml version=\"1.0\"?><Error/>"),
        (Format::OpenAiChat, "text/html", "\n\n  Please sign in."),
        (Format::OpenAiChat, JSON, r#"{"choices":[]}"#),
        (Format::OpenAiChat, JSON, r#"{"choices":null}"#),
        (Format::OpenAiChat, JSON, r#"{"choices":[ ],"id":"c","usage":{"prompt_tokens":2}}"#),
        (
            Format::OpenAiChat,
            JSON,
            r#"{"choices":[{"message":{"role":"assistant","content":null}}]}"#,
        ),
        (
            Format::OpenAiChat,
            JSON,
            r#"{"choices":[{"message":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        ),
        (
            Format::OpenAiChat,
            JSON,
            r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#,
        ),
        (Format::OpenAiChat, JSON, r#"{"usage":{"prompt_tokens":2,"completion_tokens":3}}"#),
        (Format::OpenAiChat, JSON, r#"{"error":null}"#),
        (Format::OpenAiChat, JSON, r#"{"error":{"message":"x"}}"#),
        (Format::OpenAiChat, JSON, r#"{"message":"Forbidden"}"#),
        (Format::OpenAiChat, JSON, r#"{"detail":"Not found"}"#),
        (Format::OpenAiChat, JSON, r#"{"error_code":17,"error_msg":"m","id":"x"}"#),
        (Format::OpenAiChat, JSON, r#"{"code":500,"msg":"404 NOT_FOUND","success":false}"#),
        (Format::OpenAiChat, JSON, r#"{"base_resp":{"status_code":1004},"choices":null}"#),
        (Format::OpenAiChat, EVENTS, "data: [DONE]\n\n"),
        (
            Format::OpenAiChat,
            EVENTS,
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":2}}\n\ndata: [DONE]\n\n",
        ),
        (
            Format::OpenAiChat,
            EVENTS,
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\ndata: [DONE]\n\n",
        ),
        (Format::OpenAiChat, EVENTS, "data: {}\n\n"),
        (Format::OpenAiCompletions, JSON, r#"{"choices":[{"text":"","finish_reason":null}]}"#),
        (
            Format::OpenAiResponses,
            JSON,
            r#"{"id":"r","object":"response","status":"completed","output":[],"tools":[{"type":"x"}]}"#,
        ),
        (
            Format::OpenAiEmbeddings,
            JSON,
            r#"{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":2}}"#,
        ),
        (Format::OpenAiImages, JSON, r#"{"created":1,"data":[]}"#),
        (Format::OpenAiModerations, JSON, r#"{"id":"m","model":"m","results":[]}"#),
        (Format::AnthropicMessages, JSON, r#"{"type":"message","content":[],"stop_reason":null}"#),
        (
            Format::AnthropicMessages,
            EVENTS,
            "data: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        (
            Format::GeminiGenerate,
            JSON,
            r#"{"usageMetadata":{"promptTokenCount":2},"modelVersion":"m","responseId":"x"}"#,
        ),
        (Format::GeminiGenerate, JSON, r#"{"candidates":[]}"#),
        (
            Format::GeminiGenerate,
            JSON,
            r#"{"candidates":[{"content":{"role":"model","parts":[]}}]}"#,
        ),
        (Format::CohereChat, JSON, r#"{"id":"c","message":{"role":"assistant","content":[]}}"#),
        (
            Format::Ollama,
            JSON,
            r#"{"model":"m","message":{"role":"assistant","content":""},"done":false}"#,
        ),
        (
            Format::Rerank,
            JSON,
            r#"{"id":"c","results":[],"meta":{"billed_units":{"search_units":1}}}"#,
        ),
    ];
    for (format, content_type, body) in cases {
        let told = read(format, content_type, body);
        assert!(!told.has_content, "{content_type} {body}");
        assert_eq!(told.events.unwrap_or_default(), 0, "{content_type} {body}");
        for size in [1, 2, 5] {
            assert_eq!(read_in(format, content_type, body.as_bytes(), size), told, "{body}");
        }
    }
}

#[test]
fn whatever_may_be_content_is() {
    let cases = [
        (
            Format::OpenAiChat,
            r#"{"choices":[{"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}"#,
        ),
        (
            Format::OpenAiChat,
            r#"{"choices":[{"message":{"role":"assistant","content":null,"refusal":"no"}}]}"#,
        ),
        (Format::OpenAiChat, r#"{"choices":[{"message":{"tool_calls":[{"id":"x"}]}}]}"#),
        (
            Format::OpenAiChat,
            r#"{"choices":[{"message":{"content":"","reasoning_content":"hm"}}]}"#,
        ),
        // No shape that is known.
        (Format::OpenAiChat, r#"{"choices":[{}]}"#),
        (Format::OpenAiChat, r#"{"choices":["a"]}"#),
        (Format::OpenAiChat, r#"{"answer":"a"}"#),
        (Format::OpenAiChat, r#"{"id":"c","predictions":[1]}"#),
        (Format::OpenAiChat, r#"{"flagged":false}"#),
        (Format::OpenAiChat, r#"{"generation":"a","stop_reason":null}"#),
        (Format::OpenAiResponses, r#"{"status":"incomplete","output":[]}"#),
        (Format::OpenAiResponses, r#"{"object":"response.input_tokens","input_tokens":11}"#),
        // There was nothing to hear.
        (Format::OpenAiAudio, r#"{"text":""}"#),
        (Format::AnthropicMessages, r#"{"type":"message","content":[],"stop_reason":"end_turn"}"#),
        (Format::AnthropicMessages, r#"{"input_tokens":2095}"#),
        (Format::GeminiGenerate, r#"{"candidates":[{"finishReason":"SAFETY","index":0}]}"#),
        (Format::GeminiGenerate, r#"{"totalTokens":31}"#),
        (Format::GeminiGenerate, r#"{"embedding":{"values":[0.1]}}"#),
        (Format::Ollama, r#"{"model":"m","embeddings":[[0.1]]}"#),
        (Format::Ollama, r#"{"model":"m","response":"","done":true}"#),
        (Format::CohereChat, r#"{"embeddings":{"float":[[0.1]]}}"#),
    ];
    for (format, body) in cases {
        for body in
            [body.to_owned(), body.replace(':', " : ").replace('[', "[ ").replace('{', "{\n")]
        {
            assert!(read(format, JSON, &body).has_content, "{body}");
            // Its type may be wrong, or what a server falls back to.
            let is_text = format != Format::OpenAiAudio;
            assert!(!is_text || read(format, "text/html", &body).has_content, "{body}");
        }
    }
}

#[test]
fn failures_in_frames_are_told_by_their_headers() {
    let cases = [
        ("throttlingException", ErrorKind::RateLimit),
        ("ThrottlingException", ErrorKind::RateLimit),
        ("modelStreamErrorException", ErrorKind::Server),
        ("internalServerException", ErrorKind::Server),
        ("serviceUnavailableException", ErrorKind::Overloaded),
        ("modelTimeoutException", ErrorKind::Timeout),
        ("validationException", ErrorKind::Other),
        ("somethingNewException", ErrorKind::Server),
    ];
    let begun = event("contentBlockDelta", r#"{"delta":{"text":"a"}}"#);
    for (name, kind) in cases {
        let exception = frame(
            &[(":exception-type", name), (":content-type", JSON), (":message-type", "exception")],
            br#"{"message":"It failed."}"#,
        );
        let error = frame(
            &[(":message-type", "error"), (":error-code", name), (":error-message", "x")],
            b"",
        );
        for failure in [exception, error] {
            for before in [&begun[..], b""] {
                let body = [before, &failure].concat();
                for size in [1, 2, 13, usize::MAX] {
                    let told = read_in(Format::BedrockConverse, FRAMES, &body, size);
                    assert_eq!(kind_of(&told), Some(kind), "{name} in {size}s");
                    assert_eq!(told.has_content, !before.is_empty());
                    assert!(!told.is_complete);
                }
            }
        }
    }
    let too_long = frame(
        &[(":message-type", "exception"), (":exception-type", "validationException")],
        br#"{"message":"Input is too long for requested model."}"#,
    );
    let told = read_in(Format::BedrockConverse, FRAMES, &too_long, 9);
    assert_eq!(kind_of(&told), Some(ErrorKind::ContextWindow));
}

#[test]
fn a_failure_of_the_model_itself_is_found_in_a_chunk() {
    let body = event("chunk", &embedded(r#"{"type":"error","error":{"type":"overloaded_error"}}"#));
    for size in [1, 7, usize::MAX] {
        let told = read_in(Format::AnthropicMessages, FRAMES, &body, size);
        assert_eq!((kind_of(&told), told.has_content), (Some(ErrorKind::Overloaded), false));
    }
    // Padding, another member and what is no base64 are no document.
    for data in [
        r#"{"p":"eyJ0eXBlIjoiZXJyb3IifQ=="}"#,
        r#"{"bytesy":"eyJ0eXBlIjoiZXJyb3IifQ=="}"#,
        r#"{"bytes":"%%%%"}"#,
        r#"{"bytes":""}"#,
        "",
    ] {
        let told = read_in(Format::AnthropicMessages, FRAMES, &event("chunk", data), 3);
        assert_eq!((told.error, told.has_content), (None, false), "{data}");
    }
}

#[test]
fn lengths_that_cannot_be_end_the_reading_and_nothing_else() {
    let good = event("contentBlockDelta", r#"{"delta":{"text":"a"}}"#);
    for (length, headers) in
        [(0, 0), (15, 0), (16, 1), (100, 85), (u32::MAX, u32::MAX), (u32::MAX, 9)]
    {
        let head = [u32::to_be_bytes(length), u32::to_be_bytes(headers)].concat();
        let body = [&good[..], &head, &good].concat();
        for size in [1, 5, usize::MAX] {
            let told = read_in(Format::BedrockConverse, FRAMES, &body, size);
            assert_eq!(
                (told.has_content, told.events, told.error),
                (true, Some(1), None),
                "{length}"
            );
        }
    }
    // Each type of a header's value is passed over by its own length.
    let values: [(u8, &[u8]); 10] = [
        (0, b""),
        (1, b""),
        (2, b"1"),
        (3, b"12"),
        (4, b"1234"),
        (5, b"12345678"),
        (6, b"\x00\x02ab"),
        (7, b"\x00\x00"),
        (8, b"12345678"),
        (9, b"0123456789abcdef"),
    ];
    let mut head = Vec::new();
    for (of, value) in values {
        head.extend_from_slice(b"\x02xx");
        head.push(of);
        head.extend_from_slice(value);
    }
    let stop = b"\x0b:event-type\x07\x00\x0bmessageStop";
    head.extend_from_slice(stop);
    let length = u32::try_from(16 + head.len()).unwrap().to_be_bytes();
    let lengths = [length, u32::try_from(head.len()).unwrap().to_be_bytes()].concat();
    let body = [&lengths[..], b"sum ", &head, b"sum "].concat();
    assert!(read_in(Format::BedrockConverse, FRAMES, &body, 1).is_complete);
    // A type that nobody knows.
    let body = [&b"\0\0\0\x40\0\0\0\x30sum \x02xx\x0a"[..], stop, &[0; 64]].concat();
    assert!(!read_in(Format::BedrockConverse, FRAMES, &body, 1).is_complete);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn frames_of_any_bytes_tell_the_same_in_every_chunking(
        mut body in vec(any::<u8>(), 0..60),
        at in any::<prop::sample::Index>(),
        sizes in vec(1_usize..40, 1..20),
    ) {
        let frames = [
            event("contentBlockDelta", r#"{"delta":{"text":"a"}}"#),
            event("chunk", &embedded(r#"{"type":"message_stop"}"#)),
            event("metadata", r#"{"usage":{"inputTokens":2,"outputTokens":3}}"#),
        ].concat();
        // Noise within good frames, and behind them.
        let at = at.index(frames.len());
        let behind = body.split_off(body.len() / 2);
        let body = [&frames[..at], &body, &frames[at..], &behind].concat();
        let whole = read_in(Format::BedrockConverse, FRAMES, &body, usize::MAX);
        let mut reader = BodyReader::new(Format::BedrockConverse, 200, Some(FRAMES), None).unwrap();
        let mut rest = &body[..];
        for size in sizes.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            reader.feed(chunk);
            rest = after;
        }
        prop_assert_eq!(reader.finish(), whole);
    }
}
