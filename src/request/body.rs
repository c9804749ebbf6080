//! The scan of a body, whatever it is written in.

use super::credential::Naming;
use super::form::FormScanner;
use super::scan::{Layout, Looks, Scan, ScanError, Scanner, Spec};

/// A scan under way, with the methods that both scanners have.
#[derive(Debug)]
pub enum BodyScanner {
    /// Of JSON.
    Json(Box<Scanner>),
    /// Of a form.
    Form(Box<FormScanner>),
}

macro_rules! either {
    ($self:ident, $scanner:ident => $result:expr) => {
        match $self {
            Self::Json($scanner) => $result,
            Self::Form($scanner) => $result,
        }
    };
}

impl BodyScanner {
    /// Returns a scan of JSON, or of a form with this boundary.
    #[must_use]
    pub fn new(spec: &Spec, boundary: Option<&str>) -> Self {
        match boundary {
            Some(boundary) => Self::Form(Box::new(FormScanner::new(spec, boundary))),
            None => Self::Json(Box::new(Scanner::new(spec))),
        }
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// As soon as the body can no longer be accepted.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ScanError> {
        either!(self, scanner => scanner.feed(chunk))
    }

    /// Reads the next chunk as far as the first model, and returns what is left of it.
    ///
    /// # Errors
    /// As soon as the body can no longer be accepted.
    pub fn feed_to_model<'c>(&mut self, chunk: &'c [u8]) -> Result<&'c [u8], ScanError> {
        either!(self, scanner => scanner.feed_to_model(chunk))
    }

    /// Returns whether the scan has stopped at the first model.
    #[must_use]
    pub const fn is_at_model(&self) -> bool {
        either!(self, scanner => scanner.is_at_model())
    }

    /// Returns the model where the scan has stopped at it; `None` where text came before it.
    #[must_use]
    pub fn early_model(&self) -> Option<&str> {
        either!(self, scanner => scanner.early_model())
    }

    /// Goes on after the model, looking at that much of the text that follows.
    pub fn go_on(&mut self, looks: Looks) {
        either!(self, scanner => scanner.go_on(looks));
    }

    /// Goes on for validity alone; another model is an error from now on.
    pub fn release(&mut self) {
        either!(self, scanner => scanner.release());
    }

    /// Refuses these members from now on.
    ///
    /// # Errors
    /// One of them is being read.
    pub fn seal(&mut self, members: Naming) -> Result<(), ScanError> {
        either!(self, scanner => scanner.seal(members))
    }

    /// Returns the places found so far.
    #[must_use]
    pub fn layout(&self) -> Layout {
        either!(self, scanner => scanner.layout())
    }

    /// Ends the body and returns what was in it.
    ///
    /// # Errors
    /// If it is not whole, or says what it cannot mean.
    pub fn finish(self) -> Result<Scan, ScanError> {
        either!(self, scanner => scanner.finish())
    }
}
