//! The retry policy by which Envoy makes another attempt.

use crate::config::Config;

use super::code::LintCode;
use super::report::LintReport;
use super::scene::EnvoyRoute;
use super::timeouts;
use crate::yaml::At;

/// Words of `retry_on` for an attempt that ends without an answer, and for the header by
/// which the attempt filter asks for another one.
const WANTED: [&str; 4] = ["connect-failure", "reset", "refused-stream", "retriable-headers"];

/// Words of `retry_on` for an answer's status. The filter decides by the status and the body,
/// and Envoy would retry what it decided not to.
const STATUSES: [&str; 5] =
    ["5xx", "gateway-error", "retriable-4xx", "retriable-status-codes", "envoy-ratelimited"];

/// Seconds that Envoy waits before it retries, where the policy says nothing.
const DEFAULT_BACK_OFF_SECONDS: f64 = 0.025;

/// Checks how Envoy retries on a route that the filter decides.
pub(super) fn check(route: &EnvoyRoute, config: &Config, report: &mut LintReport) {
    let [own, host, _] = &route.around;
    let Some(policy) = policy(route) else {
        report.error(
            LintCode::RetryPolicy,
            &own.get("route.retry_policy"),
            format!(
                "failover.max_attempts is {}, but without a retry policy Envoy makes one attempt",
                config.failover.max_attempts
            ),
            "add a retry_policy as in envoy/failover.yaml",
        );
        return;
    };
    on(&policy.get("retry_on"), report);
    headers(&policy.get("retriable_headers"), &config.headers.retry, report);
    number(&policy.get("num_retries"), config, report);
    if !policy.get("refresh_cluster_on_retry").is_true() {
        report.error(
            LintCode::RefreshCluster,
            &policy.get("refresh_cluster_on_retry"),
            "without this setting every attempt goes to the cluster of the first attempt",
            "set refresh_cluster_on_retry: true (Envoy 1.39 or later)",
        );
    }
    pace(&policy, config, report);
    hedging(route, report);
    for at in [own, host] {
        // The second is the newer name of the first.
        for field in ["per_request_buffer_limit_bytes", "request_body_buffer_limit"] {
            check_kept(&at.get(field), config, report);
        }
    }
}

/// Checks that where a request has one attempt, Envoy does not make more of its own by a status. The
/// filter counts them as one.
pub(super) fn check_one_attempt(route: &EnvoyRoute, report: &mut LintReport) {
    let Some(policy) = policy(route) else { return };
    let at = policy.get("retry_on");
    let listed = statuses(&words(&at));
    if !listed.is_empty() {
        report.warning(
            LintCode::RetryOnStatuses,
            &at,
            format!(
                "with {} Envoy asks the same provider again, and the filter counts both attempts \
                 as one",
                listed.join(", ")
            ),
            "set retry_on: connect-failure,refused-stream, or set failover.max_attempts above 1",
        );
    }
}

/// Returns the retry policy of a route, if it has one. Its own replaces that of its virtual host as
/// a whole.
fn policy(route: &EnvoyRoute) -> Option<At> {
    let [own, host, _] = &route.around;
    let places = [own.get("route.retry_policy"), host.get("retry_policy")];
    places.into_iter().find(At::is_there)
}

/// Returns the words of a `retry_on`.
fn words(at: &At) -> Vec<&str> {
    at.text().unwrap_or_default().split(',').map(str::trim).collect()
}

/// Returns those of the words that mean a status.
fn statuses(words: &[&str]) -> Vec<&'static str> {
    STATUSES.into_iter().filter(|one| words.contains(one)).collect()
}

/// Checks that what is set here does not keep too little of a body for another attempt.
///
/// A place without a value is no finding: the buffer limits then decide.
pub(super) fn check_kept(at: &At, config: &Config, report: &mut LintReport) {
    let limit = config.limits.max_body_bytes;
    if let Some(bytes) = at.number().filter(|bytes| *bytes < limit) {
        report.warning(
            LintCode::RetryBuffer,
            at,
            format!(
                "the limit is {bytes} bytes, but limits.max_body_bytes is {limit}, so requests \
                 with longer bodies are not tried again"
            ),
            format!("set it to {limit} or more"),
        );
    }
}

/// Checks the words of `retry_on`: all that are needed, and none that means a status.
fn on(at: &At, report: &mut LintReport) {
    let listed = words(at);
    let missing: Vec<&str> = WANTED.into_iter().filter(|one| !listed.contains(one)).collect();
    if !missing.is_empty() {
        report.error(
            LintCode::RetryOn,
            at,
            format!("Envoy makes no other attempt after {}", missing.join(", ")),
            format!("set retry_on: {}", WANTED.join(",")),
        );
    }
    // Besides the header, which stands for all statuses that the filter wants retried.
    let statuses = statuses(&listed);
    if !statuses.is_empty() {
        report.error(
            LintCode::RetryOnStatuses,
            at,
            format!(
                "with {} Envoy also retries requests that the filter does not want to retry",
                statuses.join(", ")
            ),
            format!("set retry_on: {}", WANTED.join(",")),
        );
    }
}

/// Checks that the header by which the attempt filter asks for another attempt is known.
/// Envoy compares names of headers without regard to case.
fn headers(at: &At, name: &str, report: &mut LintReport) {
    let is_it = |one: &At| one.get("name").text().is_some_and(|it| it.eq_ignore_ascii_case(name));
    if !at.items().iter().any(is_it) {
        report.error(
            LintCode::RetriableHeaders,
            at,
            format!("{name} is missing, the header by which the filter asks for another attempt"),
            format!("set retriable_headers: [{{name: {name}, present_match: true}}]"),
        );
    }
}

/// Checks that Envoy makes as many attempts as a plan may have.
fn number(at: &At, config: &Config, report: &mut LintReport) {
    let attempts = config.failover.max_attempts;
    // Envoy's default is 1.
    let retries = at.number().unwrap_or(1);
    let wanted = u64::from(attempts.saturating_sub(1));
    if retries < wanted {
        let unset = at.unless_set();
        report.error(
            LintCode::NumRetries,
            at,
            format!("this is {retries}{unset}, but failover.max_attempts is {attempts}"),
            format!("set num_retries: {wanted}"),
        );
    }
}

/// Checks how long an attempt may be silent, and how long Envoy waits before the next.
///
/// Envoy's defaults are for retries at the same hosts, which a pause relieves. The next
/// attempt goes to another provider, so a pause only costs the client time.
fn pace(policy: &At, config: &Config, report: &mut LintReport) {
    timeouts::check(&policy.get("per_try_timeout"), config, report);
    let at = policy.get("retry_back_off.base_interval");
    let seconds = at.seconds().unwrap_or(DEFAULT_BACK_OFF_SECONDS);
    if seconds >= DEFAULT_BACK_OFF_SECONDS {
        let unset = at.unless_set();
        report.warning(
            LintCode::RetryBackOff,
            &at,
            format!(
                "Envoy waits {} ms{unset} or longer before it tries another provider",
                seconds * 1000.0
            ),
            "set retry_back_off: {base_interval: 0.001s, max_interval: 0.01s}",
        );
    }
}

/// Checks that Envoy makes one attempt after the other. They share one head and one record of
/// progress.
fn hedging(route: &EnvoyRoute, report: &mut LintReport) {
    let [own, host, _] = &route.around;
    for at in [own.get("route.hedge_policy"), host.get("hedge_policy")] {
        if at.get("hedge_on_per_try_timeout").is_true() {
            report.error(
                LintCode::Hedging,
                &at.get("hedge_on_per_try_timeout"),
                "attempts at the same time overwrite each other's headers and progress",
                "remove hedge_policy",
            );
        }
    }
}
