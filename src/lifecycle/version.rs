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

/// Longest notes, in bytes: some forty of them, since each listener may have a document of its own.
/// Longer ones begin anew, and then a line may be logged twice.
const LONGEST: usize = 1024;

/// Shows the version as a metric, and logs it with the document's hash once in each process.
pub(super) fn announce<H: Host + ?Sized>(host: &H, meter: &Meter, config: &Config) {
    meter.put(host, &table::BUILD, &[VERSION], 1);
    let own = note(config);
    // An absent key accepts any version.
    let (text, version) = host.read(KEY).unwrap_or((Vec::new(), u32::MAX));
    let mut others = without(&text, &own);
    if others.len() < text.len() {
        return;
    }
    if others.len() > LONGEST {
        others.clear();
    }
    let notes = format!("{own}\n{others}");
    // Of workers that start at once, one writes first; the write of the others fails, and
    // they stay silent.
    if host.write(KEY, notes.as_bytes(), version).is_ok() {
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
    let Some((text, version)) = host.read(KEY) else { return };
    let others = without(&text, &own);
    if others.len() < text.len() {
        let _ = host.write(KEY, others.as_bytes(), version);
    }
}

/// Returns the notes, a line each, without one of them. So the result is shorter if that one was
/// there.
#[inline(never)]
fn without(notes: &[u8], own: &str) -> String {
    let mut others = String::new();
    let lines = str::from_utf8(notes).unwrap_or_default().lines();
    for note in lines.filter(|note| *note != own) {
        others.push_str(note);
        others.push('\n');
    }
    others
}

/// Returns the note of a document: version and hash.
fn note(config: &Config) -> String {
    format!("{VERSION} {}", config.document_hash)
}
