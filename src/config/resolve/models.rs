//! Models: candidates or variants, the default variant, fallbacks, params.

use crate::strategy::{Strategy, Trait};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::custom::MOST_LISTED;
use super::super::error::{Path, quoted};
use super::super::ids::GroupId;
use super::super::large::Index;
use super::super::model::{Fallbacks, Group, Model};
use super::super::parts::ParamSchema;
use super::super::raw::{Elements, RawFallbacks, RawModel, RawVariant};
use super::super::route::Target;
use super::super::sticky::{RawSticky, Sticky};
use super::lists::given;
use super::names::resolved;
use super::rules::Rules;
use super::scope::Scope;

/// The variant that is meant when none is named, wherever it is in the list.
const BASE: &str = "base";

impl Scope<'_> {
    /// Resolves every model, sorted by name.
    #[inline(never)]
    pub(super) fn models(&mut self, rules: &Rules<'_>) -> Vec<Model> {
        let models = given(rules.models);
        models.map(|(name, raw)| self.model(&rules.models_at.key(name), name, raw)).collect()
    }

    /// Resolves one model. A model with problems comes back all the same, so that the rest of the
    /// document is checked in the same pass.
    fn model(&mut self, at: &Path<'_>, name: &str, raw: &RawModel) -> Model {
        let (groups, default_group) = self.groups(at, raw);
        self.warn_of_idle_settings(at, raw);
        // After the groups are resolved: their candidates are what the service is sent.
        self.check_custom(at, raw, &groups);
        let fallbacks = self.fallbacks(&at.key("fallbacks"), &raw.fallbacks);
        let state_deployment = raw.state_deployment.as_ref().and_then(|id| {
            resolved(&at.key("state_deployment"), self.deployments.find(id), self.findings)
        });
        if let Some(schema) = &raw.traits.param_schema {
            self.check_param_schema(&at.key("param_schema"), schema);
        }
        Model {
            name: name.to_owned(),
            groups,
            default_group,
            fallbacks,
            state_deployment,
            sticky: self.sticky(&at.key("sticky"), raw.traits.sticky.as_ref()),
            traits: Arc::clone(&raw.traits),
        }
    }

    /// Returns what the requests of one session are recognised by; all keys where none are given.
    fn sticky(&mut self, at: &Path<'_>, raw: Option<&RawSticky>) -> Sticky {
        let default = Sticky::default();
        let Some(raw) = raw else { return default };
        let Some(keys) = &raw.keys else { return Sticky { bound: raw.bound, ..default } };
        // An empty list would switch the strategy off silently.
        if keys.is_empty() {
            let message = "is empty; name at least one key, or remove it";
            self.findings.problem(&at.key("keys"), message);
        }
        Sticky { keys: keys.clone(), bound: raw.bound }
    }

    /// Returns the groups of a model, and which of them is meant when none is named.
    ///
    /// A model without variants has one group, which has no key. A variant that was reported has no
    /// group.
    fn groups(&mut self, at: &Path<'_>, raw: &RawModel) -> (Vec<Group>, GroupId) {
        let Some(variants) = &raw.variants else {
            return (self.base(at, raw).into_iter().collect(), GroupId(0));
        };
        // A request that names no variant could otherwise mean either.
        for (key, is_given) in
            [("strategy", raw.strategy.is_some()), ("candidates", raw.candidates.is_some())]
        {
            if is_given {
                let message = "cannot be used together with variants; move it into each variant";
                self.findings.problem(&at.key(key), message);
            }
        }
        let at = at.key("variants");
        if variants.is_empty() {
            self.findings.problem(&at, "is empty; add at least one variant");
        }
        let mut keys = BTreeSet::new();
        let mut groups = Vec::new();
        for (index, variant) in variants.iter().enumerate() {
            let at = at.index(index);
            let Some(variant) = variant else { continue };
            if let Some(key) = variant.key.as_ref().filter(|key| !keys.insert(key.as_str())) {
                let message = format!(
                    "{} is also the key of another variant; choose another key",
                    quoted(key)
                );
                self.findings.problem(&at.key("key"), message);
            }
            groups.push(self.variant(&at, variant));
        }
        (groups, default_group(variants))
    }

    /// Returns the only group of a model without variants; none where that was reported.
    fn base(&mut self, at: &Path<'_>, raw: &RawModel) -> Option<Group> {
        let candidates_at = at.key("candidates");
        let Some(candidates) = &raw.candidates else {
            // A key that was reported is left out of what was read, so it is not missing.
            let is_reported = self.findings.is_reported(&candidates_at)
                || self.findings.is_reported(&at.key("variants"));
            if !is_reported {
                self.findings
                    .problem(at, "missing key \"candidates\" or \"variants\"; add one of them");
            }
            return None;
        };
        let strategy = raw.strategy.unwrap_or_default();
        let candidates = self.candidates(&candidates_at, strategy, candidates);
        Some(Group {
            key: None,
            strategy,
            index: Index::of(strategy, &candidates, &self.deployments.built),
            candidates,
            purpose: None,
            when_to_use: None,
        })
    }

    /// Resolves one variant. Its group is empty where its candidates were reported, so that the
    /// groups after it keep their places.
    fn variant(&mut self, at: &Path<'_>, raw: &RawVariant) -> Group {
        let strategy = raw.strategy;
        let candidates = raw.candidates.as_ref().map_or_else(Vec::new, |candidates| {
            self.candidates(&at.key("candidates"), strategy, candidates)
        });
        Group {
            key: raw.key.clone(),
            strategy,
            index: Index::of(strategy, &candidates, &self.deployments.built),
            candidates,
            purpose: raw.purpose.clone(),
            when_to_use: raw.when_to_use.clone(),
        }
    }

    /// Resolves the fallbacks. A plain list is for every kind of failure.
    ///
    /// A kind without a list of its own is none, and after most of those the general list stands
    /// in. With an empty list, nothing is tried after such a failure.
    fn fallbacks(&mut self, at: &Path<'_>, raw: &RawFallbacks) -> Fallbacks {
        let lists = match raw {
            RawFallbacks::General(names) => {
                return Fallbacks { general: self.targets(at, names), ..Fallbacks::default() };
            }
            RawFallbacks::ByKind(lists) => lists,
        };
        let mut by_kind = |key: &str, names: &Option<Elements<String>>| {
            names.as_ref().map(|names| self.targets(&at.key(key), names))
        };
        Fallbacks {
            context_window: by_kind("context_window", &lists.context_window),
            content_policy: by_kind("content_policy", &lists.content_policy),
            rate_limit: by_kind("rate_limit", &lists.rate_limit),
            general: self.targets(&at.key("general"), &lists.general),
        }
    }

    /// Resolves a list of names of models, variants, aliases and deployments. Names that were
    /// reported are left out.
    pub(super) fn targets(&mut self, at: &Path<'_>, names: &Elements<String>) -> Vec<Target> {
        let mut targets = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            let found = self.directory.target(name);
            targets.extend(resolved(&at.index(index), found, self.findings));
        }
        targets
    }

    /// Refuses a schema that no params can satisfy: a name is required that `properties` does not
    /// have, and unknown names are refused.
    fn check_param_schema(&mut self, at: &Path<'_>, schema: &ParamSchema) {
        for (index, name) in schema.required.iter().enumerate() {
            // An empty name stands for one that was reported.
            let is_known = schema.properties.contains_key(name) || name.is_empty();
            if !schema.additional && !is_known {
                let message = format!(
                    "{} is not in properties and additionalProperties is false; add it to \
                     properties, or remove it here",
                    quoted(name)
                );
                self.findings.problem(&at.key("required").index(index), message);
            }
        }
    }

    /// Warns of `sticky` in a model none of whose strategies reads it.
    fn warn_of_idle_settings(&mut self, at: &Path<'_>, raw: &RawModel) {
        let is_sticky = raw.strategies().any(|strategy| strategy.has(Trait::BySession));
        if raw.traits.sticky.is_some() && !is_sticky {
            let message = "has no effect without the strategy \"sticky\"; set \"strategy\" to \
                           \"sticky\", or remove it";
            self.findings.warn(&at.key("sticky"), message);
        }
    }

    /// Checks the service that the strategy `custom` asks, in the model itself or in any of its
    /// variants: it is there exactly where it is needed, and its cluster and the number of
    /// candidates are possible.
    fn check_custom(&mut self, at: &Path<'_>, raw: &RawModel, groups: &[Group]) {
        let is_custom = raw.strategies().any(|strategy| strategy.has(Trait::AsksService));
        let at_custom = at.key("custom");
        let Some(custom) = &raw.traits.custom else {
            if is_custom && !self.findings.is_reported(&at_custom) {
                let message = "missing key \"custom\"; add it: the service that the strategy \
                               \"custom\" asks";
                self.findings.problem(at, message);
            }
            return;
        };
        if !is_custom {
            let message = "has no effect without the strategy \"custom\"; set \"strategy\" to \
                           \"custom\", or remove this key";
            self.findings.problem(&at_custom, message);
        }
        self.deployments.check_service(&at_custom.key("cluster"), &custom.cluster, self.findings);
        let groups = groups.iter().filter(|group| group.strategy.has(Trait::AsksService));
        let most = groups.map(|group| group.candidates.len()).max().unwrap_or(0);
        // The question lists every candidate, so its length needs a bound.
        if most > MOST_LISTED {
            let message = format!(
                "has {most} candidates, too many to send to a service; allowed: at most \
                 {MOST_LISTED}"
            );
            self.findings.problem(&at_custom, message);
        }
    }
}

impl RawModel {
    /// Returns its own strategy and those of its variants, as far as they are written.
    fn strategies(&self) -> impl Iterator<Item = Strategy> {
        let of_variants = self.variants.iter().flatten().flatten().map(|variant| variant.strategy);
        self.strategy.into_iter().chain(of_variants)
    }
}

/// Returns the variant `base`, else the one of the lowest position, else the first.
fn default_group(variants: &Elements<RawVariant>) -> GroupId {
    let keyed = |variant: &&RawVariant| variant.key.as_deref() == Some(BASE);
    // Counted without those that were reported, as the groups are.
    let variants = || variants.iter().flatten().enumerate();
    let base = variants().find(|(_, variant)| keyed(variant));
    let meant = base.or_else(|| variants().min_by_key(|(_, variant)| variant.position));
    GroupId(meant.map_or(0, |(index, _)| index))
}
