//! Finds the state in a request: what only one account can read, because it is encrypted, signed or
//! stored there. Says where in the body it stands, and which edits leave it out for another account.
//!
//! The tables of documents say what state is and what becomes of it (`Parting`), so there is a rule for
//! everything that the scanner notices. The body is read this second time only for a request with state
//! that may cross a boundary, and for explain. The pass is strict: if it does not understand something,
//! it leaves out nothing at all.
//!
//! Knows what a document is made of. Knows neither deployments nor configuration.

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

/// Most edits that one body may need. They are handed over to the attempts, so a client must not be
/// able to make them grow without bound.
const MOST_EDITS: usize = 4096;
/// Most places that are reported.
const MOST_PLACES: usize = 8;

/// What a body carries that only one account can read, and how it is left out.
#[derive(Debug)]
pub struct StateReport {
    /// Which kinds of state there are.
    pub state: ProviderState,
    /// Where the first state stands, eight places at most.
    pub places: Vec<StatePlace>,
    /// The edits that leave out everything encrypted or signed, or the reason why nothing can be.
    pub removal: Result<Vec<Edit>, Bound>,
}

/// A place in a body with something that only one account can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePlace {
    /// Its path, such as `input[3].encrypted_content`. A key that no table knows is shown as `*`.
    pub at: String,
    /// What it is.
    pub kind: StateName,
}

/// Why a request has to stay in the boundary of its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Some of the state is stored at the provider.
    Stored,
    /// Some of the state is not just thoughts, or is not understood.
    Inseparable,
    /// The thoughts belong to tool calls of the current turn.
    Loop,
    /// A message would be left empty.
    Emptied,
    /// An item beside the thoughts has an id that may refer to them.
    Id,
    /// It would take more than 4096 edits.
    TooMuch,
    /// The body is not held as a whole.
    Unread,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "the provider keeps some of it",
            Self::Inseparable => "some of it is not just thoughts",
            Self::Loop => "the thoughts belong to tool calls of the current turn",
            Self::Emptied => "a message would be left empty",
            Self::Id => "an item beside the thoughts has an id that may refer to them",
            Self::TooMuch => "there is too much of it",
            Self::Unread => "the body is not held as a whole",
        })
    }
}

/// A pass over a JSON body that looks only for state. The scanner has accepted the body before.
#[derive(Debug)]
pub struct StateScan {
    lexer: Lexer,
    walker: StateWalker,
}

impl StateScan {
    /// Returns a pass that has read nothing yet.
    #[must_use]
    pub fn new(entry: Entry) -> Self {
        Self { lexer: Lexer::new(), walker: StateWalker::new(entry.document.shape) }
    }

    /// Reads the next chunk of the body.
    ///
    /// # Errors
    /// The body is not JSON.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        self.lexer.feed(chunk, &mut self.walker).map(|_| ())
    }

    /// Ends the body, and returns what was found.
    ///
    /// # Errors
    /// The body is not a whole JSON document.
    pub fn finish(mut self) -> Result<StateReport, ScanError> {
        self.lexer.finish(&mut self.walker)?;
        Ok(self.walker.into_report())
    }
}
