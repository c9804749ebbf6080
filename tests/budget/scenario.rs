//! The requests that are measured, with their configurations and answers.
//!
//! Configurations and chats are those of `make bench`. `scripts/bench/inputs.py` writes them into
//! `inputs/`.

use std::time::Duration;

const THREE: &str = include_str!("inputs/three.json");
const HUNDRED: &str = include_str!("inputs/hundred.json");
const ANTHROPIC: &str = include_str!("inputs/anthropic.json");
const EARLY: &str = include_str!("inputs/early.json");
const FAILOVER: &str = include_str!("inputs/failover.json");
const TRANSLATED: &str = include_str!("inputs/translated.json");
const SHORT_CHAT: &str = include_str!("inputs/chat-0.3-kb");
const LONG_CHAT: &str = include_str!("inputs/chat-12-kb");

/// How a proxy cuts a long body.
const PIECE: usize = 64 * 1024;

/// Headers by name.
pub(crate) type HeaderList = Vec<(String, String)>;

/// What a provider sends back.
pub(crate) struct Answer {
    pub(crate) headers: HeaderList,
    pub(crate) chunks: Vec<Vec<u8>>,
}

/// One request, and how it is answered.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) configuration: &'static str,
    /// Whether the attempt role makes the attempts.
    pub(crate) has_attempts: bool,
    pub(crate) headers: HeaderList,
    pub(crate) body: Vec<u8>,
    /// What the body contains when it goes upstream.
    pub(crate) sent: &'static str,
    /// One answer for each attempt.
    pub(crate) answers: Vec<Answer>,
    /// How long after the previous request this one comes.
    pub(crate) pause: Duration,
}

impl Scenario {
    /// Returns a JSON request to this path, which one provider answers.
    fn new(name: &'static str, configuration: &'static str, path: &str, body: &[u8]) -> Self {
        Self {
            name,
            configuration,
            has_attempts: false,
            headers: request_headers(path, "application/json", body.len()),
            body: body.to_vec(),
            sent: r#""north-small-2025-06-01""#,
            answers: vec![completion()],
            pause: Duration::from_millis(10),
        }
    }

    fn chat(name: &'static str, configuration: &'static str, body: &str) -> Self {
        Self::new(name, configuration, "/v1/chat/completions", body.as_bytes())
    }

    /// Returns the pieces in which the body comes.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.body.chunks(PIECE)
    }
}

/// Returns all scenarios, in the order of the tables.
pub(crate) fn all() -> Vec<Scenario> {
    vec![
        Scenario::chat("chat 0.3 KB, 3 routes", THREE, SHORT_CHAT),
        Scenario::chat("chat 0.3 KB, 100 routes", HUNDRED, SHORT_CHAT),
        Scenario {
            sent: r#""south-long-2025-06-01""#,
            ..Scenario::chat("chat 12 KB, 3 routes", THREE, LONG_CHAT)
        },
        Scenario {
            sent: r#""south-long-2025-06-01""#,
            ..Scenario::chat("chat 12 KB, 100 routes", HUNDRED, LONG_CHAT)
        },
        anthropic(),
        streamed(),
        Scenario {
            has_attempts: true,
            ..Scenario::chat("failover, not needed", FAILOVER, SHORT_CHAT)
        },
        failed_over(),
        not_translated(),
        translated(),
        translated_stream(),
        not_judged(),
        early(),
        embeddings(),
        form(),
    ]
}

fn anthropic() -> Scenario {
    let body = br#"{"model":"assistant","max_tokens":256,"system":"You are a helpful assistant. Answer briefly and in plain words.","messages":[{"role":"user","content":"Which of the two methods would you teach, the older or the newer one, and why?"}],"temperature":0.7,"metadata":{"user_id":"7d4c1f0e"}}"#;
    let mut scenario = Scenario::new("Anthropic 0.3 KB", ANTHROPIC, "/v1/messages", body);
    scenario.headers.push(header("anthropic-version", "2023-06-01"));
    let answer = br#"{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"north-small-2025-06-01","content":[{"type":"text","text":"Hello."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":41,"output_tokens":2}}"#;
    scenario.answers = vec![json_answer("200", answer)];
    scenario
}

/// Returns an answer that is an event stream of 200 chunks, one event each.
fn streamed() -> Scenario {
    let body = SHORT_CHAT.replace(
        r#""stream": false"#,
        r#""stream": true, "stream_options": {"include_usage": true}"#,
    );
    assert_ne!(body, SHORT_CHAT, "the chat says that it is not streamed");
    let start = r#"data: {"id":"chatcmpl-0123456789","object":"chat.completion.chunk","created":1700000000,"model":"north-small-2025-06-01","#;
    let mut chunks = Vec::new();
    for at in 0..198 {
        let event = format!(
            "{start}\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word{at}\"}},\"finish_reason\":null}}]}}\n\n"
        );
        chunks.push(event.into_bytes());
    }
    let usage =
        r#""choices":[],"usage":{"prompt_tokens":41,"completion_tokens":198,"total_tokens":239}}"#;
    chunks.push(format!("{start}{usage}\n\n").into_bytes());
    chunks.push(b"data: [DONE]\n\n".to_vec());
    let answer = Answer { headers: response_headers("200", "text/event-stream", None), chunks };
    Scenario { answers: vec![answer], ..Scenario::chat("stream of 200 chunks", THREE, &body) }
}

/// The first attempt is answered 503. Requests are a minute apart, so the failures never cool the
/// deployment.
fn failed_over() -> Scenario {
    let failure = br#"{"error":{"message":"The server is overloaded.","type":"server_error","param":null,"code":null}}"#;
    Scenario {
        has_attempts: true,
        sent: r#""south-small-2025-06-01""#,
        answers: vec![json_answer("503", failure), completion()],
        pause: Duration::from_secs(61),
        ..Scenario::chat("failover, 503 then 200", FAILOVER, SHORT_CHAT)
    }
}

/// A request whose plan is of one API, where others would be translated. It costs what it costs without that.
fn not_translated() -> Scenario {
    let configuration = FAILOVER.replacen('{', "{ \"translate\": \"lenient\",", 1);
    Scenario {
        has_attempts: true,
        ..Scenario::chat("failover, not translated", configuration.leak(), SHORT_CHAT)
    }
}

/// A chat of 12 KB, which a provider of Anthropic's API answers.
fn translated() -> Scenario {
    let answer = br#"{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","model":"south-small-2025-06-01","content":[{"type":"text","text":"Hello."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":41,"output_tokens":2}}"#;
    Scenario {
        has_attempts: true,
        sent: r#""south-small-2025-06-01""#,
        answers: vec![json_answer("200", answer)],
        ..Scenario::chat("translated chat 12 KB", TRANSLATED, LONG_CHAT)
    }
}

/// A stream of 200 chunks of a chat, for a client of Anthropic's API.
fn translated_stream() -> Scenario {
    let body = br#"{"model":"other","max_tokens":256,"stream":true,"messages":[{"role":"user","content":"Which of the two methods would you teach, the older or the newer one, and why?"}]}"#;
    let Scenario { answers, .. } = streamed();
    let name = "translated stream of 200 chunks";
    Scenario {
        has_attempts: true,
        answers,
        ..Scenario::new(name, TRANSLATED, "/v1/messages", body)
    }
}

fn not_judged() -> Scenario {
    let mut scenario = Scenario::new("not judged (GET)", THREE, "/healthz", b"");
    scenario.headers.retain(|(name, _)| !name.starts_with("content-"));
    scenario.headers.iter_mut().find(|(name, _)| name == ":method").unwrap().1 = "GET".to_owned();
    let answer = Answer {
        headers: response_headers("200", "text/plain", Some(2)),
        chunks: vec![b"ok".to_vec()],
    };
    Scenario { sent: "", answers: vec![answer], ..scenario }
}

/// A body of 600 KB that goes on as soon as its model is known.
fn early() -> Scenario {
    // The messages of the long chat, many times over.
    let (start, rest) = LONG_CHAT.split_once('[').unwrap();
    let (messages, end) = rest.rsplit_once(']').unwrap();
    let body = format!("{start}[{}]{end}", vec![messages; 50].join(", "));
    Scenario::chat("600 KB, sent on early", EARLY, &body)
}

fn embeddings() -> Scenario {
    let body = br#"{"model":"assistant","input":["Which of the two methods would you teach?","The older one is slower but easier to explain."],"encoding_format":"float"}"#;
    let answer = br#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023,-0.0093,0.0158]},{"object":"embedding","index":1,"embedding":[0.0113,-0.0027,0.0041]}],"model":"north-small-2025-06-01","usage":{"prompt_tokens":20,"total_tokens":20}}"#;
    let scenario = Scenario::new("embeddings", THREE, "/v1/embeddings", body);
    Scenario { answers: vec![json_answer("200", answer)], ..scenario }
}

/// A transcription of 32 KB of audio.
fn form() -> Scenario {
    let audio: Vec<u8> =
        (0..32 * 1024u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let part =
        |head: &str| format!("--X-BOUNDARY\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    let mut body = part("name=\"model\"").into_bytes();
    body.extend_from_slice(b"assistant\r\n");
    body.extend_from_slice(
        part("name=\"file\"; filename=\"speech.wav\"\r\nContent-Type: audio/wav").as_bytes(),
    );
    body.extend_from_slice(&audio);
    body.extend_from_slice(b"\r\n--X-BOUNDARY--\r\n");
    let kind = "multipart/form-data; boundary=X-BOUNDARY";
    Scenario {
        headers: request_headers("/v1/audio/transcriptions", kind, body.len()),
        body,
        sent: "north-small-2025-06-01",
        answers: vec![json_answer(
            "200",
            br#"{"text":"The older one is slower but easier to explain."}"#,
        )],
        ..Scenario::chat("form 32 KB", THREE, "")
    }
}

fn completion() -> Answer {
    json_answer("200", br#"{"id":"chatcmpl-0123456789","object":"chat.completion","created":1700000000,"model":"north-small-2025-06-01","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":41,"completion_tokens":2,"total_tokens":43}}"#)
}

fn json_answer(status: &str, body: &[u8]) -> Answer {
    let headers = response_headers(status, "application/json", Some(body.len()));
    Answer { headers, chunks: vec![body.to_vec()] }
}

pub(crate) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

pub(crate) fn request_headers(path: &str, content_type: &str, length: usize) -> HeaderList {
    vec![
        header(":authority", "127.0.0.1:10000"),
        header(":path", path),
        header(":method", "POST"),
        header(":scheme", "http"),
        header("accept", "application/json"),
        header("authorization", "Bearer sk-0123456789abcdef0123456789abcdef"),
        header("content-type", content_type),
        header("content-length", &length.to_string()),
        header("user-agent", "OpenAI/Python 1.99.0"),
        header("x-forwarded-proto", "http"),
        header("x-request-id", "6f3a5b1e-3d5b-4a53-9f1c-1f0d8a7f9a10"),
    ]
}

pub(crate) fn response_headers(
    status: &str,
    content_type: &str,
    length: Option<usize>,
) -> HeaderList {
    let mut headers = vec![
        header(":status", status),
        header("date", "Sun, 29 Nov 2026 04:00:00 GMT"),
        header("server", "nginx"),
        header("content-type", content_type),
        header("x-envoy-upstream-service-time", "1"),
    ];
    headers.extend(length.map(|length| header("content-length", &length.to_string())));
    headers
}
