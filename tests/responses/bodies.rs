//! Bodies of every framing, and where they give their tokens.

use pointsman::request::format::Format;
use pointsman::response::body::{BodyReader, Told};
use pointsman::response::kind::ErrorKind;
use pointsman::response::usage::{CacheUse, Usage};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

fn read(content_type: &str, body: &str) -> Told {
    let mut reader = BodyReader::new(Format::OpenAiChat, 200, Some(content_type), None).unwrap();
    reader.feed(body.as_bytes());
    reader.finish()
}

fn used(body: &str) -> (Option<u64>, Option<u64>) {
    let Usage { input_tokens, output_tokens, .. } = read(JSON, body).usage;
    (input_tokens, output_tokens)
}

#[test]
fn tokens_are_found_under_the_names_of_every_provider() {
    let cases = [
        (r#"{"usage":{"prompt_tokens":1,"completion_tokens":2}}"#, (Some(1), Some(2))),
        (r#"{"usage":{"input_tokens":1,"output_tokens":2}}"#, (Some(1), Some(2))),
        (r#"{"usage":{"inputTokens":1,"outputTokens":2}}"#, (Some(1), Some(2))),
        (
            r#"{"usage":{"inputTokens":1,"cacheReadInputTokens":5,"cacheWriteInputTokens":7}}"#,
            (Some(13), None),
        ),
        (
            r#"{"usage":{"input_tokens":1,"cache_read_input_tokens":5,"cache_creation_input_tokens":7}}"#,
            (Some(13), None),
        ),
        // Here the count of the whole prompt includes what came from caches.
        (
            r#"{"usage":{"prompt_tokens":9,"cache_read_input_tokens":5,"completion_tokens":0}}"#,
            (Some(9), Some(0)),
        ),
        // Gateways also fill in the names of another family.
        (
            r#"{"usage":{"prompt_tokens":9,"completion_tokens":8,"input_tokens":0,"output_tokens":0}}"#,
            (Some(9), Some(8)),
        ),
        (
            r#"{"usageMetadata":{"promptTokenCount":1,"toolUsePromptTokenCount":2,"thoughtsTokenCount":4,"candidatesTokenCount":8}}"#,
            (Some(3), Some(12)),
        ),
        (r#"{"usageMetadata":{"promptTokenCount":1,"thoughtsTokenCount":4}}"#, (Some(1), Some(4))),
        (
            r#"{"model":"m","done":true,"prompt_eval_count":26,"eval_count":298}"#,
            (Some(26), Some(298)),
        ),
        (r#"{"meta":{"tokens":{"input_tokens":3,"output_tokens":4}}}"#, (Some(3), Some(4))),
        (r#"{"meta":{"billed_units":{"input_tokens":3,"search_units":1}}}"#, (Some(3), None)),
        (r#"{"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}}"#, (Some(3), Some(4))),
    ];
    for (body, wanted) in cases {
        assert_eq!(used(body), wanted, "{body}");
    }
}

#[test]
fn the_last_value_of_a_name_counts_that_is_not_zero() {
    assert_eq!(used(r#"{"usage":{"prompt_tokens":0,"completion_tokens":0}}"#), (Some(0), Some(0)));
    assert_eq!(used(r#"{"usage":{"prompt_tokens":0,"prompt_tokens":3}}"#).0, Some(3));
    // Servers that speak Anthropic's format repeat what they do not know as 0.
    let stream = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\n\n\
                  data: {\"type\":\"message_delta\",\"usage\":{\"input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":15}}\n\n";
    let cache = CacheUse { read: 4, ..CacheUse::default() };
    assert_eq!(
        read(EVENTS, stream).usage,
        Usage { input_tokens: Some(29), output_tokens: Some(15), reasoning_tokens: 0, cache }
    );
    assert_eq!(used(r#"{"usage":{"prompt_tokens":1,"prompt_tokens":2}}"#).0, Some(2));
    assert_eq!(used(r#"{"usage":{"prompt_tokens":1},"usage":null}"#).0, Some(1));
    let lines = "{\"eval_count\":1}\n{\"eval_count\":7}\n";
    assert_eq!(read("application/x-ndjson", lines).usage.output_tokens, Some(7));
}

#[test]
fn numbers_that_are_no_counts_are_ignored() {
    for (text, wanted) in [
        ("0", Some(0)),
        ("12.0", Some(12)),
        ("99999999999999999999999", Some(u64::MAX)),
        ("-1", None),
        ("1e3", None),
        ("null", None),
        ("true", None),
        ("\"7\"", None),
        ("[7]", None),
        ("{\"a\":7}", None),
        ("", None),
    ] {
        let body = format!(r#"{{"usage":{{"prompt_tokens":{text},"completion_tokens":3}}}}"#);
        assert_eq!(used(&body), (wanted, Some(3)), "{text}");
    }
}

#[test]
fn usage_or_errors_in_other_places_are_content() {
    let decoy = r#"{"usage":{"prompt_tokens":999},"error":{"code":"insufficient_quota"}}"#;
    let quoted = serde_json::to_string(decoy).unwrap();
    for body in [
        format!(r#"{{"choices":[{decoy}]}}"#),
        format!(r#"{{"choices":[{{"message":{{"content":{quoted}}}}}]}}"#),
        format!(r#"{{"choices":[{{"message":{{"tool_calls":[{decoy}]}}}}]}}"#),
        format!(r#"{{"content":[{{"type":"tool_use","input":{decoy}}}]}}"#),
        format!(r#"{{"output":[{decoy}],"metadata":{decoy},"instructions":{quoted}}}"#),
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"functionCall":{{"args":{decoy}}}}}]}}}}]}}"#
        ),
        format!(r#"{{"message":{{"content":{decoy},"error":"no"}}}}"#),
        format!(r#"{{"choices":[[{decoy}],{{"a":[[{decoy}]]}}],"usage":[{decoy}]}}"#),
        format!(r#"{{"response":{{"output":[{decoy}],"metadata":{decoy}}}}}"#),
        format!(r#"{{"delta":{{"text":{quoted},"message":{decoy}}}}}"#),
        r#"{"usage":{"prompt_tokens_details":{"prompt_tokens":999}},"data":[0]}"#.to_owned(),
        format!(r#"{{"data":{quoted},"\u0075sage":1,"usag":{decoy},"usage2":{decoy}}}"#),
    ] {
        for content_type in [JSON, EVENTS] {
            let prefix = if content_type == EVENTS { "data: " } else { "" };
            let told = read(content_type, &format!("{prefix}{body}"));
            assert_eq!(told.usage, Usage::default(), "{body}");
            assert_eq!(told.error, None, "{body}");
            assert!(told.has_content, "{body}");
        }
    }
}

#[test]
fn events_are_read_whatever_ends_their_lines() {
    let stream = ": hello\n\nevent: a\nid: 7\nretry: 1\ndata: {\"usage\":\ndata: {\"prompt_tokens\":\ndata:12\ndata: ,\n\
                  data: \"completion_tokens\":3}}\nother: {\"usage\":{\"prompt_tokens\":5}}\ndata\n\ndata: [DONE]\n\n";
    let wanted = read(EVENTS, stream);
    assert_eq!(
        wanted.usage,
        Usage { input_tokens: Some(12), output_tokens: Some(3), ..Usage::default() }
    );
    assert_eq!(
        (wanted.events.unwrap_or_default(), wanted.has_content, wanted.is_complete),
        (0, false, true)
    );
    for end in ["\r\n", "\r"] {
        let stream = stream.replace('\n', end);
        for size in [1, 2, 3, stream.len()] {
            let mut reader = BodyReader::new(Format::OpenAiChat, 200, Some(EVENTS), None).unwrap();
            stream.as_bytes().chunks(size).for_each(|chunk| reader.feed(chunk));
            assert_eq!(reader.finish(), wanted, "{end:?} in {size}s");
        }
    }
}

#[test]
fn a_broken_event_does_not_spoil_the_next() {
    for broken in
        ["{\"choices\":[{\"a\":\"", "{{{{[[[", "]}]}", "\"", "{\"usage\":{", "{\"usage\"", "\\"]
    {
        let stream = format!("data: {broken}\n\ndata: {{\"usage\":{{\"prompt_tokens\":4}}}}\n\n");
        assert_eq!(read(EVENTS, &stream).usage.input_tokens, Some(4), "{broken}");
    }
}

#[test]
fn a_number_that_the_end_of_the_body_cuts_does_not_count() {
    assert_eq!(used(r#"{"usage":{"prompt_tokens":12"#), (None, None));
    assert_eq!(used(r#"{"usage":{"prompt_tokens":12,"#), (Some(12), None));
    // Line feeds join the lines of one event, and a line feed ends a number.
    let stream = "data: {\"usage\":{\"prompt_tokens\":1\ndata: 2}}\n\n";
    assert_eq!(read(EVENTS, stream).usage.input_tokens, Some(1));
}

#[test]
fn comments_pings_and_failures_are_no_content() {
    for stream in [
        "",
        ": keep\n\n: alive\n\n",
        "event: ping\ndata: {}\n\n",
        "data: {\"type\": \"ping\"}\n\n",
        "data: [DONE]\n\n",
        "data: {\"error\": {\"message\": \"x\"}}\n\n",
        "event: error\ndata: {\"message\": \"x\"}\n\n",
        "data: {\"message\": \"x\"}\nevent: error\n\n",
    ] {
        let told = read(EVENTS, stream);
        assert!(!told.has_content, "{stream}");
        assert_eq!(told.events.unwrap_or_default(), 0, "{stream}");
        assert_eq!(told.error.is_some(), stream.contains("error"), "{stream}");
    }
    assert!(!read(JSON, " \n ").has_content);
}

#[test]
fn events_with_content_are_counted() {
    let event = |kind: &str| format!("event: {kind}\ndata: {{\"type\": \"{kind}\"}}\n\n");
    let count = |kinds: &[&str]| {
        let stream: String = kinds.iter().map(|kind| event(kind)).collect();
        read(EVENTS, &stream).events.unwrap_or_default()
    };
    let anthropic = ["message_start", "content_block_start", "ping", "content_block_delta"];
    assert_eq!(count(&anthropic), 1);
    assert_eq!(count(&["content_block_delta", "message_delta", "message_stop"]), 1);
    assert_eq!(count(&["response.created", "response.output_text.delta", "response.completed"]), 1);
    assert_eq!(count(&["message-start", "content-delta", "tool-call-delta", "message-end"]), 2);
    // Without types, everything that arrives counts.
    let chunk = r#"data: {"choices":[{"delta":{"content":"a"}}]}"#;
    assert_eq!(read(EVENTS, &format!("{chunk}\n\n{chunk}\n\n")).events, Some(2));
    assert_eq!(read("application/x-ndjson", "{\"a\":1}\n{\"a\":1}\n").events, Some(2));
    assert_eq!(read(JSON, "{\"a\":1}").events, None);
}

#[test]
fn values_after_any_depth_of_nesting_are_found() {
    for open in ["[", "{\"a\":"] {
        let close = if open == "[" { "]" } else { "}" };
        let deep = [open.repeat(100_000), "1".to_owned(), close.repeat(100_000)].concat();
        let body = format!(r#"{{"choices":{deep},"usage":{{"prompt_tokens":5}}}}"#);
        assert_eq!(used(&body), (Some(5), None));
        let body = format!(r#"{{"usage":{deep},"error":null,"usage":{{"prompt_tokens":5}}}}"#);
        assert_eq!(used(&body), (Some(5), None));
    }
}

#[test]
fn only_uncompressed_answers_are_read() {
    let reader = |content_type, encoding| {
        BodyReader::new(Format::OpenAiChat, 200, content_type, encoding).is_some()
    };
    for content_type in [
        None,
        Some(""),
        Some("application/json"),
        Some("Application/JSON; charset=UTF-8"),
        Some("text/event-stream"),
        Some("application/problem+json"),
        Some("application/x-ndjson"),
        Some("application/stream+json"),
    ] {
        assert!(reader(content_type, None), "{content_type:?}");
        assert!(reader(content_type, Some("identity")), "{content_type:?}");
        for encoding in ["gzip", "br", "zstd", "deflate", "identity, gzip"] {
            assert!(!reader(content_type, Some(encoding)), "{content_type:?} {encoding}");
        }
    }
    // Text under a wrong type may be an answer.
    for content_type in ["text/plain", "text/html", "application/vnd.amazon.eventstream"] {
        assert!(reader(Some(content_type), None), "{content_type}");
    }
    for content_type in ["audio/mpeg", "application/octet-stream", "image/png"] {
        assert!(!reader(Some(content_type), None), "{content_type}");
    }
    // A transcript in plain text is the client's own words, and a page that refuses is known
    // by its status.
    let is_read = |format, status, content_type: &str| {
        BodyReader::new(format, status, Some(content_type), None).is_some()
    };
    assert!(!is_read(Format::OpenAiAudio, 200, "text/plain; x=application/json"));
    assert!(is_read(Format::OpenAiAudio, 200, "text/html"));
    assert!(!is_read(Format::OpenAiChat, 403, "text/html"));
}

#[test]
fn an_answer_with_a_wrong_type_is_recognized_by_its_beginning() {
    let events = "\u{feff}\r\ndata: {\"usage\":{\"prompt_tokens\":4}}\n\n";
    assert_eq!(read(JSON, events).usage.input_tokens, Some(4));
    let json = "\u{feff} {\"error\":{\"code\":503}}";
    let kind = read(EVENTS, json).error.map(|failure| failure.kind);
    assert_eq!(kind, Some(ErrorKind::Overloaded));
}

#[test]
fn an_empty_list_is_what_a_request_without_input_gets() {
    for (body, is_list) in [
        (r#"{"object":"list","data":[],"model":"m"}"#, true),
        (r#"{"data":[],"object":"list"}"#, true),
        (r#"{"model":"m","embeddings":[]}"#, true),
        (r#"{"id":"m","results":[]}"#, true),
        (r#"{"object":"list","data":[{"embedding":[1]}]}"#, false),
        (r#"{"code":500,"data":[]}"#, false),
        (r#"{"choices":[]}"#, false),
        ("{}", false),
    ] {
        assert_eq!(read(JSON, body).is_empty_list, is_list, "{body}");
    }
}

#[test]
fn what_came_from_a_cache_is_found_under_the_names_of_every_provider() {
    let of = |read, written, written_for_hour| CacheUse { read, written, written_for_hour };
    for (body, input, cache) in [
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":64,"audio_tokens":0}}}"#,
            100,
            of(64, 0, 0),
        ),
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":100,"prompt_tokens_details":{"cached_tokens":64,"cache_write_tokens":20}}}"#,
            100,
            of(64, 20, 0),
        ),
        (
            r#"{"output":[{}],"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":64}}}"#,
            100,
            of(64, 0, 0),
        ),
        (
            r#"{"content":[{}],"usage":{"input_tokens":10,"cache_read_input_tokens":64,"cache_creation_input_tokens":26,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":6}}}"#,
            100,
            of(64, 26, 6),
        ),
        (
            r#"{"candidates":[{}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":64}}"#,
            100,
            of(64, 0, 0),
        ),
        (
            r#"{"output":{},"usage":{"inputTokens":10,"cacheReadInputTokens":64,"cacheWriteInputTokens":26}}"#,
            100,
            of(64, 26, 0),
        ),
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":100,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}}"#,
            100,
            of(64, 0, 0),
        ),
        // More than there is.
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":64}}}"#,
            10,
            of(0, 0, 0),
        ),
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens_details":{"cached_tokens":64}}}"#,
            0,
            of(0, 0, 0),
        ),
    ] {
        let usage = read(JSON, body).usage;
        assert_eq!((usage.input_tokens.unwrap_or(0), usage.cache), (input, cache), "{body}");
    }
}

#[test]
fn reasoning_is_part_of_the_output_whoever_counts_it_where() {
    for (body, output, reasoning) in [
        // OpenAI counts it within, and its total says so.
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":30,"completion_tokens":10,"total_tokens":40,"completion_tokens_details":{"reasoning_tokens":8,"audio_tokens":0}}}"#,
            10,
            8,
        ),
        (
            r#"{"output":[{}],"usage":{"input_tokens":30,"output_tokens":10,"output_tokens_details":{"reasoning_tokens":8}}}"#,
            10,
            8,
        ),
        // xAI counts it beside, more of it than output or less.
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":30,"completion_tokens":10,"total_tokens":48,"completion_tokens_details":{"reasoning_tokens":8}}}"#,
            18,
            8,
        ),
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":32,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":94}}}"#,
            103,
            94,
        ),
        // Gemini counts it beside.
        (
            r#"{"candidates":[{}],"usageMetadata":{"promptTokenCount":30,"thoughtsTokenCount":8,"candidatesTokenCount":2,"totalTokenCount":40}}"#,
            10,
            8,
        ),
        // What the total excludes is not believed, and what has no output neither.
        (
            r#"{"choices":[{}],"usage":{"prompt_tokens":30,"completion_tokens":10,"total_tokens":40,"completion_tokens_details":{"reasoning_tokens":11}}}"#,
            10,
            0,
        ),
        (r#"{"choices":[{}],"usage":{"completion_tokens_details":{"reasoning_tokens":11}}}"#, 0, 0),
        (
            r#"{"choices":[{}],"usage":{"completion_tokens":18446744073709551615,"total_tokens":18446744073709551615,"completion_tokens_details":{"reasoning_tokens":18446744073709551615}}}"#,
            u64::MAX,
            u64::MAX,
        ),
        (r#"{"content":[{}],"usage":{"input_tokens":30,"output_tokens":10}}"#, 10, 0),
    ] {
        let usage = read(JSON, body).usage;
        let found = (usage.output_tokens.unwrap_or(0), usage.reasoning_tokens);
        assert_eq!(found, (output, reasoning), "{body}");
    }
}
