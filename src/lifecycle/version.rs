//! The version of the module, as operators see it: one line in the log, and a metric.
//!
//! The first worker that is configured writes the line and leaves a note in shared data. The
//! other workers, the attempt filters of each cluster and later configurations find the note
//! and write nothing.

use log::Level;

use crate::host::Host;
use crate::metrics::{Meter, table};

/// The version in Cargo.toml.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The key in shared data for the version that was last logged in this process.
const KEY: &str = "pointsman/version";

/// Shows the version as a metric, and logs it once in each process.
pub(super) fn announce<H: Host + ?Sized>(host: &H, meter: &Meter) {
    meter.put(host, &table::BUILD, &[VERSION], 1);
    // An upgraded module finds the version of the one before it, and logs its own.
    let logged = host.read(KEY);
    if logged.as_ref().is_some_and(|(version, _)| version == VERSION.as_bytes()) {
        return;
    }
    // Of workers that start at once, one writes first; the write of the others fails, and
    // they stay silent. An absent key accepts any version.
    let version = logged.map_or(u32::MAX, |(_, version)| version);
    if host.write(KEY, VERSION.as_bytes(), version).is_ok() {
        host.log(Level::Info, concat!("pointsman ", env!("CARGO_PKG_VERSION"), " is configured"));
    }
}
