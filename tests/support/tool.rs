//! Runs the native tool as people do, and writes the files that it reads.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the tool at the repository's root.
pub(crate) fn pointsman(arguments: &[&str]) -> Ran {
    with_input(arguments, "")
}

/// Does the same, with text on its standard input.
pub(crate) fn with_input(arguments: &[&str], input: &str) -> Ran {
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

/// Writes a file with this text, and returns its path, which ends in `/name`.
///
/// Tests run at the same time, in threads or in processes, and several write the same text. So a
/// file appears whole, by a rename, in a folder of its own for each text.
pub(crate) fn file(name: &str, text: &str) -> String {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let folder = format!("{}/tool/{:016x}", env!("CARGO_TARGET_TMPDIR"), hasher.finish());
    std::fs::create_dir_all(&folder).unwrap();
    let (number, process) = (WRITTEN.fetch_add(1, Ordering::Relaxed), std::process::id());
    let unfinished = format!("{folder}/{name}.{process}.{number}");
    let file = format!("{folder}/{name}");
    std::fs::write(&unfinished, text).unwrap();
    std::fs::rename(&unfinished, &file).unwrap();
    file
}
