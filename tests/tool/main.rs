//! The native tool on whole files: replay, lint and envoy.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod envoy;
mod lint;
mod page;
mod replay;

use std::io::Write;
use std::process::{Command, Stdio};

/// The result of a run.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs the tool at the repository's root.
fn pointsman(arguments: &[&str]) -> Ran {
    with_input(arguments, "")
}

/// Does the same, with text on its standard input.
fn with_input(arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pointsman"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool that refuses its arguments does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Writes a file with this text for this run. Returns its path.
fn file(name: &str, text: &str) -> String {
    let folder = format!("{}/tool", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).unwrap();
    let file = format!("{folder}/{name}");
    std::fs::write(&file, text).unwrap();
    file
}
