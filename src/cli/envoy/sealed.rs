//! Files that this tool has written and writes again: it replaces none that somebody has edited.
//!
//! The first line of each has a checksum of the rest. A file without that line, or with another rest, is
//! somebody's own.

use std::path::{Path, PathBuf};

use crate::cli::io::{ToolError, write_file};
use crate::hash;

/// What the first line begins with, before the checksum.
const SEAL: &str = "# Written by `pointsman envoy --dynamic`, which does not replace it if it is edited. Checksum: ";

/// Writes a text with its first line.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(file: &Path, text: &str) -> Result<(), ToolError> {
    let text = format!("{}\n", text.trim_end());
    write_file(file, &format!("{}{text}", seal(&text)))
}

/// Makes sure that each of these files may be replaced.
///
/// # Errors
/// One is there that was edited, or that this tool has not written: a line for each.
pub(super) fn may_replace(files: &[PathBuf]) -> Result<(), ToolError> {
    let edited = |file: &&PathBuf| {
        std::fs::read_to_string(file).is_ok_and(|text| {
            let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
            text != format!("{}{rest}", seal(rest))
        })
    };
    let lines: Vec<String> = files
        .iter()
        .filter(edited)
        .map(|file| {
            format!(
                "{}: was edited since it was written, so nothing is written; put filters of your \
                 own into a file for --filters, or give --force to replace it",
                file.display()
            )
        })
        .collect();
    if lines.is_empty() { Ok(()) } else { Err(ToolError::unusable(lines.join("\n"))) }
}

fn seal(text: &str) -> String {
    format!("{SEAL}{:016x}\n", hash::of(text.as_bytes()))
}
