//! How streams are divided into events: lines of text, or Amazon's frames. A leaf: it names no other module.

pub(crate) mod frames;
pub(crate) mod lines;
