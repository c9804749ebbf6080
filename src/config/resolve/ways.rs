//! Warnings of ways around a rule that keeps prompts in house.
//!
//! Such a rule is a route with keywords whose target leads to some clusters, while other providers
//! of the configuration have others. The warnings name what the configuration itself lets past the
//! rule: requests that are not searched, routes that are tried before it, names and headers by which
//! clients choose, and that it is disabled. Knows nothing of what a cluster is: two providers at
//! one cluster are one place.

use std::collections::BTreeSet;

use super::super::deployment::Deployment;
use super::super::error::{Diagnostics, Path, quoted};
use super::super::ids::DeploymentId;
use super::super::model::Model;
use super::super::raw::{Raw, RawRoute, Settings};
use super::super::route::{
    Condition, NamePattern, OnUnsearchable, Route, Target, Unsearchable, When,
};
use super::super::settings::{BodyPolicy, Role, UnknownModel};
use super::lists::given;
use super::reach;
use super::resolved::Resolved;
use super::rules::Rules;
use crate::request::keyword::Whitespace;
use crate::text::quoted_list;

/// Warns of every way around a route that looks for keywords.
#[inline(never)]
pub(super) fn warn(
    raw: &Raw,
    rules: &Rules<'_>,
    found: &Resolved,
    deployments: &[Deployment],
    findings: &mut Diagnostics,
) {
    if raw.settings.role == Role::Attempt {
        return;
    }
    let places = TargetClusters {
        clusters: given(&raw.providers).map(|(_, one)| one.cluster.as_str()).collect(),
        deployments,
        models: &found.models,
    };
    for (index, route) in found.routes.iter().enumerate() {
        if !looks_for_keywords(&route.when) {
            continue;
        }
        let targets =
            std::iter::once(route.then.target).chain(route.then.fallbacks.iter().copied());
        let house = places.of(targets);
        // Where every provider is in the house, nothing can get out of it.
        if places.clusters.iter().all(|cluster| house.contains(cluster)) {
            continue;
        }
        let earlier = found.routes.get(..index).unwrap_or_default();
        let rule = KeptRoute { found, rules, places: &places, route, house };
        if route.enabled {
            rule.unsearched(raw, findings);
            rule.choices(&raw.settings, findings);
            rule.hidden(&raw.settings, findings);
            rule.later_routes(&raw.settings, findings);
            rule.narrowed(findings);
            earlier.iter().for_each(|earlier| rule.overtaken(earlier, findings));
        } else {
            let name = quoted(&route.name);
            let message = format!(
                "is false, so prompts with the keywords of the route {name} go elsewhere; enable \
                 the route, or delete it"
            );
            rule.warn_at_route(&route.name, Some("enabled"), &message, findings);
        }
    }
}

/// Where targets lead to.
struct TargetClusters<'a> {
    /// Of each provider.
    clusters: Vec<&'a str>,
    deployments: &'a [Deployment],
    models: &'a [Model],
}

impl<'a> TargetClusters<'a> {
    /// Returns the clusters that targets may lead to, fallbacks of their models included.
    fn of(&self, targets: impl Iterator<Item = Target>) -> BTreeSet<&'a str> {
        let reached = reach::deployments(targets, self.models);
        reached.into_iter().filter_map(|id| self.cluster(id)).collect()
    }

    fn cluster(&self, id: DeploymentId) -> Option<&'a str> {
        self.clusters.get(self.deployments.get(id.0)?.provider.0).copied()
    }
}

/// A route with keywords, and where it keeps what holds them.
struct KeptRoute<'a> {
    found: &'a Resolved,
    rules: &'a Rules<'a>,
    places: &'a TargetClusters<'a>,
    route: &'a Route,
    /// The clusters that its target leads to.
    house: BTreeSet<&'a str>,
}

impl KeptRoute<'_> {
    /// Warns of requests that go on unsearched, to a cluster that is not the rule's.
    fn unsearched(&self, raw: &Raw, findings: &mut Diagnostics) {
        let (root, name) = (Path::Root, quoted(&self.route.name));
        let Settings { default_cluster, limits, .. } = &raw.settings;
        let Some(cluster) = default_cluster.as_deref() else { return };
        if self.house.contains(cluster) {
            return;
        }
        let mut owners = given(&raw.providers).filter(|(_, one)| one.cluster == cluster);
        if let Some((provider, _)) = owners.next() {
            let (cluster, provider) = (quoted(cluster), quoted(provider));
            let message = format!(
                "{cluster} is the cluster of provider {provider}, so requests that the filter \
                 does not read bypass the route {name}; name a cluster that answers with an \
                 error, or remove the key"
            );
            findings.warn(&root.key("default_cluster"), message);
        }
        let limits_at = root.key("limits");
        let is_passing = |policy: BodyPolicy| policy == BodyPolicy::PassThrough;
        for (at, is_passing, what) in [
            (limits_at.key("on_oversize"), is_passing(limits.on_oversize), "oversized bodies"),
            (limits_at.key("on_unparsable"), is_passing(limits.on_unparsable), "unreadable bodies"),
            (
                root.key("unknown_model"),
                self.found.unknown_model == UnknownModel::PassThrough,
                "requests for unknown models that no route takes",
            ),
        ] {
            if is_passing {
                let message = format!(
                    "\"pass_through\" lets {what} bypass the route {name} and go to \
                     default_cluster; use \"reject\""
                );
                findings.warn(&at, message);
            }
        }
    }

    /// Warns of what lets clients choose another way than the rule's.
    fn choices(&self, settings: &Settings, findings: &mut Diagnostics) {
        let (root, name) = (Path::Root, quoted(&self.route.name));
        let headers = settings.client_headers;
        let open: Vec<&str> = [
            ("route", headers.route),
            ("provider", headers.provider),
            ("deployment", headers.deployment),
            ("fallback", headers.fallback),
        ]
        .into_iter()
        .filter_map(|(header, is_open)| is_open.then_some(header))
        .collect();
        if !open.is_empty() {
            let open = quoted_list(&open);
            let message = format!(
                "{open}: with these headers clients can bypass the route {name}; remove them from \
                 the list"
            );
            findings.warn(&root.key("client_headers"), message);
        }
        // Without model_in, the rule holds for every name that a client makes up.
        let Some(patterns) = models(&self.route.when) else { return };
        if settings.allow_direct {
            let message = format!(
                "lets clients name deployments and upstream models that model_in of the route \
                 {name} may not list; remove model_in from the route"
            );
            findings.warn(&root.key("allow_direct"), message);
        }
        if let UnknownModel::Model(id) = self.found.unknown_model
            && let Some(model) = self.found.models.get(id.0)
            && !patterns.iter().any(|pattern| pattern.matches(&model.name))
            && self.leaves_house(Target::Model(id, None))
        {
            let stand_in = quoted(&model.name);
            let message = format!(
                "{stand_in} serves requests for unknown models, but model_in of the route {name} \
                 does not list it; add it to model_in"
            );
            findings.warn(&root.key("unknown_model").key("model"), message);
        }
    }

    /// Warns of prompts that are not searched although the route may see them.
    fn hidden(&self, settings: &Settings, findings: &mut Diagnostics) {
        let (root, name) = (Path::Root, quoted(&self.route.name));
        if let Some(id) = self.found.no_model
            && self.leaves_house(Target::Deployment(id))
            && !sees(&self.route.when, Unsearchable::State)
        {
            let message = format!(
                "serves prompts that a provider keeps, which the filter cannot search for the \
                 keywords of the route {name}; add \"state\" to the route's unsearchable"
            );
            findings.warn(&root.key("no_model"), message);
        }
        if !settings.search.schemas {
            let message = format!(
                "is false, so a prompt in a tool's description bypasses the route {name}; remove \
                 the key"
            );
            findings.warn(&root.key("search").key("schemas"), message);
        }
        if settings.keywords.whitespace == Whitespace::Exact {
            let message = format!(
                "\"exact\" lets line ends and invisible characters hide the keywords of the route \
                 {name}; remove the key"
            );
            findings.warn(&root.key("keywords").key("whitespace"), message);
        }
        if !sees(&self.route.when, Unsearchable::Tokens) {
            let message = format!(
                "prompts sent as token numbers bypass the route {name}; remove unsearchable and \
                 on_unsearchable, or let \"tokens\" match"
            );
            self.warn_at_route(&self.route.name, Some("when"), &message, findings);
        }
    }

    /// Warns of routes that may be added while the proxy runs, and tried before the rule.
    fn later_routes(&self, settings: &Settings, findings: &mut Diagnostics) {
        let (root, name) = (Path::Root, quoted(&self.route.name));
        // Of equal priorities, those of the document come first.
        if self.route.priority == i32::MAX {
            return;
        }
        let sources = [
            ("admin", settings.admin.is_some(), "anyone with the admin token"),
            ("route_source", settings.route_source.is_some(), "anyone who controls the source"),
        ];
        for (key, _, who) in sources.into_iter().filter(|(_, is_there, _)| *is_there) {
            let message = format!(
                "{who} can add routes with a higher priority than the route {name}; set the \
                 route's priority to {}",
                i32::MAX
            );
            findings.warn(&root.key(key), message);
        }
    }

    /// Warns of conditions beside the keywords that clients decide on.
    fn narrowed(&self, findings: &mut Diagnostics) {
        let name = quoted(&self.route.name);
        let others: Vec<&str> =
            self.route.when.0.iter().filter(|c| is_clients(c)).map(Condition::key).collect();
        if !others.is_empty() {
            let others = quoted_list(&others);
            let message = format!(
                "{others}: a prompt with the keywords of the route {name} goes elsewhere if this \
                 condition does not hold; remove the condition, or add a route for the other \
                 requests"
            );
            self.warn_at_route(&self.route.name, Some("when"), &message, findings);
        }
    }

    /// Warns of a route that is tried before the rule and leads elsewhere.
    fn overtaken(&self, earlier: &Route, findings: &mut Diagnostics) {
        // One with keywords is a rule of its own, and one for other models takes nothing from this.
        let is_other = !earlier.enabled
            || looks_for_keywords(&earlier.when)
            || !may_share_models(self.rules, &earlier.when, &self.route.when);
        if is_other || !self.leaves_house(earlier.then.target) {
            return;
        }
        let (first, name) = (quoted(&earlier.name), quoted(&self.route.name));
        let message = format!(
            "{first} is tried before {name} and sends prompts with its keywords elsewhere; give \
             {name} the higher priority"
        );
        self.warn_at_route(&earlier.name, None, &message, findings);
    }

    /// Returns whether a target may lead to a cluster that is not the rule's, its fallbacks
    /// included.
    fn leaves_house(&self, target: Target) -> bool {
        let reached = self.places.of(std::iter::once(target));
        !reached.is_subset(&self.house)
    }

    /// Warns at a route, or at a key of it.
    fn warn_at_route(
        &self,
        name: &str,
        key: Option<&str>,
        message: &str,
        findings: &mut Diagnostics,
    ) {
        let named = |raw: &RawRoute| raw.name.as_deref() == Some(name);
        let mut routes = self.rules.routes.iter();
        let Some(index) = routes.position(|raw| raw.as_ref().is_some_and(named)) else { return };
        let at = self.rules.route_at(index);
        match key {
            Some(key) => findings.warn(&at.key(key), message),
            None => findings.warn(&at, message),
        }
    }
}

/// Returns whether keywords can make these conditions hold.
fn looks_for_keywords(when: &When) -> bool {
    when.0.iter().any(|condition| match condition {
        Condition::PromptContainsAnyOf(_) => true,
        Condition::AnyOf(alternatives) => alternatives.iter().any(looks_for_keywords),
        _ => false,
    })
}

/// Returns whether some keywords of these conditions count as there, or the request as refused,
/// where a prompt is of that kind.
fn sees(when: &When, what: Unsearchable) -> bool {
    when.0.iter().any(|condition| match condition {
        Condition::PromptContainsAnyOf(sought) => {
            sought.unsearchable.contains(&what) && sought.on_unsearchable != OnUnsearchable::NoMatch
        }
        Condition::AnyOf(alternatives) => alternatives.iter().any(|when| sees(when, what)),
        _ => false,
    })
}

/// Returns whether a client decides on whether a condition holds. Headers are left out, which
/// authentication may set.
fn is_clients(condition: &Condition) -> bool {
    match condition {
        Condition::PromptContainsAnyOf(_) | Condition::HeaderEquals(_) | Condition::AnyOf(_) => {
            false
        }
        Condition::ModelIn(patterns) => !patterns.is_empty(),
        Condition::SamplePercent(percent) => *percent < 100.0,
        _ => true,
    }
}

/// Returns the models that conditions are restricted to, if they are.
fn models(when: &When) -> Option<&[NamePattern]> {
    when.0.iter().find_map(|condition| match condition {
        Condition::ModelIn(patterns) if !patterns.is_empty() => Some(patterns.as_slice()),
        _ => None,
    })
}

/// Returns whether a request may be for models of both, as far as names without a prefix tell.
fn may_share_models(rules: &Rules<'_>, a: &When, b: &When) -> bool {
    let (Some(a), Some(b)) = (models(a), models(b)) else { return true };
    // An alias may be in one list, and its model in the other.
    let is_plain = |one: &NamePattern| match one {
        NamePattern::Exact(name) => !rules.aliases.contains_key(name),
        NamePattern::Prefix(_) => false,
    };
    !a.iter().chain(b).all(is_plain) || a.iter().any(|one| b.contains(one))
}
