//! What every command reads and returns: files, configurations, a result or an error.
//!
//! Decides which exit code an error has. Knows no command.

use std::fmt::Display;
use std::path::Path;

use serde::Serialize;

use crate::config::{self, Config, Role};

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

/// Returns the bytes of a file.
///
/// # Errors
/// The file cannot be read; the message begins with its name.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, ToolError> {
    std::fs::read(file).map_err(|error| unreadable(file.display(), &error))
}

/// Returns the error for an input that cannot be read; `name` is what the user calls it.
///
/// The exit code is 2: the command had nothing to work on.
pub(super) fn unreadable(name: impl Display, error: &std::io::Error) -> ToolError {
    ToolError::unusable(format!("{name}: cannot be read: {error}"))
}

/// Parses the configuration that a command works with.
///
/// # Errors
/// All problems of the configuration, one a line. They make the command impossible, so the
/// exit code is 2; only `pointsman check`, which looks for problems, exits with 1.
pub(super) fn parse(bytes: &[u8]) -> Result<Config, ToolError> {
    config::parse(bytes).map_err(ToolError::unusable)
}

/// Reads a configuration to write Envoy's or Istio's from: its bytes, and what they say.
///
/// # Errors
/// As [`read`] and [`parse`], and where the configuration has the role of the attempt
/// filter. Both commands derive that one from the router's.
pub(super) fn router_config(file: &Path) -> Result<(Vec<u8>, Config), ToolError> {
    let bytes = read(file)?;
    let config = parse(&bytes)?;
    if config.role == Role::Attempt {
        let message = "role: wanted the configuration of the filter that decides, not of attempts";
        return Err(ToolError::unusable(message));
    }
    Ok((bytes, config))
}

/// Returns a value as JSON with line breaks and indentation.
///
/// # Errors
/// None for the types of this tool: their maps have texts as keys.
pub(super) fn pretty_json(value: &impl Serialize) -> Result<String, ToolError> {
    serde_json::to_string_pretty(value).map_err(ToolError::unusable)
}
