//! Candidates: the deployments that are listed for a model.

use std::sync::Arc;

use super::deployment::Overrides;
use super::ids::DeploymentId;
use super::route::When;

/// A deployment listed for a model. Several models may list the same one, each with a weight
/// and overrides of its own.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its index in [`Config::deployments`](super::Config::deployments).
    pub deployment: DeploymentId,
    /// Share under `weighted`: 3 gets three times as many requests as 1, and 0 gets none.
    pub weight: u32,
    /// Order under `ordered_fallback`, lower first.
    pub position: i32,
    /// Under `rules`: the candidate is taken when one of these holds. Never empty there.
    pub rules: Vec<Rule>,
    /// The candidate's overrides over the deployment's. Where both have an object, its members are
    /// merged one level deep.
    pub request_overrides: Arc<Overrides>,
}

/// Params and conditions that must all hold. Without either, the rule always holds.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// Param → accepted values, as text. A param without values never holds.
    pub params: Vec<(String, Vec<String>)>,
    /// Conditions over the request.
    pub when: When,
}
