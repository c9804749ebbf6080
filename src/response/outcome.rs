//! From a response to a [`Report`]: first what its head says, then what its body adds.
//!
//! Told by status, who made the response, and whose credential was used; by the
//! body only where a status stands for several things.

use std::time::{Duration, UNIX_EPOCH};

use crate::state::outcome::{Outcome, Report};

use super::body::Told;
use super::kind::ErrorKind;

/// The head of a response, as far as it matters.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// HTTP status.
    pub status: u16,
    /// Envoy's `response.code_details`; `via_upstream` for a provider's own answer.
    pub details: Option<&'a str>,
    /// Whether the proxy's credential was sent, rather than the client's own.
    pub has_own_credential: bool,
    /// Whether all of the request has gone on: what it waits for then is the answer.
    pub is_request_whole: bool,
    /// Whether the request is more than the limit that the provider tells beside it: to
    /// wait, or to send others elsewhere, does not help.
    pub is_over_limit: bool,
    /// The header `retry-after`.
    pub retry_after: Option<&'a str>,
    /// The header `retry-after-ms`.
    pub retry_after_ms: Option<&'a str>,
    /// Milliseconds until the rate limit that is used up resets, if a header says so.
    pub reset_ms: Option<u64>,
    /// Milliseconds since the epoch.
    pub now_ms: u64,
}

/// What the attempt came to; `None` where the response says nothing of the deployment.
#[must_use]
pub fn report(head: &Head<'_>) -> Option<Report> {
    match head.details {
        Some(details) if details != "via_upstream" => {
            let is_clients = !head.is_request_whole && is_of_waiting(details);
            let outcome = of_local_reply(details).filter(|_| !is_clients)?;
            Some(Report { outcome, status: 0, retry_after_ms: None })
        }
        _ => Some(Report {
            outcome: match head.status {
                408 if !head.is_request_whole => Outcome::Client,
                429 if head.is_over_limit => Outcome::Client,
                status => of_status(status, head.has_own_credential),
            },
            status: head.status,
            retry_after_ms: hint(head).or(head.reset_ms),
        }),
    }
}

/// Whether it can come of a client that is slow to send its request, or stops: all but
/// that a connection failed to come about.
fn is_of_waiting(details: &str) -> bool {
    let is_failure =
        details.contains("_connection_failure") || details.contains("{connection_timeout");
    !is_failure && !details.starts_with("no_healthy_upstream")
}

/// How an answer that had begun came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it has passed.
    Whole,
    /// The provider broke off.
    Broken,
    /// The client did, or somebody in between.
    Left,
}

/// The end of an answer whose last byte was not said to be the last, from Envoy's
/// `response.code_details`. Those tell an attempt nothing of its provider, but it is told of
/// every end that is one.
#[must_use]
pub fn end(details: &str, is_request_whole: bool, is_attempt: bool) -> End {
    // Trailers have ended it, which nobody is called for.
    if details == "via_upstream" && !is_attempt {
        return End::Whole;
    }
    // Where no byte comes for too long, it is the provider that has stopped; unless it
    // waits for the client.
    let stopped = ["via_upstream", "upstream_", "response_timeout", "stream_idle"];
    let is_providers = stopped.iter().any(|start| details.starts_with(start));
    if is_providers && is_request_whole { End::Broken } else { End::Left }
}

/// What was asked, as far as an answer's meaning hangs on it.
#[derive(Debug, Clone, Copy)]
pub struct AskedWith {
    /// Whether the proxy's credential was sent, rather than the client's own.
    pub has_own_credential: bool,
    /// Whether the request may name what is not its own: files, media, kept state.
    pub may_name_others: bool,
}

/// What an answer came to, from what its head said and its body `told`; `None` where
/// that says nothing about the deployment.
#[must_use]
pub fn of_body(
    head: Report,
    told: Option<&Told>,
    is_events: bool,
    asked: AskedWith,
    end: End,
) -> Option<Report> {
    let error = told.and_then(|told| told.error);
    let outcome = match (head.outcome, error, end) {
        (Outcome::Success, Some(kind), _) => in_band(kind),
        (Outcome::Success, None, End::Broken) => Outcome::InBand,
        // A stream that ends before its first token is no answer.
        (Outcome::Success, None, End::Whole)
            if is_events && told.is_some_and(|told| !told.has_content) =>
        {
            Outcome::InBand
        }
        (Outcome::Success, None, End::Left) => return None,
        (outcome, Some(kind), _) => refused(outcome, kind, head.status, asked.has_own_credential),
        (outcome, None, _) => outcome,
    };
    let outcome = match outcome {
        // Whoever may use the model may not use everybody's files.
        Outcome::Auth if head.status == 403 && asked.may_name_others => Outcome::Client,
        // No answer of an API: a firewall's, which goes by words in the request as well.
        Outcome::Auth if head.status == 403 && told.is_none() => Outcome::Server,
        outcome => outcome,
    };
    let hints = [head.retry_after_ms, told.and_then(|told| told.retry_after_ms)];
    Some(Report { outcome, retry_after_ms: hints.into_iter().flatten().max(), ..head })
}

/// A failure told after the answer had begun.
const fn in_band(kind: ErrorKind) -> Outcome {
    match kind {
        ErrorKind::ContextWindow => Outcome::ContextWindow,
        ErrorKind::ContentPolicy => Outcome::ContentPolicy,
        ErrorKind::TooLarge | ErrorKind::Other => Outcome::Client,
        _ => Outcome::InBand,
    }
}

/// What a refusal turns out to be. Whatever a client can bring about by what it asks
/// for is its own mistake.
const fn refused(
    outcome: Outcome,
    kind: ErrorKind,
    status: u16,
    has_own_credential: bool,
) -> Outcome {
    match (outcome, kind) {
        (Outcome::RateLimit, ErrorKind::Quota) => Outcome::Quota,
        (Outcome::RateLimit | Outcome::Auth, ErrorKind::TooLarge | ErrorKind::Other) => {
            Outcome::Client
        }
        (Outcome::Client | Outcome::Auth, ErrorKind::ContentPolicy) => Outcome::ContentPolicy,
        (Outcome::Client, ErrorKind::ContextWindow) => Outcome::ContextWindow,
        (Outcome::Client, ErrorKind::ModelNotFound) if status == 404 => Outcome::NotFound,
        (Outcome::Client, ErrorKind::Quota) if has_own_credential => Outcome::Quota,
        (Outcome::Client, ErrorKind::Auth) if has_own_credential => Outcome::Auth,
        (outcome, _) => outcome,
    }
}

fn of_status(status: u16, has_own_credential: bool) -> Outcome {
    match status {
        101 | 200..=299 => Outcome::Success,
        401 | 403 if has_own_credential => Outcome::Auth,
        402 => Outcome::Quota,
        408 | 504 => Outcome::Timeout,
        429 => Outcome::RateLimit,
        500.. => Outcome::Server,
        _ => Outcome::Client,
    }
}

/// Envoy's own answers that mean the deployment could not be reached or did
/// not answer; overload, missing routes and the rest say nothing about it.
fn of_local_reply(details: &str) -> Option<Outcome> {
    let is = |prefix: &str| details.starts_with(prefix);
    if is("upstream_reset_before_response_started{overflow") {
        None
    } else if is("upstream_reset_before_response_started") || is("no_healthy_upstream") {
        Some(Outcome::Network)
    } else if is("upstream_response_timeout")
        || is("response_timeout")
        || is("upstream_per_try_timeout")
        || is("upstream_per_try_idle_timeout")
        || is("upstream_max_stream_duration_reached")
        // The request was whole when it was sent on, so it is the answer that is missing.
        || is("stream_idle_timeout")
    {
        Some(Outcome::Timeout)
    } else {
        None
    }
}

/// How long the provider asks to be left alone: `retry-after-ms`, else
/// `retry-after` as seconds or a date. Nothing, or a time gone by, is no hint.
fn hint(head: &Head<'_>) -> Option<u64> {
    let number = |text: Option<&str>| {
        text?.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0)
    };
    if let Some(ms) = number(head.retry_after_ms) {
        return Some(whole(ms));
    }
    if let Some(seconds) = number(head.retry_after) {
        return Some(whole(seconds * 1000.0));
    }
    let date = httpdate::parse_http_date(head.retry_after?.trim()).ok()?;
    let until = date.duration_since(UNIX_EPOCH).ok()?;
    let left = until.saturating_sub(Duration::from_millis(head.now_ms));
    u64::try_from(left.as_millis()).ok().filter(|left| *left > 0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(ms: f64) -> u64 {
    ms.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head<'_> = Head {
        status: 200,
        details: Some("via_upstream"),
        has_own_credential: true,
        is_request_whole: true,
        is_over_limit: false,
        retry_after: None,
        retry_after_ms: None,
        reset_ms: None,
        now_ms: 1_445_412_470_000,
    };

    fn outcome(head: Head<'_>) -> Option<Outcome> {
        report(&head).map(|report| report.outcome)
    }

    #[test]
    fn statuses_have_their_outcomes() {
        let cases = [
            (200, Outcome::Success),
            (302, Outcome::Client),
            (400, Outcome::Client),
            (401, Outcome::Auth),
            (402, Outcome::Quota),
            (403, Outcome::Auth),
            (404, Outcome::Client),
            (408, Outcome::Timeout),
            (413, Outcome::Client),
            (429, Outcome::RateLimit),
            (500, Outcome::Server),
            (504, Outcome::Timeout),
            (529, Outcome::Server),
        ];
        for (status, wanted) in cases {
            assert_eq!(outcome(Head { status, ..HEAD }), Some(wanted), "{status}");
        }
    }

    #[test]
    fn a_refused_credential_of_the_clients_is_the_clients() {
        for status in [401, 403] {
            let head = Head { status, has_own_credential: false, ..HEAD };
            assert_eq!(outcome(head), Some(Outcome::Client));
        }
    }

    #[test]
    fn local_replies_count_only_where_the_deployment_is_to_blame() {
        let cases = [
            ("upstream_reset_before_response_started{connection_timeout}", Some(Outcome::Network)),
            (
                "upstream_reset_before_response_started{remote_connection_failure|…}",
                Some(Outcome::Network),
            ),
            ("no_healthy_upstream", Some(Outcome::Network)),
            ("upstream_response_timeout", Some(Outcome::Timeout)),
            ("upstream_per_try_timeout", Some(Outcome::Timeout)),
            ("stream_idle_timeout", Some(Outcome::Timeout)),
            ("upstream_reset_before_response_started{overflow}", None),
            ("cluster_not_found", None),
            ("route_not_found", None),
            ("request_payload_too_large", None),
        ];
        for (details, wanted) in cases {
            let head = Head { status: 503, details: Some(details), ..HEAD };
            assert_eq!(outcome(head), wanted, "{details}");
        }
    }

    #[test]
    fn an_answer_that_ends_early_is_broken_off_by_the_provider_or_left() {
        let cases = [
            ("upstream_reset_after_response_started{protocol_error}", End::Broken),
            ("upstream_per_try_idle_timeout", End::Broken),
            ("response_timeout", End::Broken),
            ("stream_idle_timeout", End::Broken),
            ("via_upstream", End::Whole),
            ("downstream_remote_disconnect", End::Left),
            ("http2.remote_reset", End::Left),
            ("", End::Left),
        ];
        for (details, wanted) in cases {
            assert_eq!(end(details, true, false), wanted, "{details}");
            if details != "via_upstream" {
                assert_eq!(end(details, true, true), wanted, "{details}");
            }
        }
        assert_eq!(end("via_upstream", true, true), End::Broken);
    }

    #[test]
    fn a_client_that_stops_sending_brings_down_no_deployment() {
        let came_to = |status, details: &str| {
            let details = Some(details);
            outcome(Head { status, details, is_request_whole: false, ..HEAD })
        };
        let reset = "upstream_reset_before_response_started";
        for (details, wanted) in [
            ("stream_idle_timeout".to_owned(), None),
            (format!("{reset}{{connection_termination}}"), None),
            (format!("{reset}{{remote_reset}}"), None),
            (format!("{reset}{{remote_connection_failure|refused}}"), Some(Outcome::Network)),
            (format!("{reset}{{connection_timeout}}"), Some(Outcome::Network)),
        ] {
            assert_eq!(came_to(503, &details), wanted, "{details}");
        }
        assert_eq!(came_to(408, "via_upstream"), Some(Outcome::Client));
        assert_eq!(came_to(503, "via_upstream"), Some(Outcome::Server));
        assert_eq!(end("stream_idle_timeout", false, false), End::Left);
    }

    #[test]
    fn the_providers_hint_is_read_in_every_form() {
        let hint = |retry_after, retry_after_ms| {
            report(&Head { status: 429, retry_after, retry_after_ms, ..HEAD })
                .unwrap()
                .retry_after_ms
        };
        assert_eq!(hint(Some("2"), None), Some(2000));
        assert_eq!(hint(Some("0.5"), None), Some(500));
        assert_eq!(hint(Some("2"), Some("1500")), Some(1500));
        assert_eq!(hint(Some("Wed, 21 Oct 2015 07:28:00 GMT"), None), Some(10_000));
        for nonsense in ["Tue, 21 Oct 2014 07:28:00 GMT", "0", "", "-1", "soon", "NaN", "1e999"] {
            assert_eq!(hint(Some(nonsense), None), None, "{nonsense}");
        }
        assert_eq!(hint(Some("99999999999999999999"), None), Some(u64::MAX));
    }

    #[test]
    fn what_the_provider_asks_for_goes_before_resets_and_the_longer_of_head_and_body_counts() {
        let head = |retry_after| {
            report(&Head { status: 429, retry_after, reset_ms: Some(9000), ..HEAD }).unwrap()
        };
        assert_eq!(head(None).retry_after_ms, Some(9000));
        assert_eq!(head(Some("2")).retry_after_ms, Some(2000));
        let asked = AskedWith { has_own_credential: true, may_name_others: false };
        for (told_ms, wanted) in [(1000, 2000), (3000, 3000)] {
            let told = Told { retry_after_ms: Some(told_ms), ..Told::default() };
            let report = of_body(head(Some("2")), Some(&told), false, asked, End::Whole);
            assert_eq!(report.unwrap().retry_after_ms, Some(wanted));
        }
    }
}
