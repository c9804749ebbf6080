//! Where the bodies of each wire format keep their facts: one [`Document`] for each kind of
//! body, in the file of the vendor whose API it is.
//!
//! The scanner reads these tables and nothing else about a format. A new kind of body is a
//! static in one of these files; the paths on which it is sent are rows of
//! [`format`](super::format).
//!
//! Every string of a body is searched for keywords and counted unless a table says that it
//! cannot reach the model as prompt (`Place::SETTING`, `Place::ID`, `Place::OPAQUE`,
//! `Place::MEDIA`). So a table that lacks a key is strict, never blind.

pub(super) mod anthropic;
mod common;
pub(super) mod gemini;
mod kind;
pub(super) mod openai;
pub(super) mod other;
mod part;
mod place;
mod responses;
mod spelling;
mod tool;
mod word;

pub use kind::Document;
pub(super) use place::{ObjectKind, ObjectShape, Place};
pub(super) use spelling::is_same_but_for_case;
pub(super) use word::{Modality, OutputBound, Parting, Plain, Saying, TextClass, Word};

#[cfg(test)]
mod state_tests;
#[cfg(test)]
mod tests;
