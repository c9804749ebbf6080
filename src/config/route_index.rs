//! Which routes can match a request, by the names it goes under.
//!
//! Of ten thousand routes most name other models: their conditions are not
//! worth a look. Knows only `model_in` at the top of a route's conditions.

use std::collections::{BTreeMap, BTreeSet};

use crate::sort::ordered;

use super::route::{Condition, NamePattern, Route};

/// For so many routes of a name there is room from the start.
const FEW: usize = 8;

/// Enabled routes, by the model names they ask for.
///
/// It may list routes that do not match, whose conditions are evaluated afterwards. It never leaves
/// out one that does.
#[derive(Debug, Default)]
pub struct RouteIndex {
    /// Routes that ask for no model by name. Every request may match these.
    any: Vec<usize>,
    exact: BTreeMap<String, Vec<usize>>,
    prefix: BTreeMap<String, Vec<usize>>,
    /// Lengths of the prefixes, in bytes.
    prefix_lengths: BTreeSet<usize>,
}

impl RouteIndex {
    /// Returns the index of routes, given in the order they are tried.
    pub(super) fn of(routes: &[Route]) -> Self {
        let mut index = Self::default();
        for (at, route) in routes.iter().enumerate().filter(|(_, route)| route.enabled) {
            // What is nested in `any_of` or `not` does not bind the whole route.
            let patterns = route.when.0.iter().find_map(|condition| match condition {
                Condition::ModelIn(patterns) if !patterns.is_empty() => Some(patterns),
                _ => None,
            });
            let Some(patterns) = patterns else {
                index.any.push(at);
                continue;
            };
            for pattern in patterns {
                match pattern {
                    NamePattern::Exact(name) => {
                        index.exact.entry(name.clone()).or_default().push(at);
                    }
                    NamePattern::Prefix(prefix) => {
                        index.prefix_lengths.insert(prefix.len());
                        index.prefix.entry(prefix.clone()).or_default().push(at);
                    }
                }
            }
        }
        index
    }

    /// Returns the indices of the routes that may match a request known under these names, in the
    /// order they are tried: all whose `model_in` holds, and those without one.
    ///
    /// Of a route for `gpt-4`, one for `gpt*` and one for any model, the name `gpt-4` leads to all
    /// three and `claude` to the last alone.
    pub fn of_names<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<usize> {
        let some = self.any.len();
        // A name leads to few routes beside those.
        let mut found = Vec::with_capacity(some.saturating_add(FEW));
        found.extend_from_slice(&self.any);
        for name in names {
            found.extend(self.exact.get(name).into_iter().flatten());
            // One look-up for each length, however many prefixes there are.
            for length in &self.prefix_lengths {
                // No prefix ends within a character, nor after the end of the name.
                let prefix = name.get(..*length).and_then(|prefix| self.prefix.get(prefix));
                found.extend(prefix.into_iter().flatten());
            }
        }
        // Several names may lead to one route. Without any find, the list is in order already.
        if found.len() > some {
            found = ordered(found);
            found.dedup();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Action, DeploymentId, Target, When};

    fn route(enabled: bool, names: Option<&[&str]>) -> Route {
        let pattern = |name: &&str| match name.strip_suffix('*') {
            Some(prefix) => NamePattern::Prefix(prefix.to_owned()),
            None => NamePattern::Exact((*name).to_owned()),
        };
        let when = names.map(|names| Condition::ModelIn(names.iter().map(pattern).collect()));
        Route {
            name: String::new(),
            priority: 0,
            enabled,
            when: When(when.into_iter().collect()),
            then: Action {
                target: Target::Deployment(DeploymentId(0)),
                fallbacks: Vec::new(),
                disable_cache: false,
                max_cost_usd: None,
            },
        }
    }

    #[test]
    fn a_name_finds_its_routes_in_their_order() {
        let routes = [
            route(true, Some(&["gpt-4", "claude*"])),
            route(true, None),
            route(true, Some(&["gpt*", "gpt-4"])),
            route(false, Some(&["gpt-4"])),
            route(true, Some(&[])),
            route(true, Some(&["*"])),
            route(true, Some(&["gpt-4o"])),
        ];
        let index = RouteIndex::of(&routes);
        assert_eq!(index.of_names(["gpt-4"]), [0, 1, 2, 4, 5]);
        assert_eq!(index.of_names(["gpt-4o", "gpt-4o"]), [1, 2, 4, 5, 6]);
        assert_eq!(index.of_names(["claude-x", "gpt-4o"]), [0, 1, 2, 4, 5, 6]);
        assert_eq!(index.of_names(["é"]), [1, 4, 5]);
        assert_eq!(index.of_names([]), [1, 4]);
    }
}
