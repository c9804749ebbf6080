//! Answering a client here with an error.

use crate::host::Host;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;

use super::event::Action;

/// Answers the client with an error in its own dialect, and returns what the host does: it
/// holds what it has, for nothing of the request goes upstream.
pub(super) fn refuse<H: Host + ?Sized>(host: &H, refusal: &Refusal, dialect: Dialect) -> Action {
    // Clients wait as long as this header says before they try again.
    let retry_after = refusal.retry_after_s.map(|seconds| seconds.to_string());
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(retry_after.as_deref().map(|seconds| ("retry-after", seconds)));
    host.respond(u32::from(refusal.status), &headers, refusal.body(dialect).as_bytes());
    Action::Pause
}
