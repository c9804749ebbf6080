//! What single values say about state, and what is known at the end of a container.

use std::ops::Range;

use crate::request::document::{Modality, ObjectKind, Parting, Place, Saying, Word};
use crate::request::provider_state::{ProviderState, StateName};
use crate::request::rewrite::Edit;
use crate::request::scan::{is_kept_file, is_said};

use super::follow::StateWalker;
use super::open::{ElementFate, OpenContainer};
use super::{Bound, MOST_EDITS, MOST_PLACES, StatePlace, StateReport};

impl StateWalker {
    /// Returns whether the string at that place has to be kept, because its text matters.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(
            self.place.word,
            Word::Sealed(..)
                | Word::Says(Saying::State)
                | Word::Type(_)
                | Word::Role(_)
                | Word::FileUri
                | Word::ItemId
        ) || self.is_thinking_switch()
    }

    /// Returns whether the value turns thinking on or off: the `type` in the member that configures it.
    fn is_thinking_switch(&self) -> bool {
        let is =
            |at: usize, key: &str| self.open.get(at).is_some_and(|open| open.object.key == key);
        match self.open.len() {
            2 => is(1, "type") && is(0, "thinking"),
            3 => {
                is(2, "type")
                    && (is(1, "thinking") || is(1, "reasoning_config"))
                    && is(0, "additionalModelRequestFields")
            }
            _ => false,
        }
    }

    /// Takes a string that was kept and has ended.
    pub(super) fn take_word(&mut self, value: Range<u64>) {
        let word = self.text.text();
        match self.place.word {
            Word::Sealed(saying @ (Saying::Sealed | Saying::Signed), parting) if is_said(word) => {
                let is_sealed = saying == Saying::Sealed;
                self.note(if is_sealed { StateName::Encrypted } else { StateName::Signed });
                self.part(*parting, value);
            }
            Word::Says(Saying::State) if is_said(word) => self.note(StateName::Stored),
            Word::FileUri if word.is_none_or(is_kept_file) => self.note(StateName::Stored),
            Word::Type(_) => {
                let kind = Some(word.unwrap_or_default().to_owned());
                self.innermost(|open| open.object.kind = kind);
            }
            Word::Role(_) => {
                let role = Some(word.unwrap_or_default().to_owned());
                self.innermost(|open| open.object.role = role);
            }
            Word::ItemId => self.innermost(|open| open.note_id(value.end)),
            _ if self.is_thinking_switch() => self.is_thinking_off = word == Some("disabled"),
            _ => {}
        }
    }

    fn innermost(&mut self, change: impl FnOnce(&mut OpenContainer)) {
        if let Some(open) = self.open.last_mut() {
            change(open);
        }
    }

    /// Notes that there is state at the place that is being read.
    fn note(&mut self, kind: StateName) {
        if self.places.len() < MOST_PLACES {
            let at = self.path();
            self.places.push(StatePlace { at, kind });
        }
        if let Some(open) = self.open.last_mut() {
            open.state.add(kind);
        }
    }

    /// Takes a container at that place, which is not empty.
    pub(super) fn note_filled(&mut self, place: &Place) {
        if place.filled == Some(Saying::State) {
            self.note(StateName::Stored);
        }
    }

    /// Returns the path of the value that is being read. A key that the client made up is shown as `*`.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            if open.is_list() {
                path.push_str(&format!("[{}]", open.count));
                continue;
            }
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(if open.object.is_known { &open.object.key } else { "*" });
        }
        path
    }

    /// Notes how a value is to be left out, by the rule in its table.
    fn part(&mut self, parting: Parting, value: Range<u64>) {
        match parting {
            Parting::Never => self.bind(Bound::Inseparable),
            Parting::Word(word) => self.edit(value, format!("\"{word}\"")),
            Parting::With(_) | Parting::WithSole => {
                // The innermost element of a list that the value stands in, at any depth.
                let element = (1..self.open.len()).rev().find(|at| {
                    self.open.get(at.saturating_sub(1)).is_some_and(OpenContainer::is_list)
                });
                match element.and_then(|at| self.open.get_mut(at)) {
                    Some(element) => element.ask(parting),
                    None => self.bind(Bound::Inseparable),
                }
            }
        }
    }

    /// Notes why nothing can be left out. The first reason is kept.
    pub(super) fn bind(&mut self, bound: Bound) {
        self.bound.get_or_insert(bound);
    }

    pub(super) fn edit(&mut self, range: Range<u64>, with: String) {
        if self.edits.len() >= MOST_EDITS {
            return self.bind(Bound::TooMuch);
        }
        self.edits.push(Edit { range, with: with.into_bytes() });
    }

    /// Takes a container that has ended while the one around it is still open. Returns whether it is
    /// left out.
    pub(super) fn take_container(&mut self, mut closed: OpenContainer) -> bool {
        if closed.count > 0 {
            self.note_filled(closed.place);
        }
        if let Some((kind, Modality::Sealed)) = closed.carried() {
            self.note(StateName::Signed);
            closed.ask(Parting::With(kind));
        }
        if closed.is_kept() {
            self.note(StateName::Stored);
        }
        let is_text = closed.carried().is_some_and(|(_, carried)| carried == Modality::Text);
        if is_text && closed.state.is_stored {
            // A part of the type text holds no file, whatever its other members are.
            closed.state.is_stored = false;
            let kept = |place: &StatePlace| place.kind != StateName::Stored;
            let tail = self.places.split_off(closed.places.min(self.places.len()));
            self.places.extend(tail.into_iter().filter(kept));
        }
        let goes = self.settle(&closed);
        if matches!(closed.kind(), ObjectKind::Message) {
            self.take_message(&closed);
        }
        if closed.list.is_emptied() {
            self.bind(Bound::Emptied);
        }
        let state = closed.state;
        match closed.list.into_ids() {
            Some(ids) => ids.into_iter().for_each(|id| self.edit(id, String::new())),
            None => self.bind(Bound::Id),
        }
        match self.open.last_mut() {
            Some(around) => around.state.add_all(state),
            None => self.state = state,
        }
        goes
    }

    /// Returns whether a container is left out, as an element of the list around it.
    fn settle(&mut self, closed: &OpenContainer) -> bool {
        let is_item = matches!(closed.kind(), ObjectKind::Item { .. });
        let [.., around, list] = self.open.as_mut_slice() else {
            // The document itself is never left out.
            if closed.fate(false) != ElementFate::Stays {
                self.bind(Bound::Inseparable);
            }
            return false;
        };
        let is_part = list.is_list() && matches!(around.kind(), ObjectKind::Message);
        let is_element = list.is_list() && is_item;
        match closed.fate(is_part || is_element) {
            ElementFate::Goes => {
                around.object.has_lost |= is_part;
                return true;
            }
            ElementFate::Stays => {
                let is_answer = closed.object.kind.as_deref() == Some("tool_result");
                around.object.has_answer |= is_part && (is_answer || closed.object.has_answer);
                if is_element {
                    list.take_id_of(closed);
                }
            }
            ElementFate::Stuck => self.bind(Bound::Inseparable),
        }
        if self.open.last().is_some_and(|list| list.ids() > MOST_EDITS) {
            self.bind(Bound::TooMuch);
        }
        false
    }

    /// Takes a message that has ended. A new turn begins with a message of the user that has no tool
    /// results; until then thoughts belong to the tool calls of the turn.
    fn take_message(&mut self, message: &OpenContainer) {
        let is_assistant = message.object.role.as_deref() == Some("assistant");
        if message.object.has_lost && !is_assistant {
            self.bind(Bound::Inseparable);
        }
        if is_assistant {
            self.is_turn_lost |= message.object.has_lost;
        } else if message.object.role.as_deref() == Some("user") && !message.object.has_answer {
            self.is_turn_lost = false;
        }
    }

    /// Returns what was found in the document.
    pub(super) fn into_report(mut self) -> StateReport {
        // Anthropic requires the thoughts of the current turn, unless thinking is off.
        if self.is_turn_lost && !self.is_thinking_off {
            self.bind(Bound::Loop);
        }
        if self.state.is_stored {
            self.bound = Some(Bound::Stored);
        }
        let Self { state, places, edits, bound, .. } = self;
        StateReport { state, places, removal: bound.map_or(Ok(edits), Err) }
    }
}

impl ProviderState {
    /// Adds a kind.
    const fn add(&mut self, kind: StateName) {
        match kind {
            StateName::Stored => self.is_stored = true,
            StateName::Encrypted => self.is_sealed = true,
            StateName::Signed => self.is_signed = true,
        }
    }

    /// Adds all kinds of another.
    const fn add_all(&mut self, other: Self) {
        self.is_stored |= other.is_stored;
        self.is_sealed |= other.is_sealed;
        self.is_signed |= other.is_signed;
    }
}
