//! Filter state by which the router, the attempts and the route talk to each other, and
//! which access logs can show.

/// The plan, and what the client sent: from the router to the attempts. Never to be logged.
pub(super) const PLAN: &[&str] = &["llm.plan"];
/// The cluster of the next attempt, by which the route goes.
pub(super) const CLUSTER: &[&str] = &["llm.cluster"];
/// How far the attempts have come: from each attempt to the next, and to the router. It
/// does not exist before the first.
pub(super) const PROGRESS: &[&str] = &["llm.attempt"];
/// That the router ended the request while an attempt was under way.
pub(super) const ENDED: &[&str] = &["llm.ended"];

/// For logs: what the attempts came to, as the attempts header says it.
pub(super) const ATTEMPTS: &[&str] = &["llm.attempts"];
/// For logs: how long they took, in milliseconds, written likewise.
pub(super) const TIMES: &[&str] = &["llm.attempt_ms"];
/// For logs: the deployments of the plan.
pub(super) const DEPLOYMENTS: &[&str] = &["llm.deployments"];
