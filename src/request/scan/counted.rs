//! What is done with the text of strings that count: their bytes are counted, and where
//! somebody asks, their tokens are estimated and their keywords searched.

use super::walker::Walker;
use crate::request::document::Saying;

/// Text is estimated and searched in pieces of at least this many bytes, where the string is
/// that long. Escapes and chunks cut a string into many more pieces, each of which would cost
/// the beginning of a search.
pub(super) const PIECE: usize = 16 << 10;

impl Walker {
    /// Takes a piece of counted text: looks at it now if it is long enough, else gathers it.
    pub(super) fn gather(&mut self, piece: &[u8], is_searched: bool) {
        self.count_bytes(piece.len());
        if !self.looks_at(is_searched) {
            return;
        }
        if piece.len() >= PIECE {
            // What was gathered comes before it.
            self.weigh(is_searched);
            self.read_text(piece, is_searched);
            return;
        }
        self.gathered.extend_from_slice(piece);
        if self.gathered.len() >= PIECE {
            self.weigh(is_searched);
        }
    }

    /// Returns whether counted text is looked at, rather than only counted.
    pub(super) const fn looks_at(&self, is_searched: bool) -> bool {
        self.looks.tokens
            || is_searched
                && (self.looks.keywords || self.looks.prompt || self.beginning.is_wanted())
    }

    /// Counts so many bytes of text, which bound its tokens.
    const fn count_bytes(&mut self, bytes: usize) {
        self.value.bytes = self.value.bytes.saturating_add(bytes as u64);
        self.has_counted = true;
    }

    /// Keeps the `added` bytes that were gathered, and drops the `surplus` after them.
    pub(super) fn keep(&mut self, added: usize, surplus: usize, is_searched: bool) {
        self.count_bytes(added);
        if self.looks_at(is_searched) {
            self.gathered.truncate(self.gathered.len().saturating_sub(surplus));
            if self.gathered.len() >= PIECE {
                self.weigh(is_searched);
            }
        }
    }

    /// Estimates and searches what was gathered.
    fn weigh(&mut self, is_searched: bool) {
        if !self.gathered.is_empty() {
            let mut text = std::mem::take(&mut self.gathered);
            self.read_text(&text, is_searched);
            text.clear();
            self.gathered = text;
        }
    }

    /// Looks at text, for as much as the request has to be looked at for.
    fn read_text(&mut self, text: &[u8], is_searched: bool) {
        // The lexer has found it valid, and in vectors that costs next to nothing.
        let Ok(text) = simdutf8::basic::from_utf8(text) else { return };
        if self.looks.tokens {
            self.estimator.feed(text);
        }
        if is_searched && self.looks.keywords {
            self.keywords.feed(&mut self.cursor, text, &mut self.value.hits);
        }
        if is_searched && self.looks.prompt {
            self.value.prompt.push(text);
        }
        if is_searched {
            self.beginning.feed(text.as_bytes());
        }
    }

    /// Ends a counted text. One that is not searched is an answer: an assistant's or a tool's.
    pub(super) fn end_text(&mut self, is_searched: bool) {
        self.weigh(is_searched);
        if is_searched {
            self.value.said = self.value.said.wrapping_add(self.beginning.said());
            self.keywords.end_part(&mut self.cursor);
        } else {
            self.value.say(Saying::Answer);
        }
        if self.looks.tokens {
            self.value.tokens = self.value.tokens.saturating_add(self.estimator.finish());
        }
    }

    /// Counts a text that is whole.
    pub(super) fn count(&mut self, text: &str) {
        self.gather(text.as_bytes(), false);
        self.end_text(false);
    }
}
