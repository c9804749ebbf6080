//! Follows the few members of a JSON document that count, and skips all others.
//!
//! Lenient: nothing is refused, and what is not JSON has no members. Any number of documents
//! may follow each other. Knows which members count from the table in `place`, and hands on
//! their values without knowing what they mean.
//!
//! Invariants: constant memory, however deep a document is; the same members wherever it is
//! cut into chunks.

use super::content::ContentRank;
use super::place::AnswerPlace;
use super::prefix::Prefix;
use super::seek::{IN_TEXT, STRUCTURE, find};
use super::summary::Summary;

/// Depth of the deepest container that counts: list, document, response, error, details,
/// detail.
const DEEPEST: usize = 6;

/// What the next byte is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScanState {
    /// The structure between values.
    Structure,
    /// A string.
    Text,
    /// The first byte of a string or of a skipped container that may be content. It tells
    /// whether that is empty.
    Opened(ContentRank),
    /// A number, boolean or null.
    Scalar,
}

/// A JSON document between two chunks.
///
/// Containers that count are on a stack of fixed size; those that do not are only counted,
/// so a body that is all brackets takes no memory. Of strings and numbers that count the
/// beginning is kept, in case the chunk ends within them.
#[derive(Debug)]
pub(super) struct JsonScanner {
    /// Containers that are open and count, innermost last.
    open: [AnswerPlace; DEEPEST],
    depth: usize,
    /// Number of containers that are open inside those and do not count.
    skipped: u32,
    /// What the next value is.
    place: AnswerPlace,
    state: ScanState,
    /// Whether the string or scalar that is being read counts.
    keeps: bool,
    /// Whether a backslash came last, which takes a quote's meaning away.
    escaped: bool,
    prefix: Prefix,
}

impl JsonScanner {
    /// Returns a scanner that expects a document.
    pub(super) const fn new() -> Self {
        Self {
            open: [AnswerPlace::Skip; DEEPEST],
            depth: 0,
            skipped: 0,
            place: AnswerPlace::Document,
            state: ScanState::Structure,
            keeps: false,
            escaped: false,
            prefix: Prefix::new(),
        }
    }

    /// Expects a new document, whatever came before. An event's data may be cut, and must not
    /// leave brackets open for the next event's.
    pub(super) const fn restart(&mut self) {
        self.depth = 0;
        self.skipped = 0;
        self.place = AnswerPlace::Document;
        self.state = ScanState::Structure;
        self.escaped = false;
    }

    /// Ends the number or word that an event's data end with, as what follows it would.
    pub(super) fn end_line(&mut self, summary: &mut Summary) {
        if self.state == ScanState::Scalar {
            self.scalar(b"\n", summary);
        }
    }

    /// Returns whether a container that counts is open: a body that ends so is cut.
    pub(super) const fn is_open(&self) -> bool {
        self.depth > 0
    }

    /// Reads on, and adds what is found to `summary`. With `is_line`, stops before the end of
    /// the line; returns the bytes that are left.
    ///
    /// For example, `{"output": [{"text": "a"}], "usage": {"prompt_tokens": 9}}` goes like
    /// this. `{` opens the document, which counts. `"output"` is content, so `[` begins to
    /// skip: the byte after it tells that the list is not empty, and everything up to its `]`
    /// is only searched for quotes and brackets. `"usage"` counts: `{` opens it on the stack,
    /// `"prompt_tokens"` is looked up among its members, and 9 is handed to `summary` as that
    /// count.
    pub(super) fn read<'b>(
        &mut self,
        bytes: &'b [u8],
        is_line: bool,
        summary: &mut Summary,
    ) -> &'b [u8] {
        let mut rest = bytes;
        // Each step takes bytes, or goes to a state whose next step does.
        while let Some((byte, after)) = rest.split_first() {
            if is_line && matches!(byte, b'\n' | b'\r') {
                break;
            }
            rest = match self.state {
                // Blanks within a container.
                ScanState::Opened(_) if self.skipped > 0 && *byte <= b' ' => after,
                ScanState::Opened(rank) => {
                    self.begin_content(*byte, rank, summary);
                    rest
                }
                ScanState::Text => self.text(rest, summary),
                ScanState::Scalar => self.scalar(rest, summary),
                ScanState::Structure if self.skipped > 0 => self.skip(rest),
                ScanState::Structure => self.structure(*byte, rest, after, summary),
            };
        }
        rest
    }

    /// Begins to read a string or skipped container that may be content, whose first byte
    /// closes it where it is empty.
    fn begin_content(&mut self, first: u8, rank: ContentRank, summary: &mut Summary) {
        let is_empty = if self.skipped > 0 {
            self.state = ScanState::Structure;
            matches!(first, b'}' | b']')
        } else {
            self.state = ScanState::Text;
            first == b'"'
        };
        summary.content(rank, !is_empty);
    }

    /// Reads one byte between values, in a container that counts; returns the bytes that are
    /// left.
    fn structure<'b>(
        &mut self,
        byte: u8,
        rest: &'b [u8],
        after: &'b [u8],
        summary: &mut Summary,
    ) -> &'b [u8] {
        match byte {
            b'"' => self.begin_text(),
            b'{' | b'[' => {
                self.open(byte, summary);
                return self.next_text(after);
            }
            b'}' | b']' => self.close(summary),
            b',' => {
                self.place = self.container().map_or(AnswerPlace::Document, AnswerPlace::inside);
                return self.next_text(after);
            }
            b':' | ..=b' ' => {}
            _ => {
                if let Some(rank) = self.place.rank(byte) {
                    // Null, whatever else begins so.
                    summary.content(rank, byte != b'n');
                }
                self.start(ScanState::Scalar, self.place.is_scalar());
                // The byte is the scalar's first.
                return self.scalar(rest, summary);
            }
        }
        after
    }

    /// Begins a string.
    const fn begin_text(&mut self) {
        self.start(ScanState::Text, self.place.is_text());
        if let Some(rank) = self.place.rank(b'"') {
            self.state = ScanState::Opened(rank);
        }
    }

    /// Begins a string if one follows at once, as nearly always after a bracket or comma; returns
    /// the bytes that are left.
    fn next_text<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        match bytes.split_first() {
            Some((b'"', after)) if self.skipped == 0 => {
                self.begin_text();
                after
            }
            _ => bytes,
        }
    }

    /// Begins a string or scalar.
    const fn start(&mut self, state: ScanState, keeps: bool) {
        self.state = state;
        self.keeps = keeps;
        self.prefix.clear();
    }

    /// Returns the innermost container that counts.
    fn container(&self) -> Option<AnswerPlace> {
        self.open.get(self.depth.checked_sub(1)?).copied()
    }

    /// Opens a container, or begins to skip one that does not count. A list counts only around
    /// documents, of choices and as an error's details, an object only where the table has
    /// members for it.
    fn open(&mut self, bracket: u8, summary: &mut Summary) {
        let place = match (self.place, bracket) {
            (AnswerPlace::Document, b'[') if self.depth == 0 => AnswerPlace::List,
            (place @ (AnswerPlace::Details | AnswerPlace::Choices), b'[') => place,
            (place, b'{') if place.is_object() => place,
            (place, _) => {
                summary.skipped(place);
                if let Some(rank) = place.rank(bracket) {
                    self.state = ScanState::Opened(rank);
                }
                self.skipped = 1;
                return;
            }
        };
        // No path of the table is deeper. The bound is checked all the same, so that a
        // longer table cannot make a body overrun the stack.
        let Some(level) = self.open.get_mut(self.depth) else {
            self.skipped = 1;
            return;
        };
        *level = place;
        self.depth = self.depth.saturating_add(1);
        self.place = place.inside();
        summary.open(place, self.depth == 1);
    }

    /// Closes the innermost container that counts. Which bracket closes it is not compared: a
    /// wrong one is not JSON anyway. With none open, nothing happens.
    fn close(&mut self, summary: &mut Summary) {
        let closed = self.container();
        self.depth = self.depth.saturating_sub(1);
        self.place = if self.depth == 0 { AnswerPlace::Document } else { AnswerPlace::Skip };
        if let Some(place) = closed {
            summary.close(place, self.depth == 0);
        }
    }

    /// Goes on inside a container that does not count; returns the bytes that are left.
    ///
    /// This is where a model's output goes through, so nearly all of a body.
    fn skip<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let rest = bytes.get(find(bytes, &STRUCTURE)..).unwrap_or_default();
        let Some((byte, after)) = rest.split_first() else { return rest };
        match byte {
            b'"' => self.start(ScanState::Text, false),
            b'{' | b'[' => self.skipped = self.skipped.saturating_add(1),
            b'}' | b']' => {
                self.skipped = self.skipped.saturating_sub(1);
                if self.skipped == 0 {
                    self.ended();
                }
            }
            // A control character, perhaps an end of line, which the caller looks for.
            _ if rest.len() < bytes.len() => return rest,
            _ => {}
        }
        after
    }

    /// Goes on after a value. Until a comma says what is next, nothing counts.
    const fn ended(&mut self) {
        self.state = ScanState::Structure;
        self.place = if self.depth == 0 { AnswerPlace::Document } else { AnswerPlace::Skip };
    }

    /// Goes on inside a string; returns the bytes that are left.
    fn text<'b>(&mut self, bytes: &'b [u8], summary: &mut Summary) -> &'b [u8] {
        if self.escaped {
            // The byte after a backslash is part of the text, even a quote. Of `\u0022` the
            // digits follow as plain bytes.
            let (escape, rest) = bytes.split_at_checked(1).unwrap_or_default();
            self.escaped = false;
            self.keep(escape);
            return rest;
        }
        let (run, rest) = bytes.split_at_checked(find(bytes, &IN_TEXT)).unwrap_or((bytes, &[]));
        match rest.split_first() {
            Some((b'"', after)) => {
                self.end_text(run, summary);
                // A name's colon says nothing, wherever it stands.
                after.strip_prefix(b":").unwrap_or(after)
            }
            Some((b'\\', after)) => {
                self.keep(run);
                self.keep(b"\\");
                self.escaped = true;
                after
            }
            // A control character that is not an end of line. JSON forbids it, but it does
            // not end the string either.
            Some((_, after)) if run.is_empty() => {
                self.keep(b" ");
                after
            }
            _ => {
                self.keep(run);
                rest
            }
        }
    }

    /// Keeps a piece of a value that counts.
    fn keep(&mut self, piece: &[u8]) {
        if self.keeps {
            self.prefix.push(piece);
        }
    }

    /// Ends a string, whose last bytes are `run`. It is the name of a member, which says what the
    /// next value is, or a value, which is handed on.
    fn end_text(&mut self, run: &[u8], summary: &mut Summary) {
        let place = self.place;
        let container = self.container();
        if !self.keeps {
            self.state = ScanState::Structure;
            // Inside a skipped container nothing changes before its end.
            if self.skipped == 0 {
                self.ended();
            }
            return;
        }
        let text = self.prefix.ended(run);
        if let (AnswerPlace::Key, Some(container)) = (place, container) {
            self.place = container.member(text);
            summary.member(container, self.place);
            self.state = ScanState::Structure;
        } else {
            summary.text(place, text);
            self.ended();
        }
    }

    /// Goes on inside a number, boolean or null; returns the bytes that are left. One that the
    /// body ends with is not handed on: its document is not complete either.
    fn scalar<'b>(&mut self, bytes: &'b [u8], summary: &mut Summary) -> &'b [u8] {
        let end = bytes.iter().position(|byte| {
            matches!(byte, b',' | b']' | b'}' | b'"' | b'[' | b'{' | b':' | ..=b' ')
        });
        let Some((run, rest)) = end.and_then(|end| bytes.split_at_checked(end)) else {
            // The chunk ends within it.
            self.keep(bytes);
            return &[];
        };
        if self.keeps {
            summary.scalar(self.place, self.prefix.ended(run));
        }
        self.ended();
        rest
    }
}
