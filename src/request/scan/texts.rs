//! Every string of a body, and what a scan makes of it: for explanations, which show what was searched
//! for keywords, what was not, and why.
//!
//! The body is followed by the same walker as in the filter. What stands here only watches it, between
//! the lexer and the walker, so it has no rules of its own and costs the filter nothing. All texts are
//! kept, so memory grows with the body.

mod fate;
mod found;
mod marks;
mod recorder;

use super::error::ScanError;
use super::lexer::Lexer;
use super::spec::Spec;

pub use fate::TextFate;
pub use found::{BodyText, BodyTexts, Hidden, HiddenKind};
pub use marks::KeywordMark;

use recorder::Recorder;

/// A scan of a JSON body that keeps its texts.
#[derive(Debug)]
pub struct TextScan {
    lexer: Lexer,
    recorder: Recorder,
}

impl TextScan {
    /// Returns a scan of a body of which nothing has been seen.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        Self { lexer: Lexer::new(), recorder: Recorder::new(spec) }
    }

    /// Reads the next chunk of the body.
    ///
    /// # Errors
    /// The body cannot be accepted.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        self.lexer.feed(chunk, &mut self.recorder)?;
        self.recorder.refused().map_or(Ok(()), Err)
    }

    /// Ends the body, and returns what stands in it.
    ///
    /// # Errors
    /// The body is not a whole JSON object, or contradicts itself.
    pub fn finish(mut self) -> Result<BodyTexts, ScanError> {
        self.lexer.finish(&mut self.recorder)?;
        self.recorder.refused().map_or(Ok(()), Err)?;
        Ok(self.recorder.into_texts())
    }
}
