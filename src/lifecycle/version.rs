//! Which version serves, for those who look on: one line in the log, and a metric.
//!
//! The line comes from the first worker that is configured; shared data remembers it, so
//! that the others, the attempt filters and later configurations are silent.

use log::Level;

use crate::host::Host;
use crate::metrics::{Meter, table};

/// As Cargo.toml has it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the version that was told of is kept.
const KEY: &str = "pointsman/version";

/// Tells of the version, once in each process, and shows it as a metric.
pub(super) fn tell<H: Host + ?Sized>(host: &H, meter: &Meter) {
    meter.put(host, &table::BUILD, &[VERSION], 1);
    let told = host.read(KEY);
    if told.as_ref().is_some_and(|(version, _)| version == VERSION.as_bytes()) {
        return;
    }
    // Of workers that start at once one writes first. An absent key takes any version.
    let version = told.map_or(u32::MAX, |(_, version)| version);
    if host.write(KEY, VERSION.as_bytes(), version).is_ok() {
        host.log(Level::Info, concat!("pointsman ", env!("CARGO_PKG_VERSION"), " is configured"));
    }
}
