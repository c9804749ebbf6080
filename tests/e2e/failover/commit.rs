//! Answers with a status of success that are none: what comes before any content is held, and the
//! next deployment answers.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::frames::frame;
use crate::harness::{Ask, Group, Reply, Spec, ask, chat};
use crate::mock::Behaviour;

/// A provider that fails after its head has said that all is well.
struct Failing {
    name: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    /// How the attempts header tells of it.
    told: &'static str,
}

const CHAT: &str = "/v1/chat/completions";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";
const FRAMES: &str = "application/vnd.amazon.eventstream";
const ROLE: &str = r#"data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#;

fn failing(
    name: &'static str,
    path: &'static str,
    content_type: &'static str,
    told: &'static str,
    body: impl Into<Vec<u8>>,
) -> Failing {
    Failing { name, path, content_type, body: body.into(), told }
}

/// An answer of the model `breaks`, of which nothing counts but what the test does with it.
fn broken(told: &'static str) -> Failing {
    failing("breaks", CHAT, EVENTS, told, "")
}

fn cases() -> Vec<Failing> {
    let mut cases = openai_cases();
    let throttled: &[(&str, &str)] = &[
        (":exception-type", "throttlingException"),
        (":content-type", JSON),
        (":message-type", "exception"),
    ];
    let started = frame(&EVENT, br#"{"role":"assistant"}"#);
    cases.extend([
        failing("messages-overloaded", "/v1/messages", EVENTS, "server",
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n\
             event: ping\ndata: {\"type\":\"ping\"}\n\n\
             event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"),
        failing("messages-object", "/v1/messages", JSON, "server",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
        failing("gemini-overloaded", "/v1beta/models/gemini-overloaded:streamGenerateContent?alt=sse", EVENTS, "server",
            "data: {\"usageMetadata\":{\"promptTokenCount\":2}}\n\n\
             data: {\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}\n\n"),
        failing("gemini-empty", "/v1beta/models/gemini-empty:streamGenerateContent?alt=sse", EVENTS, "empty",
            "data: {\"candidates\":[{\"content\":{\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}]}\n\n"),
        failing("gemini-list", "/v1beta/models/gemini-list:streamGenerateContent", JSON, "rate_limit",
            r#"[{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}]"#),
        failing("gemini-object", "/v1beta/models/gemini-object:generateContent", JSON, "server",
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#),
        failing("bedrock-throttled", "/model/bedrock-throttled/converse-stream", FRAMES, "rate_limit",
            [started.clone(), frame(throttled, br#"{"message":"Too many requests"}"#)].concat()),
        failing("bedrock-empty", "/model/bedrock-empty/converse-stream", FRAMES, "empty", started),
        failing("bedrock-object", "/model/bedrock-object/converse", JSON, "empty", "{}"),
        failing("cohere-failed", "/v2/chat", EVENTS, "server",
            "data: {\"type\":\"message-start\",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[]}}}\n\n\
             data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\",\"error\":\"Overloaded\"}}\n\n"),
        failing("cohere-object", "/v2/chat", JSON, "empty", r#"{"id":"x","message":{"role":"assistant","content":[]}}"#),
        failing("ollama-stopped", "/api/chat", LINES, "server",
            "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n\
             {\"error\":\"model runner has unexpectedly stopped\"}\n"),
        failing("ollama-empty", "/api/chat", JSON, "empty",
            r#"{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}"#),
    ]);
    cases
}

/// The headers of the event with which an answer of Bedrock's begins.
const EVENT: [(&str, &str); 3] =
    [(":event-type", "messageStart"), (":content-type", JSON), (":message-type", "event")];

/// Those of OpenAI and who speaks as it does.
fn openai_cases() -> Vec<Failing> {
    vec![
        failing(
            "chat-overloaded",
            CHAT,
            EVENTS,
            "server",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
             data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\",\"code\":503}}\n\n",
        ),
        failing(
            "chat-empty",
            CHAT,
            EVENTS,
            "empty",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
             data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        ),
        failing("chat-comments", CHAT, EVENTS, "empty", ": queued\n\n: queued\n\ndata: [DONE]\n\n"),
        failing(
            "chat-error-object",
            CHAT,
            JSON,
            "rate_limit",
            r#"{"error":{"message":"Rate limit reached","type":"rate_limit_error","code":"rate_limit_exceeded"}}"#,
        ),
        failing("chat-nothing", CHAT, JSON, "empty", "{}"),
        failing("chat-page", CHAT, JSON, "empty", "<!DOCTYPE html><title>Sign in</title>"),
        failing(
            "completions-overloaded",
            "/v1/completions",
            EVENTS,
            "server",
            "data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":null}]}\n\n\
             data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"server_error\"}}\n\n",
        ),
        failing(
            "completions-object",
            "/v1/completions",
            JSON,
            "server",
            r#"{"error":{"message":"Overloaded","type":"server_error"}}"#,
        ),
        failing(
            "responses-failed",
            "/v1/responses",
            EVENTS,
            "server",
            "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"output\":[]}}\n\n\
             event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"The server had an error\"}}}\n\n",
        ),
        failing(
            "responses-object",
            "/v1/responses",
            JSON,
            "server",
            r#"{"id":"x","object":"response","status":"failed","error":{"code":"server_error","message":"The server had an error"},"output":[]}"#,
        ),
    ]
}

/// A request to that path.
fn request(path: &str, model: &str, is_stream: bool) -> Value {
    let mut body = if path.contains("/models/") {
        json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]})
    } else if path.contains("/model/") {
        json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]})
    } else if path == "/v1/completions" {
        json!({"model": model, "prompt": "Hello", "stream": is_stream})
    } else if path == "/v1/responses" {
        json!({"model": model, "input": "Hello", "stream": is_stream})
    } else {
        let mut body = chat(model, "Hello");
        body["stream"] = is_stream.into();
        body
    };
    if path == "/v1/messages" {
        body["max_tokens"] = 50.into();
    }
    body
}

static GROUP: LazyLock<Group> = LazyLock::new(|| start(json!({"max_attempts": 2})));

fn start(failover: Value) -> Group {
    let mut document = json!({
        "providers": {"alpha": {"cluster": "alpha", "api": "any"}, "beta": {"cluster": "beta", "api": "any"}},
        "deployments": {"second": {"provider": "beta", "model": "second"}},
        "models": {},
        "cooldown": {"enabled": false},
        "failover": failover
    });
    let cases = cases();
    for name in cases.iter().map(|case| case.name).chain(["answers", "breaks"]) {
        document["deployments"][name] = json!({"provider": "alpha", "model": name});
        document["models"][name] = json!({"candidates": [name, "second"]});
    }
    Group::start(&Spec::failing_over(document))
}

/// Asks for a model, whose first provider answers with that body in pieces of so many bytes.
fn asked(group: &'static Group, case: &Failing, bytes: usize) -> Ask<'static> {
    ask(group)
        .path(case.path)
        .json(&request(case.path, case.name, case.content_type != JSON))
        .header("x-mock-only", "alpha")
        .header("x-mock-body-base64", &STANDARD.encode(&case.body))
        .header("x-mock-header", &format!("content-type: {}", case.content_type))
        .header("x-mock-piece-bytes", &bytes.to_string())
}

#[track_caller]
fn assert_second_answered(reply: &Reply, name: &str, told: &str) {
    assert_eq!(reply.status, 200, "{name}");
    let attempts = format!("{name}={told},second=200");
    assert_eq!(reply.header("x-llm-attempts"), Some(attempts.as_str()));
    assert_eq!(reply.header("x-llm-deployment"), Some("second"));
    let asked: Vec<&str> = reply.seen.iter().map(|(provider, _)| *provider).collect();
    assert_eq!(asked, ["alpha", "beta"], "{name}");
}

#[test]
fn a_failure_before_any_content_is_tried_elsewhere() {
    for case in &cases() {
        for bytes in [100_000, 120, 7] {
            let reply = asked(&GROUP, case, bytes).send();
            assert_second_answered(&reply, case.name, case.told);
            // Frames of Amazon's event stream are no text, but what they hold is.
            let body = String::from_utf8_lossy(reply.body.as_ref().unwrap());
            assert!(body.contains("beta") && !body.contains("verloaded"), "{}: {body}", case.name);
        }
    }
    GROUP.assert_no_trap();
}

#[test]
fn a_stream_that_breaks_before_any_content_is_tried_elsewhere() {
    let body = format!("{ROLE}\n\n: wait\n\n: wait\n\n: wait\n\n: wait\n\n");
    let case = broken("network");
    let reply = asked(&GROUP, &case, 20)
        .header("x-mock-body-base64", &STANDARD.encode(body))
        .header("x-mock-reset", "mid-body")
        .send();
    assert_second_answered(&reply, "breaks", "network");
    GROUP.assert_no_trap();
}

#[test]
fn a_stream_whose_content_does_not_come_in_time_is_tried_elsewhere() {
    let case = broken("network");
    let reply = asked(&GROUP, &case, 100_000)
        .header("x-mock-body-base64", &STANDARD.encode(format!("{ROLE}\n\n")))
        .header("x-mock-linger-ms", "60000")
        .send();
    assert_second_answered(&reply, "breaks", "network");
    GROUP.assert_no_trap();
}

#[test]
fn a_stream_without_content_goes_on_once_enough_of_it_is_held() {
    let waiting = ": wait\n\n".repeat(40_000);
    let case = failing("answers", CHAT, EVENTS, "200", "");
    // Many times as much as Envoy would hold.
    let events = ("content-type".to_owned(), "text/event-stream".to_owned());
    let script = Behaviour {
        only: Some("answers".to_owned()),
        body: Some(waiting.clone().into()),
        piece_bytes: Some(9000),
        headers: vec![events],
        ..Behaviour::default()
    };
    GROUP.mock("alpha").script(script, Some(1));
    let mut body = chat(case.name, "Hello");
    body["stream"] = true.into();
    let reply = ask(&GROUP).path(case.path).json(&body).send();
    assert_eq!(reply.header("x-llm-attempts"), Some("answers=200"));
    assert_eq!(reply.body.as_deref(), Some(waiting.as_bytes()));
    GROUP.assert_no_trap();
}

#[test]
fn an_answer_with_content_is_the_clients_from_there_on() {
    let answer = format!(
        "{ROLE}\n\ndata: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"Hello\"}}}}]}}\n\n\
         data: {{\"error\":{{\"message\":\"Overloaded\",\"type\":\"overloaded_error\"}}}}\n\n"
    );
    let case = failing("answers", CHAT, EVENTS, "200", "");
    let content = answer.find("data: {\"error").unwrap();
    let reply = asked(&GROUP, &case, content)
        .header("x-mock-event-delay-ms", "100")
        .header("x-mock-body-base64", &STANDARD.encode(&answer))
        .send();
    assert_eq!(reply.header("x-llm-attempts"), Some("answers=200"));
    assert_eq!(reply.body.as_deref(), Some(answer.as_bytes()));
    // Where the error comes with the first content, nothing has gone to the client.
    let reply = asked(&GROUP, &case, 100_000)
        .header("x-mock-body-base64", &STANDARD.encode(&answer))
        .send();
    assert_second_answered(&reply, "answers", "server");
    GROUP.assert_no_trap();
}

/// Streams that are cut after their first content.
fn cut_streams() -> [Failing; 8] {
    let delta: &[(&str, &str)] = &[
        (":event-type", "contentBlockDelta"),
        (":content-type", JSON),
        (":message-type", "event"),
    ];
    let bedrock = [
        frame(&EVENT, br#"{"role":"assistant"}"#),
        frame(delta, br#"{"contentBlockIndex":0,"delta":{"text":"Hel"}}"#),
    ];
    let row = |path, content_type, body: &str| failing("answers", path, content_type, "200", body);
    [
        row(
            CHAT,
            EVENTS,
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n",
        ),
        row("/v1/completions", EVENTS, "data: {\"choices\":[{\"index\":0,\"text\":\"Hel\"}]}\n\n"),
        row(
            "/v1/responses",
            EVENTS,
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hel\"}\n\n",
        ),
        row(
            "/v1/messages",
            EVENTS,
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}\n\n",
        ),
        row(
            "/v1beta/models/answers:streamGenerateContent?alt=sse",
            EVENTS,
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"}]}}]}\n\n",
        ),
        row(
            "/v2/chat",
            EVENTS,
            "data: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\"Hel\"}}}}\n\n",
        ),
        row(
            "/api/chat",
            LINES,
            "{\"model\":\"m\",\"message\":{\"content\":\"Hel\"},\"done\":false}\n",
        ),
        failing("answers", "/model/answers/converse-stream", FRAMES, "200", bedrock.concat()),
    ]
}

#[test]
fn a_stream_that_its_provider_has_cut_ends_with_an_error() {
    for case in &cut_streams() {
        for bytes in [100_000, 11] {
            // The end comes after the content has gone on.
            let reply = asked(&GROUP, case, bytes).header("x-mock-linger-ms", "100").send();
            assert_eq!(reply.header("x-llm-attempts"), Some("answers=200"), "{}", case.path);
            let body = reply.body.clone().unwrap();
            assert!(body.starts_with(&case.body), "{}: {body:?}", case.path);
            let error = String::from_utf8_lossy(&body[case.body.len()..]).into_owned();
            assert!(error.contains("before it was complete"), "{}: {error:?}", case.path);
        }
    }
    GROUP.assert_no_trap();
}
