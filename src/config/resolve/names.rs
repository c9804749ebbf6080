//! What names stand for: models, aliases with their chains flattened, targets.

use std::collections::BTreeMap;

use super::super::configuration::Names;
use super::super::error::{Findings, Path, quoted};
use super::super::ids::{GroupId, ModelId};
use super::super::parts::Status;
use super::super::raw::RawModel;
use super::super::route::Target;
use super::super::shape::listed;
use super::deployments::Ground;
use super::lists::inserted;
use super::rules::Rules;

/// Names of a cycle that a message lists.
const MOST_TOLD: usize = 16;

/// Everything that a target may name.
pub(super) struct Directory<'a> {
    /// Sorted by name, so that a place is a [`ModelId`]; none where the model was reported.
    models: Vec<(&'a str, Option<&'a RawModel>)>,
    /// None where the alias was reported.
    aliases: BTreeMap<&'a str, Option<ModelId>>,
    ground: &'a Ground,
    /// Whether names may be missing because a whole section was reported.
    is_partial: bool,
}

impl<'a> Directory<'a> {
    /// Collects the names of models and aliases and flattens the aliases.
    pub(super) fn new(rules: &Rules<'a>, ground: &'a Ground, findings: &mut Findings) -> Self {
        let models = rules.models.iter().map(|(name, model)| (name.as_str(), model.as_ref()));
        let is_partial = ground.is_partial
            || findings.is_reported(&rules.models_at)
            || findings.is_reported(&rules.aliases_at);
        let aliases = BTreeMap::new();
        let mut directory = Self { models: models.collect(), aliases, ground, is_partial };
        for name in rules.aliases.keys() {
            let at = rules.aliases_at.key(name);
            if directory.own_id(name).is_some() {
                findings.problem(&at, "is also the name of a model; rename one of them");
            }
            if directory.flatten(name, rules, findings).is_some_and(|id| directory.is_deleted(id)) {
                findings.warn(&at, "stands for a deleted model, so it does not resolve");
            }
        }
        directory
    }

    /// The id of the model of exactly that name.
    fn own_id(&self, name: &str) -> Option<ModelId> {
        self.models.binary_search_by_key(&name, |(known, _)| known).ok().map(ModelId)
    }

    fn written(&self, id: ModelId) -> Option<&'a RawModel> {
        self.models.get(id.0).and_then(|(_, model)| *model)
    }

    fn is_deleted(&self, id: ModelId) -> bool {
        self.written(id).is_some_and(|model| model.traits.status == Status::Deleted)
    }

    /// Follows a chain of aliases to its end and notes it for every alias on the way.
    fn flatten(
        &mut self,
        name: &'a str,
        rules: &Rules<'a>,
        findings: &mut Findings,
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
            let Some(Some(next)) = rules.aliases.get(current) else { break None };
            // An alias that is a model, too, is reported where it stands.
            match self.own_id(next) {
                Some(id) => break Some(id),
                None if rules.aliases.contains_key(next) => current = next,
                None => {
                    self.report_unknown(current, next, rules, findings);
                    break None;
                }
            }
        };
        for alias in chain {
            self.aliases.insert(alias, end);
        }
        end
    }

    fn report_unknown(
        &self,
        alias: &str,
        target: &str,
        rules: &Rules<'a>,
        findings: &mut Findings,
    ) {
        if !self.is_partial {
            let known = rules.aliases.keys().map(String::as_str).filter(|name| *name != alias);
            let message = self.unknown("model", target, known);
            findings.problem(&rules.aliases_at.key(alias), message);
        }
    }

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
        let near = self.ground.near(name, models().chain(more));
        let parting = if near.is_some() { "" } else { ";" };
        let near = near.unwrap_or_default();
        let known = listed(models());
        let known = if known.is_empty() { "none".to_owned() } else { known };
        format!("unknown {what} {}{near}{parting} known models: {known}", quoted(name))
    }

    /// The model of that name or alias; none where it was reported.
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

    /// What a name stands for: a model, `model#variant`, an alias or a deployment
    /// id, looked up in that order; none where it was reported.
    ///
    /// # Errors
    /// What to tell of a name that is not known, or deleted.
    pub(super) fn target(&self, name: &str) -> Result<Option<Target>, String> {
        if let Some(found) = self.lookup(name)? {
            return Ok(found.map(|id| Target::Model(id, None)));
        }
        let variant = name.rsplit_once('#').and_then(|(model, key)| self.variant(model, key));
        if let Some(Ok(target)) = variant {
            return Ok(target);
        }
        match (self.ground.ids.get(name), variant) {
            (Some(id), _) => Ok(Some(Target::Deployment(*id))),
            (None, Some(Err(message))) => Err(message),
            (None, _) if self.is_partial => Ok(None),
            (None, _) => {
                let more = self.aliases.keys().copied();
                let more = more.chain(self.ground.ids.keys().map(String::as_str));
                Err(self.unknown("model, alias or deployment", name, more))
            }
        }
    }

    /// The model of that name or alias; the inner none where it was reported.
    ///
    /// # Errors
    /// What to tell of a deleted model.
    fn lookup(&self, name: &str) -> Result<Option<Option<ModelId>>, String> {
        let found = self.own_id(name).map(Some).or_else(|| self.aliases.get(name).copied());
        match found {
            Some(Some(id)) if self.is_deleted(id) => {
                Err(format!("model {} is deleted; allowed: models that resolve", quoted(name)))
            }
            found => Ok(found),
        }
    }

    /// The variant of a model, if there is such a model.
    fn variant(&self, model: &str, key: &str) -> Option<Result<Option<Target>, String>> {
        let id = match self.lookup(model) {
            Ok(Some(Some(id))) => id,
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
            format!("model {model} has no variants")
        } else {
            let known = listed(keys().flatten());
            format!("model {model} has no variant {}; known: {known}", quoted(key))
        }))
    }

    /// The names for clients.
    pub(super) fn into_names(self, ground: &Ground) -> Names {
        let models = self.models.iter().enumerate();
        let aliases = self.aliases.iter();
        Names {
            models: inserted(models.map(|(at, (name, _))| ((*name).to_owned(), ModelId(at)))),
            aliases: inserted(aliases.filter_map(|(name, id)| Some(((*name).to_owned(), (*id)?)))),
            deployments: ground.ids.clone(),
        }
    }
}

/// Tells a cycle from its least name on, so that it is told the same from wherever it is met.
fn report_cycle(cycle: &[&str], rules: &Rules<'_>, findings: &mut Findings) {
    let least = cycle.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(at, _)| at);
    let turned = cycle.iter().cycle().skip(least).copied();
    let mut told: Vec<&str> = turned.clone().take(cycle.len().min(MOST_TOLD)).collect();
    if cycle.len() > MOST_TOLD {
        told.push("…");
    }
    told.extend(turned.take(1));
    findings.problem(&rules.aliases_at, format!("cycle: {}", told.join(" -> ")));
}

/// Where a reference stands and what it names.
pub(super) fn resolved<T>(
    at: &Path<'_>,
    found: Result<Option<T>, String>,
    findings: &mut Findings,
) -> Option<T> {
    found.unwrap_or_else(|message| {
        findings.problem(at, message);
        None
    })
}
