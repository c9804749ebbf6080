//! Follows the few paths of a JSON document that count, and skips all else.
//!
//! Lenient: nothing is refused, and what is no JSON has no members. Any number of
//! documents may follow each other. Knows places by their table and hands on what
//! stands there, not what it means.
//!
//! Invariants: constant memory, whatever the depth of a document; what is found is the
//! same for every chunking.

use super::findings::BodyFindings;
use super::kept::KeptText;
use super::place::AnswerPlace;

/// Deepest container that counts: list, document, response, error, details, detail.
const DEEPEST: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonToken {
    /// Between values.
    Structure,
    /// Inside a string.
    Text,
    /// Inside a number, boolean or null.
    Scalar,
}

/// A document between two chunks.
#[derive(Debug)]
pub(super) struct JsonReader {
    /// Containers that are open and count, innermost last.
    open: [AnswerPlace; DEEPEST],
    depth: usize,
    /// Containers that are open inside those and do not.
    skipped: u32,
    /// What the next value is.
    place: AnswerPlace,
    reading: JsonToken,
    /// Whether what is read counts.
    keeps: bool,
    /// After a backslash.
    escaped: bool,
    kept: KeptText,
}

impl JsonReader {
    pub(super) const fn new() -> Self {
        Self {
            open: [AnswerPlace::Skip; DEEPEST],
            depth: 0,
            skipped: 0,
            place: AnswerPlace::Document,
            reading: JsonToken::Structure,
            keeps: false,
            escaped: false,
            kept: KeptText::new(),
        }
    }

    /// Expects a new document, whatever came before.
    pub(super) const fn restart(&mut self) {
        self.depth = 0;
        self.skipped = 0;
        self.place = AnswerPlace::Document;
        self.reading = JsonToken::Structure;
        self.escaped = false;
    }

    /// Reads on, to the end of the line where lines matter; gives back what is left.
    pub(super) fn read<'b>(
        &mut self,
        bytes: &'b [u8],
        is_line: bool,
        found: &mut BodyFindings,
    ) -> &'b [u8] {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            if is_line && matches!(byte, b'\n' | b'\r') {
                break;
            }
            rest = match self.reading {
                JsonToken::Text => self.text(rest, found),
                JsonToken::Scalar => self.scalar(rest, found),
                JsonToken::Structure if self.skipped > 0 => self.skip(rest),
                JsonToken::Structure => self.structure(*byte, rest, behind, found),
            };
        }
        rest
    }

    fn structure<'b>(
        &mut self,
        byte: u8,
        rest: &'b [u8],
        behind: &'b [u8],
        found: &mut BodyFindings,
    ) -> &'b [u8] {
        match byte {
            b'"' => self.start(JsonToken::Text, self.place.is_text()),
            b'{' | b'[' => self.open(byte, found),
            b'}' | b']' => self.close(found),
            b',' => {
                self.place = self.container().map_or(AnswerPlace::Document, AnswerPlace::inside)
            }
            b':' | ..=b' ' => {}
            _ => {
                self.start(JsonToken::Scalar, self.place.is_scalar());
                return rest;
            }
        }
        behind
    }

    const fn start(&mut self, reading: JsonToken, keeps: bool) {
        self.reading = reading;
        self.keeps = keeps;
        self.kept.clear();
    }

    /// The innermost container that counts.
    fn container(&self) -> Option<AnswerPlace> {
        self.open.get(self.depth.checked_sub(1)?).copied()
    }

    fn open(&mut self, bracket: u8, found: &mut BodyFindings) {
        let place = match (self.place, bracket) {
            (AnswerPlace::Document, b'[') if self.depth == 0 => AnswerPlace::List,
            (AnswerPlace::Details, b'[') => AnswerPlace::Details,
            (place, b'{') if place.is_object() => place,
            (place, _) => {
                found.skipped(place);
                self.skipped = 1;
                return;
            }
        };
        let Some(level) = self.open.get_mut(self.depth) else {
            self.skipped = 1;
            return;
        };
        *level = place;
        self.depth = self.depth.saturating_add(1);
        self.place = place.inside();
        if place == AnswerPlace::Document {
            found.begin();
        }
    }

    fn close(&mut self, found: &mut BodyFindings) {
        let closed = self.container();
        self.depth = self.depth.saturating_sub(1);
        self.place = if self.depth == 0 { AnswerPlace::Document } else { AnswerPlace::Skip };
        if closed == Some(AnswerPlace::Document) {
            found.end();
        }
    }

    /// Goes on inside a container that does not count.
    fn skip<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let rest = bytes.get(find(bytes, &STRUCTURE)..).unwrap_or_default();
        let Some((byte, behind)) = rest.split_first() else { return rest };
        match byte {
            b'"' => self.start(JsonToken::Text, false),
            b'{' | b'[' => self.skipped = self.skipped.saturating_add(1),
            b'}' | b']' => {
                self.skipped = self.skipped.saturating_sub(1);
                if self.skipped == 0 {
                    self.ended();
                }
            }
            // An end of line, perhaps, which the caller looks for.
            _ if rest.len() < bytes.len() => return rest,
            _ => {}
        }
        behind
    }

    /// After a value.
    const fn ended(&mut self) {
        self.reading = JsonToken::Structure;
        self.place = if self.depth == 0 { AnswerPlace::Document } else { AnswerPlace::Skip };
    }

    fn text<'b>(&mut self, bytes: &'b [u8], found: &mut BodyFindings) -> &'b [u8] {
        if self.escaped {
            let (escape, rest) = bytes.split_at_checked(1).unwrap_or_default();
            self.escaped = false;
            self.keep(escape);
            return rest;
        }
        let (run, rest) = bytes.split_at_checked(find(bytes, &IN_TEXT)).unwrap_or((bytes, &[]));
        match rest.split_first() {
            Some((b'"', behind)) => {
                self.end_text(run, found);
                behind
            }
            Some((b'\\', behind)) => {
                self.keep(run);
                self.keep(b"\\");
                self.escaped = true;
                behind
            }
            // A control character that is not an end of line: no JSON, but no end either.
            Some((_, behind)) if run.is_empty() => {
                self.keep(b" ");
                behind
            }
            _ => {
                self.keep(run);
                rest
            }
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.keeps {
            self.kept.push(piece);
        }
    }

    fn end_text(&mut self, run: &[u8], found: &mut BodyFindings) {
        let place = self.place;
        let container = self.container();
        if !self.keeps {
            self.reading = JsonToken::Structure;
            if self.skipped == 0 {
                self.ended();
            }
            return;
        }
        let text = self.kept.ended(run);
        if let (AnswerPlace::Key, Some(container)) = (place, container) {
            found.member(container);
            self.place = container.member(text);
            self.reading = JsonToken::Structure;
        } else {
            found.text(place, text);
            self.ended();
        }
    }

    fn scalar<'b>(&mut self, bytes: &'b [u8], found: &mut BodyFindings) -> &'b [u8] {
        let end = bytes.iter().position(|byte| {
            matches!(byte, b',' | b']' | b'}' | b'"' | b'[' | b'{' | b':' | ..=b' ')
        });
        let Some((run, rest)) = end.and_then(|end| bytes.split_at_checked(end)) else {
            self.keep(bytes);
            return &[];
        };
        if self.keeps {
            found.scalar(self.place, self.kept.ended(run));
        }
        self.ended();
        rest
    }
}

/// Bytes that are looked for beside quotes and control characters.
#[derive(Debug)]
struct WantedBytes {
    /// Bits that do not matter.
    folded: u8,
    /// Two bytes with those bits set.
    bytes: [u8; 2],
}

/// What ends a run of plain bytes in a string.
const IN_TEXT: WantedBytes = WantedBytes { folded: 0, bytes: [b'\\', b'\\'] };
/// What makes the structure; square and curly brackets differ in one bit.
const STRUCTURE: WantedBytes = WantedBytes { folded: 0x20, bytes: [b'{', b'}'] };

/// Index of the first byte that is wanted, a quote or a control character, or the length.
///
/// The one loop that sees every byte, eight at a time.
fn find(bytes: &[u8], wanted: &WantedBytes) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The high bit of every byte below a bound. Bits above the lowest one may be wrong, by
    // the borrow of the subtraction.
    const fn below(word: u64, bound: u64) -> u64 {
        word.wrapping_sub(ONES.wrapping_mul(bound)) & !word & HIGH
    }
    let all = |byte: u8| ONES.wrapping_mul(u64::from(byte));
    let [folded, first, second] = [wanted.folded, wanted.bytes[0], wanted.bytes[1]].map(all);
    let quote = all(b'"');
    let (words, tail) = bytes.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let plain = word | folded;
        let found = below(word, 0x20)
            | below(word ^ quote, 1)
            | below(plain ^ first, 1)
            | below(plain ^ second, 1);
        if found != 0 {
            return at.saturating_add(found.trailing_zeros() as usize / 8);
        }
        at = at.saturating_add(8);
    }
    let is =
        |byte: &u8| matches!(byte, b'"' | ..0x20) || wanted.bytes.contains(&(byte | wanted.folded));
    at.saturating_add(tail.iter().position(is).unwrap_or(tail.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wanted_byte_is_found_wherever_it_stands_and_no_other() {
        for (wanted, others) in [(&IN_TEXT, &b"\\"[..]), (&STRUCTURE, b"[]{}")] {
            for byte in 0..=u8::MAX {
                let is_wanted = byte < 0x20 || byte == b'"' || others.contains(&byte);
                for at in 0..20 {
                    for beside in [b'a', 0x80, 0xff, b'!', b'|'] {
                        let mut bytes = [beside; 20];
                        bytes[at] = byte;
                        let expected = if is_wanted { at } else { 20 };
                        assert_eq!(find(&bytes, wanted), expected, "{byte} at {at}");
                        assert_eq!(find(&bytes[..at], wanted), at);
                    }
                }
            }
        }
    }
}
