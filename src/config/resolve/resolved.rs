//! Rules whose names are resolved: those of the document, or those of its shadow.

use super::super::configuration::Names;
use super::super::error::{Diagnostics, Path};
use super::super::ids::DeploymentId;
use super::super::model::Model;
use super::super::raw::Raw;
use super::super::route::Route;
use super::super::settings::UnknownModel;
use super::deployments::DeploymentSet;
use super::names::Directory;
use super::rules::Rules;
use super::scope::{RequestNeeds, Scope};
use super::settings;

/// Rules, resolved.
pub(super) struct Resolved {
    pub(super) models: Vec<Model>,
    pub(super) routes: Vec<Route>,
    pub(super) names: Names,
    pub(super) unknown_model: UnknownModel,
    pub(super) no_model: Option<DeploymentId>,
}

impl Resolved {
    /// Resolves rules. `shadow` is the place of the shadow that they belong to; none for those of
    /// the document.
    pub(super) fn new(
        raw: &Raw,
        rules: &Rules<'_>,
        shadow: Option<&Path<'_>>,
        deployments: &DeploymentSet,
        needs: &mut RequestNeeds,
        findings: &mut Diagnostics,
    ) -> Self {
        let directory = Directory::new(rules, deployments, findings);
        let mut scope = Scope { deployments, directory: &directory, findings, needs };
        let models = scope.models(rules);
        let routes = scope.routes(rules);
        // Checked with the document's rules and again with the shadow's. That does no harm, since
        // the same problem is kept once.
        if let Some(source) = &raw.settings.route_source {
            let at = Path::Root.key("route_source");
            deployments.check_service(&at.key("cluster"), &source.cluster, findings);
            let services = at.key("services");
            for (index, cluster) in source.services.iter().enumerate() {
                deployments.check_service(&services.index(index), cluster, findings);
            }
        }
        let unknown = &raw.settings.unknown_model;
        let unknown_model = settings::unknown_model(unknown, &directory, shadow, findings);
        let no_model = settings::no_model(raw.settings.no_model.as_ref(), deployments, findings);
        let names = directory.into_names(deployments);
        Self { models, routes, names, unknown_model, no_model }
    }
}
