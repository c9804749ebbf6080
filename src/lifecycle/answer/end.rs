//! How responses end: by their announced end, because they fail, or because the stream is over.

use crate::config::Role;
use crate::host::Host;
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::event::Following;
use crate::response::body::BodyReader;
use crate::response::details::{self, End};

use super::{Finished, UpstreamResponse};

/// What of an answer counts as seen by the client: a failure before that is treated like a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lifecycle) enum SeenPart {
    /// All that has come.
    All,
    /// What has come from the first content on.
    Content,
    /// Nothing: all of it is held.
    Nothing,
}

impl UpstreamResponse {
    /// Returns whether the body has failed so far. With `is_end`, nothing follows what has come.
    pub(in crate::lifecycle) fn has_failed(&self, is_end: bool) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.has_failed(is_end))
    }

    /// Ends the attempt of a response that has come to its announced end, and returns its result.
    ///
    /// Where its provider has not sent all of the answer, the client is told so by an error at
    /// the end, unless the head says how long the body is.
    pub(in crate::lifecycle) fn finish_whole<H: Host + ?Sized>(
        self,
        cx: Ctx<'_, H>,
        then: Following,
    ) -> Finished {
        if let Some(error) = self.missing_error(then) {
            cx.host.append_response_body(&error);
        }
        self.finish(cx, End::Whole)
    }

    /// Returns the error that the client lacks where the body ends here without its mark, and where
    /// there is room for one.
    pub(in crate::lifecycle) fn missing_error(&self, then: Following) -> Option<Vec<u8>> {
        let has_room = then == Following::Nothing && self.announced.is_none();
        self.reader.as_ref().filter(|_| has_room).and_then(BodyReader::missing_error)
    }

    /// Ends the attempt of a response that has not ended, because the stream is over.
    pub(in crate::lifecycle) fn end_broken_off<H: Host + ?Sized>(self, cx: Ctx<'_, H>) -> Finished {
        let end = self.broken_off(cx);
        self.finish(cx, end)
    }

    /// Returns how a response ended that has not come to its end, because the stream is over.
    /// Envoy's response details tell who broke it off: the client, the provider or Envoy.
    pub(in crate::lifecycle) fn broken_off<H: Host + ?Sized>(&self, cx: Ctx<'_, H>) -> End {
        // A connection that was upgraded has no other end. Whoever closes it has had its session.
        if self.report.status == 101 {
            return End::Whole;
        }
        let code = cx.host.property(&["response", "code_details"]).unwrap_or_default();
        let code = str::from_utf8(&code).unwrap_or_default();
        let is_attempt = cx.engine.config.role == Role::Attempt;
        details::end(code, self.may_await_client(), is_attempt)
    }

    /// Returns whether it may be the client that is waited for, either to send its request or to
    /// read the answer.
    pub(in crate::lifecycle) const fn may_await_client(&self) -> bool {
        !self.ledger.is_sent() || self.length > details::MOST_UNREAD
    }
}
