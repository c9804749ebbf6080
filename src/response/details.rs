//! Who ended a request, from Envoy's `response.code_details`.

use crate::state::report::Report;

/// How an answer that had begun came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it has passed, up to an end that was announced or, for the router, the trailers
    /// of it.
    Whole,
    /// The provider broke it off, or sent nothing for too long. This counts against the
    /// deployment.
    Broken,
    /// It has taken longer than the configuration allows, and was ended here. This counts against the
    /// deployment.
    Late,
    /// The client left, or something between the client and the proxy closed the stream. This
    /// says nothing about the deployment.
    Left,
}

/// How many bytes of an answer may wait in the proxy before Envoy reads no more of it, by Envoy's
/// own default. An answer that is longer may be waiting for a client that does not read it.
pub const MOST_UNREAD: u64 = 1 << 20;

/// Returns how an answer ended whose last byte was not announced as the last, from Envoy's
/// `response.code_details`. For an attempt these are never more than `via_upstream`, but an
/// attempt is called for every end that was announced, so any other is a broken one.
///
/// `may_await_client`: it may be the client that was waited for, either to send its request or to
/// read the answer.
#[must_use]
pub fn end(details: &str, may_await_client: bool, is_attempt: bool) -> End {
    // Trailers have ended it, for which the router has no callback.
    if details == "via_upstream" && !is_attempt {
        return End::Whole;
    }
    if is_providers(details) && !may_await_client { End::Broken } else { End::Left }
}

/// Returns whether an unanswered attempt ended because the client left, or because it had the proxy
/// end it. Envoy says nothing where a connection to the provider fails.
#[must_use]
pub fn is_left_unanswered(details: &str) -> bool {
    !details.is_empty() && !is_providers(details)
}

/// Returns whether it is the provider that has broken off, or sends nothing for too long. What
/// clients do has too many names to list.
fn is_providers(details: &str) -> bool {
    let starts = ["via_upstream", "upstream_", "response_timeout", "stream_idle"];
    starts.iter().any(|start| details.starts_with(start))
}

/// Returns whether a local reply can be the result of a client that is slow to send its
/// request, or stops. A client must not be able to cool a deployment that way, so that is
/// every reply but those to a connection that could not be made.
pub(super) fn is_of_waiting(details: &str) -> bool {
    let is_failure =
        details.contains("_connection_failure") || details.contains("{connection_timeout");
    !is_failure && !is_of_no_host(details.as_bytes())
}

/// Returns whether Envoy has answered by itself because the cluster has no host, or none that is
/// healthy. It makes no other attempt then.
#[must_use]
pub fn is_of_no_host(details: &[u8]) -> bool {
    details.starts_with(b"no_healthy_upstream")
}

/// Returns what an answer of Envoy's own says of the deployment: that it could not be reached
/// or did not answer. `None` for all others, such as overload and missing routes.
pub(super) fn of_local_reply(details: &str) -> Option<Report> {
    let is = |prefix: &str| details.starts_with(prefix);
    // The cluster's circuit breaker is open: a limit of the proxy, not of the provider.
    if is("upstream_reset_before_response_started{overflow") {
        None
    } else if is_of_no_host(details.as_bytes()) {
        Some(Report::NO_HOST)
    } else if is("upstream_reset_") {
        // To Envoy, an interim answer (100, 103) has started the response.
        Some(Report::UNANSWERED)
    } else if is("upstream_response_timeout")
        || is("response_timeout")
        || is("upstream_per_try_timeout")
        || is("upstream_per_try_idle_timeout")
        || is("upstream_max_stream_duration_reached")
        // `outcome::report` has made sure that the request was sent as a whole, so it is the answer
        // that is missing.
        || is("stream_idle_timeout")
    {
        Some(Report::LATE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(end(details, false, false), wanted, "{details}");
            if details != "via_upstream" {
                assert_eq!(end(details, false, true), wanted, "{details}");
            }
        }
        assert_eq!(end("via_upstream", false, true), End::Broken);
        assert_eq!(end("stream_idle_timeout", true, false), End::Left);
    }
}
