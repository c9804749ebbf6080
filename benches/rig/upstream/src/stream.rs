//! An answer in pieces, as OpenAI streams a chat.
//!
//! Each chunk is written by itself, a pause after the one before. So Envoy reads one at a time
//! unless it is busier than that, and its filters see nearly as many chunks as there are. All but
//! the last have a length of three hexadecimal digits, by which the benchmark counts those.

use std::io::{Result, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::find;

/// How many chunks an answer has, with the first, the last, the usage and the end.
const CHUNKS: usize = 500;

/// How long to wait after a chunk. Models take ten times that and more for a token.
const PAUSE: Duration = Duration::from_micros(300);

/// Whether a body asks for a stream.
pub fn is_wanted(body: &[u8]) -> bool {
    find(body, br#""stream": true"#).is_some()
}

/// Answers a request for this model, whose body had so many bytes.
pub fn answer(connection: &mut TcpStream, model: &str, length: usize) -> Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.write_all(head.as_bytes())?;
    let word = event(model, length, r#"{"content":" word"}"#, "null");
    for number in 0..CHUNKS {
        match number {
            0 => write(
                connection,
                &event(model, length, r#"{"role":"assistant","content":""}"#, "null"),
            )?,
            _ if number == CHUNKS - 3 => {
                write(connection, &event(model, length, "{}", r#""stop""#))?
            }
            _ if number == CHUNKS - 2 => write(connection, &usage(model))?,
            _ if number == CHUNKS - 1 => write(connection, "data: [DONE]\n\n")?,
            _ => write(connection, &word)?,
        }
        thread::sleep(PAUSE);
    }
    connection.write_all(b"0\r\n\r\n")
}

/// Writes a chunk of HTTP/1.1 at once.
fn write(connection: &mut TcpStream, event: &str) -> Result<()> {
    connection.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
}

/// Returns an event with the members that OpenAI sends, `length` in one of them.
fn event(model: &str, length: usize, delta: &str, reason: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-Bq0Zk2N7cT5yXw4uV9sRfLh3\",\"object\":\"chat.completion.chunk\",\
         \"created\":1750000000,\"model\":\"{model}\",\"service_tier\":\"default\",\
         \"system_fingerprint\":\"fp_{length:010}\",\"choices\":[{{\"index\":0,\"delta\":{delta},\
         \"logprobs\":null,\"finish_reason\":{reason}}}],\"obfuscation\":\"aB3dE5fG7hJ9\"}}\n\n"
    )
}

fn usage(model: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-Bq0Zk2N7cT5yXw4uV9sRfLh3\",\"object\":\"chat.completion.chunk\",\
         \"created\":1750000000,\"model\":\"{model}\",\"service_tier\":\"default\",\
         \"choices\":[],\"usage\":{{\"prompt_tokens\":60,\"completion_tokens\":496,\"total_tokens\":556}}}}\n\n"
    )
}
