//! What is configured, as operators see it: one line in the log, and metrics. It is the version of
//! the module, and the hash of the document.
//!
//! The first worker that is configured writes the line and leaves a note in shared data. The
//! other workers, and the attempt filters of each cluster with the same document, find the note and
//! write nothing.

use log::Level;

use crate::config::Config;
use crate::host::Host;
use crate::metrics::{Meter, table};

use super::event::millis;

/// The version in Cargo.toml.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The key in shared data for the notes: what was logged in this process, and when.
const KEY: &str = "pointsman/version";

/// For so long a note keeps others from logging the same, in milliseconds. Workers start together.
/// A document that comes back later, as after a roll-back, is logged again.
const HOLDS_MS: u64 = 60_000;

/// So many notes are kept: each listener may have a document of its own.
const MOST_NOTES: usize = 16;

/// Shows the version and the document's hash as metrics, and logs them once in each process.
pub(super) fn announce<H: Host + ?Sized>(host: &H, meter: &Meter, config: &Config) {
    meter.put(host, &table::BUILD, &[VERSION], 1);
    let now_ms = millis(host.now());
    let hash = config.document_hash.as_str();
    let noted = host.read(KEY);
    let text = noted.as_ref().and_then(|(text, _)| str::from_utf8(text).ok()).unwrap_or_default();
    let is_logged = |line: &str| {
        let at_ms = line.strip_prefix(&subject(hash)).and_then(|at| at.parse().ok());
        at_ms.is_some_and(|at_ms: u64| now_ms.abs_diff(at_ms) < HOLDS_MS)
    };
    if text.lines().any(is_logged) {
        return;
    }
    let mut notes = format!("{}{now_ms}", subject(hash));
    for line in text.lines().take(MOST_NOTES.saturating_sub(1)) {
        notes.push('\n');
        notes.push_str(line);
    }
    // Of workers that start at once, one writes first; the write of the others fails, and
    // they stay silent. An absent key accepts any version.
    let version = noted.map_or(u32::MAX, |(_, version)| version);
    if host.write(KEY, notes.as_bytes(), version).is_ok() {
        let line = format!("pointsman {VERSION} is configured with the document {hash}");
        host.log(Level::Info, &line);
    }
}

/// Returns the beginning of a note: all but the time.
fn subject(hash: &str) -> String {
    format!("{VERSION} {hash} ")
}
