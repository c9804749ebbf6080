//! A scriptable LLM provider, for `make run`, `make demo` and containers.
//!
//! Decides its arguments and how long it runs. What it answers, and what it can be asked to do
//! wrong, is in `tests/support/mock`.

#[expect(dead_code, unused_imports, reason = "the end-to-end tests use more of it")]
#[path = "../../support/mock/mod.rs"]
mod mock;

use std::io::{Error, Write};

const USAGE: &str =
    "usage: mock_provider --name NAME [--host 127.0.0.1] [--port PORT]   (port 0: any free one)";

// Without the macro of tokio, which takes longer to build than the rest of the program.
fn main() -> std::io::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> std::io::Result<()> {
    let (name, host, port) = arguments().ok_or_else(|| Error::other(USAGE))?;
    let provider = mock::Mock::start_on(&host, &name, port).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{name} listens on {host}:{}", provider.port())?;
    out.flush()?;
    tokio::signal::ctrl_c().await
}

fn arguments() -> Option<(String, String, u16)> {
    let (mut name, mut host, mut port) = (None, "127.0.0.1".to_owned(), 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--name" => name = Some(arguments.next()?),
            "--host" => host = arguments.next()?,
            "--port" => port = arguments.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some((name?, host, port))
}
