//! Conditions on what a request names or is: model, tags, params, headers, format, share.

use std::collections::BTreeMap;

use crate::config::{Condition, NamePattern};
use crate::decimal::{Decimal, Rounded};
use crate::request::facts::{Fact, RequestFacts};
use crate::text::quoted_list;

use super::Subject;

/// Returns whether one of the names that the request goes under is in the list. An empty list
/// has every name.
pub(super) fn is_model_in(patterns: &[NamePattern], subject: &Subject<'_>) -> bool {
    if patterns.is_empty() {
        return true;
    }
    names(subject)
        .into_iter()
        .flatten()
        .any(|name| patterns.iter().any(|pattern| pattern.matches(name)))
}

/// Returns the names that a request goes under: the name as it was sent, the same without
/// `#variant`, and the model that it stands for or that stands in for it.
pub(crate) fn names<'a>(subject: &Subject<'a>) -> [Option<&'a str>; 3] {
    let sent = subject.facts.model.as_deref();
    let base = sent.map(|name| name.rsplit_once('#').map_or(name, |(base, _)| base));
    [sent, base, subject.target]
}

impl NamePattern {
    /// Returns whether the name is the one of the pattern, or starts as the pattern says.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Exact(exact) => exact.clone(),
            Self::Prefix(prefix) => format!("{prefix}*"),
        }
    }
}

/// Returns whether the request has one of the tags.
pub(super) fn has_tag(facts: &RequestFacts, wanted: &[String]) -> bool {
    facts.tags.iter().any(|tag| wanted.contains(tag))
}

/// Returns whether the value of a param is accepted; `None` where the body may still name the
/// param. A param that is not there is not accepted.
pub(super) fn param(
    facts: &RequestFacts,
    name: &str,
    is_accepted: impl Fn(&str) -> bool,
) -> Option<bool> {
    match facts.params.get(name) {
        Some(value) => Some(is_accepted(value)),
        None => (!facts.unseen.has(Fact::Params)).then_some(false),
    }
}

/// Returns whether every wanted pair is there.
pub(super) fn has_all(found: &BTreeMap<String, String>, wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|(name, value)| found.get(name) == Some(value))
}

/// Returns why a condition of this family does not hold: what it wants, and what the request
/// has. Values that may be secrets are left out.
pub(super) fn because(condition: &Condition, subject: &Subject<'_>) -> String {
    let facts = subject.facts;
    let named = |name: Option<&str>| name.map_or("none".to_owned(), |name| format!("\"{name}\""));
    match condition {
        Condition::ModelIn(patterns) => format!(
            "model_in: expected {}, the request names {}",
            quoted_list(patterns.iter().map(NamePattern::written)),
            named(facts.model.as_deref())
        ),
        Condition::TagEquals(tag) => {
            format!("tag_equals: expected \"{tag}\", the request has {}", tags(facts))
        }
        Condition::TagIn(wanted) => {
            format!(
                "tag_in: expected one of {}, the request has {}",
                quoted_list(wanted),
                tags(facts)
            )
        }
        Condition::HeaderEquals(wanted) => missing("header_equals", &facts.headers, wanted),
        Condition::ParamsEqual(wanted) => missing("params_equal", &facts.params, wanted),
        Condition::FormatIn(wanted) => format!(
            "format_in: expected one of {}, the request is \"{}\"",
            quoted_list(wanted.iter().map(|format| format.name())),
            facts.format
        ),
        Condition::SamplePercent(percent) => {
            let (percent, sample) = (Decimal(*percent), Rounded(subject.sample, 2));
            format!("sample_percent: expected below {percent}, the request falls on {sample}")
        }
        _ => String::new(),
    }
}

fn tags(facts: &RequestFacts) -> String {
    if facts.tags.is_empty() { "no tags".to_owned() } else { quoted_list(&facts.tags) }
}

fn missing(key: &str, found: &BTreeMap<String, String>, wanted: &[(String, String)]) -> String {
    let first = wanted.iter().find(|(name, value)| found.get(name) != Some(value));
    match first {
        // The value found may be a secret of the client's: it is not repeated.
        Some((name, value)) if found.contains_key(name) => {
            format!("{key}: expected {name} = \"{value}\", the request has another value")
        }
        Some((name, value)) => {
            format!("{key}: expected {name} = \"{value}\", the request has no {name}")
        }
        None => String::new(),
    }
}
