//! Control headers.
