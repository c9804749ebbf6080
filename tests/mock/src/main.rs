//! A scriptable LLM provider, for `make run`, `make demo` and containers.
//!
//! Decides its arguments and how long it runs. What it answers, and what it can be asked to do
//! wrong, is in `tests/support/mock`.

#[expect(dead_code, unused_imports, reason = "the end-to-end tests use more of it")]
#[path = "../../support/mock/mod.rs"]
mod mock;

use std::io::Write;
use std::process::ExitCode;

const USAGE: &str = "usage: mock_provider --name NAME [--host HOST] [--port PORT]";

const HELP: &str = "\
A provider of LLM APIs without a model: it answers each request with a made-up text.

usage: mock_provider --name NAME [--host HOST] [--port PORT]

  --name NAME  its name, which its answers repeat
  --host HOST  the address that it listens on; 127.0.0.1 unless given
  --port PORT  the port; any free one unless given, or if it is 0
  -h, --help   print this help

It prints its address, and runs until Ctrl-C. envoy/README.md lists what it can be asked to do.";

/// What the arguments ask for.
#[derive(Debug, PartialEq)]
enum Asked {
    Help,
    Serve { name: String, host: String, port: u16 },
}

// Without the macro of tokio, which takes longer to build than the rest of the program.
fn main() -> ExitCode {
    match arguments(std::env::args().skip(1)) {
        Ok(Asked::Help) => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Asked::Serve { name, host, port }) => match run(&name, &host, port) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&not_served(&host, port, &error), 1),
        },
        Err(wrong) => failed(&format!("{wrong}\n{USAGE}"), 2),
    }
}

fn failed(message: &str, code: u8) -> ExitCode {
    eprintln!("mock_provider: {message}");
    ExitCode::from(code)
}

/// Returns why it does not listen, and what to do.
fn not_served(host: &str, port: u16, error: &std::io::Error) -> String {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "; another program listens there: choose another --port, or leave it out for any free one"
        }
        _ => "",
    };
    format!("{host}:{port}: {error}{advice}")
}

fn run(name: &str, host: &str, port: u16) -> std::io::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let provider = mock::Mock::start_on(host, name, port).await?;
        let mut out = std::io::stdout();
        writeln!(out, "{name} listens on {host}:{}", provider.port())?;
        out.flush()?;
        tokio::signal::ctrl_c().await
    })
}

/// Reads the arguments of the process, without the program.
///
/// # Errors
/// What is wrong with them.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<Asked, String> {
    let (mut name, mut host, mut port) = (None, "127.0.0.1".to_owned(), 0);
    while let Some(argument) = given.next() {
        let (option, inline) = match argument.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        if matches!(option, "-h" | "--help") {
            return Ok(Asked::Help);
        }
        if !matches!(option, "--name" | "--host" | "--port") {
            return Err(format!("unknown argument {argument:?}"));
        }
        let value = inline.or_else(|| given.next()).ok_or(format!("{option} needs a value"))?;
        match option {
            "--name" => name = Some(value),
            "--host" => host = value,
            _ => {
                port =
                    value.parse().map_err(|_| format!("--port {value:?}: expected 0 to 65535"))?;
            }
        }
    }
    let name = name.ok_or("--name is missing")?;
    Ok(Asked::Serve { name, host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Result<Asked, String> {
        arguments(given.iter().map(|one| (*one).to_owned()))
    }

    #[test]
    fn arguments_are_read_or_said_to_be_wrong() {
        let serve = |host: &str, port| Asked::Serve { name: "n".into(), host: host.into(), port };
        assert_eq!(read(&["--name", "n"]), Ok(serve("127.0.0.1", 0)));
        assert_eq!(read(&["--port=80", "--name=n", "--host", "::"]), Ok(serve("::", 80)));
        assert_eq!(read(&["--name", "n", "-h"]), Ok(Asked::Help));
        assert_eq!(read(&["--help"]), Ok(Asked::Help));
        for (given, wrong) in [
            (&[][..], "--name is missing"),
            (&["--name"], "--name needs a value"),
            (&["--port", "x"], "--port \"x\": expected 0 to 65535"),
            (&["--verbose"], "unknown argument \"--verbose\""),
        ] {
            assert_eq!(read(given).unwrap_err(), wrong);
        }
    }

    #[test]
    fn a_port_in_use_asks_for_another() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = run("n", "127.0.0.1", port).unwrap_err();
        assert!(not_served("127.0.0.1", port, &error).contains("choose another --port"));
        let denied = std::io::ErrorKind::PermissionDenied.into();
        assert!(!not_served("127.0.0.1", 80, &denied).contains("--port"));
    }

    /// Returns what a mock answers to this request: its head and its body.
    fn asked(path: &str) -> (String, Vec<u8>) {
        use std::io::Read;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mock = runtime.block_on(mock::Mock::start_on("127.0.0.1", "n", 0)).unwrap();
        let mut socket = std::net::TcpStream::connect(("127.0.0.1", mock.port())).unwrap();
        write!(
            socket,
            "POST {path} HTTP/1.0\r\nhost: h\r\ncontent-length: 16\r\n\r\n{{\"messages\": []}}"
        )
        .unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec())
    }

    #[test]
    fn bedrock_is_answered_in_its_form() {
        let (_, body) = asked("/model/anthropic.claude/converse");
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer["output"]["message"]["content"][0]["text"], "Hello from n.");
        assert_eq!(answer["stopReason"], "end_turn");
        assert_eq!(answer["usage"]["totalTokens"], 12);
        let (head, body) = asked("/model/anthropic.claude/converse-stream");
        assert!(head.contains("application/vnd.amazon.eventstream"), "{head}");
        let number = |at: &[u8]| u32::from_be_bytes(at[..4].try_into().unwrap());
        let (mut rest, mut names) = (&body[..], String::new());
        while !rest.is_empty() {
            let (frame, after) = rest.split_at(number(rest) as usize);
            assert_eq!(number(&frame[8..]), crc32fast::hash(&frame[..8]));
            let end = frame.len() - 4;
            assert_eq!(number(&frame[end..]), crc32fast::hash(&frame[..end]));
            names += &String::from_utf8_lossy(frame);
            rest = after;
        }
        let order = ["messageStart", "Hello ", "contentBlockStop", "messageStop", "totalTokens"];
        let places = order.map(|name| names.find(name).unwrap());
        assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn gemini_is_answered_in_its_form() {
        let (_, body) = asked("/v1beta/models/gemini-pro:generateContent");
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer["candidates"][0]["content"]["parts"][0]["text"], "Hello from n.");
        let (head, body) = asked("/v1beta/models/gemini-pro:streamGenerateContent?alt=sse");
        assert!(head.contains("text/event-stream"), "{head}");
        assert!(String::from_utf8_lossy(&body).contains("\"finishReason\":\"STOP\""));
    }
}
