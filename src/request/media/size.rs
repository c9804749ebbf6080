//! What is measured.

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
