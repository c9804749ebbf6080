//! Warnings of routes that send requests to a provider of another API, where nothing translates them.
//!
//! A model whose own deployments have no API in common is warned of in `apis`.

use std::collections::BTreeSet;

use super::super::configuration::Config;
use super::super::error::{Diagnostics, Path};
use super::super::ids::{DeploymentId, ModelId};
use super::super::model::Model;
use super::super::parts::Status;
use super::super::resolve::reached;
use super::super::route::{Condition, NamePattern, Route, Target, When};
use super::super::settings::Translate;
use super::super::shape::listed;
use super::{apis, route_at};
use crate::request::format::Format;

/// Warns of each route that requests for its models cannot take, and of each whose target and fallbacks
/// have no API in common.
pub(super) fn warn(config: &Config, routes: &[&str], findings: &mut Diagnostics) {
    // Most documents have one API, and need no look at each route.
    if apis::has_common(config.providers.iter()) {
        return;
    }
    let at = Path::Root.key("routes");
    for route in config.routes.iter().filter(|route| route.enabled) {
        let Some(at) = route_at(&at, routes, &route.name) else { continue };
        let apis = RouteApis { config, route };
        if let Some(message) = apis.mixed().or_else(|| apis.foreign()) {
            findings.warn(&at.key("then"), message);
        }
    }
}

/// A route, and what is asked of the APIs that it leads to.
struct RouteApis<'a> {
    config: &'a Config,
    route: &'a Route,
}

impl RouteApis<'_> {
    fn targets(&self) -> impl Iterator<Item = Target> {
        let then = &self.route.then;
        std::iter::once(then.target).chain(then.fallbacks.iter().copied())
    }

    /// Whether requests for one of the targets are translated, or one of them says that this is not wanted.
    fn is_settled(&self) -> bool {
        let says = |target: Target| match target {
            Target::Model(ModelId(id), _) => {
                self.config.models.get(id).is_some_and(|model| model.translate.is_some())
            }
            Target::Deployment(_) => false,
        };
        self.config.translate != Translate::Off || self.targets().any(says)
    }

    fn has_common(&self, ids: &BTreeSet<DeploymentId>) -> bool {
        apis::has_common(apis::providers(self.config, ids))
    }

    /// Returns the formats that some of these deployments have.
    fn formats(&self, ids: &BTreeSet<DeploymentId>) -> Vec<Format> {
        let is_spoken =
            |format: &&Format| apis::providers(self.config, ids).any(|one| one.speaks(**format));
        Format::ALL.iter().filter(is_spoken).copied().collect()
    }

    /// Returns what is wrong with fallbacks of another API than the target's.
    fn mixed(&self) -> Option<String> {
        let all = reached(self.targets(), &self.config.models);
        // A target that is mixed by itself is warned of where it is declared.
        let is_mixed = |target| {
            let own = reached(std::iter::once(target), &self.config.models);
            !self.has_common(&own)
        };
        if self.is_settled() || self.has_common(&all) || self.targets().any(is_mixed) {
            return None;
        }
        Some(format!(
            "its target and fallbacks speak different APIs, so no request reaches all of them: {}; have \
             \"translate\": \"strict\" in these models, or \"off\" if that is meant",
            apis::by_api(self.config, &all)
        ))
    }

    /// Returns what is wrong with a target of another API than that of the models which the route is for.
    fn foreign(&self) -> Option<String> {
        let then = reached(self.targets(), &self.config.models);
        let spoken = self.formats(&then);
        if self.is_settled() || spoken.is_empty() || has_format(&self.route.when) {
            return None;
        }
        let patterns = self.route.when.0.iter().find_map(|condition| match condition {
            Condition::ModelIn(patterns) if !patterns.is_empty() => Some(patterns.as_slice()),
            _ => None,
        });
        let sources = self.sources(patterns, &then);
        let is_foreign = |(_, formats): &&(&Model, Vec<Format>)| {
            !formats.is_empty() && !formats.iter().any(|one| spoken.contains(one))
        };
        let foreign: Vec<&str> =
            sources.iter().filter(is_foreign).map(|(model, _)| model.name.as_str()).collect();
        // A route for whatever comes is for the models that it can serve.
        if foreign.is_empty() || patterns.is_none() && foreign.len() < sources.len() {
            return None;
        }
        // A deployment has no setting of its own.
        let place = match self.route.then.target {
            Target::Model(..) => "in the target, or \"off\" if that is meant",
            Target::Deployment(_) => "in the document",
        };
        Some(format!(
            "requests in the API of {} do not reach {}, which has another API; have \"translate\": \
             \"strict\" {place}",
            listed(foreign),
            apis::by_api(self.config, &then)
        ))
    }

    /// Returns the models that the route is for, without those that lead where it does, and the formats of
    /// each.
    fn sources(
        &self,
        patterns: Option<&[NamePattern]>,
        then: &BTreeSet<DeploymentId>,
    ) -> Vec<(&Model, Vec<Format>)> {
        let models = self.config.models.iter().enumerate();
        let models = models.filter(|(_, model)| model.status != Status::Deleted);
        let models = models.filter(|(_, model)| {
            patterns.is_none_or(|patterns| patterns.iter().any(|one| is_for(one, &model.name)))
        });
        let own = models.map(|(index, model)| {
            let target = std::iter::once(Target::Model(ModelId(index), None));
            (model, reached(target, &self.config.models))
        });
        own.filter(|(_, ids)| ids.is_disjoint(then))
            .map(|(model, ids)| (model, self.formats(&ids)))
            .collect()
    }
}

fn is_for(pattern: &NamePattern, name: &str) -> bool {
    match pattern {
        NamePattern::Exact(exact) => exact == name,
        NamePattern::Prefix(prefix) => name.starts_with(prefix.as_str()),
    }
}

/// Whether conditions ask for a wire format, at any depth.
fn has_format(when: &When) -> bool {
    when.0.iter().any(|condition| match condition {
        Condition::FormatIn(_) => true,
        Condition::AnyOf(alternatives) => alternatives.iter().any(has_format),
        Condition::Not(when) => has_format(when),
        _ => false,
    })
}
