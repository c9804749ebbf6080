//! What a picture or a recording measures, read off the front of its data, and
//! the tokens that come of it.
//!
//! The `probe` takes the data as it comes, in base64 or as it is; the `header`
//! follows it as far as the size; `formula` is what the providers publish.
//! What the data is its first bytes say, not what the client says of it.
//!
//! Invariants: constant memory; the same for every chunking; no more than the
//! first 256 KiB are looked into, and what follows is only counted.

mod formula;
mod header;
mod price;
mod probe;
mod size;

pub use formula::Formula;
pub use price::{Measured, Pricing};
pub use probe::Probe;
pub use size::Media;

#[cfg(test)]
mod price_tests;
#[cfg(test)]
mod tests;
