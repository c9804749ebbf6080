//! Where the bodies of each wire format keep their facts: one [`Document`] for each kind of
//! body, in the file of the vendor whose API it is.
//!
//! The scanner reads these tables and nothing else about a format. A new kind of body is a
//! static in one of these files; the paths on which it is sent are rows of
//! [`format`](super::format).

pub(super) mod anthropic;
mod common;
pub(super) mod gemini;
pub(super) mod openai;
pub(super) mod other;
mod place;

pub use place::Document;
pub(super) use place::{
    Modality, ObjectKind, ObjectShape, OutputBound, Place, Plain, Saying, Word,
    is_same_but_for_case,
};

#[cfg(test)]
mod tests;
