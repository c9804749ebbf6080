//! Conditions: from keys that may be there to a list of predicates.
//!
//! They keep the order of the documentation, whatever the file's, so that what
//! explain tells does not depend on how a file was encoded.

use super::super::error::{Path, quoted};
use super::super::raw::{ByName, Elements, RawWhen};
use super::super::route::{
    Condition, NamePattern, OnUnsearchable, SoughtKeywords, Unsearchable, When,
};
use super::lists::{pairs, present};
use super::scope::Scope;
use crate::request::control::is_tag;
use crate::request::format::Format;

impl Scope<'_> {
    /// Resolves a conjunction of conditions.
    ///
    /// Keywords and headers that they read are noted in
    /// [`RequestNeeds`](super::scope::RequestNeeds) on the way: a request is searched once for all
    /// keywords of all routes.
    pub(super) fn when(&mut self, at: &Path<'_>, raw: &RawWhen) -> When {
        let mut conditions = Vec::new();
        conditions.extend(raw.model_in.as_ref().map(|names| Condition::ModelIn(patterns(names))));
        let estimates = [
            raw.input_tokens_lt.map(Condition::InputTokensLt),
            raw.input_tokens_gt.map(Condition::InputTokensGt),
            raw.estimated_cost_lt.map(Condition::EstimatedCostLt),
            raw.estimated_cost_gt.map(Condition::EstimatedCostGt),
        ];
        conditions.extend(estimates.into_iter().flatten());
        self.warn_of_lost_tags(at, raw);
        self.warn_of_idle_keys(at, raw);
        conditions.extend(raw.tag_equals.clone().map(Condition::TagEquals));
        conditions.extend(self.texts(at, "tag_in", raw.tag_in.as_ref()).map(Condition::TagIn));
        let contents = [
            raw.has_images.map(Condition::HasImages),
            raw.has_audio.map(Condition::HasAudio),
            raw.has_files.map(Condition::HasFiles),
            raw.has_tools.map(Condition::HasTools),
            raw.stream.map(Condition::Stream),
            raw.has_state.map(Condition::HasState),
            self.keywords(at, raw),
            raw.max_output_tokens_lt.map(Condition::MaxOutputTokensLt),
            raw.max_output_tokens_gt.map(Condition::MaxOutputTokensGt),
            raw.message_count_gt.map(Condition::MessageCountGt),
            self.formats(at, raw),
        ];
        conditions.extend(contents.into_iter().flatten());
        conditions.extend(raw.header_equals.as_ref().map(|headers| self.headers(headers)));
        let params = raw.params_equal.as_ref();
        conditions.extend(params.map(|params| Condition::ParamsEqual(pairs(params))));
        conditions.extend(raw.sample_percent.map(Condition::SamplePercent));
        conditions.extend(self.any_of(at, raw));
        // The recursion has a bound: `shape` refuses conditions that are nested too deeply.
        let not = raw.not.as_ref().map(|when| self.when(&at.key("not"), when));
        conditions.extend(not.map(Condition::Not));
        When(conditions)
    }

    /// Returns a list that something of the request must be in, and warns if it is empty.
    fn texts(
        &mut self,
        at: &Path<'_>,
        key: &str,
        list: Option<&Elements<String>>,
    ) -> Option<Vec<String>> {
        let list = list?;
        self.warn_if_empty(at, key, list);
        Some(present(list))
    }

    /// Warns of a list in which no request can be. It is legal, and the condition never holds.
    fn warn_if_empty<T>(&mut self, at: &Path<'_>, key: &str, list: &Elements<T>) {
        if list.is_empty() {
            self.findings.warn(
                &at.key(key),
                "is empty, so it never matches; list at least one entry, or remove it",
            );
        }
    }

    /// Warns of what is said of keywords where there are none.
    fn warn_of_idle_keys(&mut self, at: &Path<'_>, raw: &RawWhen) {
        let is_said = [
            ("unsearchable", raw.unsearchable != [Some(Unsearchable::Tokens)]),
            ("on_unsearchable", raw.on_unsearchable != OnUnsearchable::Match),
        ];
        for (key, _) in is_said.iter().filter(|(_, is_said)| *is_said) {
            if raw.prompt_contains_any_of.is_none() {
                let message = "has no effect without prompt_contains_any_of in the same object; \
                               remove it, or add prompt_contains_any_of";
                self.findings.warn(&at.key(key), message);
            }
        }
    }

    /// Warns of tags that no request has: requests lose tags that are not printable ASCII without
    /// spaces.
    fn warn_of_lost_tags(&mut self, at: &Path<'_>, raw: &RawWhen) {
        let listed = raw.tag_in.iter().flatten().flatten().map(|tag| ("tag_in", tag));
        for (key, tag) in raw.tag_equals.iter().map(|tag| ("tag_equals", tag)).chain(listed) {
            if !is_tag(tag) {
                let message = "is not printable ASCII without spaces, so no request has this tag; \
                               correct it";
                self.findings.warn(&at.key(key), format!("{} {message}", quoted(tag)));
            }
        }
    }

    /// Returns the condition of keywords, which are added to the one automaton.
    fn keywords(&mut self, at: &Path<'_>, raw: &RawWhen) -> Option<Condition> {
        let words =
            self.texts(at, "prompt_contains_any_of", raw.prompt_contains_any_of.as_ref())?;
        // The number is what a search finds; the word is what explain shows.
        let words = words.into_iter().map(|word| (self.needs.keywords.add(&word), word)).collect();
        Some(Condition::PromptContainsAnyOf(SoughtKeywords {
            words,
            unsearchable: raw.unsearchable.iter().flatten().copied().collect(),
            on_unsearchable: raw.on_unsearchable,
        }))
    }

    /// Returns the condition of wire formats. `shape` has reported names that are no format.
    fn formats(&mut self, at: &Path<'_>, raw: &RawWhen) -> Option<Condition> {
        let names = self.texts(at, "format_in", raw.format_in.as_ref())?;
        let formats = names.iter().filter_map(|name| Format::from_name(name)).collect();
        Some(Condition::FormatIn(formats))
    }

    /// Returns the condition of headers, which are added to those that are watched.
    fn headers(&mut self, headers: &ByName<String>) -> Condition {
        self.needs.headers.extend(headers.keys().cloned());
        Condition::HeaderEquals(pairs(headers))
    }

    /// Returns the condition that at least one of several conjunctions holds. An empty list never
    /// does, which is warned of.
    fn any_of(&mut self, at: &Path<'_>, raw: &RawWhen) -> Option<Condition> {
        let list = raw.any_of.as_ref()?;
        self.warn_if_empty(at, "any_of", list);
        let at = at.key("any_of");
        let mut alternatives = Vec::new();
        for (index, when) in list.iter().enumerate() {
            let Some(when) = when else { continue };
            alternatives.push(self.when(&at.index(index), when));
        }
        Some(Condition::AnyOf(alternatives))
    }
}

/// Returns the patterns: a trailing `*` makes a name a prefix. `shape` has refused it elsewhere.
fn patterns(names: &Elements<String>) -> Vec<NamePattern> {
    let names = names.iter().flatten();
    names
        .map(|name| match name.strip_suffix('*') {
            Some(prefix) => NamePattern::Prefix(prefix.to_owned()),
            None => NamePattern::Exact(name.clone()),
        })
        .collect()
}
