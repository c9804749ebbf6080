//! Conditions on keywords, and what they make of prompts that cannot be searched.
//!
//! A rule on keywords is a guarantee, so what cannot be searched may not pass it: by default it
//! counts as if a keyword occurred.

use crate::config::{OnUnsearchable, SoughtKeywords, Unsearchable};
use crate::request::facts::{Fact, RequestFacts};
use crate::text::quoted_list;

/// Returns whether a keyword occurs, or counts as if it did. `None` where that is not known yet,
/// and where it cannot be known and the request is to be refused: [`rejects`] tells the two apart.
pub(super) fn holds(sought: &SoughtKeywords, facts: &RequestFacts) -> Option<bool> {
    if facts.unseen.has(Fact::Keywords) {
        return None;
    }
    if sought.words.iter().any(|(id, _)| facts.keywords.contains(*id)) {
        return Some(true);
    }
    match unsearched(sought, facts) {
        Some(_) => match sought.on_unsearchable {
            OnUnsearchable::Match => Some(true),
            OnUnsearchable::NoMatch => Some(false),
            OnUnsearchable::Reject => None,
        },
        None => {
            // What the rest of the body may still bring counts as well, such as a file.
            let is_open = sought.unsearchable.iter().any(|what| what.is_in(facts).is_none());
            (!is_open).then_some(false)
        }
    }
}

/// Returns whether the condition is open because the request is to be refused, and not because more
/// of it has to be read.
pub(super) fn rejects(sought: &SoughtKeywords, facts: &RequestFacts) -> bool {
    sought.on_unsearchable == OnUnsearchable::Reject
        && holds(sought, facts).is_none()
        && unsearched(sought, facts).is_some()
        && !facts.unseen.has(Fact::Keywords)
}

/// Returns why a condition that does not hold does not.
pub(super) fn because(sought: &SoughtKeywords, facts: &RequestFacts) -> String {
    let words = quoted_list(sought.words.iter().map(|(_, word)| word));
    let none = format!("prompt_contains_any_of: none of {words} occurs");
    match unsearched(sought, facts) {
        Some(what) => format!("{none}, {} cannot be searched", what.name()),
        None => none,
    }
}

/// Returns why a condition holds although no keyword occurs, if that is so.
pub(super) fn although(sought: &SoughtKeywords, facts: &RequestFacts) -> Option<String> {
    let occurs = sought.words.iter().any(|(id, _)| facts.keywords.contains(*id));
    let what = unsearched(sought, facts).filter(|_| !occurs)?;
    (holds(sought, facts) == Some(true)).then(|| {
        format!(
            "prompt_contains_any_of: {} cannot be searched, which counts as a match",
            what.name()
        )
    })
}

/// Returns the first kind of what cannot be searched that the condition names and the request
/// certainly has.
fn unsearched(sought: &SoughtKeywords, facts: &RequestFacts) -> Option<Unsearchable> {
    sought.unsearchable.iter().copied().find(|what| what.is_in(facts) == Some(true))
}

impl Unsearchable {
    /// Returns whether a request has it; `None` where that is not known yet.
    fn is_in(self, facts: &RequestFacts) -> Option<bool> {
        let (fact, has) = match self {
            Self::Tokens => (Fact::Keywords, facts.has_token_ids),
            Self::Files => (Fact::Modality, facts.has_files),
            Self::Images => (Fact::Modality, facts.has_images),
            Self::Audio => (Fact::Modality, facts.has_audio),
            Self::State => (Fact::State, facts.state.may_hide_text()),
        };
        (!facts.unseen.has(fact)).then_some(has)
    }

    /// Returns what it is, for messages.
    const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "a prompt of tokens",
            Self::Files => "a file",
            Self::Images => "an image",
            Self::Audio => "audio",
            Self::State => "what a provider keeps",
        }
    }
}
