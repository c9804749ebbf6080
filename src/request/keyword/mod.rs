//! Keyword search over prompt text: one Aho-Corasick automaton for all
//! keywords, driven a piece at a time through a cursor; and before it a filter that
//! finds where most of them may be.
//!
//! Two texts compare alike if their Unicode lower case is the same, character
//! by character, with final sigma `ς` read as `σ`. So `İ` compares as `i` and a
//! combining dot above, `ß` is not `ss`, and letters are not normalised: composed
//! and decomposed accents differ. A run of white space compares as one space, and an
//! invisible character as a space or as nothing, unless the configuration wants both as they are
//! written. Refuses to know where a text starts or ends: a match may span any two pieces fed
//! through the same cursor, and texts that must not join begin with a cursor of their own.

mod blank;
mod build;
mod filter;
mod gap;
mod set;

use std::ops::Range;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, dfa, nfa::contiguous};

use blank::{Before, Blank};
use filter::Filter;
use gap::Gaps;

pub use blank::Whitespace;
pub use build::KeywordsBuilder;
pub use set::KeywordSet;

/// Index of a distinct keyword. Spellings that compare alike have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeywordId(pub usize);

/// A search between two pieces of text: what a keyword may have begun with. It can be copied
/// and gone back to, so that text which turns out not to count leaves nothing behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// What the text comes to without its invisible characters.
    state: StateID,
    /// What it comes to with spaces in the place of some of them. The same as `state` where that
    /// leads to no keyword, which is nearly always: then there is one reading to follow.
    spaced: StateID,
    /// What the text ends with.
    before: Before,
}

/// All keywords of a configuration, ready to be searched for.
#[derive(Debug, Default)]
pub struct Keywords {
    reading: Reading,
    gaps: Gaps,
    machine: KeywordMachine,
    /// For the ASCII keywords, where none is too short for it. It skips most of a long text, and
    /// the machine reads the rest.
    filter: Option<Filter>,
    /// Whether some keyword is not ASCII.
    has_others: bool,
    /// So many bytes of text hold the longest keyword, whatever its case.
    longest: usize,
}

/// How white space and invisible characters of a text are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Reading {
    /// As they are written.
    #[default]
    AsWritten,
    /// Invisible characters are left out. No keyword has white space, so it matters nowhere.
    WithoutInvisible,
    /// A run of white space is one space, and an invisible character may be one.
    SpacesAlike,
}

/// The automaton over all keywords, of one of two kinds: the table of the faster one would be
/// megabytes for thousands of keywords.
#[derive(Debug, Default)]
enum KeywordMachine {
    /// There are no keywords.
    #[default]
    Nothing,
    /// Few keywords: the fastest table.
    Small(dfa::DFA),
    /// Many keywords: a table that grows with their length only.
    Large(contiguous::NFA),
}

impl Keywords {
    /// Returns whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.machine, KeywordMachine::Nothing)
    }

    /// Returns a search at the start of a text.
    #[must_use]
    pub fn start(&self) -> Cursor {
        let start = match &self.machine {
            KeywordMachine::Nothing => None,
            KeywordMachine::Small(machine) => machine.start_state(Anchored::No).ok(),
            KeywordMachine::Large(machine) => machine.start_state(Anchored::No).ok(),
        };
        let state = start.unwrap_or(StateID::ZERO);
        Cursor { state, spaced: state, before: Before::default() }
    }

    /// Searches a piece of text and adds the keywords that end in it, those that began in
    /// earlier pieces among them.
    pub fn feed(&self, cursor: &mut Cursor, piece: &str, hits: &mut KeywordSet) {
        match self.reading {
            Reading::AsWritten => self.read(cursor, piece, hits),
            Reading::WithoutInvisible => self.feed_apart(cursor, piece, hits, false),
            Reading::SpacesAlike
                if cursor.before == Before::Invisible
                    || self.gaps.may_be_in(piece, cursor.before) =>
            {
                self.feed_apart(cursor, piece, hits, true);
            }
            // No blank of the piece can stand in a keyword, so it is searched as it is written.
            Reading::SpacesAlike => {
                if let Some(last) = piece.chars().next_back() {
                    let is_space = last.is_whitespace();
                    cursor.before = if is_space { Before::Space } else { Before::Shown };
                }
                self.read(cursor, piece, hits);
            }
        }
    }

    /// Notes that the next text stands beside this one. Some servers join them by a line end and
    /// others by nothing, so it may be either.
    pub fn end_part(&self, cursor: &mut Cursor) {
        if self.reading == Reading::SpacesAlike && cursor.before == Before::Shown {
            cursor.before = Before::Invisible;
        }
    }

    /// Searches a piece from blank to blank. White space counts as blank where `spaces` says so.
    ///
    /// A run of white space is read as one space. An invisible character leaves two readings open,
    /// one without it and one with a space in its place: `pro\u{200b}ject` is both `project` and
    /// `pro ject`. The cursor follows both, as `state` and as `spaced`. Where the filter is worth
    /// it, what lies between blanks is gathered first, since lines are too short for it.
    fn feed_apart(&self, cursor: &mut Cursor, piece: &str, hits: &mut KeywordSet, spaces: bool) {
        let mut rest = piece;
        let mut gathered = String::new();
        let gathers = self.filter.is_some() && piece.len() > self.shortest_filtered();
        while let Some((at, bytes, blank)) = blank::next(rest, cursor.before, spaces) {
            let (text, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            rest = after.get(bytes..).unwrap_or_default();
            self.come_to(cursor, text, hits);
            // The first blank of a run is its space. The others add nothing.
            let text = if blank == Blank::Space && cursor.before != Before::Space {
                cursor.before = Before::Space;
                [text, " "]
            } else {
                [text, ""]
            };
            if gathers {
                gathered.reserve(piece.len().saturating_sub(gathered.len()));
                gathered.extend(text);
            } else {
                text.iter().for_each(|text| self.read(cursor, text, hits));
            }
            // From here on there are two readings, so what was gathered is searched before. After a
            // space there are not: the space stands there already.
            if blank == Blank::Invisible && cursor.before != Before::Space {
                self.read(cursor, &gathered, hits);
                gathered.clear();
                cursor.before = Before::Invisible;
                // For keywords that end in a space.
                let _ = [cursor.spaced, cursor.state].map(|state| self.after_space(state, hits));
            }
        }
        self.come_to(cursor, rest, hits);
        if gathered.is_empty() {
            self.read(cursor, rest, hits);
        } else {
            gathered.push_str(rest);
            self.read(cursor, &gathered, hits);
        }
    }

    /// Notes what a text ends with that is to be read next. Where invisible characters stand
    /// before it, they may have been a space.
    fn come_to(&self, cursor: &mut Cursor, text: &str, hits: &mut KeywordSet) {
        let Some(first) = text.bytes().next() else { return };
        if cursor.before == Before::Invisible && first != b' ' {
            // The reading that has taken most of them for spaces goes on, as long as it leads to
            // a keyword: from any other state, all is found that is found from the start.
            let start = self.start().state;
            let spaced = [cursor.spaced, cursor.state].map(|state| self.after_space(state, hits));
            let found = spaced.into_iter().find(|state| *state != start);
            cursor.spaced = found.unwrap_or(cursor.spaced);
        }
        cursor.before = if text.ends_with(' ') { Before::Space } else { Before::Shown };
    }

    /// Returns the state after one space more.
    fn after_space(&self, state: StateID, hits: &mut KeywordSet) -> StateID {
        match &self.machine {
            KeywordMachine::Nothing => state,
            KeywordMachine::Small(machine) => step(machine, state, b' ', hits),
            KeywordMachine::Large(machine) => step(machine, state, b' ', hits),
        }
    }

    /// Returns the length up to which a piece is not worth being filtered.
    const fn shortest_filtered(&self) -> usize {
        let border = self.longest.saturating_mul(4);
        if border > SHORT { border } else { SHORT }
    }

    /// Searches a piece of text as it is written.
    fn read(&self, cursor: &mut Cursor, piece: &str, hits: &mut KeywordSet) {
        match &self.filter {
            Some(filter) if piece.len() > self.shortest_filtered() => {
                self.feed_long(filter, cursor, piece, hits);
            }
            _ => self.step_through(cursor, piece, hits),
        }
    }

    /// Searches a long piece by the filter. The automaton sees only what the filter cannot:
    /// keywords that cross the borders of the piece, and what is not ASCII.
    fn feed_long(&self, filter: &Filter, cursor: &mut Cursor, piece: &str, hits: &mut KeywordSet) {
        // So much of either end may a keyword reach into.
        let border = self.longest;
        // What has begun before the piece ends within its first bytes.
        let head = piece.get(..boundary_after(piece, border)).unwrap_or(piece);
        self.step_through(cursor, head, hits);
        let found = filter.search(piece.as_bytes(), |keyword| hits.insert(KeywordId(keyword)));
        if found.is_err() {
            // There is nothing to be gained by it in this text. What was found so far stands.
            let rest = piece.get(head.len()..).unwrap_or_default();
            self.step_through(cursor, rest, hits);
            return;
        }
        if !piece.is_ascii() {
            for place in self.odd_places(piece, border) {
                let text = piece.get(place).unwrap_or_default();
                self.step_through(&mut self.start(), text, hits);
            }
        }
        // What the automaton knows at the end depends on no more than the last bytes, so it
        // has not missed anything.
        let start = self.start().state;
        *cursor = Cursor { state: start, spaced: start, ..*cursor };
        let last = boundary_after(piece, piece.len().saturating_sub(border));
        self.step_through(cursor, piece.get(last..).unwrap_or_default(), hits);
    }

    /// Returns where keywords may be that the filter does not see: around characters that are
    /// not ASCII; where all keywords are ASCII, only around the two that are cases of ASCII
    /// letters, `İ` and the Kelvin sign. Places that touch are one.
    fn odd_places(&self, piece: &str, border: usize) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        for (at, char) in piece.char_indices().filter(|(_, char)| !char.is_ascii()) {
            if !self.has_others && !matches!(char, '\u{130}' | '\u{212a}') {
                continue;
            }
            let start = boundary_after(piece, at.saturating_sub(border));
            let end = boundary_after(piece, at.saturating_add(border).min(piece.len()));
            match places.last_mut() {
                Some(last) if last.end >= start => last.end = end,
                _ => places.push(start..end),
            }
        }
        places
    }

    /// Searches a piece by the automaton alone.
    fn step_through(&self, cursor: &mut Cursor, piece: &str, hits: &mut KeywordSet) {
        if cursor.spaced == cursor.state {
            cursor.state = self.walk(cursor.state, piece, hits);
            cursor.spaced = cursor.state;
            return;
        }
        // A state depends on no more than the last bytes, as many as the longest keyword has. So
        // the two readings meet soon after the place where they differ.
        let near = boundary_after(piece, self.longest.saturating_mul(2));
        let (head, tail) = piece.split_at_checked(near).unwrap_or((piece, ""));
        cursor.spaced = self.walk(cursor.spaced, head, hits);
        cursor.state = self.walk(cursor.state, head, hits);
        if !tail.is_empty() {
            cursor.state = self.walk(cursor.state, tail, hits);
            cursor.spaced = cursor.state;
        }
    }

    /// Takes the automaton through a piece, and returns its next state.
    fn walk(&self, state: StateID, piece: &str, hits: &mut KeywordSet) -> StateID {
        match &self.machine {
            KeywordMachine::Nothing => state,
            KeywordMachine::Small(machine) => search(machine, state, piece, hits),
            KeywordMachine::Large(machine) => search(machine, state, piece, hits),
        }
    }
}

/// Up to this length, a piece is not worth being filtered.
const SHORT: usize = 128;

/// Returns the first border of characters at or after a place.
fn boundary_after(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// Takes an automaton through a piece of text, as it compares: in lower case. Returns its next
/// state.
fn search<A: Automaton>(machine: &A, from: StateID, piece: &str, hits: &mut KeywordSet) -> StateID {
    let mut state = from;
    let mut rest = piece;
    while !rest.is_empty() {
        let is_odd = |byte: u8| !byte.is_ascii();
        let odd = if rest.is_ascii() { None } else { rest.bytes().position(is_odd) };
        let (run, after) = rest.split_at_checked(odd.unwrap_or(rest.len())).unwrap_or((rest, ""));
        for byte in run.bytes() {
            state = step(machine, state, byte.to_ascii_lowercase(), hits);
        }
        let mut chars = after.chars();
        for lower in chars.next().into_iter().flat_map(folded) {
            for byte in lower.encode_utf8(&mut [0; 4]).bytes() {
                state = step(machine, state, byte, hits);
            }
        }
        rest = chars.as_str();
    }
    state
}

/// Takes an automaton through one byte, and returns its next state.
#[inline(always)]
fn step<A: Automaton>(machine: &A, state: StateID, byte: u8, hits: &mut KeywordSet) -> StateID {
    let state = machine.next_state(Anchored::No, state, byte);
    if machine.is_special(state) && machine.is_match(state) {
        note(machine, state, hits);
    }
    state
}

/// Adds the keywords that a state is a match of.
#[cold]
fn note<A: Automaton>(machine: &A, state: StateID, hits: &mut KeywordSet) {
    let keyword = |index| KeywordId(machine.match_pattern(state, index).as_usize());
    // The longest keyword of a state comes first and the others are its ends, so
    // they were noted with it; a text of nested keywords would note them all again
    // at every byte.
    if !hits.contains(keyword(0)) {
        for index in 0..machine.match_len(state) {
            hits.insert(keyword(index));
        }
    }
}

/// Returns the characters that stand for this one in a comparison: its lower case, which may
/// be several, with one small sigma for both.
fn folded(char: char) -> impl Iterator<Item = char> {
    char.to_lowercase().map(|lower| if lower == 'ς' { 'σ' } else { lower })
}

#[cfg(test)]
mod tests;
