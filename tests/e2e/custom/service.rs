//! A service that picks deployments, or does whatever else the request's `metadata` says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::run;

/// One question, as the service received it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The request line and headers, as text.
    pub(super) head: String,
    /// The body.
    pub(super) body: Value,
}

/// A service on a port of its own.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Service {
    /// Starts a service.
    pub(super) fn start() -> Self {
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let seen = Arc::clone(&asked);
        let listener = run(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let accept = async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen)));
            }
        };
        run(async { drop(tokio::spawn(accept)) });
        Self { port, asked }
    }

    /// Returns what the service was asked about requests of this case.
    pub(super) fn asked(&self, case: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|asked| asked.body["facts"]["params"]["case"] == case)
            .cloned()
            .collect()
    }
}

/// Answers requests until the connection ends, or until the script leaves one unanswered.
async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Asked>>>) {
    let mut held = Vec::new();
    while let Some(asked) = read(&mut stream, &mut held).await {
        let script = asked.body["facts"]["params"]["script"].as_str().unwrap_or("none").to_owned();
        seen.lock().unwrap().push(asked);
        if answer(&mut stream, &script).await.is_none() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, held: &mut Vec<u8>) -> Option<Asked> {
    loop {
        if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&held[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
            });
            let whole = end + 4 + length.unwrap_or(0);
            if held.len() >= whole {
                let body = serde_json::from_slice(&held[end + 4..whole]).unwrap();
                held.drain(..whole);
                return Some(Asked { head, body });
            }
        }
        if stream.read_buf(held).await.ok()? == 0 {
            return None;
        }
    }
}

async fn write(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) -> Option<()> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()
}

/// Does what the script says. Returns `None` when the connection can no longer be used.
async fn answer(stream: &mut TcpStream, script: &str) -> Option<()> {
    let (what, rest) = script.split_once(' ').unwrap_or((script, ""));
    let pick = |id: &str| json!({"deployment": id}).to_string().into_bytes();
    match what {
        "pick" => write(stream, "200 OK", "", &pick(rest)).await,
        "body" => write(stream, "200 OK", "", rest.as_bytes()).await,
        "late" => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            write(stream, "200 OK", "", &pick(rest)).await
        }
        "error" => write(stream, "500 Internal Server Error", "", &pick(rest)).await,
        "redirect" => {
            write(stream, "307 Temporary Redirect", "location: /other\r\n", &pick(rest)).await
        }
        "large" => {
            let mut body = pick(rest);
            body.resize(64 * 1024 + 1, b' ');
            write(stream, "200 OK", "", &body).await
        }
        // More than Envoy buffers of an answer.
        "huge" => write(stream, "200 OK", "", &vec![b' '; 40 << 20]).await,
        "endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(&[b' '; 4096]).await.ok()?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        // Every byte arrives in time, but they never all arrive.
        "drip" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(b" ").await.ok()?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        "drip-head" => loop {
            stream.write_all(b"H").await.ok()?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        },
        "garbage" => {
            stream.write_all(b"\0\xff no HTTP at all\r\n\r\n").await.ok()?;
            None
        }
        "cut" => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"deployment\":";
            stream.write_all(head).await.ok()?;
            None
        }
        "close" => None,
        // Waits for as long as the caller stays.
        "hang" => {
            let _ = stream.read_u8().await;
            None
        }
        _ => write(stream, "404 Not Found", "", b"").await,
    }
}
