//! An answer in pieces, as OpenAI or Anthropic streams a chat.
//!
//! Each chunk is written by itself, a pause after the one before. So Envoy reads one at a time
//! unless it is busier than that, and its filters see nearly as many chunks as there are. All but
//! the last have a length of three hexadecimal digits, by which the benchmark counts those.

use std::io::{Result, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::{Api, find};

/// How many chunks an answer has, with the first, the last, the usage and the end.
const CHUNKS: usize = 500;

/// How long to wait after a chunk. Models take ten times that and more for a token.
const PAUSE: Duration = Duration::from_micros(300);

/// Whether a body asks for a stream. Pointsman writes no space after the colon where it translates.
pub fn is_wanted(body: &[u8]) -> bool {
    find(body, br#""stream": true"#).is_some() || find(body, br#""stream":true"#).is_some()
}

/// Answers a request for this model, whose body had so many bytes.
pub fn answer(connection: &mut TcpStream, api: Api, model: &str, length: usize) -> Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes())?;
    let (first, word, last) = match api {
        Api::Chat => chat(model, length),
        Api::Messages => messages(model, length),
    };
    for number in 0..CHUNKS {
        let from_end = CHUNKS - number;
        let event = match last.len().checked_sub(from_end) {
            Some(at) => &last[at],
            None => first.get(number).unwrap_or(&word),
        };
        // A chunk of HTTP/1.1 at once.
        connection.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())?;
        thread::sleep(PAUSE);
    }
    connection.write_all(b"0\r\n\r\n")
}

/// The first events of a stream, the one in the middle, and the last.
type Events = (Vec<String>, String, Vec<String>);

/// Returns events with the members that OpenAI sends, `length` in one of them.
fn chat(model: &str, length: usize) -> Events {
    let head = format!(
        "data: {{\"id\":\"chatcmpl-Bq0Zk2N7cT5yXw4uV9sRfLh3\",\"object\":\"chat.completion.chunk\",\
         \"created\":1750000000,\"model\":\"{model}\",\"service_tier\":\"default\","
    );
    let event = |delta: &str, reason: &str| {
        format!(
            "{head}\"system_fingerprint\":\"fp_{length:010}\",\"choices\":[{{\"index\":0,\
             \"delta\":{delta},\"logprobs\":null,\"finish_reason\":{reason}}}],\
             \"obfuscation\":\"aB3dE5fG7hJ9\"}}\n\n"
        )
    };
    let usage = format!(
        "{head}\"choices\":[],\"usage\":{{\"prompt_tokens\":60,\"completion_tokens\":496,\
         \"total_tokens\":556}}}}\n\n"
    );
    (
        vec![event(r#"{"role":"assistant","content":""}"#, "null")],
        event(r#"{"content":" word"}"#, "null"),
        vec![event("{}", r#""stop""#), usage, "data: [DONE]\n\n".to_owned()],
    )
}

/// Returns events with the members that Anthropic sends.
fn messages(model: &str, length: usize) -> Events {
    let event =
        |name: &str, rest: &str| format!("event: {name}\ndata: {{\"type\":\"{name}\"{rest}}}\n\n");
    let start = format!(
        ",\"message\":{{\"id\":\"msg_{length:024}\",\"type\":\"message\",\"role\":\"assistant\",\
         \"model\":\"{model}\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\
         \"usage\":{{\"input_tokens\":60,\"cache_creation_input_tokens\":0,\
         \"cache_read_input_tokens\":0,\"output_tokens\":1}}}}"
    );
    (
        vec![
            event("message_start", &start),
            event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#),
        ],
        event("content_block_delta", r#","index":0,"delta":{"type":"text_delta","text":" word"}"#),
        vec![
            event("content_block_stop", r#","index":0"#),
            event(
                "message_delta",
                r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":496}"#,
            ),
            event("message_stop", ""),
        ],
    )
}
