//! Answering a client here with an error.

use crate::host::Host;
use crate::request::format::Dialect;
use crate::request::refusal::Refusal;

use super::event::Action;

/// Answers the client here.
pub(super) fn refuse<H: Host + ?Sized>(host: &H, refusal: &Refusal, dialect: Dialect) -> Action {
    let retry_after = refusal.retry_after_s.map(|seconds| seconds.to_string());
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(retry_after.as_deref().map(|seconds| ("retry-after", seconds)));
    host.respond(u32::from(refusal.status), &headers, refusal.body(dialect).as_bytes());
    Action::Pause
}
