//! The open containers of a body, and what is left out of each: elements of lists and ids of items, each
//! with one comma.

use std::ops::Range;

use crate::request::document::{Modality, ObjectKind, ObjectShape, Parting, Place};
use crate::request::provider_state::ProviderState;

use super::MOST_EDITS;

/// Types of items whose id may be left out, because clients such as Codex send them without one
/// (<https://github.com/openai/codex/blob/main/codex-rs/protocol/src/models.rs>).
const WITHOUT_ID: &[&str] = &[
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "web_search_call",
    "local_shell_call",
    "local_shell_call_output",
];

/// What the table says about the contents of a container.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    Members(&'static ObjectShape),
    Elements(&'static Place),
}

/// An open container that has a place in the table.
#[derive(Debug)]
pub(super) struct OpenContainer {
    pub(super) holds: Holds,
    /// The place of the container itself.
    pub(super) place: &'static Place,
    /// Where it begins.
    pub(super) at: u64,
    /// How many members or elements have begun.
    pub(super) count: u64,
    /// The last comma in it.
    comma: Option<u64>,
    /// What state is in it.
    pub(super) state: ProviderState,
    /// How many places with state had been found when it began.
    pub(super) places: usize,
    /// What is known of it if it is an object.
    pub(super) object: ObjectSoFar,
    /// What is known of it if it is a list.
    pub(super) list: ListSoFar,
}

/// What is known of an object.
#[derive(Debug)]
pub(super) struct ObjectSoFar {
    /// The last key, whether the table knows it, and the place of its value.
    pub(super) key: String,
    pub(super) key_at: u64,
    pub(super) is_known: bool,
    pub(super) current: &'static Place,
    /// Its type and its role, if they are strings.
    pub(super) kind: Option<String>,
    pub(super) role: Option<String>,
    /// How its contents ask for it to be left out, as an element of a list.
    parting: Option<Parting>,
    /// Whether its contents ask for different things.
    is_torn: bool,
    /// The range of the member with its id, once it is known, and where that member begins.
    id: Option<Range<u64>>,
    id_at: Option<u64>,
    /// Of a message: whether a part of it is left out, and whether a part is a tool's result.
    pub(super) has_lost: bool,
    pub(super) has_answer: bool,
}

/// What is known of a list.
#[derive(Debug, Default)]
pub(super) struct ListSoFar {
    kept: u64,
    gone: u64,
    /// Where an element begins that is left out together with the comma after it.
    leading: Option<u64>,
    /// Ids that are left out if any element is.
    ids: Vec<Range<u64>>,
    has_other_id: bool,
}

/// What becomes of an element of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementFate {
    Stays,
    Goes,
    /// It would have to be left out, but cannot be.
    Stuck,
}

impl OpenContainer {
    pub(super) fn new(holds: Holds, place: &'static Place, at: u64, places: usize) -> Self {
        let object = ObjectSoFar {
            key: String::new(),
            key_at: 0,
            is_known: false,
            current: &Place::ASIDE,
            kind: None,
            role: None,
            parting: None,
            is_torn: false,
            id: None,
            id_at: None,
            has_lost: false,
            has_answer: false,
        };
        Self {
            holds,
            place,
            at,
            count: 0,
            comma: None,
            state: ProviderState::default(),
            places,
            object,
            list: ListSoFar::default(),
        }
    }

    /// Returns what kind of object it is; a list is a plain one.
    pub(super) fn kind(&self) -> ObjectKind {
        match self.holds {
            Holds::Members(shape) => shape.kind,
            Holds::Elements(_) => ObjectKind::Plain,
        }
    }

    pub(super) const fn is_list(&self) -> bool {
        matches!(self.holds, Holds::Elements(_))
    }

    /// Returns its type and what that says that it carries, as a part of a message.
    pub(super) fn carried(&self) -> Option<(&'static str, Modality)> {
        let ObjectKind::Part(types) = self.kind() else { return None };
        let kind = self.object.kind.as_deref()?;
        types.iter().find(|(known, _)| *known == kind).copied()
    }

    /// Returns whether it is a thing that the provider keeps, as the scanner finds it.
    pub(super) fn is_kept(&self) -> bool {
        let ObjectKind::Item { kept, .. } = self.kind() else { return false };
        let ObjectSoFar { kind, role, id_at, .. } = &self.object;
        let is_bare = kind.is_none() && role.is_none();
        let is_of_those = kind.as_deref().is_some_and(|kind| kept.contains(&kind));
        id_at.is_some() && (is_bare || is_of_those) && !self.state.is_sealed
    }

    /// Takes the rule of something in it, which asks for it to be left out.
    pub(super) fn ask(&mut self, parting: Parting) {
        let object = &mut self.object;
        object.is_torn |= object.parting.is_some_and(|asked| asked != parting);
        object.parting = Some(parting);
    }

    /// Returns what becomes of it as an element. `is_in_place` says whether it is a part of a message, or
    /// an item.
    pub(super) fn fate(&self, is_in_place: bool) -> ElementFate {
        let ObjectSoFar { parting, is_torn, kind, .. } = &self.object;
        let may_go = match parting {
            None => return ElementFate::Stays,
            Some(Parting::With(wanted)) => kind.as_deref() == Some(wanted),
            Some(Parting::WithSole) => self.count == 1,
            Some(Parting::Word(_) | Parting::Never) => false,
        };
        if may_go && is_in_place && !is_torn { ElementFate::Goes } else { ElementFate::Stuck }
    }

    /// Takes the end of its own id, a member that begins at `key_at`.
    pub(super) fn note_id(&mut self, end: u64) {
        let object = &mut self.object;
        object.id_at = Some(object.key_at);
        // The first member is removed with the comma after it, any other with the comma before it.
        object.id = self.comma.map(|comma| comma..end);
    }

    /// Takes a comma. Returns the edit that removes the element before it, if there is one to remove.
    pub(super) fn take_comma(&mut self, at: u64) -> Option<Range<u64>> {
        self.comma = Some(at);
        let after = at.saturating_add(1);
        let object = &mut self.object;
        if let (Some(start), None) = (object.id_at, &object.id) {
            object.id = Some(start..after);
        }
        self.list.leading.take().map(|start| start..after)
    }

    /// Takes an element that has ended. Returns the edit if it is removed with the comma before it.
    pub(super) fn take_element(&mut self, element: Range<u64>, goes: bool) -> Option<Range<u64>> {
        let list = &mut self.list;
        if !goes {
            list.kept = list.kept.saturating_add(1);
            return None;
        }
        list.gone = list.gone.saturating_add(1);
        if list.kept > 0 {
            return self.comma.map(|comma| comma..element.end);
        }
        list.leading = Some(element.start);
        None
    }

    /// Takes the id of an item in this list that stays.
    pub(super) fn take_id_of(&mut self, item: &Self) {
        let ObjectSoFar { kind, role, id, id_at, .. } = &item.object;
        // More than are edited say nothing that the first of them have not said.
        if id_at.is_none() || self.ids() > MOST_EDITS {
            return;
        }
        let may_go = match kind.as_deref() {
            Some(kind) => WITHOUT_ID.contains(&kind),
            None => role.is_some(),
        };
        match id {
            Some(id) if may_go => self.list.ids.push(id.clone()),
            _ => self.list.has_other_id = true,
        }
    }

    /// Returns how many ids can be decided only at the end of this list.
    pub(super) const fn ids(&self) -> usize {
        self.list.ids.len()
    }
}

impl ListSoFar {
    /// Returns whether all of its elements are left out.
    pub(super) const fn is_emptied(&self) -> bool {
        self.gone > 0 && self.kept == 0
    }

    /// Returns the ids to leave out because they may refer to items that are left out. `None` if one of
    /// them cannot be left out.
    pub(super) fn into_ids(self) -> Option<Vec<Range<u64>>> {
        match (self.gone, self.has_other_id) {
            (0, _) => Some(Vec::new()),
            (_, true) => None,
            (_, false) => Some(self.ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_wait_are_bounded() {
        let open = || OpenContainer::new(Holds::Elements(&Place::ASIDE), &Place::ASIDE, 0, 0);
        let mut list = open();
        for at in 0..100_000 {
            let mut item = open();
            item.object.kind = Some("message".to_owned());
            item.note_id(at);
            item.take_comma(at);
            list.take_id_of(&item);
        }
        assert_eq!(list.ids(), MOST_EDITS + 1);
    }
}
