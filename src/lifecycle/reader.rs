//! The one reader of a request's body. The filter gives it the body in windows as they come;
//! explain, replay, the playground and the case tables give it the whole.
//!
//! It is pure: bytes in, facts out. It stops once, where the model becomes known, and asks
//! its caller there how much of the rest to look at.

use std::sync::Arc;

use crate::config::Config;
use crate::request::body::BodyScanner;
use crate::request::content_type::BodyType;
use crate::request::credential::Naming;
use crate::request::facts::RequestFacts;
use crate::request::scan::{Layout, Looks, Scan, ScanError, Spec};

use super::intake::Intake;
use super::unread::Unread;

/// Reads a body window by window, for whoever needs the facts: the filter, explain, and a second
/// look at a body that is held.
#[derive(Debug)]
pub(super) struct RequestReader {
    scanner: BodyScanner,
    /// What the scanner looks at in addition to the structure of the document, such as
    /// keywords and the number of tokens.
    looks: Looks,
    /// How much of the body has been read, in bytes.
    seen: usize,
    /// Whether `at_model` is still to be called.
    is_model_awaited: bool,
}

/// How the reader goes on once the model is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Onward {
    /// It looks at this much of the rest.
    Look(Looks),
    /// The request has been decided by its model, and looks at this much of the rest. A second
    /// `model` in the body is an error from here on: the provider would serve that one.
    Released(Looks),
}

impl RequestReader {
    /// Returns a reader for a request's body; `None` where the request has no body.
    ///
    /// `looks` says what to look at beyond the structure, and `seed` draws which part of a
    /// long text is estimated.
    ///
    /// # Errors
    /// The reason not to read a body of its content type.
    pub(super) fn new(
        config: &Config,
        intake: &Intake,
        looks: Looks,
        seed: u64,
    ) -> Result<Option<Self>, Unread> {
        let boundary = match &intake.body {
            Ok(None) => return Ok(None),
            Ok(Some(BodyType::Json)) => None,
            Ok(Some(BodyType::Form(boundary))) => Some(boundary.as_str()),
            Err(bad) => return Err(Unread::ContentType(bad.clone())),
        };
        let scanner = BodyScanner::new(&spec(config, intake, looks, seed), boundary);
        Ok(Some(Self { scanner, looks, seen: 0, is_model_awaited: true }))
    }

    /// Returns how much of the body has been read, in bytes.
    pub(super) const fn seen(&self) -> usize {
        self.seen
    }

    /// Returns what the scanner looks at by now.
    pub(super) const fn looks(&self) -> Looks {
        self.looks
    }

    /// Returns the model, if the path names it, or the body does before the text of the
    /// prompt. A request can go on early only then.
    pub(super) fn early_model<'a>(&'a self, intake: &'a Intake) -> Option<&'a str> {
        let of_body = || self.scanner.early_model().filter(|_| intake.call.entry.has_model);
        intake.call.model().or_else(of_body)
    }

    /// Refuses from now on the members of the body that the provider must not get: the request goes
    /// on with the edits of what has been read.
    ///
    /// # Errors
    /// The value of such a member has begun and has not ended.
    pub(super) fn seal(&mut self, held_back: Naming) -> Result<(), ScanError> {
        self.scanner.seal(held_back)
    }

    /// Returns where in the body the values stand that may be rewritten, as far as they have
    /// been found.
    pub(super) fn layout(&self) -> Layout {
        self.scanner.layout()
    }

    /// Reads the next window of the body.
    ///
    /// The reader calls `at_model` at most once for a body: in the window in which the model
    /// becomes known, before it reads on. Where the path names the model, that is at the
    /// beginning of the first window.
    ///
    /// # Errors
    /// The error of the scanner, as soon as the body can no longer be accepted.
    pub(super) fn read(
        &mut self,
        intake: &Intake,
        window: &[u8],
        at_model: impl FnOnce(&Self) -> Onward,
    ) -> Result<(), ScanError> {
        self.seen = self.seen.saturating_add(window.len());
        // The common case: the model is known already, or has been in an earlier window.
        if !self.is_model_awaited {
            return self.scanner.feed(window);
        }
        // The scanner stops at the model, and what it has not read of the window comes last.
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
                    // Where the path names the model, providers ignore one in the body, so it
                    // is no error there.
                    if !is_named {
                        self.scanner.release();
                    }
                    self.scanner.go_on(looks);
                }
            }
        }
        self.scanner.feed(rest)
    }

    /// Returns what the body says. Call it once all of the body has been read.
    ///
    /// # Errors
    /// The error of the scanner for a body that is incomplete or contradicts itself.
    pub(super) fn finish(self) -> Result<Scan, ScanError> {
        self.scanner.finish()
    }

    /// Returns the scanner, which reads on while the rest of the body already goes upstream.
    pub(super) fn into_scanner(self) -> BodyScanner {
        self.scanner
    }
}

/// Returns what a scan of a request's body looks for.
pub(super) fn spec(config: &Config, intake: &Intake, looks: Looks, seed: u64) -> Spec {
    Spec {
        entry: intake.call.entry,
        keywords: Arc::clone(&config.keywords),
        searched: config.search.searched(),
        costs: config.tokens,
        watched: Arc::clone(&config.watched_members),
        looks,
        seed,
    }
}

/// Returns the scan of a request that has no body: no facts but the operation, and nothing
/// that could be rewritten.
pub(super) fn nothing(intake: &Intake) -> Scan {
    Scan { facts: RequestFacts::new(intake.call.entry), layout: Layout::default() }
}
