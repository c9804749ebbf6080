//! Which dynamic entries fit a configuration, and why the others do not.
//!
//! Says of every entry whether all names would resolve in the configuration with it, without
//! building that configuration. A provider or a target may be gone, or aliases may form a
//! cycle. An entry that fits here makes no problem when names are resolved.

use std::collections::BTreeSet;

use super::super::error::{Problem, quoted};
use super::super::parts::Status;
use super::super::shape::listed;
use super::base::{Base, variant_keys};
use super::dynamic::Dynamic;
use super::entry::{Added, Unfit};
use super::outline::Outline;

/// Names of a cycle that a message lists.
const MOST_TOLD: usize = 16;

impl Base {
    /// Returns the dynamic entries that do not fit, routes first.
    ///
    /// Routes are checked before aliases, because an alias may stand for a route that fits.
    #[must_use]
    pub fn unfit(&self, dynamic: &Dynamic) -> Vec<Unfit> {
        if dynamic.is_empty() {
            return Vec::new();
        }
        let outline = Outline::of(self);
        let mut unfit = Vec::new();
        let mut routes = BTreeSet::new();
        for (model, route) in &dynamic.routes {
            match outline.check(route) {
                Ok(()) => _ = routes.insert(model.as_str()),
                Err(problem) => {
                    unfit.push(Unfit { entry: Added::Route(model.clone()), problem });
                }
            }
        }
        let aliases = Aliases { base: self, routes: &routes, taken: Vec::new(), is_told: false };
        unfit.extend(aliases.unfit(dynamic));
        unfit
    }
}

/// Aliases as they hold beside the routes that fit.
struct Aliases<'a> {
    base: &'a Base,
    routes: &'a BTreeSet<&'a str>,
    /// Dynamic ones that were found to fit, by name.
    taken: Vec<(&'a str, &'a str)>,
    /// Whether messages are wanted. The rounds go without: there can be many, and a message is only
    /// kept of the last check.
    is_told: bool,
}

impl<'a> Aliases<'a> {
    /// Returns the aliases that do not fit.
    ///
    /// In rounds: `a -> b` fits only once `b -> model` does, so each round takes those whose target
    /// is there by now, until one takes none.
    ///
    /// Of `a -> b`, `b -> fast` and `c -> c`, with a model `fast`, the first round takes `b`, the
    /// second `a` and the third none. So `c` does not fit, and is reported as a cycle.
    fn unfit(mut self, dynamic: &'a Dynamic) -> Vec<Unfit> {
        let mut waiting: Vec<(&str, &str)> = Vec::new();
        for (alias, model) in &dynamic.aliases {
            waiting.push((alias, model));
        }
        loop {
            let before = waiting.len();
            // An alias may stand for one that comes after it, so there can be as many rounds as
            // aliases. Therefore the rounds make no messages.
            waiting.retain(|(alias, model)| {
                // On trial: a chain that leads back to this alias shows only if the alias is there.
                let at = self.take(alias, model);
                let is_unfit = self.check(alias, model).is_err();
                if is_unfit {
                    self.taken.remove(at);
                }
                is_unfit
            });
            if waiting.len() == before {
                break;
            }
        }
        // Checked among all of them, so that a cycle is not reported as an unknown name.
        for (alias, model) in &waiting {
            self.take(alias, model);
        }
        self.is_told = true;
        let mut unfit = Vec::new();
        for (alias, model) in waiting {
            if let Err((path, message)) = self.check(alias, model) {
                let problem = Problem { path: path.to_owned(), message };
                unfit.push(Unfit { entry: Added::Alias(alias.to_owned()), problem });
            }
        }
        unfit
    }

    /// Adds one to the taken. Returns its place among them.
    fn take(&mut self, alias: &'a str, model: &'a str) -> usize {
        let (Ok(at) | Err(at)) = self.place(alias);
        self.taken.insert(at, (alias, model));
        at
    }

    /// Returns where an alias is among the taken, or would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.taken.binary_search_by(|(alias, _)| (*alias).cmp(name))
    }

    /// Returns what a name stands for; none for a name that is not an alias.
    fn next(&self, name: &str) -> Option<&str> {
        // A route hides an alias of its name, so the chain ends here.
        if self.routes.contains(name) {
            return None;
        }
        let taken = self.place(name).ok().and_then(|at| self.taken.get(at));
        let taken = taken.map(|(_, model)| *model);
        // A dynamic alias hides the configured one of its name.
        taken.or_else(|| self.base.raw.aliases.get(name)?.as_deref())
    }

    /// Checks that an alias, itself among the taken, stands for a model.
    ///
    /// # Errors
    /// The field that is wrong, and what to tell of it.
    fn check(&self, alias: &str, model: &str) -> Result<(), (&'static str, String)> {
        // Routes are looked up first, so the alias would have no effect.
        if self.routes.contains(alias) {
            let message = "is also the name of a dynamic route, which takes precedence; delete \
                           that route first";
            return Err(("alias", message.to_owned()));
        }
        self.check_model(alias, model).map_err(|message| ("model", message))
    }

    /// Checks that the chain of an alias ends in a model that resolves and has every variant that
    /// routes may name.
    ///
    /// # Errors
    /// The message; an empty one where messages are not wanted.
    fn check_model(&self, alias: &str, model: &str) -> Result<(), String> {
        let mut chain = vec![alias];
        let mut current = model;
        let most = self.taken.len().saturating_add(self.base.raw.aliases.len());
        while let Some(next) = self.next(current) {
            chain.push(current);
            // The chain may also run into a cycle that the alias is not in, hence the length.
            if current == alias || chain.len() > most.saturating_add(1) {
                if !self.is_told {
                    return Err(String::new());
                }
                let more = if chain.len() > MOST_TOLD { " -> …" } else { "" };
                chain.truncate(MOST_TOLD);
                return Err(format!("forms a cycle: {}{more}; name a model", chain.join(" -> ")));
            }
            current = next;
        }
        // A route has the variants of the model it hides, so that one counts here.
        let is_route = self.routes.contains(current);
        let found = if is_route {
            self.base.hidden_by(current)
        } else {
            match self.base.raw.models.get(current) {
                Some(found) => found.as_ref(),
                None if !self.is_told => return Err(String::new()),
                None => {
                    let known = listed(self.base.models());
                    let name = quoted(current);
                    return Err(format!("unknown model {name}; known models: {known}"));
                }
            }
        };
        let is_deleted = found.is_some_and(|model| model.traits.status == Status::Deleted);
        if is_deleted && !is_route {
            let name = quoted(current);
            return Err(format!("model {name} is deleted; name a model that is not deleted"));
        }
        // Routes may name the variants of what the alias hides.
        let has = variant_keys(found);
        let mut missing = variant_keys(self.base.hidden_by(alias));
        missing.retain(|key| !has.contains(key));
        if missing.is_empty() {
            return Ok(());
        }
        let (target, alias) = (quoted(current), quoted(alias));
        let list = listed(missing.iter().map(String::as_str));
        Err(format!("{target} lacks variants that {alias} has: {list}; use a dynamic route"))
    }
}
