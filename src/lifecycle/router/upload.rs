//! The rest of a body, which follows after its request has gone on.
//!
//! It is scanned in constant memory. A body that would have been refused ends the stream before
//! its last chunk goes on, so no provider ever gets the whole of it.

use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::shadow::Shadowed;
use crate::lifecycle::unread::{Unread, unreadable};
use crate::request::body::BodyScanner;
use crate::request::facts::RequestFacts;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;

use super::window::window;

/// The rest of a body that follows after its request has gone on.
#[derive(Debug)]
pub(super) struct Upload {
    /// The dialect in which its client is answered.
    pub(super) dialect: Dialect,
    rest: Rest,
    /// Length of the body so far, in bytes; 0 where it was read whole before. Held against the
    /// limit where no length was announced, and a guess at the tokens.
    seen: u64,
    /// The shadow's decision, which is counted once the body is known.
    shadowed: Option<Box<Shadowed>>,
}

/// What may still come of a body.
#[derive(Debug)]
enum Rest {
    /// Nothing: the body is complete.
    Nothing,
    /// The frames of a connection that was upgraded, for as long as it lasts. Nobody reads them.
    Frames,
    /// More, which this scanner reads; with the announced length of the whole body, in bytes.
    Read(BodyScanner, Option<u64>),
}

impl Upload {
    /// Returns the upload of a request that was read to its end before it went on. More of its
    /// body would be an error.
    pub(super) const fn done(dialect: Dialect) -> Self {
        Self { dialect, rest: Rest::Nothing, seen: 0, shadowed: None }
    }

    /// Returns the upload of a request that opens a WebSocket.
    pub(super) const fn frames(dialect: Dialect) -> Self {
        Self { dialect, rest: Rest::Frames, seen: 0, shadowed: None }
    }

    /// Returns the upload of a request that went on early. `seen` bytes of its body have been
    /// read by `scanner` already.
    pub(super) fn rest(
        dialect: Dialect,
        scanner: BodyScanner,
        length: Option<u64>,
        seen: u64,
        shadowed: Option<Box<Shadowed>>,
    ) -> Self {
        Self { dialect, rest: Rest::Read(scanner, length), seen, shadowed }
    }

    /// Returns a guess at the tokens of the body so far, four bytes each, for a request whose
    /// tokens were not estimated before it went on.
    pub(super) const fn tokens(&self) -> u64 {
        self.seen / 4
    }

    /// Reads the next chunk, `held` bytes long. With the end of the body the shadow's decision is
    /// counted.
    ///
    /// # Errors
    /// The error for the client, where the body may not be sent on after all.
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

    /// Reads the next chunk. Returns what the body says once it is complete, and `None` until
    /// then.
    fn read_on<H: Host + ?Sized>(
        &mut self,
        host: &H,
        held: usize,
        is_end: bool,
        limit: u64,
    ) -> Result<Option<RequestFacts>, Refusal> {
        let unparsable = |error| Unread::Unparsable(error).refusal();
        let (scanner, length) = match &mut self.rest {
            Rest::Read(scanner, length) => (scanner, length),
            Rest::Frames => return Ok(None),
            // Bytes after the announced length would be another request to some servers.
            Rest::Nothing if held > 0 => return Err(unreadable()),
            Rest::Nothing => return Ok(None),
        };
        self.seen = self.seen.saturating_add(held as u64);
        // The announced length was checked before. A body without one is checked here.
        if self.seen > limit {
            return Err(Unread::TooLarge { limit }.refusal());
        }
        let mut at = 0;
        while at < held {
            let window = window(host, at, held).ok_or_else(unreadable)?;
            at = at.saturating_add(window.len());
            scanner.feed(&window).map_err(unparsable)?;
        }
        // With the announced length the body is complete to the provider, so it must be checked
        // now: the end of the stream may come too late.
        if !is_end && length.is_none_or(|length| self.seen < length) {
            return Ok(None);
        }
        let Rest::Read(scanner, _) = std::mem::replace(&mut self.rest, Rest::Nothing) else {
            return Ok(None);
        };
        scanner.finish().map(|scan| Some(scan.facts)).map_err(unparsable)
    }

    /// Ends the upload, since the stream is over. What the shadow still waited for stays
    /// undecided.
    pub(super) fn end<H: Host + ?Sized>(self, cx: Ctx<'_, H>) {
        if let Some(shadowed) = self.shadowed {
            shadowed.count(cx, None);
        }
    }
}
