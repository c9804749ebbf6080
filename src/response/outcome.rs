//! What an attempt came to, from the response to it: first what its head says, then what its
//! body adds.
//!
//! The status decides, together with who made the response and whose credential was used.
//! The body decides only where a status stands for several things.

use crate::state::evidence::{Blame, Evidence, Weight};
use crate::state::outcome::Outcome;
use crate::state::report::Report;

use super::body::{Cut, Told};
use super::details::{self, End};
use super::kind::{ErrorKind, Failure, ToldBy};
use super::retry_after::wait_ms;
use super::verdict;
use super::words::Wording;

pub use super::verdict::{KeyOwner, RequestProfile};

/// The head of a response, as far as it says something of the deployment.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// HTTP status.
    pub status: u16,
    /// Envoy's `response.code_details`, which tell who made the response: `via_upstream` is
    /// a provider's own. `None` where only the provider can have made it.
    pub details: Option<&'a str>,
    /// What of the request its meaning depends on.
    pub profile: RequestProfile,
    /// Whether all of the request has been sent on. Until then, the provider may be waiting
    /// for a client that is slow.
    pub is_request_whole: bool,
    /// Whether the request has more tokens than the limit that the response names. Neither
    /// waiting nor sending others elsewhere helps then.
    pub is_over_limit: bool,
    /// Whether the response says that there is room, but less than the request takes. Smaller
    /// requests still fit, and those that do not are kept away by what is known of the room.
    pub is_over_room: bool,
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

impl Head<'_> {
    /// Returns the head of an answer to a request that was sent whole, of which nothing but the status
    /// is known.
    #[must_use]
    pub const fn of_status(status: u16, profile: RequestProfile) -> Self {
        Self {
            status,
            details: None,
            profile,
            is_request_whole: true,
            is_over_limit: false,
            is_over_room: false,
            retry_after: None,
            retry_after_ms: None,
            reset_ms: None,
            now_ms: 0,
        }
    }
}

/// Returns what the head says that the attempt came to; `None` where it says nothing about
/// the deployment.
///
/// A refusal of which only the body says what it is, a 400 for example, is tried nowhere else by
/// its head alone. For example:
///
/// | head | outcome |
/// |---|---|
/// | 503, `via_upstream` | `Server`: the provider's own answer |
/// | 503, `no_healthy_upstream` | `Network`: Envoy's, because no host can be reached |
/// | 503, `cluster_not_found` | `None`: Envoy's, because of its configuration |
/// | 401, the proxy's credential | `Auth`: the deployment cannot be used |
/// | 401, the client's credential | `Client`: the deployment is well |
/// | 408 or 504, the request not yet whole | `Cancelled`: the client is too slow |
#[must_use]
pub fn report(head: &Head<'_>) -> Option<Report> {
    match head.details {
        Some(code) if code != "via_upstream" => {
            let report = details::of_local_reply(code)?;
            let is_clients = !head.is_request_whole && details::is_of_waiting(code);
            // The status is Envoy's choice, so it is not reported as the provider's.
            Some(if is_clients { Report::CANCELLED } else { report })
        }
        _ => Some(of_status(head)),
    }
}

/// Returns whether a report by the head is all that there is to say, so that other requests need
/// not wait for the body to know it. The body of a 500 may blame the request: some servers take
/// every exception for a failure of their own.
#[must_use]
pub fn is_told_by_head(report: &Report) -> bool {
    let is_failure = report.evidence.weight == Weight::Failure && report.status != 500;
    is_failure || report.outcome == Outcome::Cancelled
}

/// Returns what the status of a provider's answer says by itself.
fn of_status(head: &Head<'_>) -> Report {
    let status = head.status;
    let retry_after_ms =
        wait_ms(head.retry_after, head.retry_after_ms, head.now_ms).or(head.reset_ms);
    let of = |outcome| (outcome, Evidence::of(outcome));
    let (outcome, evidence) = match status {
        101 | 200..=299 => of(Outcome::Success),
        408 | 504 if !head.is_request_whole => of(Outcome::Cancelled),
        // Waiting does not make room for it, so the deployment must not cool.
        429 if head.is_over_limit => too_large(status, head.profile),
        429 if head.is_over_room => {
            let (blame, weight) = (Blame::Request, Weight::Nothing);
            (Outcome::RateLimit, Evidence { blame, weight, ..Evidence::of(Outcome::RateLimit) })
        }
        // No API's answer: the address has moved, or something wants a login.
        300..=399 => verdict::page(),
        _ => match Failure::of_status(status) {
            None => of(Outcome::Client),
            Some(failure) => {
                let (outcome, evidence) = verdict::refused(failure, status, head.profile);
                let is_known = failure.kind != ErrorKind::Other;
                (outcome, Evidence { try_next: evidence.try_next && is_known, ..evidence })
            }
        },
    };
    Report { outcome, status, retry_after_ms, evidence }
}

/// Returns what a rate limit means for a request that is larger than the whole limit.
fn too_large(status: u16, profile: RequestProfile) -> (Outcome, Evidence) {
    let failure = Failure { kind: ErrorKind::TooLarge, told_by: ToldBy::Status };
    verdict::refused(failure, status, profile)
}

/// What a body has told, and how it ended.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// What it told; `None` where it could not be read.
    pub told: Option<&'a Told>,
    /// What a header says of the failure in words.
    pub header: Option<&'static Wording>,
    /// Whether the client has got nothing of it that it could use: nothing at all, or with failover
    /// no content.
    pub is_unseen: bool,
    /// How it ended.
    pub end: End,
}

/// Returns what an attempt came to, from what the head of the answer said and its body;
/// `None` where the client went away, so that it says nothing about the deployment.
///
/// The body can make a success a failure, or a refusal more exact; it never makes a failure
/// a success. For example:
///
/// | head | body | end | outcome |
/// |---|---|---|---|
/// | `Success` | `{"error": {"type": "overloaded_error"}}` | whole | `InBand` |
/// | `Success` | three events | broken | `InBand` |
/// | `Success` | three events, and no mark of the end | whole | `InBand`, of weak evidence |
/// | `Success` | three events | left | `None`: the client went away |
/// | `Success` | `{"choices": []}` | whole | `InBand` |
///
/// With failover, what comes before any content is held where another deployment could answer. So
/// a failure there is treated like a refusal:
///
/// | head | body, held | end | outcome |
/// |---|---|---|---|
/// | `Success` | `{"error": {"type": "overloaded_error"}}` | whole | `Server` |
/// | `Success` | `event: message_start` | broken | `Network` |
/// | `Success` | `event: message_start` | late | `Timeout` |
/// | `Success` | `{"choices": []}`, or a reason to stop alone | whole | `Empty` |
///
/// And of refusals:
///
/// | head | body | end | outcome |
/// |---|---|---|---|
/// | `RateLimit` | `{"error": {"code": "insufficient_quota"}}` | whole | `Quota` |
/// | `Client` (400) | `{"error": {"code": "model_decommissioned"}}` | whole | `NotFound` |
#[must_use]
pub fn of_body(head: Report, body: Body<'_>, profile: RequestProfile) -> Option<Report> {
    let Body { told, is_unseen, end, .. } = body;
    let error = told.and_then(|told| told.error);
    let of = |outcome| (outcome, Evidence::of(outcome));
    let (outcome, evidence) = match (head.outcome, error, end) {
        (Outcome::Success, Some(failure), _) if is_unseen => verdict::unseen(failure, profile),
        (Outcome::Success, Some(failure), _) => verdict::in_band(failure, profile),
        (Outcome::Success, None, End::Broken) if is_unseen => of(Outcome::Network),
        (Outcome::Success, None, End::Late) if is_unseen => of(Outcome::Timeout),
        (Outcome::Success, None, End::Broken | End::Late) => of(Outcome::InBand),
        // Its end was in good order for the transport alone.
        (Outcome::Success, None, End::Whole) => match told.and_then(|told| told.cut) {
            Some(Cut::InDocument) if is_unseen => of(Outcome::Network),
            Some(Cut::InDocument) => of(Outcome::InBand),
            // Its provider may not keep to the format.
            Some(Cut::AfterEvent) => {
                let (blame, weight) = (Blame::Unknown, Weight::Weak);
                let outcome = if is_unseen { Outcome::Network } else { Outcome::InBand };
                (outcome, Evidence { blame, weight, ..Evidence::of(outcome) })
            }
            None => empty(told, is_unseen).unwrap_or_else(|| of(Outcome::Success)),
        },
        (Outcome::Success, None, End::Left) => return None,
        (Outcome::Cancelled, ..) => (head.outcome, head.evidence),
        _ => refused(head, error, body, profile),
    };
    // The longer wait is the safer one.
    let hints = [head.retry_after_ms, told.and_then(|told| told.retry_after_ms)];
    let retry_after_ms = hints.into_iter().flatten().max();
    Some(Report { outcome, evidence, retry_after_ms, ..head })
}

/// Returns what an answer came to that has no content; `None` where it has. Without content it is
/// no answer: a page, `{}`, a stream that ends before its first token.
///
/// A reason to stop is as good as content to a client that has got it. Where it is all that has
/// come and nothing is the client's yet, another deployment may do better. It counts nothing then:
/// a client could ask for such answers until the deployment cools. Nor does a list that is empty
/// because the request is.
fn empty(told: Option<&Told>, is_unseen: bool) -> Option<(Outcome, Evidence)> {
    let told = told.filter(|told| !told.has_content || (is_unseen && !told.has_output))?;
    let outcome = if is_unseen { Outcome::Empty } else { Outcome::InBand };
    let Evidence { try_next, weight, .. } = Evidence::of(outcome);
    let weight = if told.has_content || told.is_empty_list { Weight::Nothing } else { weight };
    let try_next = try_next && !told.is_empty_list;
    Some((outcome, Evidence { try_next, weight, ..Evidence::of(outcome) }))
}

/// Returns what a refusal was, from what its head and its body say.
fn refused(
    head: Report,
    error: Option<Failure>,
    body: Body<'_>,
    profile: RequestProfile,
) -> (Outcome, Evidence) {
    // The head has found it larger than the limit or its rest, unless the account is empty as well.
    let is_too_large = head.evidence.blame == Blame::Request && head.status == 429;
    match verdict::failure(head.status, error, body.header) {
        None => (head.outcome, head.evidence),
        Some(failure) if is_too_large && failure.kind != ErrorKind::Quota => {
            (head.outcome, head.evidence)
        }
        // Not the answer of an API, but a page.
        Some(Failure { kind: ErrorKind::Permission, .. })
            if body.told.is_none() && head.outcome == Outcome::Auth =>
        {
            verdict::page()
        }
        Some(failure) => verdict::refused(failure, head.status, profile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXYS: RequestProfile = RequestProfile { key: KeyOwner::Proxy, may_name_others: false };
    const HEAD: Head<'_> = Head {
        details: Some("via_upstream"),
        now_ms: 1_445_412_470_000,
        ..Head::of_status(200, PROXYS)
    };

    fn outcome(head: Head<'_>) -> Option<Outcome> {
        report(&head).map(|report| report.outcome)
    }

    #[test]
    fn statuses_have_their_outcomes() {
        let cases = [
            (200, Outcome::Success),
            (302, Outcome::Server),
            (400, Outcome::Client),
            (401, Outcome::Auth),
            (402, Outcome::Quota),
            (403, Outcome::Auth),
            (404, Outcome::NotFound),
            (408, Outcome::Timeout),
            (410, Outcome::NotFound),
            (413, Outcome::ContextWindow),
            (424, Outcome::Server),
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
            for key in [KeyOwner::Client, KeyOwner::Nobody] {
                let profile = RequestProfile { key, ..PROXYS };
                let head = Head { status, profile, ..HEAD };
                assert_eq!(outcome(head), Some(Outcome::Client));
            }
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
            // After an interim answer, a 100 or 103.
            ("upstream_reset_after_response_started{…}", Some(Outcome::Network)),
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
    fn a_client_that_stops_sending_brings_down_no_deployment() {
        let came_to = |status, details: &str| {
            let details = Some(details);
            outcome(Head { status, details, is_request_whole: false, ..HEAD })
        };
        let reset = "upstream_reset_before_response_started";
        for (details, wanted) in [
            ("stream_idle_timeout".to_owned(), Some(Outcome::Cancelled)),
            (format!("{reset}{{connection_termination}}"), Some(Outcome::Cancelled)),
            (format!("{reset}{{remote_reset}}"), Some(Outcome::Cancelled)),
            (format!("{reset}{{remote_connection_failure|refused}}"), Some(Outcome::Network)),
            (format!("{reset}{{connection_timeout}}"), Some(Outcome::Network)),
        ] {
            assert_eq!(came_to(503, &details), wanted, "{details}");
        }
        let wanted = [Outcome::Cancelled, Outcome::Cancelled, Outcome::Server].map(Some);
        assert_eq!([408, 504, 503].map(|status| came_to(status, "via_upstream")), wanted);
    }

    #[test]
    fn what_the_provider_asks_for_goes_before_resets_and_the_longer_of_head_and_body_counts() {
        let head = |retry_after| {
            report(&Head { status: 429, retry_after, reset_ms: Some(9000), ..HEAD }).unwrap()
        };
        assert_eq!(head(None).retry_after_ms, Some(9000));
        assert_eq!(head(Some("2")).retry_after_ms, Some(2000));
        for (told_ms, wanted) in [(1000, 2000), (3000, 3000)] {
            let told = Told { retry_after_ms: Some(told_ms), ..Told::default() };
            let body = Body { told: Some(&told), header: None, is_unseen: false, end: End::Whole };
            let report = of_body(head(Some("2")), body, PROXYS);
            assert_eq!(report.and_then(|report| report.retry_after_ms), Some(wanted));
        }
    }
}
