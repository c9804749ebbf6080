//! What names stand for: models, aliases with their chains flattened, targets.

use std::collections::BTreeMap;

use super::super::configuration::Names;
use super::super::error::{Diagnostics, Path, quoted};
use super::super::ids::{GroupId, ModelId};
use super::super::parts::Status;
use super::super::raw::RawModel;
use super::super::route::Target;
use super::super::shape::listed;
use super::deployments::DeploymentSet;
use super::rules::Rules;
use crate::sort::map_of;

/// Names of a cycle that a message lists.
const MOST_TOLD: usize = 16;

/// Everything that a target may name.
///
/// It is built once for the rules of the document and once for those of its shadow, which may have
/// models, aliases and routes of its own. A model that was reported keeps its name here, so that
/// references to it are not reported as well.
pub(super) struct Directory<'a> {
    /// Sorted by name, so that a place is a [`ModelId`]; none where the model was reported.
    models: Vec<(&'a str, Option<&'a RawModel>)>,
    /// None where the alias was reported.
    aliases: BTreeMap<&'a str, Option<ModelId>>,
    deployments: &'a DeploymentSet,
    /// Whether names may be missing because a whole section was reported.
    is_partial: bool,
}

impl<'a> Directory<'a> {
    /// Collects the names of models and aliases and flattens the aliases.
    ///
    /// Reports aliases that have the name of a model, lead to nothing or form a cycle.
    #[inline(never)]
    pub(super) fn new(
        rules: &Rules<'a>,
        deployments: &'a DeploymentSet,
        findings: &mut Diagnostics,
    ) -> Self {
        let models = rules.models.iter().map(|(name, model)| (name.as_str(), model.as_ref()));
        // A section that was reported as a whole has no names left. Names of the file would then be
        // called unknown, so unknown names are not reported at all.
        let is_partial = deployments.is_partial
            || findings.is_reported(&rules.models_at)
            || findings.is_reported(&rules.aliases_at);
        let aliases = BTreeMap::new();
        let mut directory = Self { models: models.collect(), aliases, deployments, is_partial };
        for name in rules.aliases.keys() {
            let at = rules.aliases_at.key(name);
            // Models are looked up first, so the alias would never be found.
            if directory.own_id(name).is_some() {
                findings.problem(&at, "is also the name of a model; rename the alias or the model");
            }
            // A warning, not a problem: everything else works without the alias.
            if directory.flatten(name, rules, findings).is_some_and(|id| directory.is_deleted(id)) {
                findings.warn(
                    &at,
                    "names a deleted model, so it does not resolve; name another model, or remove \
                     the alias",
                );
            }
        }
        directory
    }

    /// Returns the id of the model of exactly that name.
    ///
    /// Aliases are not looked at.
    fn own_id(&self, name: &str) -> Option<ModelId> {
        self.models.binary_search_by_key(&name, |(known, _)| known).ok().map(ModelId)
    }

    /// Returns what the document says of a model; none where that was reported.
    fn written(&self, id: ModelId) -> Option<&'a RawModel> {
        self.models.get(id.0).and_then(|(_, model)| *model)
    }

    /// Whether a model is deleted. One that was reported counts as there, because its status is not
    /// known.
    fn is_deleted(&self, id: ModelId) -> bool {
        self.written(id).is_some_and(|model| model.traits.status == Status::Deleted)
    }

    /// Follows a chain of aliases to its end, which it notes for every alias on the way.
    ///
    /// Of `a → b → c` and a model `c`, both `a` and `b` stand for `c` after the first call. So
    /// each alias is followed once, however long the chains are. Returns none where the chain ends
    /// in nothing, which is then reported.
    ///
    /// Of `a → b → a`, both stand for nothing, and the cycle is reported once.
    fn flatten(
        &mut self,
        name: &'a str,
        rules: &Rules<'a>,
        findings: &mut Diagnostics,
    ) -> Option<ModelId> {
        let mut chain: Vec<&str> = Vec::new();
        let mut on_chain: BTreeMap<&str, usize> = BTreeMap::new();
        let mut current = name;
        let end = loop {
            // Names on the chain are aliases that are not known yet.
            if let Some(known) = self.aliases.get(current) {
                break *known;
            }
            if let Some(start) = on_chain.insert(current, chain.len()) {
                report_cycle(chain.get(start..).unwrap_or_default(), rules, findings);
                break None;
            }
            chain.push(current);
            // The inner none is an alias whose value was reported when its type was checked.
            let Some(Some(next)) = rules.aliases.get(current) else { break None };
            // An alias that is a model, too, is reported where it stands.
            match self.own_id(next) {
                Some(id) => break Some(id),
                None if rules.aliases.contains_key(next) => current = next,
                None => {
                    // At the last alias of the chain, which is the one to correct.
                    self.report_unknown(current, next, rules, findings);
                    break None;
                }
            }
        };
        // The whole chain shares its end, so that none of it is followed again.
        for alias in chain {
            self.aliases.insert(alias, end);
        }
        end
    }

    /// Reports that an alias stands for a name that does not exist. The alias itself is not
    /// suggested for it, because it would then stand for itself.
    fn report_unknown(
        &self,
        alias: &str,
        target: &str,
        rules: &Rules<'a>,
        findings: &mut Diagnostics,
    ) {
        if !self.is_partial {
            let known = rules.aliases.keys().map(String::as_str).filter(|name| *name != alias);
            let message = self.unknown("model", target, known);
            findings.problem(&rules.aliases_at.key(alias), message);
        }
    }

    /// Returns the message for a name that is not known: the nearest name, if there is one, and the
    /// names of models.
    ///
    /// `what` says what the name should have been. `more` are further names that may be suggested.
    /// Deleted models are neither suggested nor listed, because they do not resolve.
    fn unknown<'b>(
        &'b self,
        what: &str,
        name: &str,
        more: impl Iterator<Item = &'b str>,
    ) -> String {
        let is_deleted = |model: &RawModel| model.traits.status == Status::Deleted;
        let models = || {
            let models = self.models.iter();
            let models = models.filter(|(_, model)| !model.is_some_and(is_deleted));
            models.map(|(name, _)| *name)
        };
        // Through the deployments, which bound the suggestions made for one configuration.
        let near = self.deployments.near(name, models().chain(more));
        let parting = if near.is_some() { "" } else { ";" };
        let near = near.unwrap_or_default();
        let known = listed(models());
        let known = if known.is_empty() { "none".to_owned() } else { known };
        format!("unknown {what} {}{near}{parting} known models: {known}", quoted(name))
    }

    /// Returns the model of that name or alias; none where it was reported.
    ///
    /// Neither variants nor deployment ids count, because a model is needed.
    ///
    /// # Errors
    /// What to tell of a name that is not known, or deleted.
    pub(super) fn model(&self, name: &str) -> Result<Option<ModelId>, String> {
        match self.lookup(name)? {
            Some(found) => Ok(found),
            None if self.is_partial => Ok(None),
            None => Err(self.unknown("model", name, self.aliases.keys().copied())),
        }
    }

    /// Returns what a name stands for: a model, `model#variant`, an alias or a deployment id,
    /// looked up in that order; none where it was reported.
    ///
    /// Of a model `fast` with a variant `cheap`, both `fast` and `fast#cheap` are found.
    /// `fast#dear` is an error that lists the variants of `fast`, unless a deployment has exactly
    /// that id.
    ///
    /// # Errors
    /// What to tell of a name that is not known, or deleted.
    pub(super) fn target(&self, name: &str) -> Result<Option<Target>, String> {
        if let Some(found) = self.lookup(name)? {
            return Ok(found.map(|id| Target::Model(id, None)));
        }
        // From the right, because names of models may have a `#` of their own.
        let variant = name.rsplit_once('#').and_then(|(model, key)| self.variant(model, key));
        if let Some(Ok(target)) = variant {
            return Ok(target);
        }
        // An id may have a `#` in it. So a variant that does not exist is an error only where no
        // deployment has the whole name.
        match (self.deployments.ids.get(name), variant) {
            (Some(id), _) => Ok(Some(Target::Deployment(*id))),
            (None, Some(Err(message))) => Err(message),
            (None, _) if self.is_partial => Ok(None),
            (None, _) => {
                let more = self.aliases.keys().copied();
                let more = more.chain(self.deployments.ids.keys().map(String::as_str));
                Err(self.unknown("model, alias or deployment", name, more))
            }
        }
    }

    /// Returns the model of that name or alias, if it is one; the inner none where it was reported.
    ///
    /// The outer none means that neither has the name, so that the caller can look elsewhere.
    ///
    /// # Errors
    /// What to tell of a deleted model.
    fn lookup(&self, name: &str) -> Result<Option<Option<ModelId>>, String> {
        let found = self.own_id(name).map(Some).or_else(|| self.aliases.get(name).copied());
        match found {
            // Not passed on as unknown: the message says why a name that is in the file does not
            // resolve.
            Some(Some(id)) if self.is_deleted(id) => {
                Err(format!("model {} is deleted; name a model that is not deleted", quoted(name)))
            }
            found => Ok(found),
        }
    }

    /// Returns the variant of a model, if there is such a model; the inner none where one of them
    /// was reported.
    fn variant(&self, model: &str, key: &str) -> Option<Result<Option<Target>, String>> {
        let id = match self.lookup(model) {
            Ok(Some(Some(id))) => id,
            // The model or its alias was reported, so it may well have the variant.
            Ok(Some(None)) => return Some(Ok(None)),
            Ok(None) => return None,
            Err(message) => return Some(Err(message)),
        };
        let Some(written) = self.written(id) else { return Some(Ok(None)) };
        let variants = written.variants.as_deref().unwrap_or_default();
        let keys = || variants.iter().map(|variant| variant.as_ref()?.key.as_deref());
        if let Some(group) = keys().position(|known| known == Some(key)) {
            return Some(Ok(Some(Target::Model(id, Some(GroupId(group))))));
        }
        // A variant that was reported may be the one that is meant.
        if keys().any(|known| known.is_none()) {
            return Some(Ok(None));
        }
        let model = quoted(model);
        Some(Err(if variants.is_empty() {
            format!("model {model} has no variants; name the model without \"#\"")
        } else {
            let known = listed(keys().flatten());
            format!("model {model} has no variant {}; known: {known}", quoted(key))
        }))
    }

    /// Returns the names that clients may ask for, with the ids they stand for. Aliases that were
    /// reported are left out.
    #[inline(never)]
    pub(super) fn into_names(self, deployments: &DeploymentSet) -> Names {
        let models = self.models.iter().enumerate();
        let aliases = self.aliases.iter();
        Names {
            models: map_of(models.map(|(at, (name, _))| ((*name).to_owned(), ModelId(at)))),
            aliases: map_of(aliases.filter_map(|(name, id)| Some(((*name).to_owned(), (*id)?)))),
            deployments: deployments.ids.clone(),
        }
    }
}

/// Reports a cycle from its least name on, so that the report does not depend on where the walk
/// entered the cycle.
fn report_cycle(cycle: &[&str], rules: &Rules<'_>, findings: &mut Diagnostics) {
    let least = cycle.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(at, _)| at);
    let turned = cycle.iter().cycle().skip(least).copied();
    let mut told: Vec<&str> = turned.clone().take(cycle.len().min(MOST_TOLD)).collect();
    if cycle.len() > MOST_TOLD {
        told.push("…");
    }
    // The first name again shows where the cycle closes: `a -> b -> a`.
    told.extend(turned.take(1));
    findings.problem(
        &rules.aliases_at,
        format!("these aliases form a cycle: {}; make one of them name a model", told.join(" -> ")),
    );
}

/// Returns what a reference stands for. If it stands for nothing, that is reported at its place.
///
/// The inner none is something that was reported before, so nothing is added to it.
pub(super) fn resolved<T>(
    at: &Path<'_>,
    found: Result<Option<T>, String>,
    findings: &mut Diagnostics,
) -> Option<T> {
    found.unwrap_or_else(|message| {
        findings.problem(at, message);
        None
    })
}
