//! Follows a document's table through the events of the lexer, as the scanner does. Takes notice only of
//! state, and of what decides whether state can be left out.
//!
//! Invariant: memory is bounded by the depth of the body and by the caps on edits and places.

use crate::request::document::{ObjectShape, Place};
use crate::request::provider_state::ProviderState;
use crate::request::rewrite::Edit;
use crate::request::scan::{Capture, Container, Gathers, Scalar, Sink, longest};

use super::open::{Holds, OpenContainer};
use super::{Bound, StatePlace};

/// Longest key that is compared, in bytes: longer than any key of the tables.
const KEY_BYTES: usize = 64;

/// A document that is being followed.
#[derive(Debug)]
pub(super) struct StateWalker {
    document: &'static ObjectShape,
    /// The containers that are open and have a place in the table, outermost first.
    pub(super) open: Vec<OpenContainer>,
    /// How many open containers inside the innermost of those have no place in the table.
    whole: u32,
    /// Whether the outermost container without a place has anything in it.
    whole_filled: bool,
    /// The place of the value being read, and where that value begins.
    pub(super) place: &'static Place,
    value_at: u64,
    /// The beginning of the string being read, if it is kept.
    pub(super) text: Capture,
    is_kept: bool,
    pub(super) state: ProviderState,
    pub(super) places: Vec<StatePlace>,
    pub(super) edits: Vec<Edit>,
    pub(super) bound: Option<Bound>,
    /// Whether thoughts of the current turn are left out.
    pub(super) is_turn_lost: bool,
    /// Whether the request turns thinking off.
    pub(super) is_thinking_off: bool,
}

impl StateWalker {
    /// Returns a walker before the first byte of a document.
    pub(super) fn new(document: &'static ObjectShape) -> Self {
        Self {
            document,
            open: Vec::new(),
            whole: 0,
            whole_filled: false,
            place: &Place::ASIDE,
            value_at: 0,
            text: Capture::new(0),
            is_kept: false,
            state: ProviderState::default(),
            places: Vec::new(),
            edits: Vec::new(),
            bound: None,
            is_turn_lost: false,
            is_thinking_off: false,
        }
    }

    /// A value begins: finds its place.
    fn begin(&mut self, at: u64) {
        self.value_at = at;
        self.place = self.open.last().map_or(&Place::ASIDE, |open| match open.holds {
            Holds::Elements(items) => items,
            Holds::Members(_) => open.object.current,
        });
    }

    /// A key has ended: finds the place of its value.
    fn end_key(&mut self) {
        let Some(open) = self.open.last_mut() else { return };
        let Holds::Members(shape) = open.holds else { return };
        open.count = open.count.saturating_add(1);
        let key = self.text.text().unwrap_or_default();
        let known = self.text.text().and_then(|key| shape.field(key));
        open.object.key.clear();
        open.object.key.push_str(key);
        open.object.is_known = known.is_some();
        // Bedrock's block with a tool's result is known by its only key.
        open.object.has_answer |= key == "toolResult";
        open.object.current = known.map_or(shape.others, |(_, place)| place);
    }

    /// A value has ended. If it is an element of a list, it is now known whether it stays.
    fn end(&mut self, start: u64, end: u64, goes: bool) {
        let Some(open) = self.open.last_mut() else { return };
        if !open.is_list() {
            return;
        }
        open.count = open.count.saturating_add(1);
        let gone = open.take_element(start..end, goes);
        if let Some(gone) = gone {
            self.edit(gone, String::new());
        }
    }
}

impl Sink for StateWalker {
    fn string_start(&mut self, at: u64, is_key: bool) {
        self.is_kept = false;
        if self.whole > 0 {
            self.whole_filled = true;
        } else if is_key {
            self.is_kept = true;
            self.text.restart(KEY_BYTES);
            if let Some(open) = self.open.last_mut() {
                open.object.key_at = at;
            }
        } else {
            self.begin(at);
            self.is_kept = self.is_wanted();
            if self.is_kept {
                self.text.restart(longest(self.place.word).unwrap_or(KEY_BYTES));
            }
        }
    }

    fn text(&mut self, piece: &[u8]) {
        if self.is_kept {
            self.text.push(piece);
        }
    }

    fn gathers(&mut self) -> Gathers<'_> {
        if self.is_kept { Gathers::Nothing } else { Gathers::Length }
    }

    fn gathered(&mut self, _: usize, _: usize) {}

    fn string_end(&mut self, end: u64, is_key: bool) {
        if self.whole > 0 {
            return;
        }
        if is_key {
            return self.end_key();
        }
        let start = self.value_at;
        if self.is_kept {
            self.take_word(start..end);
        }
        self.end(start, end, false);
    }

    fn scalar(&mut self, _: Scalar<'_>, at: u64, end: u64) {
        if self.whole > 0 {
            self.whole_filled = true;
            return;
        }
        self.begin(at);
        self.end(at, end, false);
    }

    fn open(&mut self, container: Container, at: u64) {
        if self.whole > 0 {
            self.whole_filled = true;
            self.whole = self.whole.saturating_add(1);
            return;
        }
        let is_object = container == Container::Object;
        let holds = if self.open.is_empty() && is_object {
            self.place = &Place::ASIDE;
            Some(Holds::Members(self.document))
        } else {
            self.begin(at);
            match (self.place.members, self.place.items) {
                (Some(shape), _) if is_object => Some(Holds::Members(shape)),
                (_, Some(items)) if !is_object => Some(Holds::Elements(items)),
                _ => None,
            }
        };
        match holds {
            Some(holds) => {
                self.open.push(OpenContainer::new(holds, self.place, at, self.places.len()))
            }
            None => {
                self.whole = 1;
                self.whole_filled = false;
            }
        }
    }

    fn close(&mut self, end: u64) {
        if self.whole > 0 {
            self.whole = self.whole.saturating_sub(1);
            if self.whole == 0 {
                self.end_whole();
                self.end(self.value_at, end, false);
            }
        } else if let Some(closed) = self.open.pop() {
            let start = closed.at;
            let goes = self.take_container(closed);
            self.end(start, end, goes);
        }
    }

    fn comma(&mut self, at: u64) {
        if self.whole > 0 {
            return;
        }
        let gone = self.open.last_mut().and_then(|open| open.take_comma(at));
        if let Some(gone) = gone {
            self.edit(gone, String::new());
        }
    }

    fn is_paused(&self) -> bool {
        false
    }
}

impl StateWalker {
    /// A container without a table has ended. At some places it matters whether it was empty.
    fn end_whole(&mut self) {
        if self.whole_filled {
            self.note_filled(self.place);
        }
    }
}
