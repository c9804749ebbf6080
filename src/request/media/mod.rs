//! What a picture or a recording measures, read off the front of its data, and
//! the tokens that come of it.
//!
//! The `probe` takes the data as it comes, in base64 or as it is; the `header`
//! follows it as far as the size; `price` knows the formulas of the providers.
//! What the data is its first bytes say, not what the client says of it.
//!
//! Invariants: constant memory; the same for every chunking; no more than the
//! first 256 KiB are looked into, and what follows is only counted.

mod header;
mod price;
mod probe;

pub use price::{Measured, Pricing};
pub use probe::Probe;

/// A size that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// A picture.
    Picture {
        /// In pixels, 1 to 65,535.
        width: u32,
        /// In pixels, 1 to 65,535.
        height: u32,
    },
    /// Sound that is not packed, or evenly.
    Sound {
        /// All bytes that follow the header.
        bytes: u64,
        /// In a second; no fewer than [`Media::SLOWEST`].
        bytes_a_second: u32,
    },
}

impl Media {
    /// The fewest bytes that a second of sound may have.
    pub const SLOWEST: u32 = 500;
}

#[cfg(test)]
mod price_tests;
#[cfg(test)]
mod tests;
