//! What is done with the text of strings that count: their bytes are counted, and where
//! somebody asks, their tokens are estimated and their keywords searched.

use super::walker::{TextKind, Walker};
use crate::request::document::{Saying, TextClass};

/// Text is estimated and searched in pieces of at least this many bytes, where the string is
/// that long. Escapes and chunks cut a string into many more pieces, each of which would cost
/// the beginning of a search.
pub(super) const PIECE: usize = 16 << 10;

impl Walker {
    /// Text of that class begins. Returns what is done with it.
    ///
    /// The client's own words are the assistant's or a tool's where the message or the part
    /// around them says so. Where it says so only later, they are searched, and what was found
    /// is dropped at its end.
    pub(super) fn begin_text(&mut self, class: TextClass) -> TextKind {
        let mut kind = TextKind {
            class,
            is_searched: self.searched.has(class),
            is_prompt: class == TextClass::Prompt || self.place.joins,
            is_settled: !class.is_own(),
        };
        if class.is_own()
            && let Some(class) = self.frames.known_class()
        {
            kind.class = class;
            // A part in it may still say that it is of the other of the two.
            kind.is_searched = self.searched.assistant || self.searched.tools;
        }
        if kind.class == TextClass::Prompt {
            // It tells the session unless an answer came before it: what follows an answer
            // changes from request to request.
            self.beginning.restart(self.looks.sessions && !self.frames.is_answered());
        } else {
            self.beginning.restart(false);
        }
        kind
    }

    /// Takes a piece of counted text: looks at it now if it is long enough, else gathers it.
    pub(super) fn gather(&mut self, piece: &[u8], kind: TextKind) {
        self.count_bytes(piece.len());
        if !self.looks_at(kind) {
            return;
        }
        if piece.len() >= PIECE {
            // What was gathered comes before it.
            self.weigh(kind);
            self.read_text(piece, kind);
            return;
        }
        self.gathered.extend_from_slice(piece);
        if self.gathered.len() >= PIECE {
            self.weigh(kind);
        }
    }

    /// Returns whether counted text is looked at, rather than only counted.
    pub(super) fn looks_at(&self, kind: TextKind) -> bool {
        self.looks.tokens
            || kind.is_searched && self.looks.keywords
            || kind.class == TextClass::Prompt && (self.looks.prompt || self.beginning.is_wanted())
    }

    /// Counts so many bytes of text, which bound its tokens.
    const fn count_bytes(&mut self, bytes: usize) {
        self.value.bytes = self.value.bytes.saturating_add(bytes as u64);
        self.has_counted = true;
    }

    /// Keeps the `added` bytes that were gathered, and drops the `surplus` after them.
    pub(super) fn keep(&mut self, added: usize, surplus: usize, kind: TextKind) {
        self.count_bytes(added);
        if self.looks_at(kind) {
            self.gathered.truncate(self.gathered.len().saturating_sub(surplus));
            if self.gathered.len() >= PIECE {
                self.weigh(kind);
            }
        }
    }

    /// Estimates and searches what was gathered.
    fn weigh(&mut self, kind: TextKind) {
        if !self.gathered.is_empty() {
            let mut text = std::mem::take(&mut self.gathered);
            self.read_text(&text, kind);
            text.clear();
            self.gathered = text;
        }
    }

    /// Looks at text, for as much as the request has to be looked at for.
    fn read_text(&mut self, text: &[u8], kind: TextKind) {
        // The lexer has found it valid, and in vectors that costs next to nothing.
        let Ok(text) = simdutf8::basic::from_utf8(text) else { return };
        if self.looks.tokens {
            self.estimator.feed(text);
        }
        if kind.is_searched && self.looks.keywords {
            let cursor = if kind.is_prompt { &mut self.cursor } else { &mut self.aside };
            let hits = if kind.is_settled { &mut self.found } else { &mut self.value.hits };
            self.keywords.feed(cursor, text, hits);
        }
        if kind.class == TextClass::Prompt {
            if self.looks.prompt {
                self.value.prompt.push(text);
            }
            self.beginning.feed(text.as_bytes());
        }
    }

    /// Ends a counted text.
    pub(super) fn end_text(&mut self, kind: TextKind) {
        self.weigh(kind);
        // Servers differ in what they put between two parts, so a keyword may reach across.
        if kind.is_searched {
            let cursor = if kind.is_prompt { &mut self.cursor } else { &mut self.aside };
            self.keywords.end_part(cursor);
        }
        match kind.class {
            TextClass::Prompt => {
                self.value.said = self.value.said.wrapping_add(self.beginning.said());
            }
            TextClass::Assistant | TextClass::Tools => self.value.say(Saying::Answer),
            TextClass::Aside | TextClass::Schemas => {}
        }
        if self.looks.tokens {
            self.value.tokens = self.value.tokens.saturating_add(self.estimator.finish());
        }
    }

    /// Counts a text that is whole, and searches it if its class is searched.
    pub(super) fn count(&mut self, text: &str, class: TextClass) {
        let kind = self.begin_text(class);
        self.gather(text.as_bytes(), kind);
        self.end_text(kind);
    }
}
