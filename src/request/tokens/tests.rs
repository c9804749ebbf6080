//! Estimates against true counts.
