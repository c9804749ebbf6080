//! Whether the conditions of a route hold for a request, and why not.
//!
//! Conditions are data in [`crate::config`]; what they mean is here. Pure: everything about a
//! request comes in as a [`Subject`]. A number that the request does not have (no output limit,
//! a cost without a price) matches no comparison. What is not known *yet* leaves a condition
//! open, which is `None`: neither true nor false. One condition that is false settles a list
//! of which all must hold, and one that is true settles a list of which any must.

mod amount;
mod content;
pub(crate) mod identity;
mod keywords;

use crate::config::{Condition, Rule, When};
use crate::request::facts::{Fact, RequestFacts};

/// An estimated cost in USD: somewhere between two bounds, and exact where both are the same.
/// It is an interval because tokens are one until they are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// No less than this.
    pub least: f64,
    /// No more than this.
    pub most: f64,
}

/// A request as conditions see it: all that any of them may ask about, and nothing about
/// deployments or their state.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What its headers and body say, and which of that is not known yet.
    pub facts: &'a RequestFacts,
    /// The model that the requested name resolves to, without `#variant`; for a name that is not
    /// known, the model that stands in.
    pub target: Option<&'a str>,
    /// What the request would cost at the first candidate of the model that it names, if the
    /// price is known.
    pub estimated_cost: Option<Cost>,
    /// Where the request falls among all requests, from 0 to less than 100.
    pub sample: f64,
}

impl When {
    /// Returns whether all conditions hold; `None` where that depends on something not known
    /// yet.
    #[must_use]
    pub fn holds(&self, subject: &Subject<'_>) -> Option<bool> {
        all(self.0.iter().map(|condition| condition.holds(subject)))
    }

    /// Returns why they do not all hold: the reason of the first that does not. `None` where all
    /// hold.
    #[must_use]
    pub fn because(&self, subject: &Subject<'_>) -> Option<String> {
        let mut failing = self.0.iter().filter(|c| c.holds(subject) != Some(true));
        failing.next().map(|c| c.because(subject))
    }

    /// Returns what has to be known before it is clear whether they all hold, in the words of the
    /// configuration; `UNSEARCHABLE` where that cannot be known.
    #[must_use]
    pub fn open(&self, subject: &Subject<'_>) -> &'static str {
        let mut what = UNSEARCHABLE;
        self.each_open(subject, &mut |condition| {
            if !condition.rejects(subject.facts) {
                what = condition.key();
            }
        });
        what
    }

    /// Returns why they all hold although a prompt could not be searched, if that is so.
    #[must_use]
    pub fn although(&self, subject: &Subject<'_>) -> Option<String> {
        self.0.iter().find_map(|condition| match condition {
            Condition::PromptContainsAnyOf(sought) => keywords::although(sought, subject.facts),
            Condition::AnyOf(list) => list.iter().find_map(|when| when.although(subject)),
            _ => None,
        })
    }

    /// Calls `found` for every condition that depends on something not known yet, nested ones
    /// included.
    pub fn each_open(&self, subject: &Subject<'_>, found: &mut impl FnMut(&Condition)) {
        for condition in self.0.iter().filter(|c| c.holds(subject).is_none()) {
            match condition {
                Condition::AnyOf(list) => list.iter().for_each(|w| w.each_open(subject, found)),
                Condition::Not(when) => when.each_open(subject, found),
                _ => found(condition),
            }
        }
    }
}

/// What would have to be known of a request whose prompt cannot be searched, where a condition
/// refuses it for that.
pub(crate) const UNSEARCHABLE: &str = "text that can be searched";

/// Returns whether all hold. One that does not settles it, whatever else is open.
fn all(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_open = false;
    for verdict in verdicts {
        match verdict {
            Some(true) => {}
            Some(false) => return Some(false),
            None => is_open = true,
        }
    }
    (!is_open).then_some(true)
}

/// Returns whether one of them holds. One that does settles it, whatever else is open.
pub(crate) fn any(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    // By De Morgan: one of them holds unless all fail.
    all(verdicts.map(|verdict| verdict.map(|holds| !holds))).map(|none| !none)
}

impl Rule {
    /// Returns whether every param has an accepted value and all conditions hold; `None` where
    /// that depends on something not known yet.
    #[must_use]
    pub fn holds(&self, subject: &Subject<'_>) -> Option<bool> {
        let params = self.params.iter().map(|(name, accepted)| {
            identity::param(subject.facts, name, |value| accepted.iter().any(|a| a == value))
        });
        // Lazily: a param that is not accepted spares the conditions.
        all(params.chain(std::iter::once_with(|| self.when.holds(subject))))
    }
}

impl Condition {
    /// Returns whether the condition holds; `None` where that depends on something not known
    /// yet.
    ///
    /// For example, while half of a body is read, `model_in` is true or false, `has_tools` is
    /// `None` because tools may still come, and `any_of` of both is true if the model is in.
    #[must_use]
    pub fn holds(&self, subject: &Subject<'_>) -> Option<bool> {
        let facts = subject.facts;
        // A verdict counts only once the fact that it is about is known.
        let seen = |fact: Fact, verdict: bool| (!facts.unseen.has(fact)).then_some(verdict);
        match self {
            Self::ModelIn(patterns) => Some(identity::is_model_in(patterns, subject)),
            Self::TagEquals(tag) => {
                seen(Fact::Tags, identity::has_tag(facts, std::slice::from_ref(tag)))
            }
            Self::TagIn(tags) => seen(Fact::Tags, identity::has_tag(facts, tags)),
            Self::HeaderEquals(wanted) => Some(identity::has_all(&facts.headers, wanted)),
            Self::ParamsEqual(wanted) => {
                all(wanted.iter().map(|(name, value)| identity::param(facts, name, |v| v == value)))
            }
            Self::FormatIn(formats) => Some(formats.contains(&facts.format)),
            Self::SamplePercent(percent) => Some(subject.sample < *percent),
            Self::InputTokensLt(_)
            | Self::InputTokensGt(_)
            | Self::EstimatedCostLt(_)
            | Self::EstimatedCostGt(_)
            | Self::MaxOutputTokensLt(_)
            | Self::MaxOutputTokensGt(_)
            | Self::MessageCountGt(_) => {
                amount::comparison(self, subject).map_or(Some(false), |c| c.holds())
            }
            Self::HasImages(_)
            | Self::HasAudio(_)
            | Self::HasFiles(_)
            | Self::HasTools(_)
            | Self::Stream(_)
            | Self::HasState(_) => {
                content::presence(self, facts).map_or(Some(false), |p| p.holds())
            }
            Self::PromptContainsAnyOf(sought) => keywords::holds(sought, facts),
            Self::AnyOf(alternatives) => any(alternatives.iter().map(|when| when.holds(subject))),
            Self::Not(when) => when.holds(subject).map(|holds| !holds),
        }
    }

    /// Returns whether it is open because the prompt cannot be searched and the request is to be
    /// refused if that matters. More of the request would change nothing.
    #[must_use]
    pub fn rejects(&self, facts: &RequestFacts) -> bool {
        matches!(self, Self::PromptContainsAnyOf(sought) if keywords::rejects(sought, facts))
    }

    /// Returns the key it is written under.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::ModelIn(_) => "model_in",
            Self::InputTokensLt(_) => "input_tokens_lt",
            Self::InputTokensGt(_) => "input_tokens_gt",
            Self::EstimatedCostLt(_) => "estimated_cost_lt",
            Self::EstimatedCostGt(_) => "estimated_cost_gt",
            Self::TagEquals(_) => "tag_equals",
            Self::TagIn(_) => "tag_in",
            Self::HasImages(_) => "has_images",
            Self::HasAudio(_) => "has_audio",
            Self::HasFiles(_) => "has_files",
            Self::HasTools(_) => "has_tools",
            Self::Stream(_) => "stream",
            Self::HasState(_) => "has_state",
            Self::PromptContainsAnyOf(_) => "prompt_contains_any_of",
            Self::MaxOutputTokensLt(_) => "max_output_tokens_lt",
            Self::MaxOutputTokensGt(_) => "max_output_tokens_gt",
            Self::MessageCountGt(_) => "message_count_gt",
            Self::FormatIn(_) => "format_in",
            Self::HeaderEquals(_) => "header_equals",
            Self::ParamsEqual(_) => "params_equal",
            Self::SamplePercent(_) => "sample_percent",
            Self::AnyOf(_) => "any_of",
            Self::Not(_) => "not",
        }
    }

    /// Returns why a condition that does not hold does not: its key, what it wants, and what the
    /// request has.
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
            Self::PromptContainsAnyOf(sought) => keywords::because(sought, subject.facts),
            _ => identity::because(self, subject),
        }
    }
}
