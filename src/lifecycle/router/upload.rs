//! The part of a body that follows after its request has gone on.
//!
//! It is read on in constant memory. What would have been refused ends the stream before
//! its last chunk, so that no provider ever has the whole of it.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::shadow::Shadowed;
use crate::lifecycle::unread::{Unread, unreadable};
use crate::request::body::BodyScanner;
use crate::request::facts::RequestFacts;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;

use super::window::window;

/// What is still to come of a body.
#[derive(Debug)]
pub(super) struct Upload {
    /// The dialect in which its client is answered.
    pub(super) dialect: Dialect,
    rest: Rest,
    /// Bytes of the body so far, where it is read on.
    seen: u64,
    /// The shadow's decision, as long as it waits for the body.
    shadowed: Option<Box<Shadowed>>,
}

#[derive(Debug)]
enum Rest {
    /// Nothing may follow.
    Nothing,
    /// It is read on; with its whole length, if that is announced.
    Read(BodyScanner, Option<u64>),
}

impl Upload {
    /// Returns the upload of a request that was read whole.
    pub(super) const fn done(dialect: Dialect) -> Self {
        Self { dialect, rest: Rest::Nothing, seen: 0, shadowed: None }
    }

    /// Returns what follows the first `seen` bytes, which the scanner has read.
    pub(super) fn rest(
        dialect: Dialect,
        scanner: BodyScanner,
        length: Option<u64>,
        seen: u64,
        shadowed: Option<Box<Shadowed>>,
    ) -> Self {
        Self { dialect, rest: Rest::Read(scanner, length), seen, shadowed }
    }

    /// Returns about how many tokens of input the body was, where that was not estimated.
    pub(super) const fn tokens(&self) -> u64 {
        self.seen / 4
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// What the client is told where the body is not one that may be sent on.
    pub(super) fn read<H: Host + ?Sized>(
        &mut self,
        cx: Ctx<'_, H>,
        held: usize,
        is_end: bool,
    ) -> Result<(), Refusal> {
        let limit = cx.engine.config.limits.max_body_bytes;
        if let Some(facts) = self.read_on(cx.host, held, is_end, limit)?
            && let Some(shadowed) = self.shadowed.take()
        {
            shadowed.count(cx, Some(&facts));
        }
        Ok(())
    }

    /// Returns what the body says once it is complete.
    fn read_on<H: Host + ?Sized>(
        &mut self,
        host: &H,
        held: usize,
        is_end: bool,
        limit: u64,
    ) -> Result<Option<RequestFacts>, Refusal> {
        let unparsable = |error| Unread::Unparsable(error).refusal();
        let Rest::Read(scanner, length) = &mut self.rest else {
            // Nothing follows a body that is complete.
            return if held == 0 { Ok(None) } else { Err(unreadable()) };
        };
        self.seen = self.seen.saturating_add(held as u64);
        if self.seen > limit {
            return Err(Unread::TooLarge { limit }.refusal());
        }
        let mut at = 0;
        while at < held {
            let window = window(host, at, held).ok_or_else(unreadable)?;
            at = at.saturating_add(window.len());
            scanner.feed(&window).map_err(unparsable)?;
        }
        // What has the announced length is complete to the provider.
        if !is_end && length.is_none_or(|length| self.seen < length) {
            return Ok(None);
        }
        let Rest::Read(scanner, _) = std::mem::replace(&mut self.rest, Rest::Nothing) else {
            return Ok(None);
        };
        scanner.finish().map(|scan| Some(scan.facts)).map_err(unparsable)
    }

    /// Ends the upload: the stream is over.
    pub(super) fn end<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        if let Some(shadowed) = self.shadowed {
            shadowed.count(cx, None);
        }
    }
}
