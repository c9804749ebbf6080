//! What `pointsman translate` prints, and its exit codes.

use serde_json::{Value, json};

use super::run::Ran;
use super::{file, pointsman, with_input};

/// Runs it with these options after the two formats, on this text.
fn translate(formats: [&str; 2], options: &[&str], text: &str) -> Ran {
    let [from, to] = formats;
    let arguments = [&["translate", "--from", from, "--to", to], options, &["-"]].concat();
    with_input(&arguments, text)
}

const CLAUDE_AT_OPENAI: [&str; 2] = ["anthropic-messages", "openai-chat"];

/// Returns a request of Messages with these members beside the usual ones.
fn request(further: &str) -> String {
    format!(
        r#"{{"model": "m", "max_tokens": 9, "messages": [{{"role": "user", "content": "Hi"}}]{further}}}"#
    )
}

#[test]
fn a_request_is_printed_as_the_provider_gets_it() {
    let rows = [
        (
            "openai-chat",
            r#"{"model":"n","messages":[{"role":"user","content":"Hi"}],"max_tokens":9}"#,
        ),
        (
            "bedrock-converse",
            r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":9}}"#,
        ),
        (
            "gemini-generate",
            r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":9}}"#,
        ),
    ];
    for (to, wanted) in rows {
        let ran = translate(["anthropic-messages", to], &["--model", "n"], &request(""));
        assert_eq!((ran.code, ran.out.trim_end(), ran.err.as_str()), (0, wanted, ""), "{to}");
    }
}

#[test]
fn a_file_is_read_and_a_limit_is_added_where_the_provider_needs_one() {
    let path =
        file("chat.json", r#"{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}"#);
    let of = |options: &[&str]| {
        let formats = ["translate", "--from", "openai-chat", "--to", "anthropic-messages"];
        let ran = pointsman(&[&formats, options, &[path.as_str()]].concat());
        serde_json::from_str::<Value>(&ran.out).unwrap()["max_tokens"].clone()
    };
    assert_eq!(of(&[]), 4096);
    assert_eq!(of(&["--max-tokens", "77"]), 77);
}

#[test]
fn what_is_dropped_is_named_after_the_request() {
    let ran = translate(CLAUDE_AT_OPENAI, &[], &request(r#", "top_k": 5, "speed": "fast""#));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with(r#"{"model":"model","#), "{}", ran.out);
    assert_eq!(
        lines[1..],
        ["dropped: speed has no counterpart", "dropped: top_k has no counterpart"]
    );
    assert_eq!(ran.code, 0);
}

#[test]
fn a_request_that_is_refused_is_not_printed() {
    let further = r#", "top_k": 5, "mcp_servers": [{"url": "x"}], "new": 1"#;
    let ran = translate(CLAUDE_AT_OPENAI, &[], &request(further));
    let wanted = [
        "refused: new is not known to the translation",
        "refused: mcp_servers has no counterpart",
        "dropped: top_k has no counterpart",
    ];
    assert_eq!((ran.code, ran.out.lines().collect::<Vec<_>>()), (1, wanted.to_vec()));
}

#[test]
fn of_many_losses_some_are_listed() {
    let message = r#"{"role": "user", "name": "n", "content": "Hi"}"#;
    let text = format!(r#"{{"model": "m", "messages": [{}]}}"#, [message; 50].join(","));
    let ran = translate(["openai-chat", "gemini-generate"], &[], &text);
    assert!(ran.out.trim_end().ends_with("and 18 more"), "{}", ran.out);
}

const ANSWER: &str = r#"{"id": "c", "model": "gpt-5", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
    "content": "Hi", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":1}"}}]}}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 5}}}"#;

#[test]
fn an_answer_is_printed_as_the_client_gets_it() {
    let ran = translate(CLAUDE_AT_OPENAI, &["--answer", "--model", "gpt-5"], ANSWER);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        answer["content"],
        json!([
            {"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": 1}},
        ])
    );
    assert_eq!(answer["stop_reason"], "tool_use");
    assert_eq!(answer["usage"]["input_tokens"], 15);
    assert_eq!(answer["usage"]["cache_read_input_tokens"], 5);
    assert_eq!(ran.code, 0);
    let ran = translate(["openai-responses", "openai-chat"], &["--answer"], ANSWER);
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&answer["object"], &answer["status"]), (&json!("response"), &json!("completed")));
    assert!(answer["created_at"].as_u64() > Some(1_700_000_000), "it is dated: {answer}");
}

#[test]
fn a_stream_is_printed_as_the_client_gets_it() {
    let stream = "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Hi\"}}]}\n\n\
                  data: {\"choices\": [{\"index\": 0, \"delta\": {}, \"finish_reason\": \"stop\"}]}\n\n\
                  data: [DONE]\n\n";
    let ran = translate(CLAUDE_AT_OPENAI, &["--stream"], stream);
    let events = ran.out.lines().filter_map(|line| line.strip_prefix("event: "));
    let wanted = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(events.collect::<Vec<_>>(), wanted);
    assert_eq!(ran.code, 0);
    // The same, cut off before its end.
    let ran = translate(CLAUDE_AT_OPENAI, &["--stream"], stream.split("\n\n").next().unwrap());
    assert!(ran.out.contains("event: error"), "{}", ran.out);
}

#[test]
fn an_error_gets_the_form_of_the_clients_api() {
    let rows = [
        (
            CLAUDE_AT_OPENAI,
            "429",
            r#"{"error": {"message": "no", "code": "x"}}"#,
            "rate_limit_error",
        ),
        (CLAUDE_AT_OPENAI, "401", r#"{"error": {"message": "no"}}"#, "authentication_error"),
        (
            ["openai-chat", "bedrock-converse"],
            "400",
            r#"{"message": "no"}"#,
            "invalid_request_error",
        ),
        (
            ["openai-chat", "gemini-generate"],
            "503",
            r#"{"error": {"code": 503, "message": "no", "status": "UNAVAILABLE"}}"#,
            "server_error",
        ),
    ];
    for (formats, status, text, wanted) in rows {
        let ran = translate(formats, &["--answer", "--status", status], text);
        let error = serde_json::from_str::<Value>(&ran.out).unwrap()["error"].take();
        assert_eq!((&error["type"], &error["message"]), (&json!(wanted), &json!("no")), "{status}");
    }
}

#[test]
fn an_answer_that_cannot_be_read_becomes_an_error() {
    let ran = translate(CLAUDE_AT_OPENAI, &["--answer"], "<html>");
    let error = r#"{"error":{"message":"the provider's answer is not JSON","type":"api_error"},"type":"error"}"#;
    assert_eq!((ran.code, ran.out.trim_end()), (0, error));
}

#[test]
fn wrong_arguments_are_named() {
    let request = request("");
    let rows: [([&str; 2], &[&str], &str, &str); 8] = [
        (
            ["anthropic", "openai-chat"],
            &[],
            &request,
            "--from: found \"anthropic\"; expected one of openai-chat",
        ),
        (
            ["bedrock-converse", "openai-chat"],
            &[],
            &request,
            "--from: found \"bedrock-converse\"; expected",
        ),
        (
            ["openai-chat", "openai-responses"],
            &[],
            &request,
            "--to: found \"openai-responses\"; expected one",
        ),
        (
            ["openai-chat", "openai-chat"],
            &[],
            &request,
            "--to openai-chat: the client and the provider use the same API",
        ),
        (CLAUDE_AT_OPENAI, &[], "{", "-: it is not JSON"),
        (CLAUDE_AT_OPENAI, &["--answer", "--stream"], &request, "error: the argument '--answer'"),
        (CLAUDE_AT_OPENAI, &["--status", "400"], &request, "error: the following required"),
        (
            CLAUDE_AT_OPENAI,
            &["--answer", "--status", "many"],
            &request,
            "error: invalid value 'many'",
        ),
    ];
    for (formats, options, text, wanted) in rows {
        let ran = translate(formats, options, text);
        assert!(ran.err.starts_with(wanted), "{formats:?} {options:?}: {}", ran.err);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{formats:?} {options:?}");
    }
    let ran = pointsman(&[
        "translate",
        "--from",
        "openai-chat",
        "--to",
        "gemini-generate",
        "no/such.json",
    ]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("no/such.json: cannot be read"), "{}", ran.err);
}
