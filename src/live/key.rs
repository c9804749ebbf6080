//! Where additions are kept in shared data, and how workers learn that they have changed.

use crate::host::SharedData;

/// Starts every key of this module; the digit is the layout version of the values.
pub(super) const PREFIX: &str = "pointsman/live/1/";

/// Its version is the generation.
const GENERATION: &str = "pointsman/live/1/generation";

/// A version with which a value is written whatever is there.
pub(super) const WHATEVER: u32 = 0;

/// Tries of a change before it is given up. No request waits for one, so there are more
/// than for the records of deployments.
pub(super) const TRIES: u32 = 256;

/// The generation of the additions; it differs from all before it.
pub fn generation<S: SharedData + ?Sized>(shared: &S) -> Option<u32> {
    shared.read(GENERATION).map(|(_, version)| version)
}

/// Lets all workers know that something is new.
pub(super) fn announce<S: SharedData + ?Sized>(shared: &S) {
    // Every write has a version of its own, so that it needs no number and meets no
    // conflict.
    let _ = shared.write(GENERATION, &[1], WHATEVER);
}
