//! Warnings of picks, limits and conditions by cost where the cost of something is not known.

use std::collections::BTreeSet;

use super::super::configuration::Config;
use super::super::error::{Diagnostics, Path};
use super::super::ids::DeploymentId;
use super::super::model::Model;
use super::super::parts::Status;
use super::super::resolve::reached;
use super::super::route::{Condition, Route, When};
use super::super::shape::listed;
use super::route_at;
use crate::strategy::Trait;

/// Warns of deployments without a price wherever their costs decide.
pub(super) fn warn(config: &Config, routes: &[&str], findings: &mut Diagnostics) {
    let mut costs = UnpricedCosts { config, findings };
    costs.picks();
    let at = Path::Root.key("routes");
    for route in config.routes.iter().filter(|route| route.enabled) {
        let Some(at) = route_at(&at, routes, &route.name) else { continue };
        costs.limit(&at.key("then"), route);
        costs.conditions(&at.key("when"), &route.when, &route.when);
    }
}

/// What may cost something that is not known, and where warnings of it go.
struct UnpricedCosts<'a> {
    config: &'a Config,
    findings: &'a mut Diagnostics,
}

impl UnpricedCosts<'_> {
    /// Warns of candidates without a price where the cheapest comes first.
    fn picks(&mut self) {
        let models_at = Path::Root.key("models");
        for model in self.config.models.iter().filter(|model| model.status != Status::Deleted) {
            for group in model.groups.iter().filter(|group| group.strategy.has(Trait::NeedsCosts)) {
                let ids = group.candidates.iter().map(|candidate| candidate.deployment);
                let what = "the cheapest candidate is picked by its price, and these lack one, so they \
                            come last";
                self.warn(&models_at.key(&model.name), what, ids);
            }
        }
    }

    /// Warns of deployments without a price behind a limit of the cost.
    fn limit(&mut self, then_at: &Path<'_>, route: &Route) {
        if route.then.max_cost_usd.is_some() {
            let targets = route.then.fallbacks.iter().chain([&route.then.target]).copied();
            let ids = reached(targets, &self.config.models);
            let what = "does not limit these deployments, which lack a price";
            self.warn(&then_at.key("max_cost_usd"), what, ids);
        }
    }

    /// Warns of conditions on the cost of models whose first candidate lacks a price. `outer` are the
    /// conditions of the whole route, which may be for some models only.
    fn conditions(&mut self, at: &Path<'_>, when: &When, outer: &When) {
        for condition in &when.0 {
            match condition {
                Condition::EstimatedCostLt(_) | Condition::EstimatedCostGt(_) => {
                    let config = self.config;
                    let ids = config.models.iter().filter(|model| may_be_for(outer, model));
                    let ids = ids.filter_map(|model| {
                        let group = model.groups.get(model.default_group.0)?;
                        Some(group.candidates.first()?.deployment)
                    });
                    let what = "the cost is not known of models whose first candidate lacks a price, as these do";
                    self.warn(&at.key(condition.key()), what, ids);
                }
                Condition::AnyOf(alternatives) => {
                    let at = at.key("any_of");
                    for (index, when) in alternatives.iter().enumerate() {
                        self.conditions(&at.index(index), when, outer);
                    }
                }
                Condition::Not(when) => self.conditions(&at.key("not"), when, outer),
                _ => {}
            }
        }
    }

    /// Warns of those of the deployments that are enabled and lack a price.
    fn warn(&mut self, at: &Path<'_>, what: &str, ids: impl IntoIterator<Item = DeploymentId>) {
        let unpriced: BTreeSet<&str> = ids
            .into_iter()
            .map(|id| self.config.deployment(id))
            .filter(|one| one.enabled && !one.facts.has_prices())
            .map(|one| one.id.as_str())
            .collect();
        if !unpriced.is_empty() {
            let message = format!(
                "{what}: {}; give both input_usd_per_million and output_usd_per_million in facts or \
                 the catalog, 0 for what is free",
                listed(unpriced)
            );
            self.findings.warn(at, message);
        }
    }
}

/// Whether a route with these conditions may be for a model that can be asked for.
fn may_be_for(when: &When, model: &Model) -> bool {
    let is_listed = |condition: &Condition| match condition {
        Condition::ModelIn(patterns) => {
            patterns.is_empty() || patterns.iter().any(|one| one.matches(&model.name))
        }
        _ => true,
    };
    model.status != Status::Deleted && when.0.iter().all(is_listed)
}
