//! The retry policy by which Envoy makes another attempt.

use crate::config::Config;

use super::finding::{LintFindings, LintRow};
use super::scene::RouteToCluster;
use super::tree::At;

/// What ends an attempt without an answer, and the header that asks for another one.
const WANTED: [&str; 4] = ["connect-failure", "reset", "refused-stream", "retriable-headers"];

/// What of an answer's status the filter decides.
const STATUSES: [&str; 5] =
    ["5xx", "gateway-error", "retriable-4xx", "retriable-status-codes", "envoy-ratelimited"];

/// All that concerns retries of a route that the filter decides.
pub(super) fn check(route: &RouteToCluster, config: &Config, findings: &mut LintFindings) {
    let [own, host, _] = &route.around;
    let places = [own.get("route.retry_policy"), host.get("retry_policy")];
    let Some(policy) = places.iter().find(|at| at.is_there()) else {
        findings.error(
            LintRow::RetryPolicy,
            &own.get("route.retry_policy"),
            format!(
                "failover.max_attempts is {}, and without a policy there is one attempt",
                config.failover.max_attempts
            ),
            "retry_policy as in envoy/failover.yaml",
        );
        return;
    };
    on(&policy.get("retry_on"), findings);
    headers(&policy.get("retriable_headers"), &config.headers.retry, findings);
    number(&policy.get("num_retries"), config, findings);
    if !policy.get("refresh_cluster_on_retry").is_true() {
        findings.error(
            LintRow::RefreshCluster,
            &policy.get("refresh_cluster_on_retry"),
            "every attempt goes to the cluster of the first",
            "refresh_cluster_on_retry: true (Envoy 1.39 and later)",
        );
    }
    pace(policy, findings);
    hedging(route, findings);
    for at in [own, host] {
        for field in ["per_request_buffer_limit_bytes", "request_body_buffer_limit"] {
            kept(&at.get(field), config, findings);
        }
    }
}

/// What limits how much of a body is kept for another attempt.
pub(super) fn kept(at: &At, config: &Config, findings: &mut LintFindings) {
    let limit = config.limits.max_body_bytes;
    if let Some(bytes) = at.number().filter(|bytes| *bytes < limit) {
        findings.warning(
            LintRow::RetryBuffer,
            at,
            format!(
                "{bytes} bytes, and limits.max_body_bytes is {limit}: longer bodies are not tried \
                 again"
            ),
            format!("{limit} or more"),
        );
    }
}

fn on(at: &At, findings: &mut LintFindings) {
    let listed: Vec<&str> = at.text().unwrap_or_default().split(',').map(str::trim).collect();
    let missing: Vec<&str> = WANTED.into_iter().filter(|one| !listed.contains(one)).collect();
    if !missing.is_empty() {
        findings.error(
            LintRow::RetryOn,
            at,
            format!("no other attempt is made on {}", missing.join(", ")),
            format!("retry_on: {}", WANTED.join(",")),
        );
    }
    let statuses: Vec<&str> = STATUSES.into_iter().filter(|one| listed.contains(one)).collect();
    if !statuses.is_empty() {
        findings.error(
            LintRow::RetryOnStatuses,
            at,
            format!("with {} Envoy retries what the filter decided not to", statuses.join(", ")),
            format!("retry_on: {}", WANTED.join(",")),
        );
    }
}

fn headers(at: &At, name: &str, findings: &mut LintFindings) {
    let is_it = |one: &At| one.get("name").text().is_some_and(|it| it.eq_ignore_ascii_case(name));
    if !at.items().iter().any(is_it) {
        findings.error(
            LintRow::RetriableHeaders,
            at,
            format!("{name}, which asks for another attempt, is not among them"),
            format!("retriable_headers: [{{name: {name}, present_match: true}}]"),
        );
    }
}

fn number(at: &At, config: &Config, findings: &mut LintFindings) {
    let (attempts, retries) = (config.failover.max_attempts, at.number().unwrap_or(1));
    let wanted = u64::from(attempts.saturating_sub(1));
    if retries < wanted {
        let unset = if at.is_there() { "" } else { " unless set" };
        findings.error(
            LintRow::NumRetries,
            at,
            format!("{retries}{unset}, and failover.max_attempts is {attempts}"),
            format!("num_retries: {wanted}"),
        );
    }
}

fn pace(policy: &At, findings: &mut LintFindings) {
    let at = policy.get("per_try_timeout");
    if at.seconds().unwrap_or(0.0) <= 0.0 {
        findings.warning(
            LintRow::PerTryTimeout,
            &at,
            "a provider that accepts a request and does not answer is waited for without end",
            "per_try_timeout: 120s, the longest time to a first byte",
        );
    }
    let at = policy.get("retry_back_off.base_interval");
    let seconds = at.seconds().unwrap_or(0.025);
    if seconds >= 0.025 {
        let unset = if at.is_there() { "" } else { " unless set" };
        findings.warning(
            LintRow::RetryBackOff,
            &at,
            format!("another provider is made to wait {} ms{unset}, and longer", seconds * 1000.0),
            "retry_back_off: {base_interval: 0.001s, max_interval: 0.01s}",
        );
    }
}

fn hedging(route: &RouteToCluster, findings: &mut LintFindings) {
    let [own, host, _] = &route.around;
    for at in [own.get("route.hedge_policy"), host.get("hedge_policy")] {
        if at.get("hedge_on_per_try_timeout").is_true() {
            findings.error(
                LintRow::Hedging,
                &at.get("hedge_on_per_try_timeout"),
                "attempts at the same time write over each other's headers and progress",
                "no hedge_policy",
            );
        }
    }
}
