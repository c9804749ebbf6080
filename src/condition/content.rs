//! What a request carries or asks for: present or absent.

use crate::config::Condition;
use crate::request::facts::RequestFacts;

/// A yes-or-no fact beside what a condition wants of it.
pub(super) struct Presence {
    key: &'static str,
    thing: &'static str,
    wanted: bool,
    found: bool,
}

/// The presence a condition asks for, if it asks for one.
pub(super) fn presence(condition: &Condition, facts: &RequestFacts) -> Option<Presence> {
    let (key, thing, wanted, found) = match condition {
        Condition::HasImages(wanted) => ("has_images", "images", *wanted, facts.has_images),
        Condition::HasAudio(wanted) => ("has_audio", "audio", *wanted, facts.has_audio),
        Condition::HasFiles(wanted) => ("has_files", "files", *wanted, facts.has_files),
        Condition::HasTools(wanted) => ("has_tools", "tools", *wanted, facts.has_tools),
        Condition::Stream(wanted) => ("stream", "streaming", *wanted, facts.stream),
        Condition::HasState(wanted) => ("has_state", "provider state", *wanted, facts.has_state),
        _ => return None,
    };
    Some(Presence { key, thing, wanted, found })
}

impl Presence {
    pub(super) fn holds(&self) -> bool {
        self.wanted == self.found
    }

    pub(super) fn because(&self) -> String {
        let Self { key, thing, wanted, found } = self;
        let has = if *found { "has" } else { "has no" };
        format!("{key}: wanted {wanted}, request {has} {thing}")
    }
}
