//! What a configuration may ever want to know of a request's text.
//!
//! Counting tokens and searching for keywords is most of what reading a body
//! costs; a configuration that never asks does not pay for it.

use super::candidate::Rule;
use super::deployment::{Deployment, ModelFacts};
use super::model::{Group, Model};
use super::route::{Action, Condition, Route, When};
use crate::request::session::SessionKey;
use crate::strategy::Trait;

/// What the text of a request is asked for, over all routes and candidates.
///
/// It is computed once from the configuration. A request whose text cannot matter is neither
/// counted nor searched.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Demand {
    /// Some route or some rule of a candidate asks for keywords. If none does, no text is
    /// searched.
    pub keywords: bool,
    /// Some rule of a candidate asks for keywords.
    pub keywords_in_rules: bool,
    /// The smallest number that routes compare the tokens with. A request that surely has fewer
    /// need not be counted for them.
    pub least_in_routes: Option<u64>,
    /// Candidates compare the tokens with numbers too, in context windows and rules. This is the
    /// smallest of those.
    pub least_in_candidates: Option<u64>,
    /// Costs decide, of routes or among candidates. They are estimated from tokens, which then
    /// have to be counted.
    pub costs: bool,
    /// Some price above 0 is known. Without any, tokens make no difference to a cost.
    pub prices: bool,
    /// Some model's deployments are picked by what its body tells of the session.
    pub sessions: bool,
    /// Tokens are counted against a limit, or compared.
    pub usage: bool,
}

impl Demand {
    /// Returns what a configuration of these asks for. `catalog` has the facts of models that
    /// clients may name directly.
    pub(super) fn of<'a>(
        routes: &[Route],
        models: &[Model],
        deployments: &'a [Deployment],
        catalog: impl Iterator<Item = &'a ModelFacts>,
    ) -> Self {
        let mut demand = Self::default();
        // Disabled routes never match, so they ask for nothing.
        for route in routes.iter().filter(|route| route.enabled) {
            let Action { max_cost_usd, .. } = route.then;
            demand.costs |= max_cost_usd.is_some();
            let mut least = None;
            each(&route.when, &mut |condition| demand.note(condition, &mut least, false));
            demand.least_in_routes = lower(demand.least_in_routes, least);
        }
        // A limit needs the count of every request that its deployment serves.
        demand.usage = deployments.iter().any(|d| d.tpm_limit.is_some());
        for model in models {
            // A session that a header names is known without the body.
            let is_told = model.sticky.keys.iter().any(|key| *key != SessionKey::Header);
            for group in &model.groups {
                demand.group(group);
                demand.sessions |= is_told && group.strategy.has(Trait::BySession);
            }
        }
        // A model of the catalogue needs no deployment: clients may name it directly.
        for facts in catalog.chain(deployments.iter().map(|d| &d.facts)) {
            demand.facts(facts);
        }
        demand
    }

    /// Adds what picking among the candidates of a group asks for.
    fn group(&mut self, group: &Group) {
        // A single candidate leaves nothing to compare.
        self.costs |= group.strategy.has(Trait::NeedsCosts) && group.candidates.len() > 1;
        self.usage |= group.strategy.has(Trait::CountsTokens);
        let mut least = None;
        for Rule { when, .. } in group.candidates.iter().flat_map(|c| &c.rules) {
            each(when, &mut |condition| self.note(condition, &mut least, true));
        }
        self.least_in_candidates = lower(self.least_in_candidates, least);
    }

    /// Adds what the facts of a model ask for: tokens are compared with its context window, and
    /// with a price above 0 they make a difference to the cost.
    fn facts(&mut self, facts: &ModelFacts) {
        self.least_in_candidates = lower(self.least_in_candidates, facts.context_window);
        let prices = [facts.input_usd_per_million, facts.expected_input_usd_per_million()];
        self.prices |= prices.into_iter().flatten().any(|price| price > 0.0);
    }

    /// Adds what one condition asks for; `least` becomes the smallest number of tokens compared.
    fn note(&mut self, condition: &Condition, least: &mut Option<u64>, is_rule: bool) {
        match condition {
            Condition::InputTokensLt(bound) | Condition::InputTokensGt(bound) => {
                *least = lower(*least, Some(*bound));
            }
            Condition::EstimatedCostLt(_) | Condition::EstimatedCostGt(_) => self.costs = true,
            Condition::PromptContainsAnyOf(_) => {
                self.keywords = true;
                self.keywords_in_rules |= is_rule;
            }
            _ => {}
        }
    }
}

/// Calls `found` with every condition, nested ones included. Those under `not` count as well,
/// because they are evaluated in the same way.
fn each(when: &When, found: &mut impl FnMut(&Condition)) {
    for condition in &when.0 {
        match condition {
            Condition::AnyOf(list) => list.iter().for_each(|when| each(when, found)),
            Condition::Not(when) => each(when, found),
            condition => found(condition),
        }
    }
}

/// Returns the smaller of two bounds. None stands for no bound, so the other one is returned.
fn lower(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
