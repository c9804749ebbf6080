//! A warning of budgets in USD where something costs nothing that is known.

use std::collections::BTreeSet;

use super::super::deployment::Deployment;
use super::super::error::{Diagnostics, Path};
use super::super::ids::{DeploymentId, ModelId};
use super::super::parts::Status;
use super::super::raw::{Raw, Settings};
use super::super::route::Target;
use super::super::settings::Role;
use super::super::shape::listed;
use super::super::tenants::{TenantBudget, Tenants};
use super::reach;
use super::resolved::Resolved;
use crate::sort::set_of;

/// Warns of deployments without a price that requests can be sent to, while a tenant's budget is in
/// USD: what such a deployment answers counts as nothing there.
#[inline(never)]
pub(super) fn warn(
    raw: &Raw,
    found: &Resolved,
    deployments: &[Deployment],
    findings: &mut Diagnostics,
) {
    let Settings { limits, allow_direct, role, .. } = &raw.settings;
    let is_in_usd = limits.tenants.as_deref().is_some_and(is_in_usd);
    if *role == Role::Attempt || !is_in_usd {
        return;
    }
    let at = Path::Root.key("limits");
    let at = at.key("tenants");
    let reached = reached(&raw.settings, found, deployments);
    let unpriced = reached
        .into_iter()
        .filter_map(|id| deployments.get(id.0))
        .filter(|one| one.enabled && !one.facts.has_prices());
    let unpriced: Vec<&str> = unpriced.map(|one| one.id.as_str()).collect();
    if !unpriced.is_empty() {
        let message = format!(
            "a budget is in USD, but these deployments lack a price, so their answers do not \
             count against it: {}; set both input_usd_per_million and output_usd_per_million for \
             them in facts or catalog, 0 if a model is free",
            listed(unpriced)
        );
        findings.warn(&at, message);
    }
    if *allow_direct {
        findings.warn(
            &at,
            "a budget is in USD, but allow_direct lets clients name upstream models without a \
             price, which do not count against it; add the prices of these models to catalog, or \
             set allow_direct to false",
        );
    }
}

/// Returns whether any of these budgets is in USD.
fn is_in_usd(tenants: &Tenants) -> bool {
    let is_in_usd = |one: &TenantBudget| one.usd_per_minute.is_some() || one.usd_per_day.is_some();
    tenants.budget.iter().chain(tenants.named.values()).any(is_in_usd)
}

/// Returns the deployments that some request may be sent to.
fn reached(
    settings: &Settings,
    found: &Resolved,
    deployments: &[Deployment],
) -> BTreeSet<DeploymentId> {
    // Clients may then name each of them.
    if settings.allow_direct || settings.client_headers.deployment {
        return set_of((0..deployments.len()).map(DeploymentId));
    }
    // A deleted model resolves for nobody.
    let models = || {
        let models = found.models.iter().enumerate();
        models.filter(|(_, model)| model.status != Status::Deleted)
    };
    let routes = found.routes.iter().filter(|route| route.enabled);
    let of_routes =
        routes.flat_map(|route| route.then.fallbacks.iter().chain([&route.then.target]));
    let of_models = models().map(|(index, _)| Target::Model(ModelId(index), None));
    let mut reached = reach::deployments(of_models.chain(of_routes.copied()), &found.models);
    reached.extend(models().filter_map(|(_, model)| model.state_deployment));
    reached.extend(found.no_model);
    reached
}
