//! Follows a document's table through the events of the lexer.

use super::counted::PIECE;
use super::error::ScanError;
use super::event::{Container, Gathers, Scalar, Sink};
use super::frame::{Content, Frame};
use super::walker::{TextUse, Walker};
use crate::request::document::{Place, Word};

impl Sink for Walker {
    fn string_start(&mut self, at: u64, is_key: bool) {
        if self.skipped > 0 {
            // Keys and values alike: of what is counted as a whole, keys are text too.
            self.skipped_filled = true;
            let is_searched = self.searches_skipped();
            if is_searched {
                self.begin_said();
            }
            let counted = TextUse::Counted { is_searched };
            self.text = if self.place.whole { counted } else { TextUse::Nowhere };
        } else if is_key {
            self.key.restart_same();
            self.text = TextUse::ToKey;
            if self.at_top() {
                self.places.key_start(at);
            }
        } else {
            self.begin(at, "string");
            self.begin_string();
        }
    }

    #[inline]
    fn text(&mut self, piece: &[u8]) {
        match self.text {
            TextUse::Nowhere => {}
            TextUse::ToKey => self.key.push(piece),
            TextUse::ToCapture => self.capture.push(piece),
            TextUse::ToProbe => self.probe.feed(piece),
            TextUse::Counted { is_searched } => self.gather(piece, is_searched),
        }
    }

    fn gathers(&mut self) -> Gathers<'_> {
        match self.text {
            TextUse::Counted { is_searched } if self.looks_at(is_searched) => {
                Gathers::Text { text: &mut self.gathered, most: PIECE }
            }
            TextUse::Counted { .. } | TextUse::Nowhere => Gathers::Length,
            TextUse::ToKey | TextUse::ToCapture | TextUse::ToProbe => Gathers::Nothing,
        }
    }

    fn gathered(&mut self, added: usize, surplus: usize) {
        if let TextUse::Counted { is_searched } = self.text {
            self.keep(added, surplus, is_searched);
        }
    }

    fn string_end(&mut self, end: u64, is_key: bool) {
        if self.skipped > 0 {
            if self.place.whole {
                self.end_text(self.searches_skipped());
            }
        } else if is_key {
            let key = self.key.text();
            // The places come first: they may refuse the key.
            if self.at_top()
                && let Some(key) = key
                && let Err(error) = self.places.key(key)
            {
                self.refused.get_or_insert(error);
            }
            // The key has a value already, which no longer counts: nor does what was found in
            // its text, so the search goes on from before it.
            if let Some(cursor) = self.frames.key(key, self.cursor) {
                self.cursor = cursor;
            }
            let is_miscased = |key: &str| {
                self.frames.is_miscased(key) || (self.at_top() && self.places.is_miscased(key))
            };
            if key.is_some_and(is_miscased) {
                self.refused.get_or_insert(ScanError::Miscased { at: end });
            }
        } else {
            let content = self.end_string();
            if matches!(self.place.word, Word::Model | Word::ModelAgain)
                && !self.at_top()
                && let Err(error) = self.places.nested(self.value_at, end)
            {
                self.refuse(error);
            }
            self.carry();
            self.end(end, content);
        }
    }

    fn scalar(&mut self, scalar: Scalar<'_>, at: u64, end: u64) {
        if self.skipped > 0 {
            self.skipped_filled = true;
            if self.counts_skipped() {
                self.count(scalar.json().unwrap_or_default());
            }
            return;
        }
        self.begin(at, scalar.type_name());
        self.scalar_value(scalar);
        let content = if scalar == Scalar::Null { Content::None } else { Content::Some };
        self.end(end, content);
    }

    fn open(&mut self, container: Container, at: u64) {
        if self.skipped > 0 {
            self.skipped_filled = true;
            self.open_skipped();
            return;
        }
        if self.frames.is_empty() && container == Container::Object {
            // The document itself, which has no place in any table.
            self.places.open(at.saturating_add(1));
            self.frames.push(Frame::object(&Place::SKIP, self.document, self.cursor));
            return;
        }
        let cursor = self.cursor;
        let object = container == Container::Object;
        self.begin(at, if object { "object" } else { "array" });
        let frame = match (self.place.members, self.place.items) {
            (Some(shape), _) if object => Frame::object(self.place, shape, cursor),
            (_, Some(items)) if !object => Frame::array(self.place, items, cursor),
            // The table has nothing to say of what is inside.
            _ => return self.open_skipped(),
        };
        if self.frames.in_params() {
            let key = self.key.text();
            key.inspect(|key| self.labels.param(key, None));
        }
        self.frames.push(frame);
    }

    fn close(&mut self, end: u64) {
        if self.skipped > 0 {
            self.skipped = self.skipped.saturating_sub(1);
            if self.skipped > 0 {
                return;
            }
            // It was the outermost that is skipped, and so a value at a place of the table.
            if let (Some(saying), true) = (self.place.filled, self.skipped_filled) {
                self.value.say(saying);
            }
            self.carry();
        } else if let Some(frame) = self.frames.pop() {
            self.close_frame(frame);
        }
        self.end(end, Content::Some);
    }

    fn comma(&mut self, at: u64) {
        if self.at_top() {
            self.places.comma(at);
        }
    }

    fn is_paused(&self) -> bool {
        self.is_paused
    }
}
