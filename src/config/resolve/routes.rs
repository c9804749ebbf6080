//! Routes: unique names, the order they are tried in, where they lead.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::error::{Diagnostics, Path, quoted};
use super::super::raw::RawRoute;
use super::super::route::{Action, Condition, Route, When};
use super::names::resolved;
use super::rules::Rules;
use super::scope::Scope;

impl Scope<'_> {
    /// Resolves every route; higher priority first, then file order.
    #[inline(never)]
    pub(super) fn routes(&mut self, rules: &Rules<'_>) -> Vec<Route> {
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        let mut routes = BTreeMap::new();
        for (index, raw) in rules.routes.iter().enumerate() {
            let Some(raw) = raw else { continue };
            let at = rules.route_at(index);
            let name = raw.name.as_deref();
            // A request can name the route it wants, so a name must mean one route.
            if let Some(first) = name.and_then(|name| names.get(name)) {
                let first = rules.route_at(*first);
                let name = quoted(name.unwrap_or_default());
                let message = format!(
                    "{name} is also the name of {first}; give each route a name of its own"
                );
                self.findings.problem(&at.key("name"), message);
            } else if let Some(name) = name {
                names.insert(name, index);
            }
            if let Some(route) = self.route(&at, raw) {
                // The key of the map is the order of trying. A sort would be further code in the
                // module.
                routes.insert((Reverse(route.priority), index), route);
            }
        }
        warn_of_shadowed(rules, &routes, self.findings);
        routes.into_values().collect()
    }

    /// Resolves one route; none where its target was reported.
    fn route(&mut self, at: &Path<'_>, raw: &RawRoute) -> Option<Route> {
        let when = self.when(&at.key("when"), &raw.when);
        let then_at = at.key("then");
        let then = raw.then.as_ref()?;
        let target = then.target_model.as_ref().and_then(|name| {
            let found = self.directory.target(name);
            resolved(&then_at.key("target_model"), found, self.findings)
        });
        let fallbacks = self.targets(&then_at.key("fallbacks"), &then.fallbacks);
        // Only now, so that wrong fallbacks are reported in the same pass.
        let target = target?;
        Some(Route {
            name: raw.name.clone().unwrap_or_default(),
            priority: raw.priority,
            enabled: raw.enabled,
            when,
            then: Action {
                target,
                fallbacks,
                disable_cache: then.disable_cache,
                max_cost_usd: then.max_cost_usd,
            },
        })
    }
}

/// Warns of routes after one that always matches: only `x-llm-route` reaches them.
fn warn_of_shadowed(
    rules: &Rules<'_>,
    routes: &BTreeMap<(Reverse<i32>, usize), Route>,
    findings: &mut Diagnostics,
) {
    let mut enabled = routes.iter().filter(|(_, route)| route.enabled);
    let Some((_, first)) = enabled.find(|(_, route)| is_unconditional(&route.when)) else {
        return;
    };
    // The search stopped at the first, so these are the routes after it.
    for ((_, index), route) in enabled {
        let (name, first) = (quoted(&route.name), quoted(&first.name));
        let message = format!(
            "{name} never matches, because {first} is tried first and always matches; add \
             conditions to {first}, or give {name} the higher priority"
        );
        findings.warn(&rules.route_at(*index), message);
    }
}

/// Whether every request meets the conditions, as far as one can tell without it.
///
/// An empty `model_in` holds for all models. Of `any_of`, one alternative is enough.
fn is_unconditional(when: &When) -> bool {
    when.0.iter().all(|condition| match condition {
        Condition::ModelIn(names) => names.is_empty(),
        Condition::HeaderEquals(pairs) | Condition::ParamsEqual(pairs) => pairs.is_empty(),
        Condition::SamplePercent(percent) => *percent >= 100.0,
        Condition::AnyOf(alternatives) => alternatives.iter().any(is_unconditional),
        _ => false,
    })
}
