//! The one reader of a request's body: for the filter, which has it in windows as it
//! comes, and for explain, replay, the playground and the case tables, which have it whole.
//!
//! Pure: bytes in, facts out. The reader stops once, where the model is known, and asks
//! there what the rest is to be looked at for.

use std::sync::Arc;

use crate::config::Config;
use crate::request::body::BodyScanner;
use crate::request::facts::RequestFacts;
use crate::request::scan::{Layout, Looks, Scan, ScanError, Spec};

use super::intake::{Intake, Written};
use super::unread::Unread;

/// A body that is being read.
#[derive(Debug)]
pub(super) struct RequestReader {
    scanner: BodyScanner,
    /// What the scanner looks at beyond the document's structure.
    looks: Looks,
    /// How much has been read, in bytes.
    seen: usize,
    is_model_awaited: bool,
}

/// How the reader goes on after the model.
#[derive(Debug, Clone, Copy)]
pub(super) enum Onward {
    /// It looks at that much.
    Look(Looks),
    /// The request has been decided by its model: another model in the body is an error.
    Released(Looks),
}

impl RequestReader {
    /// Returns a reader of a request's body that looks at that much; `None` where the
    /// request has no body. `seed` draws which part of long texts is estimated.
    ///
    /// # Errors
    /// A form whose content type names no boundary.
    pub(super) fn new(
        config: &Config,
        intake: &Intake,
        looks: Looks,
        seed: u64,
    ) -> Result<Option<Self>, Unread> {
        let boundary = match &intake.written {
            Written::Nothing => return Ok(None),
            Written::Json => None,
            Written::Form(boundary) => {
                Some(boundary.as_deref().map_err(|error| Unread::Unparsable(*error))?)
            }
        };
        let spec = Spec {
            entry: intake.call.entry,
            keywords: Arc::clone(&config.keywords),
            costs: config.tokens,
            watched: Arc::clone(&config.override_keys),
            looks,
            seed,
        };
        let scanner = BodyScanner::new(&spec, boundary);
        Ok(Some(Self { scanner, looks, seen: 0, is_model_awaited: true }))
    }

    /// Returns how much has been read, in bytes.
    pub(super) const fn seen(&self) -> usize {
        self.seen
    }

    /// Returns what it looks at.
    pub(super) const fn looks(&self) -> Looks {
        self.looks
    }

    /// Returns the model, where the path names it or the body does before any text.
    pub(super) fn early_model<'a>(&'a self, intake: &'a Intake) -> Option<&'a str> {
        intake.call.model().or_else(|| self.scanner.early_model())
    }

    /// Returns the places that have been found so far.
    pub(super) fn layout(&self) -> Layout {
        self.scanner.layout()
    }

    /// Reads the next window. Where the model becomes known in it, `at_model` is asked
    /// first, and once, how to go on.
    ///
    /// # Errors
    /// As soon as the body can no longer be accepted.
    pub(super) fn read(
        &mut self,
        intake: &Intake,
        window: &[u8],
        at_model: impl FnOnce(&Self) -> Onward,
    ) -> Result<(), ScanError> {
        self.seen = self.seen.saturating_add(window.len());
        if !self.is_model_awaited {
            return self.scanner.feed(window);
        }
        let is_named = intake.call.names_model();
        let rest = if is_named { window } else { self.scanner.feed_to_model(window)? };
        if is_named || self.scanner.is_at_model() {
            self.is_model_awaited = false;
            match at_model(self) {
                Onward::Look(looks) => {
                    self.looks = looks;
                    self.scanner.go_on(looks);
                }
                Onward::Released(looks) => {
                    // Where the path names the model, one in the body is none.
                    if !is_named {
                        self.scanner.release();
                    }
                    self.scanner.go_on(looks);
                }
            }
        }
        self.scanner.feed(rest)
    }

    /// Returns what the body said, once it has ended.
    ///
    /// # Errors
    /// A body that is not whole, or says what it cannot mean.
    pub(super) fn finish(self) -> Result<Scan, ScanError> {
        self.scanner.finish()
    }

    /// Returns the scanner, for a body that goes on while it is read.
    pub(super) fn into_scanner(self) -> BodyScanner {
        self.scanner
    }
}

/// Returns the scan of a request that has no body.
pub(super) fn nothing(intake: &Intake) -> Scan {
    Scan { facts: RequestFacts::new(intake.call.entry), layout: Layout::default() }
}
