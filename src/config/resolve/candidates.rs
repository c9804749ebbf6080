//! Candidates and the rules of their strategy.

use super::super::candidate::{Candidate, Rule};
use super::super::error::{Path, quoted};
use super::super::ids::DeploymentId;
use super::super::raw::{Elements, RawCandidate, RawRule};
use super::lists::present;
use super::names::resolved;
use super::overrides;
use super::scope::Scope;
use crate::strategy::{Strategy, Trait};

impl Scope<'_> {
    /// Resolves the candidates of one group, in file order.
    pub(super) fn candidates(
        &mut self,
        at: &Path<'_>,
        strategy: Strategy,
        raw: &Elements<RawCandidate>,
    ) -> Vec<Candidate> {
        // By what is written, so that a candidate that was reported counts.
        self.check_count(at, strategy, raw.len());
        let mut candidates = Vec::new();
        let mut is_whole = true;
        for (index, written) in raw.iter().enumerate() {
            let candidate =
                written.as_ref().and_then(|raw| self.candidate(&at.index(index), strategy, raw));
            is_whole &= candidate.is_some();
            candidates.extend(candidate);
        }
        let weightless = candidates.iter().all(|candidate| candidate.weight == 0);
        // A candidate that was reported may be the one with weight.
        if strategy.has(Trait::ByWeight) && is_whole && weightless && !candidates.is_empty() {
            self.findings.problem(at, "every weight is 0; set at least one above 0");
        }
        candidates
    }

    /// Refuses a group without candidates, and `single` with several.
    fn check_count(&mut self, at: &Path<'_>, strategy: Strategy, count: usize) {
        if count == 0 {
            self.findings.problem(at, "is empty; add at least one candidate");
        } else if strategy.has(Trait::IsOne) && count > 1 {
            let message =
                format!("has {count} candidates; the strategy \"single\" allows exactly one");
            self.findings.problem(at, message);
        }
    }

    /// Resolves one candidate; none where its deployment was reported.
    fn candidate(
        &mut self,
        at: &Path<'_>,
        strategy: Strategy,
        raw: &RawCandidate,
    ) -> Option<Candidate> {
        self.check_rules(at, strategy, raw);
        let rules_at = at.key("rules");
        let rules = raw.listing.rules.iter().enumerate();
        let rules = rules
            .filter_map(|(index, rule)| Some((index, rule.as_ref()?)))
            .map(|(index, rule)| self.rule(&rules_at.index(index), rule))
            .collect();
        let own = &raw.listing.request_overrides;
        overrides::check(at, own, self.findings);
        // Last, so that the rest of the candidate is checked even without its deployment.
        let id = self.deployment(at, raw)?;
        let deployment = self.deployments.built.get(id.0)?;
        Some(Candidate {
            deployment: id,
            // The weight of a deployment is the default of every group that lists it.
            weight: raw.listing.weight.unwrap_or(deployment.weight),
            position: raw.listing.position,
            rules,
            request_overrides: overrides::merged(own, &deployment.request_overrides),
        })
    }

    /// Returns the deployment that a candidate names or creates; none where it was reported.
    fn deployment(&mut self, at: &Path<'_>, raw: &RawCandidate) -> Option<DeploymentId> {
        let created = raw.in_place().map(|(id, _)| id);
        let id = raw.deployment.as_ref().or(created.as_ref())?;
        resolved(at, self.deployments.find(id), self.findings)
    }

    /// Refuses candidates without rules under `rules`, and warns of rules elsewhere.
    fn check_rules(&mut self, at: &Path<'_>, strategy: Strategy, raw: &RawCandidate) {
        let has_rules = !raw.listing.rules.is_empty();
        let has_use = strategy.has(Trait::ByRules);
        if has_use && !has_rules && !self.findings.is_reported(&at.key("rules")) {
            let message = "has no rules; the strategy \"rules\" needs at least one rule for every \
                           candidate";
            self.findings.problem(at, message);
        } else if has_rules && !has_use {
            self.findings.warn(
                &at.key("rules"),
                "have no effect without the strategy \"rules\"; remove them, or set \"strategy\" \
                 to \"rules\"",
            );
        }
    }

    /// Resolves one rule of a candidate. A param without accepted values makes the rule never hold,
    /// which is warned of.
    fn rule(&mut self, at: &Path<'_>, raw: &RawRule) -> Rule {
        let mut params = Vec::new();
        for (name, values) in &raw.params {
            let Some(values) = values else { continue };
            if values.is_empty() {
                let message = format!(
                    "{} accepts no value, so the rule never matches; list at least one value, or \
                     remove the rule",
                    quoted(name)
                );
                self.findings.warn(&at.key("if").key(name), message);
            }
            params.push((name.clone(), present(values)));
        }
        Rule { params, when: self.when(&at.key("when"), &raw.when) }
    }
}
