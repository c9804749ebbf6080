//! The part of a body that streams through after an early decision.
//!
//! It is read on in constant memory: what would have been refused ends the
//! stream before its last chunk, so that no provider ever has the whole of it.

use crate::host::Host;
use crate::request::body::BodyScanner;
use crate::request::facts::RequestFacts;
use crate::request::format::Format;
use crate::request::refusal::Refusal;

use super::read::{Unread, unreadable, window};

#[derive(Debug)]
pub(super) struct Rest {
    pub(super) format: Format,
    /// Until the body is complete.
    scanner: Option<BodyScanner>,
    /// The length of the body, if it is announced.
    length: Option<u64>,
    seen: u64,
}

impl Rest {
    /// What follows the first `seen` bytes, which the scanner has read.
    pub(super) const fn new(
        format: Format,
        scanner: BodyScanner,
        length: Option<u64>,
        seen: u64,
    ) -> Self {
        Self { format, scanner: Some(scanner), length, seen }
    }

    /// Nothing may follow.
    pub(super) const fn none(format: Format) -> Self {
        Self { format, scanner: None, length: None, seen: 0 }
    }

    /// About how many tokens of input the body was, where that was not estimated.
    pub(super) const fn tokens(&self) -> u64 {
        self.seen / 4
    }

    /// Reads the next chunk; what the body says once it is complete.
    ///
    /// # Errors
    /// What the client is told where the body is not one that may be sent on.
    pub(super) fn read<H: Host + ?Sized>(
        &mut self,
        host: &H,
        held: usize,
        is_end: bool,
        limit: u64,
    ) -> Result<Option<RequestFacts>, Refusal> {
        let unparsable = |error| Unread::Unparsable(error).refusal();
        self.seen = self.seen.saturating_add(held as u64);
        if self.seen > limit {
            return Err(Unread::TooLarge { limit }.refusal());
        }
        let mut at = 0;
        while at < held {
            let window = window(host, at, held).ok_or_else(unreadable)?;
            at = at.saturating_add(window.len());
            // Nothing follows a body that is complete.
            let scanner = self.scanner.as_mut().ok_or_else(unreadable)?;
            scanner.feed(&window).map_err(unparsable)?;
        }
        // What has the announced length is complete to the provider.
        if is_end || self.length.is_some_and(|length| self.seen >= length) {
            let finished = self.scanner.take().map(BodyScanner::finish);
            let finished = finished.transpose().map_err(unparsable)?;
            return Ok(finished.map(|scan| scan.facts));
        }
        Ok(None)
    }
}
