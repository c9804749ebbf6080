//! The keys of the filter state by which the router, the attempt filters and Envoy's route
//! pass values to each other, and of the values that access logs can show.
//!
//! Filter state belongs to one request and is sent nowhere.

/// The handover from the router to the attempts. It holds what the client sent, credentials
/// included, so it must never be logged.
pub(super) const PLAN: &[&str] = &["llm.plan"];
/// The cluster of the next attempt. Envoy's route reads it.
pub(super) const CLUSTER: &[&str] = &["llm.cluster"];
/// How far the attempts have come. Each attempt leaves it for the next one and for the
/// router; it does not exist before the first attempt.
pub(super) const PROGRESS: &[&str] = &["llm.attempt"];
/// Exists where the router ended the request while an attempt was under way.
pub(super) const ENDED: &[&str] = &["llm.ended"];

/// The proxy's own address of the connection to the provider, as Envoy tells it to an attempt
/// filter; it does not exist before there is a connection.
pub(super) const CONNECTED: &[&str] = &["upstream", "local_address"];

/// The name of the cluster that the request goes to, as Envoy tells it to an attempt filter.
pub(super) const ROUTED: &[&str] = &["xds", "cluster_name"];

/// For logs: the result of each attempt, written as in the attempts header.
pub(super) const ATTEMPTS: &[&str] = &["llm.attempts"];
/// For logs: how long each attempt took, in milliseconds, written likewise.
pub(super) const TIMES: &[&str] = &["llm.attempt_ms"];
/// For logs: the deployments of the plan.
pub(super) const DEPLOYMENTS: &[&str] = &["llm.deployments"];
