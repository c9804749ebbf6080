//! What a command comes to, and the files that all of them read.

use std::fmt::Display;
use std::path::Path;

/// What ends the tool without a result.
#[derive(Debug)]
pub(super) struct ToolFailure {
    pub(super) code: u8,
    pub(super) message: String,
}

impl ToolFailure {
    pub(super) fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

/// What is printed, and the exit code.
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

/// Returns what a file holds.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, ToolFailure> {
    std::fs::read(file).map_err(|error| {
        ToolFailure::new(2, format!("{}: cannot be read: {error}", file.display()))
    })
}
