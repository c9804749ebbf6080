//! The error that a client gets in place of an answer that Envoy made by itself.

use crate::host::{Headers, Host};
use crate::lifecycle::answer;
use crate::lifecycle::progress::{NextAttempt, Progress, Tried};
use crate::request::refusal::Refusal;
use crate::response::details::is_of_no_host;
use crate::state::outcome::Outcome;
use crate::state::report::Report;

const NO_HOST: &str =
    "the deployment that was picked has no host; try again, another one may serve it";
const NO_HOST_AT_LAST: &str =
    "the deployments that were tried failed, the last because it has no host; try again later";
const UNREACHED: &str =
    "the deployment that was picked could not be reached; try again, another one may serve it";
const LATE: &str =
    "the deployment that was picked did not answer in time; try again, another one may serve it";

/// Returns the error where the router has made the only attempt; `None` where the answer is a provider's, or
/// where Envoy says something about the request. `status`: that of the answer.
pub(super) fn direct(status: u16, report: &Report) -> Option<Refusal> {
    let message = match (report.outcome, status) {
        _ if report.status != 0 => return None,
        (Outcome::Network, 503) if *report == Report::NO_HOST => NO_HOST,
        (Outcome::Network, 503) => UNREACHED,
        (Outcome::Network | Outcome::Timeout, 504) => LATE,
        _ => return None,
    };
    Some(Refusal::new(status, "no_deployment_available", message))
}

/// Returns the error that the client gets in place of a response that no provider has made;
/// `None` where the response is a provider's, or tells enough.
///
/// Envoy's own text for a failed connection would mean nothing to a client that knows a model
/// and not the deployments. For example:
///
/// - `a` answered 429 with `retry-after: 7`, and the connection to `b` failed. Envoy answers 503
///   for `b`. The client gets a 429 that tells it to come back after 7 seconds;
/// - the connections to `a` and `b` failed. The client gets a 503 in its dialect that says so;
/// - `a` has no host, so Envoy made no other attempt. The client gets a 503 that does not speak of `b`;
/// - `a` failed and `b` answered 503 itself. That response is the provider's and stays.
///
/// An attempt filter's own answer (nothing was left to try) looks to Envoy as if it came from
/// upstream, so progress tells it from a provider's.
pub(super) fn after_attempts(
    details: &[u8],
    headers: &Headers,
    progress: &Progress,
) -> Option<Refusal> {
    // To Envoy, what an attempt filter answers by itself comes from upstream as well.
    if details.starts_with(b"via_upstream") && progress.next != NextAttempt::Surplus {
        return None;
    }
    let status = answer::status(headers);
    // Envoy answers 503 where a connection fails and 504 after a timeout. Other responses of
    // its own, such as 413, tell the client something about its request.
    if !matches!(status, 503 | 504) {
        return None;
    }
    let is_limited =
        |tried: &Tried| tried.status() == Some(429) || tried.report.outcome == Outcome::RateLimit;
    Some(if progress.tried.iter().any(is_limited) {
        let message = "every deployment that could serve this request is at its limit or has \
                       failed; try again later";
        let seconds = progress.retry_after_ms().unwrap_or(1000).div_ceil(1000).max(1);
        Refusal::new(429, "rate_limited", message).retry_after(seconds)
    } else {
        // Others of the plan were not tried, and get the next request.
        let message = match (is_of_no_host(details), progress.tried.len()) {
            (true, 0 | 1) => NO_HOST,
            (true, _) => NO_HOST_AT_LAST,
            (false, _) => {
                "no deployment that could serve this request could be reached; try again later"
            }
        };
        Refusal::new(status, "no_deployment_available", message)
    })
}

/// Turns the response headers into those of an error of this filter. The length is removed, since
/// the body will be another one.
pub(super) fn set_head<H: Host + ?Sized>(host: &H, refusal: &Refusal) {
    host.set_response_header(":status", Some(refusal.status.to_string().as_bytes()));
    host.set_response_header("content-type", Some(b"application/json"));
    host.set_response_header("content-length", None);
    let seconds = refusal.retry_after_s.map(|seconds| seconds.to_string());
    host.set_response_header("retry-after", seconds.as_deref().map(str::as_bytes));
}
