//! Which responses are held, and for how long.
//!
//! Once the head of a response has gone to the client, Envoy makes no other attempt. So a response is
//! held while its head does not say enough: an error until its body says what went wrong, and a success
//! until there is content. An overloaded provider may say so in an event of a stream that began with
//! 200, and some streams end before they say anything.

use crate::config::{Failover, Hold};
use crate::host::Host;
use crate::lifecycle::answer::{SeenPart, UpstreamResponse};
use crate::lifecycle::ctx::Ctx;
use crate::lifecycle::engine::Engine;
use crate::lifecycle::legs::Leg;
use crate::metrics::{OTHER, table};
use crate::response::body::FirstSign;
use crate::state::evidence::Weight;

/// What becomes of a response that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldStep {
    /// It stays held.
    On,
    /// It is an answer, and goes to the client from here on.
    Committed(Commit),
    /// It is an error that is too long to wait for, so its status decides.
    TooLong,
    /// Everything that matters is known: it has failed, or ended.
    Known,
}

/// Why an answer is committed, that is, why it goes to the client and no other attempt follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Commit {
    /// There is content.
    Content,
    /// There is none yet, but more bytes than may be held.
    Bytes,
}

impl Commit {
    /// Returns its name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Bytes => "bytes",
        }
    }
}

/// Returns whether a response whose head has come may be held, if another attempt is left.
///
/// A failure is held only if its head says that it is short, so that no attempt waits for a body that may
/// never end. Nothing is held where Envoy is not set up to hold heads, because it would never send the
/// body.
pub(super) fn may_hold(engine: &Engine, answer: &UpstreamResponse) -> bool {
    let is_failure = answer.report.evidence.weight == Weight::Failure;
    let is_short = !is_failure || answer.is_announced_within(Failover::HELD_ERROR_BYTES.into());
    let is_worth = match answer.report.status {
        200..=299 => engine.config.against_holding().is_none(),
        400.. => is_short,
        // A switch of protocols, or a page.
        _ => false,
    };
    is_worth && answer.is_read() && engine.config.hold == Hold::StopIteration
}

/// Returns what of that response counts as seen by the client, as long as it is not committed.
pub(super) fn seen(engine: &Engine, answer: &UpstreamResponse) -> SeenPart {
    let is_success = matches!(answer.report.status, 200..=299);
    if is_success && may_hold(engine, answer) { SeenPart::Content } else { SeenPart::All }
}

/// Returns what becomes of a response of which the host holds that many bytes, and all where
/// `is_end` says so.
///
/// For example, a stream stays held while only `message_start` and `ping` have come. With
/// `content_block_delta` it is committed, and with `event: error` all is known of it.
pub(super) fn held(
    answer: &UpstreamResponse,
    length: usize,
    is_end: bool,
    settings: &Failover,
) -> HoldStep {
    if answer.report.status >= 400 {
        return match is_end {
            _ if length > Failover::HELD_ERROR_BYTES as usize => HoldStep::TooLong,
            true => HoldStep::Known,
            false => HoldStep::On,
        };
    }
    match answer.first_sign() {
        // Nothing of it has gone on yet, so what follows the content in this piece decides as well.
        FirstSign::Content if answer.has_failed(is_end) => HoldStep::Known,
        FirstSign::Content => HoldStep::Committed(Commit::Content),
        FirstSign::Failure => HoldStep::Known,
        FirstSign::Nothing if is_end => HoldStep::Known,
        FirstSign::Nothing if length > settings.commit_bytes as usize => {
            HoldStep::Committed(Commit::Bytes)
        }
        FirstSign::Nothing => HoldStep::On,
    }
}

/// Counts an answer of a leg's deployment that was held, and goes to the client from here on.
pub(super) fn count<H: Host + ?Sized>(cx: Ctx<'_, H>, leg: Option<&Leg>, commit: Commit) {
    let name = leg.and_then(|leg| leg.deployment.as_deref()).unwrap_or(OTHER);
    cx.engine.meter.put(cx.host, &table::COMMITS, &[name, commit.name()], 1);
}
