//! Whether the conditions of a route hold for a request, and why not.
//!
//! The conditions themselves are data in [`crate::config`]; here is what they
//! mean. Pure: everything about the request comes in as a [`Subject`]. What a
//! request does not say (no output limit, unknown cost) matches no comparison.

mod amount;
mod content;
mod identity;

use crate::config::{Condition, Rule, When};
use crate::request::facts::RequestFacts;

/// A request as conditions see it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What its headers and body say.
    pub facts: &'a RequestFacts,
    /// The model that the requested name resolves to, without `#variant`.
    pub target: Option<&'a str>,
    /// Cost on the requested model's first candidate, in USD.
    pub estimated_cost_usd: Option<f64>,
    /// Where the request falls among all requests, from 0 up to, not including, 100.
    pub sample: f64,
}

impl When {
    /// Whether all conditions hold.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.0.iter().all(|condition| condition.matches(subject))
    }

    /// Why they do not all hold: the first that fails, or `None` when they do.
    #[must_use]
    pub fn because(&self, subject: &Subject<'_>) -> Option<String> {
        self.0.iter().find(|c| !c.matches(subject)).map(|c| c.because(subject))
    }
}

impl Rule {
    /// Whether every param has an accepted value and all conditions hold.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let params = &subject.facts.params;
        self.params
            .iter()
            .all(|(name, accepted)| params.get(name).is_some_and(|value| accepted.contains(value)))
            && self.when.matches(subject)
    }
}

impl Condition {
    /// Whether the condition holds.
    #[must_use]
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let facts = subject.facts;
        match self {
            Self::ModelIn(patterns) => identity::is_model_in(patterns, subject),
            Self::TagEquals(tag) => identity::has_tag(facts, std::slice::from_ref(tag)),
            Self::TagIn(tags) => identity::has_tag(facts, tags),
            Self::HeaderEquals(wanted) => identity::has_all(&facts.headers, wanted),
            Self::ParamsEqual(wanted) => identity::has_all(&facts.params, wanted),
            Self::FormatIn(formats) => formats.contains(&facts.format),
            Self::SamplePercent(percent) => subject.sample < *percent,
            Self::InputTokensLt(_)
            | Self::InputTokensGt(_)
            | Self::EstimatedCostLt(_)
            | Self::EstimatedCostGt(_)
            | Self::MaxOutputTokensLt(_)
            | Self::MaxOutputTokensGt(_)
            | Self::MessageCountGt(_) => {
                amount::comparison(self, subject).is_some_and(|comparison| comparison.holds())
            }
            Self::HasImages(_)
            | Self::HasAudio(_)
            | Self::HasFiles(_)
            | Self::HasTools(_)
            | Self::Stream(_)
            | Self::HasState(_) => {
                content::presence(self, facts).is_some_and(|presence| presence.holds())
            }
            Self::PromptContainsAnyOf(words) => {
                words.iter().any(|(id, _)| facts.keywords.contains(*id))
            }
            Self::AnyOf(alternatives) => alternatives.iter().any(|when| when.matches(subject)),
            Self::Not(when) => !when.matches(subject),
        }
    }

    /// Why a condition that does not hold does not; key first, then wanted and found.
    #[must_use]
    pub fn because(&self, subject: &Subject<'_>) -> String {
        if let Some(comparison) = amount::comparison(self, subject) {
            return comparison.because();
        }
        if let Some(presence) = content::presence(self, subject.facts) {
            return presence.because();
        }
        match self {
            Self::AnyOf(alternatives) => {
                let reasons: Vec<String> =
                    alternatives.iter().filter_map(|when| when.because(subject)).collect();
                if reasons.is_empty() {
                    "any_of: the list is empty".to_owned()
                } else {
                    format!("any_of: {}", reasons.join("; "))
                }
            }
            Self::Not(_) => "not: what it negates holds".to_owned(),
            Self::PromptContainsAnyOf(words) => {
                format!(
                    "prompt_contains_any_of: none of {} occurs",
                    identity::quoted(words.iter().map(|(_, word)| word))
                )
            }
            _ => identity::because(self, subject),
        }
    }
}
