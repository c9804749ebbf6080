//! Streaming JSON scan of a request body: facts, spans, validity, in one pass
//! and any chunking, without a DOM.
//!
//! Layers, each knowing only the one before it: the `lexer` makes events of
//! bytes, the `walker` follows a document's table through them. The result is
//! the same for every chunking; memory does not grow with the body.

mod capture;
mod counted;
mod decode;
mod error;
mod event;
mod follow;
mod frame;
mod input;
mod labels;
mod layout;
mod lexer;
mod number;
mod places;
mod run;
mod scanner;
mod session;
mod spec;
mod string;
mod tally;
mod texts;
mod value;
mod walker;

pub(super) use capture::Capture;
pub use error::ScanError;
pub(super) use event::{Container, Gathers, Scalar, Sink};
pub use layout::{Layout, Member, Scan};
pub(super) use lexer::Lexer;
pub(crate) use run::plain_length;
pub use scanner::Scanner;
pub use spec::{Looks, Searched, Spec};
pub(super) use tally::OutputWish;
pub use texts::{BodyText, BodyTexts, Hidden, HiddenKind, KeywordMark, TextFate, TextScan};
pub(super) use value::{is_kept_file, is_said, longest, output};

#[cfg(test)]
mod media_tests;
#[cfg(test)]
mod repeat_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;
