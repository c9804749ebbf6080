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
use super::super::raw::{Listed, RawFallbacks, RawModel, RawVariant};
use super::super::route::Target;
use super::super::sticky::{RawSticky, Sticky};
use super::lists::given;
use super::names::resolved;
use super::rules::Rules;
use super::scope::Scope;

/// The variant that is meant when none is named, wherever it stands.
const BASE: &str = "base";

impl Scope<'_> {
    /// Resolves every model, sorted by name.
    pub(super) fn models(&mut self, rules: &Rules<'_>) -> Vec<Model> {
        let models = given(rules.models);
        models.map(|(name, raw)| self.model(&rules.models_at.key(name), name, raw)).collect()
    }

    fn model(&mut self, at: &Path<'_>, name: &str, raw: &RawModel) -> Model {
        let (groups, default_group) = self.groups(at, raw);
        self.warn_of_idle_settings(at, raw);
        self.check_custom(at, raw, &groups);
        let fallbacks = self.fallbacks(&at.key("fallbacks"), &raw.fallbacks);
        let state_deployment = raw.state_deployment.as_ref().and_then(|id| {
            resolved(&at.key("state_deployment"), self.ground.find(id), self.findings)
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

    fn sticky(&mut self, at: &Path<'_>, raw: Option<&RawSticky>) -> Sticky {
        let default = Sticky::default();
        let Some(raw) = raw else { return default };
        let Some(keys) = &raw.keys else { return Sticky { bound: raw.bound, ..default } };
        if keys.is_empty() {
            let message = "is empty; leave it out, or name at least one key";
            self.findings.problem(&at.key("keys"), message);
        }
        Sticky { keys: keys.clone(), bound: raw.bound }
    }

    fn groups(&mut self, at: &Path<'_>, raw: &RawModel) -> (Vec<Group>, GroupId) {
        let Some(variants) = &raw.variants else {
            return (self.base(at, raw).into_iter().collect(), GroupId(0));
        };
        for (key, is_given) in
            [("strategy", raw.strategy.is_some()), ("candidates", raw.candidates.is_some())]
        {
            if is_given {
                let message = "cannot stand beside variants; put it into each variant";
                self.findings.problem(&at.key(key), message);
            }
        }
        let at = at.key("variants");
        if variants.is_empty() {
            self.findings.problem(&at, "is empty; at least one variant is needed");
        }
        let mut keys = BTreeSet::new();
        let mut groups = Vec::new();
        for (index, variant) in variants.iter().enumerate() {
            let at = at.index(index);
            let Some(variant) = variant else { continue };
            if let Some(key) = variant.key.as_ref().filter(|key| !keys.insert(key.as_str())) {
                let message = format!("{} is the key of another variant, too", quoted(key));
                self.findings.problem(&at.key("key"), message);
            }
            groups.push(self.variant(&at, variant));
        }
        (groups, default_group(variants))
    }

    /// The only group of a model without variants.
    fn base(&mut self, at: &Path<'_>, raw: &RawModel) -> Option<Group> {
        let candidates_at = at.key("candidates");
        let Some(candidates) = &raw.candidates else {
            let is_reported = self.findings.is_reported(&candidates_at)
                || self.findings.is_reported(&at.key("variants"));
            if !is_reported {
                self.findings.problem(at, "missing key \"candidates\" or \"variants\"");
            }
            return None;
        };
        let strategy = raw.strategy.unwrap_or_default();
        let candidates = self.candidates(&candidates_at, strategy, candidates);
        Some(Group {
            key: None,
            strategy,
            index: Index::of(strategy, &candidates, &self.ground.built),
            candidates,
            purpose: None,
            when_to_use: None,
        })
    }

    fn variant(&mut self, at: &Path<'_>, raw: &RawVariant) -> Group {
        let strategy = raw.strategy;
        let candidates = raw.candidates.as_ref().map_or_else(Vec::new, |candidates| {
            self.candidates(&at.key("candidates"), strategy, candidates)
        });
        Group {
            key: raw.key.clone(),
            strategy,
            index: Index::of(strategy, &candidates, &self.ground.built),
            candidates,
            purpose: raw.purpose.clone(),
            when_to_use: raw.when_to_use.clone(),
        }
    }

    fn fallbacks(&mut self, at: &Path<'_>, raw: &RawFallbacks) -> Fallbacks {
        let lists = match raw {
            RawFallbacks::General(names) => {
                return Fallbacks { general: self.targets(at, names), ..Fallbacks::default() };
            }
            RawFallbacks::ByKind(lists) => lists,
        };
        let mut by_kind = |key: &str, names: &Option<Listed<String>>| {
            names.as_ref().map(|names| self.targets(&at.key(key), names))
        };
        Fallbacks {
            context_window: by_kind("context_window", &lists.context_window),
            content_policy: by_kind("content_policy", &lists.content_policy),
            rate_limit: by_kind("rate_limit", &lists.rate_limit),
            general: self.targets(&at.key("general"), &lists.general),
        }
    }

    /// Resolves a list of names.
    pub(super) fn targets(&mut self, at: &Path<'_>, names: &Listed<String>) -> Vec<Target> {
        let mut targets = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            let found = self.directory.target(name);
            targets.extend(resolved(&at.index(index), found, self.findings));
        }
        targets
    }

    fn check_param_schema(&mut self, at: &Path<'_>, schema: &ParamSchema) {
        for (index, name) in schema.required.iter().enumerate() {
            // An empty name stands for one that was reported.
            let is_known = schema.properties.contains_key(name) || name.is_empty();
            if !schema.additional && !is_known {
                let message = format!(
                    "{} is not among properties, and additionalProperties is false",
                    quoted(name)
                );
                self.findings.problem(&at.key("required").index(index), message);
            }
        }
    }

    fn warn_of_idle_settings(&mut self, at: &Path<'_>, raw: &RawModel) {
        let is_sticky = raw.strategies().any(|strategy| strategy.has(Trait::BySession));
        if raw.traits.sticky.is_some() && !is_sticky {
            let message = "has no effect without the strategy \"sticky\"";
            self.findings.warn(&at.key("sticky"), message);
        }
    }

    /// Checks whom the strategy `custom` asks, in whatever variants.
    fn check_custom(&mut self, at: &Path<'_>, raw: &RawModel, groups: &[Group]) {
        let is_custom = raw.strategies().any(|strategy| strategy.has(Trait::AsksService));
        let at_custom = at.key("custom");
        let Some(custom) = &raw.traits.custom else {
            if is_custom && !self.findings.is_reported(&at_custom) {
                let message = "missing key \"custom\": the strategy \"custom\" asks a service, and \
                               it says which";
                self.findings.problem(at, message);
            }
            return;
        };
        if !is_custom {
            let message = "is not asked by any strategy; set \"strategy\" to \"custom\", or leave \
                           this out";
            self.findings.problem(&at_custom, message);
        }
        self.ground.check_service(&at_custom.key("cluster"), &custom.cluster, self.findings);
        let groups = groups.iter().filter(|group| group.strategy.has(Trait::AsksService));
        let most = groups.map(|group| group.candidates.len()).max().unwrap_or(0);
        if most > MOST_LISTED {
            let message = format!(
                "has {most} candidates to pick from; at most {MOST_LISTED} are listed for a service"
            );
            self.findings.problem(&at_custom, message);
        }
    }
}

impl RawModel {
    /// Its own strategy and those of its variants, as far as they are written.
    fn strategies(&self) -> impl Iterator<Item = Strategy> {
        let of_variants = self.variants.iter().flatten().flatten().map(|variant| variant.strategy);
        self.strategy.into_iter().chain(of_variants)
    }
}

/// `base`, else the lowest position, else the first.
fn default_group(variants: &Listed<RawVariant>) -> GroupId {
    let keyed = |variant: &&RawVariant| variant.key.as_deref() == Some(BASE);
    let variants = || variants.iter().flatten().enumerate();
    let base = variants().find(|(_, variant)| keyed(variant));
    let meant = base.or_else(|| variants().min_by_key(|(_, variant)| variant.position));
    GroupId(meant.map_or(0, |(index, _)| index))
}
