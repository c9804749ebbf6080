//! Conditions on what a request carries or asks for: that it is there, or that it is not.

use crate::config::Condition;
use crate::request::facts::{Fact, RequestFacts};

/// A fact that is true or false, and which of the two a condition wants. For example,
/// `has_images: false` wants a request without images.
pub(super) struct PresenceCheck {
    key: &'static str,
    thing: &'static str,
    wanted: bool,
    /// `None` where it is not known yet.
    found: Option<bool>,
}

/// Returns the presence that a condition asks for, if it asks for one.
pub(super) fn presence(condition: &Condition, facts: &RequestFacts) -> Option<PresenceCheck> {
    let (key, thing, wanted, (fact, found)) = match condition {
        Condition::HasImages(wanted) => {
            ("has_images", "images", wanted, (Fact::Modality, facts.has_images))
        }
        Condition::HasAudio(wanted) => {
            ("has_audio", "audio", wanted, (Fact::Modality, facts.has_audio))
        }
        Condition::HasFiles(wanted) => {
            ("has_files", "files", wanted, (Fact::Modality, facts.has_files))
        }
        Condition::HasTools(wanted) => {
            ("has_tools", "tools", wanted, (Fact::Tools, facts.has_tools))
        }
        Condition::Stream(wanted) => ("stream", "streaming", wanted, (Fact::Stream, facts.stream)),
        Condition::HasState(wanted) => {
            ("has_state", "provider state", wanted, (Fact::State, facts.state.is_any()))
        }
        _ => return None,
    };
    // What has not been seen is `false` in the facts, which must not count as absent.
    let found = (!facts.unseen.has(fact)).then_some(found);
    Some(PresenceCheck { key, thing, wanted: *wanted, found })
}

impl PresenceCheck {
    /// Returns whether it holds; `None` where the fact is not known yet.
    pub(super) fn holds(&self) -> Option<bool> {
        self.found.map(|found| found == self.wanted)
    }

    /// Returns what was wanted and found, for a check that does not hold. What is not known yet
    /// reads as absent.
    pub(super) fn because(&self) -> String {
        let Self { key, thing, wanted, found } = self;
        let has = if *found == Some(true) { "has" } else { "has no" };
        format!("{key}: expected {wanted}, the request {has} {thing}")
    }
}
