//! Which deployments requests for some targets may be sent to.
//!
//! Follows candidates and fallbacks of models. Knows neither failures nor conditions, so a deployment
//! is among them if any request may reach it.

use std::collections::BTreeSet;

use super::super::ids::{DeploymentId, ModelId};
use super::super::model::Model;
use super::super::route::Target;

/// Returns the deployments that targets may lead to, by the fallbacks of their models too.
#[inline(never)]
pub(in crate::config) fn deployments(
    targets: impl Iterator<Item = Target>,
    models: &[Model],
) -> BTreeSet<DeploymentId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut left: Vec<Target> = targets.collect();
    // Fallbacks may lead back to a model that was seen, so each is followed once.
    while let Some(target) = left.pop() {
        match target {
            Target::Deployment(id) => _ = found.insert(id),
            Target::Model(ModelId(id), _) if seen.insert(id) => {
                let Some(model) = models.get(id) else { continue };
                let candidates = model.groups.iter().flat_map(|group| &group.candidates);
                found.extend(candidates.map(|candidate| candidate.deployment));
                let lists = &model.fallbacks;
                let kinds = [&lists.context_window, &lists.content_policy, &lists.rate_limit];
                left.extend(&lists.general);
                left.extend(kinds.into_iter().flatten().flatten());
            }
            Target::Model(..) => {}
        }
    }
    found
}
