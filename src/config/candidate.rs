//! Candidates: the deployments that are listed for a model.

use std::sync::Arc;

use super::deployment::Overrides;
use super::ids::DeploymentId;
use super::route::When;

/// A deployment listed for a model.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Which one.
    pub deployment: DeploymentId,
    /// Share under `weighted`.
    pub weight: u32,
    /// Order under `ordered_fallback`, lower first.
    pub position: i32,
    /// Under `rules`: it is taken when one of these holds.
    pub rules: Vec<Rule>,
    /// The candidate's overrides over the deployment's.
    pub request_overrides: Arc<Overrides>,
}

/// Params and conditions that must all hold.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// Param → accepted values, as text.
    pub params: Vec<(String, Vec<String>)>,
    /// Conditions over the request.
    pub when: When,
}
