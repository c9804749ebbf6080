//! What every command reads and returns: bytes, a result or an error.
//!
//! Decides which exit code an error has. Knows no command.

use std::fmt::Display;
use std::io::{Read, StdinLock, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// What a command prints to standard output, and the exit code of the process.
///
/// The code may be other than 0: a report of problems is a result.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) text: String,
    pub(super) code: u8,
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        Self { text, code: 0 }
    }
}

/// Why a command has no result: a message for standard error, and the exit code.
///
/// The two constructors are the two codes, so that no caller writes a number.
#[derive(Debug)]
pub(super) struct ToolError {
    pub(super) message: String,
    pub(super) code: u8,
}

impl ToolError {
    /// Returns an error for input that was read and has problems: exit code 1.
    pub(super) fn has_problems(problems: impl Display) -> Self {
        Self { message: problems.to_string(), code: 1 }
    }

    /// Returns an error for wrong arguments, and for a file that cannot be read or worked
    /// with: exit code 2.
    pub(super) fn unusable(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }
}

/// Returns the bytes of a file, or of standard input where that is `-`.
///
/// # Errors
/// It cannot be read; the message begins with its name.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, ToolError> {
    if file.as_os_str() != "-" {
        return std::fs::read(file).map_err(|error| unreadable(file.display(), &error));
    }
    let mut bytes = Vec::new();
    let read = standard_input()?.read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| unreadable("standard input", &error))
}

/// Returns the bytes of a body: those of a file, or the text itself where a JSON object is given for the name.
///
/// # Errors
/// The file cannot be read; the message begins with its name.
pub(super) fn read_body(given: &Path) -> Result<Vec<u8>, ToolError> {
    let text = given.as_os_str().as_encoded_bytes();
    if text.starts_with(b"{") && !given.exists() {
        return Ok(text.to_vec());
    }
    read(given)
}

/// Returns standard input.
///
/// # Errors
/// Another argument has it already: what it holds cannot be two things.
pub(super) fn standard_input() -> Result<StdinLock<'static>, ToolError> {
    static IS_TAKEN: AtomicBool = AtomicBool::new(false);
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Err(ToolError::unusable(
            "two arguments are `-`: standard input can be only one of them",
        ));
    }
    Ok(std::io::stdin().lock())
}

/// Returns the error for an input that cannot be read; `name` is what the user calls it.
///
/// The exit code is 2: the command had nothing to work on.
pub(super) fn unreadable(name: impl Display, error: &std::io::Error) -> ToolError {
    ToolError::unusable(format!("{name}: cannot be read: {error}"))
}

/// Writes a file so that whoever reads it sees the old text or the new one: Envoy reads a file
/// again when another one takes its place.
///
/// # Errors
/// The file cannot be written; the message begins with its name.
pub(super) fn write_file(file: &Path, text: &str) -> Result<(), ToolError> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".new");
    let written =
        std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, file));
    written.map_err(|error| {
        ToolError::unusable(format!("{}: cannot be written: {error}", file.display()))
    })
}

/// Returns the whole path of a file on the machine that runs Envoy. A path that is whole already needs no
/// file here. Links stay as they are, because another file may take the place of theirs.
///
/// # Errors
/// The path is relative, and there is no such file here.
pub(super) fn whole_path(option: &str, path: &Path) -> Result<PathBuf, ToolError> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    let whole = path.metadata().and_then(|_| std::path::absolute(path));
    whole.map_err(|error| {
        ToolError::unusable(format!(
            "{option} {}: {error}; give the file's whole path on the machine that runs Envoy",
            path.display()
        ))
    })
}

/// Writes lines to standard error, for people. Where nobody reads them, nothing is lost.
pub(super) fn note(lines: impl IntoIterator<Item = impl Display>) {
    for line in lines {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Returns a value as JSON with line breaks and indentation.
///
/// # Errors
/// None for the types of this tool: their maps have texts as keys.
pub(super) fn pretty_json(value: &impl Serialize) -> Result<String, ToolError> {
    serde_json::to_string_pretty(value).map_err(ToolError::unusable)
}
