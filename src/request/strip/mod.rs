//! What of a request only one account can read, found again in its body: where it stands, and the
//! edits that leave it out where the request goes to another account.
//!
//! The tables of documents say what such a thing is and what becomes of it (`Parting`), so nothing
//! that the scanner notices is without a rule. This pass is made only where it is asked for: by a
//! request with state that may cross a boundary, and by explain. It is strict: what it does not
//! understand stays, and then nothing is left out at all.
//!
//! Knows what a document is made of, and neither deployments nor configuration.

mod edits;
mod follow;
mod marks;
mod open;

use std::fmt;

use super::path::Entry;
use super::provider_state::{ProviderState, StateName};
use super::rewrite::Edit;
use super::scan::{Lexer, ScanError};

use follow::StateWalker;

pub use edits::with_removal;

/// Most edits that one body may need. They are handed over to the attempts, so what a client sends
/// must not grow them without bound.
const MOST_EDITS: usize = 4096;
/// Most places that are told.
const MOST_PLACES: usize = 8;

/// What a body carries that only one account can read, and how it is left out.
#[derive(Debug)]
pub struct StateReport {
    /// Which kinds there are.
    pub state: ProviderState,
    /// Where the first of it stands, eight places at most.
    pub places: Vec<StatePlace>,
    /// The edits that leave out all that is encrypted or signed, or why nothing can be left out.
    pub removal: Result<Vec<Edit>, Bound>,
}

/// A place of a body where something stands that only one account can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePlace {
    /// Its path, as in `input[3].encrypted_content`. Keys that no table knows are `*`.
    pub at: String,
    /// What it is.
    pub kind: StateName,
}

/// Why a request cannot leave those who can read its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The provider keeps some of it.
    Stored,
    /// It is more than thoughts, or nothing that is understood.
    Inseparable,
    /// The thoughts belong to calls of tools that are being answered.
    Loop,
    /// Nothing would be left of a message.
    Emptied,
    /// An item beside it has an id that may refer to it.
    Id,
    /// There is more of it than is edited.
    TooMuch,
    /// The body is not at hand as a whole.
    Unread,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "the provider keeps some of it",
            Self::Inseparable => "some of it is more than thoughts",
            Self::Loop => "the thoughts belong to calls of tools that are being answered",
            Self::Emptied => "nothing would be left of a message",
            Self::Id => "an item beside the thoughts has an id that may refer to them",
            Self::TooMuch => "there is too much of it",
            Self::Unread => "the body is not held as a whole",
        })
    }
}

/// A pass over a JSON body that looks for state alone. The body has been accepted by the scanner
/// before.
#[derive(Debug)]
pub struct StateScan {
    lexer: Lexer,
    walker: StateWalker,
}

impl StateScan {
    /// Returns a pass of which nothing has been read.
    #[must_use]
    pub fn new(entry: Entry) -> Self {
        Self { lexer: Lexer::new(), walker: StateWalker::new(entry.document.shape) }
    }

    /// Reads the next chunk of the body.
    ///
    /// # Errors
    /// The body is no JSON.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        self.lexer.feed(chunk, &mut self.walker).map(|_| ())
    }

    /// Ends the body, and returns what was found.
    ///
    /// # Errors
    /// The body is no whole JSON document.
    pub fn finish(mut self) -> Result<StateReport, ScanError> {
        self.lexer.finish(&mut self.walker)?;
        Ok(self.walker.into_report())
    }
}
