//! Follows a document's table through the events of the lexer.

use super::counted::PIECE;
use super::error::ScanError;
use super::event::{Container, Gathers, Scalar, Sink};
use super::frame::{Content, Frame, KeyMeaning};
use super::walker::{TextUse, Walker};
use crate::request::document::{Place, Plain, TextClass, Word};

impl Sink for Walker {
    fn string_start(&mut self, at: u64, is_key: bool) {
        if self.whole > 0 {
            // Keys and values alike: of what has no table, keys are text too.
            self.whole_filled = true;
            if is_key {
                self.aside = self.keywords.start();
            }
            self.begin_word(self.place.word.inside());
        } else if is_key {
            self.key_at = at;
            self.key.restart_same();
            self.text = TextUse::ToKey;
            if self.at_top() {
                self.places.key_start(at);
            }
        } else {
            self.begin(at, "string");
            self.begin_word(self.place.word);
        }
    }

    #[inline]
    fn text(&mut self, piece: &[u8]) {
        match self.text {
            TextUse::Nowhere => {}
            TextUse::ToKey => {
                // Longer than any key that is known, it is text, and may be a prompt.
                if !self.key.push(piece) {
                    let start = self.key.take();
                    self.spill(&start, piece);
                }
            }
            TextUse::ToCapture { spills } => {
                if !self.capture.push(piece) && spills {
                    let start = self.capture.take();
                    self.spill(&start, piece);
                }
            }
            TextUse::ToProbe => self.probe.feed(piece),
            TextUse::Counted(kind) => self.gather(piece, kind),
            TextUse::ToBoth(kind) => {
                self.probe.feed(piece);
                self.gather(piece, kind);
            }
        }
    }

    fn gathers(&mut self) -> Gathers<'_> {
        match self.text {
            // The lexer appends to what is gathered, so that pieces need no second copy.
            TextUse::Counted(kind) if self.looks_at(kind) => {
                Gathers::Text { text: &mut self.gathered, most: PIECE }
            }
            TextUse::Counted(_) | TextUse::Nowhere => Gathers::Length,
            _ => Gathers::Nothing,
        }
    }

    fn gathered(&mut self, added: usize, surplus: usize) {
        if let TextUse::Counted(kind) = self.text {
            self.keep(added, surplus, kind);
        }
    }

    fn string_end(&mut self, end: u64, is_key: bool) {
        if self.whole > 0 {
            if let TextUse::Counted(kind) = self.text {
                self.end_text(kind);
            }
        } else if is_key {
            self.end_key();
        } else {
            let content = self.end_string();
            // A model that is named again deeper in the body has to be rewritten as well.
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
        if self.whole > 0 {
            self.whole_filled = true;
            if self.place.plain == Plain::Counted {
                self.count(scalar.json().unwrap_or_default(), self.class_here());
            }
            return;
        }
        self.begin(at, scalar.type_name());
        self.scalar_value(scalar);
        let content = if scalar == Scalar::Null { Content::None } else { Content::Some };
        self.end(end, content);
    }

    fn open(&mut self, container: Container, at: u64) {
        if self.whole > 0 {
            self.whole_filled = true;
            self.open_whole();
            return;
        }
        if self.frames.is_empty() && container == Container::Object {
            // The document itself, which has no place in any table, and no `begin` either.
            self.places.open(at.saturating_add(1));
            self.frames.push(Frame::object(&Place::ASIDE, self.document));
            return;
        }
        let object = container == Container::Object;
        self.begin(at, if object { "object" } else { "array" });
        let frame = match (self.place.members, self.place.items) {
            (Some(shape), _) if object => Frame::object(self.place, shape),
            (_, Some(items)) if !object => Frame::array(self.place, items),
            // The table has nothing to say of what is inside.
            _ => return self.open_whole(),
        };
        // A container is no param, but its key must not stand there twice.
        self.note_param(None);
        self.frames.push(frame);
    }

    fn close(&mut self, end: u64) {
        if self.whole > 0 {
            self.whole = self.whole.saturating_sub(1);
            if self.whole > 0 {
                return;
            }
            // It was the outermost without a table, and so a value at a place of one.
            if let (Some(saying), true) = (self.place.filled, self.whole_filled) {
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

impl Walker {
    /// A key has ended: finds its place in the table, or refuses it. One that no table names is
    /// text itself where its value is.
    fn end_key(&mut self) {
        // The key was too long, and has been read as text.
        if let TextUse::Counted(kind) = self.text {
            self.end_text(kind);
            self.add_text();
        }
        let at = self.key_at;
        let is_at_top = self.at_top();
        let key = self.key.text();
        let placed = if is_at_top { key.map(|key| self.places.key(key)) } else { None };
        let meaning = self.frames.key(key);
        // The places come first: they may refuse the key.
        if let Some(Err(error)) = placed {
            self.refuse(error);
        }
        match meaning {
            KeyMeaning::Known => {}
            KeyMeaning::Repeated => self.refuse(ScanError::Repeated { at }),
            KeyMeaning::Miscased => self.refuse(ScanError::Miscased { at }),
            KeyMeaning::Unknown(Word::Text(class)) => {
                if let Some(key) = self.key.text().map(str::to_owned) {
                    // No keyword reaches from one key into another.
                    self.aside = self.keywords.start();
                    self.place = &Place::ASIDE;
                    self.count(&key, class);
                    self.add_text();
                }
            }
            KeyMeaning::Unknown(_) => {}
        }
    }

    /// Adds text that was read to the container around it.
    fn add_text(&mut self) {
        let tally = std::mem::take(&mut self.value);
        self.frames.add(tally);
    }

    /// A word has turned out longer than any that is one: it is read as text, from its start on.
    #[cold]
    fn spill(&mut self, start: &[u8], piece: &[u8]) {
        self.aside = self.keywords.start();
        let kind = self.begin_text(TextClass::Aside);
        self.text = TextUse::Counted(kind);
        self.gather(start, kind);
        self.gather(piece, kind);
    }
}
