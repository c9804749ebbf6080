//! A provider of OpenAI's API or Anthropic's that costs as little as a provider can: HTTP/1.1 on 127.0.0.1, a
//! thread for each connection, every body read to its end, a short JSON answer,
//! or a stream of chunks where the body asks for one.
//!
//! The answer names the first model of the body and the body's length, so that a
//! benchmark can tell that every listener did its work. It takes from Envoy what
//! Envoy sends, and is no server for anyone else.

mod stream;

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// How much of a body is searched for its model, and of a head for its end.
const HEAD: usize = 64 * 1024;

fn main() -> Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("{}", listener.local_addr()?.port());
    for connection in listener.incoming() {
        let connection = connection?;
        // A peer that goes away is nobody's error here.
        thread::spawn(move || drop(serve(connection)));
    }
    Ok(())
}

/// Answers requests until the peer closes.
fn serve(mut connection: TcpStream) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut filled = 0;
    let mut answer = Vec::with_capacity(512);
    loop {
        let head = loop {
            if let Some(end) = find(&buffer[..filled.min(HEAD)], b"\r\n\r\n") {
                break end + 4;
            }
            filled += more(&mut connection, &mut buffer[filled..])?;
        };
        let framing = Framing::of(&buffer[..head])?;
        let is_messages = buffer.starts_with(b"POST /v1/messages");
        let api = if is_messages { Api::Messages } else { Api::Chat };
        buffer.copy_within(head..filled, 0);
        filled -= head;
        let window = framing.read(&mut connection, &mut buffer, filled)?;
        filled = 0;
        let (length, model) = (window.seen, window.model());
        if stream::is_wanted(&window.head) {
            stream::answer(&mut connection, api, &model, length)?;
            continue;
        }
        let body = whole(api, &model, length);
        answer.clear();
        write!(
            answer,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        connection.write_all(&answer)?;
    }
}

/// What a request is asked in.
#[derive(Clone, Copy)]
enum Api {
    Chat,
    Messages,
}

/// Returns a whole answer.
fn whole(api: Api, model: &str, length: usize) -> String {
    match api {
        Api::Chat => format!(
            r#"{{"id":"chatcmpl-0123456789","object":"chat.completion","model":"{model}","received":{length},"choices":[{{"index":0,"message":{{"role":"assistant","content":"Hello."}},"finish_reason":"stop"}}],"usage":{{"total_tokens":3}}}}"#
        ),
        Api::Messages => format!(
            r#"{{"id":"msg_{length:024}","type":"message","role":"assistant","model":"{model}","content":[{{"type":"text","text":"Hello."}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":60,"output_tokens":3}}}}"#
        ),
    }
}

/// How a body ends.
enum Framing {
    Length(usize),
    Chunked,
}

impl Framing {
    /// What the head of a request says; Envoy writes names in lower case.
    fn of(head: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(head).map_err(Error::other)?;
        let value = |name| text.lines().find_map(|line| line.strip_prefix(name));
        if value("transfer-encoding: chunked").is_some() {
            return Ok(Self::Chunked);
        }
        let length = value("content-length: ").unwrap_or("0");
        length.parse().map(Self::Length).map_err(Error::other)
    }

    /// Reads a body of which `filled` bytes are there.
    fn read(self, from: &mut TcpStream, buffer: &mut [u8], filled: usize) -> Result<Window> {
        let mut window = Window::default();
        window.push(&buffer[..filled]);
        match self {
            Self::Length(length) => {
                while window.seen < length {
                    let read = more(from, buffer)?;
                    window.push(&buffer[..read]);
                }
            }
            Self::Chunked => {
                while !window.tail.ends_with(b"0\r\n\r\n") {
                    let read = more(from, buffer)?;
                    window.push(&buffer[..read]);
                }
            }
        }
        Ok(window)
    }
}

/// The first and the last bytes of what has passed.
#[derive(Default)]
struct Window {
    seen: usize,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Window {
    fn push(&mut self, bytes: &[u8]) {
        self.seen += bytes.len();
        let room = 512usize.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(5)..]);
        self.tail.drain(..self.tail.len().saturating_sub(5));
    }

    fn model(&self) -> String {
        const KEY: &[u8] = br#""model":"#;
        let after = find(&self.head, KEY).map(|at| &self.head[at + KEY.len()..]);
        let mut quoted = after.unwrap_or_default().split(|byte| *byte == b'"');
        let model = quoted.nth(1).unwrap_or_default();
        String::from_utf8_lossy(model).into_owned()
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn more(from: &mut TcpStream, into: &mut [u8]) -> Result<usize> {
    match from.read(into)? {
        0 => Err(Error::from(ErrorKind::UnexpectedEof)),
        read => Ok(read),
    }
}
