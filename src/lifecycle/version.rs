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

/// The version in Cargo.toml.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The key in shared data for the notes: what was logged in this process.
const KEY: &str = "pointsman/version";

/// So many notes are kept: each listener may have a document of its own.
const MOST_NOTES: usize = 16;

/// Shows the version as a metric, and logs it with the document's hash once in each process.
pub(super) fn announce<H: Host + ?Sized>(host: &H, meter: &Meter, config: &Config) {
    meter.put(host, &table::BUILD, &[VERSION], 1);
    let own = note(config);
    let (version, notes) = notes(host);
    if notes.contains(&own) {
        return;
    }
    let kept = notes.into_iter().take(MOST_NOTES.saturating_sub(1));
    let all: Vec<String> = [own].into_iter().chain(kept).collect();
    // Of workers that start at once, one writes first; the write of the others fails, and
    // they stay silent. An absent key accepts any version.
    if host.write(KEY, all.join("\n").as_bytes(), version).is_ok() {
        let hash = &config.document_hash;
        let line = format!("pointsman {VERSION} is configured with the document {hash}");
        host.log(Level::Info, &line);
    }
}

/// Takes the note of a document away, since its configuration goes. So it is logged again if it
/// comes back, as after a roll-back. A write that is lost leaves the note, which only keeps a line
/// out of the log.
pub(super) fn forget<H: Host + ?Sized>(host: &H, config: &Config) {
    let own = note(config);
    let (version, mut notes) = notes(host);
    if notes.contains(&own) {
        notes.retain(|note| *note != own);
        let _ = host.write(KEY, notes.join("\n").as_bytes(), version);
    }
}

/// Returns the note of a document: version and hash.
fn note(config: &Config) -> String {
    format!("{VERSION} {}", config.document_hash)
}

/// Returns all notes, and their version in shared data.
fn notes<H: Host + ?Sized>(host: &H) -> (u32, Vec<String>) {
    let Some((text, version)) = host.read(KEY) else { return (u32::MAX, Vec::new()) };
    let text = str::from_utf8(&text).unwrap_or_default();
    (version, text.lines().map(str::to_owned).collect())
}
