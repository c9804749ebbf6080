//! What an attempt came to, from the response to it: first what its head says, then what its
//! body adds.
//!
//! The status decides, together with who made the response and whose credential was used.
//! The body decides only where a status stands for several things.

use crate::state::outcome::{Outcome, Report};

use super::body::Told;
use super::kind::ErrorKind;
use super::retry_after::wait_ms;

/// The head of a response, as far as it says something of the deployment.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// HTTP status.
    pub status: u16,
    /// Envoy's `response.code_details`, which tell who made the response: `via_upstream` is
    /// a provider's own. `None` where only the provider can have made it.
    pub details: Option<&'a str>,
    /// Whether the proxy's credential was sent, rather than the client's own.
    pub has_own_credential: bool,
    /// Whether all of the request has been sent on. Until then, the provider may be waiting
    /// for a client that is slow.
    pub is_request_whole: bool,
    /// Whether the request has more tokens than the limit that the response names. Neither
    /// waiting nor sending others elsewhere helps then.
    pub is_over_limit: bool,
    /// The header `retry-after`: seconds or a date.
    pub retry_after: Option<&'a str>,
    /// The header `retry-after-ms`, which OpenAI and Azure send as well.
    pub retry_after_ms: Option<&'a str>,
    /// Milliseconds until the rate limit that is used up resets, if a header says so. Counts only
    /// where no `retry-after` does.
    pub reset_ms: Option<u64>,
    /// Milliseconds since the epoch.
    pub now_ms: u64,
}

/// Returns what the head says that the attempt came to; `None` where it says nothing about
/// the deployment.
///
/// For example:
///
/// | head | outcome |
/// |---|---|
/// | 503, `via_upstream` | `Server`: the provider's own answer |
/// | 503, `no_healthy_upstream` | `Network`: Envoy's, because no host can be reached |
/// | 503, `cluster_not_found` | `None`: Envoy's, because of its configuration |
/// | 401, the proxy's credential | `Auth`: the deployment cannot be used |
/// | 401, the client's credential | `Client`: the deployment is well |
/// | 408, the request not yet whole | `Client`: the client is too slow |
#[must_use]
pub fn report(head: &Head<'_>) -> Option<Report> {
    match head.details {
        Some(details) if details != "via_upstream" => {
            let is_clients = !head.is_request_whole && is_of_waiting(details);
            let outcome = of_local_reply(details).filter(|_| !is_clients)?;
            // The status is Envoy's choice, so it is not reported as the provider's.
            Some(Report { outcome, status: 0, retry_after_ms: None })
        }
        _ => Some(Report {
            outcome: match head.status {
                408 if !head.is_request_whole => Outcome::Client,
                429 if head.is_over_limit => Outcome::Client,
                status => of_status(status, head.has_own_credential),
            },
            status: head.status,
            retry_after_ms: wait_ms(head.retry_after, head.retry_after_ms, head.now_ms)
                .or(head.reset_ms),
        }),
    }
}

/// Returns whether a local reply can be the result of a client that is slow to send its
/// request, or stops. A client must not be able to cool a deployment that way, so that is
/// every reply but those to a connection that could not be made.
fn is_of_waiting(details: &str) -> bool {
    let is_failure =
        details.contains("_connection_failure") || details.contains("{connection_timeout");
    !is_failure && !details.starts_with("no_healthy_upstream")
}

/// How an answer that had begun came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it has passed, up to an end that was announced or, for the router, the trailers
    /// of it.
    Whole,
    /// The provider broke it off, or sent nothing for too long. This counts against the
    /// deployment.
    Broken,
    /// The client left, or something between the client and the proxy closed the stream. This
    /// says nothing about the deployment.
    Left,
}

/// Returns how an answer ended whose last byte was not announced as the last, from Envoy's
/// `response.code_details`. For an attempt these are never more than `via_upstream`, but an
/// attempt is called for every end that was announced, so any other is a broken one.
#[must_use]
pub fn end(details: &str, is_request_whole: bool, is_attempt: bool) -> End {
    // Trailers have ended it, for which the router has no callback.
    if details == "via_upstream" && !is_attempt {
        return End::Whole;
    }
    // Where no byte comes for too long, the provider has stopped; unless it is waiting for
    // the client.
    let stopped = ["via_upstream", "upstream_", "response_timeout", "stream_idle"];
    let is_providers = stopped.iter().any(|start| details.starts_with(start));
    if is_providers && is_request_whole { End::Broken } else { End::Left }
}

/// The traits of a request on which the meaning of an answer depends.
#[derive(Debug, Clone, Copy)]
pub struct RequestProfile {
    /// Whether the proxy's credential was sent, rather than the client's own.
    pub has_own_credential: bool,
    /// Whether the request may name what it does not contain: files, media, kept state. The
    /// credential may give no access to those.
    pub may_name_others: bool,
}

/// Returns what an attempt came to, from what the head of the answer said and its body
/// `told`; `None` where that says nothing about the deployment. `told` is `None` where the
/// body could not be read.
///
/// The body can make a success a failure, or a refusal more exact; it never makes a failure
/// a success. For example:
///
/// | head | body | end | outcome |
/// |---|---|---|---|
/// | `Success` | `{"error": {"type": "overloaded_error"}}` | whole | `InBand` |
/// | `Success` | three events | broken | `InBand` |
/// | `Success` | three events | left | `None`: the client went away |
/// | `Success` | `{"choices": []}` | whole | `InBand` |
/// | `RateLimit` | `{"error": {"code": "insufficient_quota"}}` | whole | `Quota` |
/// | `Client` (404) | `{"error": {"code": "model_not_found"}}` | whole | `NotFound` |
#[must_use]
pub fn of_body(
    head: Report,
    told: Option<&Told>,
    profile: RequestProfile,
    end: End,
) -> Option<Report> {
    let error = told.and_then(|told| told.error);
    let outcome = match (head.outcome, error, end) {
        (Outcome::Success, Some(kind), _) => in_band(kind),
        (Outcome::Success, None, End::Broken) => Outcome::InBand,
        // Without content it is no answer: a page, `{}`, a stream that ends before its first
        // token.
        (Outcome::Success, None, End::Whole) if told.is_some_and(|told| !told.has_content) => {
            Outcome::InBand
        }
        (Outcome::Success, None, End::Left) => return None,
        (outcome, Some(kind), _) => refused(outcome, kind, head.status, profile.has_own_credential),
        (outcome, None, _) => outcome,
    };
    let outcome = match outcome {
        // The credential may be good for the model and not for everybody's files. A client
        // that names another one's file must not cool the deployment.
        Outcome::Auth if head.status == 403 && profile.may_name_others => Outcome::Client,
        // Not the answer of an API but of a firewall, which also goes by words in the
        // request. So it counts as one failure, and does not trip the cooldown at once.
        Outcome::Auth if head.status == 403 && told.is_none() => Outcome::Server,
        outcome => outcome,
    };
    // The longer wait is the safer one.
    let hints = [head.retry_after_ms, told.and_then(|told| told.retry_after_ms)];
    Some(Report { outcome, retry_after_ms: hints.into_iter().flatten().max(), ..head })
}

/// Returns what a failure came to that was told after the answer had begun with success. A kind
/// that would be a rate limit or the like in a refusal is an answer broken off here: the
/// provider had accepted the request.
const fn in_band(kind: ErrorKind) -> Outcome {
    match kind {
        ErrorKind::ContextWindow => Outcome::ContextWindow,
        ErrorKind::ContentPolicy => Outcome::ContentPolicy,
        ErrorKind::TooLarge | ErrorKind::Other => Outcome::Client,
        _ => Outcome::InBand,
    }
}

/// Returns what a refusal was, from what its status and its body say.
///
/// The body moves an outcome only along the rows below; any other pair leaves it as it is.
/// The rule behind them: a client must not be able to bring about a worse outcome for the
/// deployment by what it asks for. So a body may turn a rate limit into an empty account,
/// which only the provider knows, but turns a plain refusal into one only where the proxy's
/// own credential was sent, since an empty account of the client's says nothing to others.
const fn refused(
    outcome: Outcome,
    kind: ErrorKind,
    status: u16,
    has_own_credential: bool,
) -> Outcome {
    match (outcome, kind) {
        (Outcome::RateLimit, ErrorKind::Quota) => Outcome::Quota,
        // The request alone is too much, or the credential lacks a right that only this
        // request needs.
        (Outcome::RateLimit | Outcome::Auth, ErrorKind::TooLarge | ErrorKind::Other) => {
            Outcome::Client
        }
        (Outcome::Client | Outcome::Auth, ErrorKind::ContentPolicy) => Outcome::ContentPolicy,
        (Outcome::Client, ErrorKind::ContextWindow) => Outcome::ContextWindow,
        // With another status, the model may be one that the request names elsewhere.
        (Outcome::Client, ErrorKind::ModelNotFound) if status == 404 => Outcome::NotFound,
        (Outcome::Client, ErrorKind::Quota) if has_own_credential => Outcome::Quota,
        (Outcome::Client, ErrorKind::Auth) if has_own_credential => Outcome::Auth,
        (outcome, _) => outcome,
    }
}

/// Returns what a provider's status says by itself. What is not known says nothing of the
/// deployment, so it is the client's.
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

/// Returns what an answer of Envoy's own says of the deployment: that it could not be reached
/// or did not answer. `None` for all others, such as overload and missing routes.
fn of_local_reply(details: &str) -> Option<Outcome> {
    let is = |prefix: &str| details.starts_with(prefix);
    // The cluster's circuit breaker is open: a limit of the proxy, not of the provider.
    if is("upstream_reset_before_response_started{overflow") {
        None
    } else if is("upstream_reset_before_response_started") || is("no_healthy_upstream") {
        Some(Outcome::Network)
    } else if is("upstream_response_timeout")
        || is("response_timeout")
        || is("upstream_per_try_timeout")
        || is("upstream_per_try_idle_timeout")
        || is("upstream_max_stream_duration_reached")
        // `report` has made sure that the request was sent as a whole, so it is the answer
        // that is missing.
        || is("stream_idle_timeout")
    {
        Some(Outcome::Timeout)
    } else {
        None
    }
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
    fn what_the_provider_asks_for_goes_before_resets_and_the_longer_of_head_and_body_counts() {
        let head = |retry_after| {
            report(&Head { status: 429, retry_after, reset_ms: Some(9000), ..HEAD }).unwrap()
        };
        assert_eq!(head(None).retry_after_ms, Some(9000));
        assert_eq!(head(Some("2")).retry_after_ms, Some(2000));
        let profile = RequestProfile { has_own_credential: true, may_name_others: false };
        for (told_ms, wanted) in [(1000, 2000), (3000, 3000)] {
            let told = Told { retry_after_ms: Some(told_ms), ..Told::default() };
            let report = of_body(head(Some("2")), Some(&told), profile, End::Whole);
            assert_eq!(report.unwrap().retry_after_ms, Some(wanted));
        }
    }
}
