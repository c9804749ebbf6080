//! Keyword search over prompt text: one Aho-Corasick automaton for all
//! keywords, driven a piece at a time through a cursor; and before it a filter that
//! finds where most of them may be.
//!
//! Two texts compare alike if their Unicode lower case is the same, character
//! by character, with final sigma `ς` read as `σ`. So `İ` compares as `i` and a
//! combining dot above, `ß` is not `ss`, and nothing is normalised: composed
//! and decomposed accents differ. Refuses to know where a text starts or ends:
//! a match may span any two pieces fed through the same cursor.

mod filter;

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, MatchKind, StartKind, dfa, nfa::contiguous};

use filter::Filter;

/// Index of a distinct keyword. Spellings that compare alike have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeywordId(pub usize);

/// The keywords that occur in a text: a sorted set of ids. Few occur in any text, so a list is
/// smaller than a bit for each that is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeywordSet(Vec<KeywordId>);

impl KeywordSet {
    /// Returns whether the keyword occurs.
    #[must_use]
    pub fn contains(&self, id: KeywordId) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    /// Adds a keyword.
    pub fn insert(&mut self, id: KeywordId) {
        if let Err(at) = self.0.binary_search(&id) {
            self.0.insert(at, id);
        }
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: &Self) {
        for id in &other.0 {
            self.insert(*id);
        }
    }

    /// Returns whether no keyword occurs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes all keywords.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A search between two pieces of text: what a keyword may have begun with. It can be copied
/// and gone back to, so that text which turns out not to count leaves nothing behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(StateID);

/// All keywords of a configuration, ready to be searched for.
#[derive(Debug, Default)]
pub struct Keywords {
    machine: KeywordMachine,
    /// For the ASCII keywords, where none is too short for it.
    filter: Option<Filter>,
    /// Whether some keyword is not ASCII.
    has_others: bool,
    /// So many bytes of text hold the longest keyword, whatever its case.
    longest: usize,
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
        Cursor(start.unwrap_or(StateID::ZERO))
    }

    /// Searches a piece of text and adds the keywords that end in it, those that began in
    /// earlier pieces among them.
    pub fn feed(&self, cursor: &mut Cursor, piece: &str, hits: &mut KeywordSet) {
        let border = self.longest.saturating_mul(2);
        match &self.filter {
            Some(filter) if piece.len() > border.saturating_mul(2).max(SHORT) => {
                self.feed_long(filter, cursor, piece, hits, border);
            }
            _ => self.step_through(cursor, piece, hits),
        }
    }

    /// Searches a long piece by the filter. The automaton sees only what the filter cannot:
    /// keywords that cross the borders of the piece, and what is not ASCII. `border` is so much
    /// of either end as such a keyword may reach into.
    fn feed_long(
        &self,
        filter: &Filter,
        cursor: &mut Cursor,
        piece: &str,
        hits: &mut KeywordSet,
        border: usize,
    ) {
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
        *cursor = self.start();
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
        match &self.machine {
            KeywordMachine::Nothing => {}
            KeywordMachine::Small(machine) => search(machine, cursor, piece, hits),
            KeywordMachine::Large(machine) => search(machine, cursor, piece, hits),
        }
    }
}

/// Up to this length, a piece is not worth being filtered.
const SHORT: usize = 128;

/// Returns the first border of characters at or after a place.
fn boundary_after(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// Takes an automaton through a piece of text, as it compares: in lower case.
fn search<A: Automaton>(machine: &A, cursor: &mut Cursor, piece: &str, hits: &mut KeywordSet) {
    let mut state = cursor.0;
    for char in piece.chars() {
        if let Ok(byte @ 0..0x80) = u8::try_from(char) {
            state = step(machine, state, byte.to_ascii_lowercase(), hits);
            continue;
        }
        for lower in folded(char) {
            for byte in lower.encode_utf8(&mut [0; 4]).bytes() {
                state = step(machine, state, byte, hits);
            }
        }
    }
    cursor.0 = state;
}

/// Takes an automaton through one byte, and returns its next state.
#[inline]
fn step<A: Automaton>(machine: &A, state: StateID, byte: u8, hits: &mut KeywordSet) -> StateID {
    let state = machine.next_state(Anchored::No, state, byte);
    if machine.is_special(state) && machine.is_match(state) {
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
    state
}

/// Returns the characters that stand for this one in a comparison: its lower case, which may
/// be several, with one small sigma for both.
fn folded(char: char) -> impl Iterator<Item = char> {
    char.to_lowercase().map(|lower| if lower == 'ς' { 'σ' } else { lower })
}

/// Collects the keywords of a configuration and builds their automaton.
#[derive(Debug, Default)]
pub struct KeywordsBuilder {
    words: Vec<String>,
    ids: HashMap<String, KeywordId>,
}

impl KeywordsBuilder {
    /// Greatest length of all keywords together, in bytes.
    pub const MAX_BYTES: usize = 4 << 20;
    /// Up to this length of all keywords together they get the fastest table.
    const SMALL_BYTES: usize = 4096;

    /// Adds a keyword and returns its id. Spellings that compare alike share one.
    pub fn add(&mut self, word: &str) -> KeywordId {
        let word: String = word.chars().flat_map(folded).collect();
        let next = KeywordId(self.words.len());
        *self.ids.entry(word).or_insert_with_key(|word| {
            self.words.push(word.clone());
            next
        })
    }

    /// Returns the automaton over all keywords that were added.
    ///
    /// # Errors
    /// What is wrong, where a keyword is empty or the keywords are too many or
    /// too long for one automaton.
    pub fn build(self) -> Result<Keywords, String> {
        let bytes = self.words.iter().fold(0_usize, |sum, word| sum.saturating_add(word.len()));
        if self.words.is_empty() {
            return Ok(Keywords::default());
        }
        if self.words.iter().any(String::is_empty) {
            return Err("a keyword is empty".to_owned());
        }
        if bytes > Self::MAX_BYTES {
            let max = Self::MAX_BYTES;
            return Err(format!("keywords have {bytes} bytes together; at most {max} are allowed"));
        }
        let machine = if bytes <= Self::SMALL_BYTES {
            let mut builder = dfa::DFA::builder();
            builder.match_kind(MatchKind::Standard).start_kind(StartKind::Unanchored);
            builder.prefilter(false).build(&self.words).map(KeywordMachine::Small)
        } else {
            let mut builder = contiguous::NFA::builder();
            builder.match_kind(MatchKind::Standard).prefilter(false);
            builder.build(&self.words).map(KeywordMachine::Large)
        };
        let machine = machine.map_err(|error| format!("keywords: {error}"))?;
        let ascii = || self.words.iter().enumerate().filter(|(_, word)| word.is_ascii());
        let is_long = ascii().all(|(_, word)| word.len() >= Filter::SHORTEST);
        let filter = is_long.then(|| Filter::new(&self.words, ascii().map(|(at, _)| at)));
        // A character may be half as long again as its lower case, and as a keyword is
        // kept in that, its text may be so much longer.
        let longest = self.words.iter().map(String::len).max().unwrap_or(0);
        Ok(Keywords {
            machine,
            filter: filter.flatten(),
            has_others: !self.words.iter().all(|word| word.is_ascii()),
            longest: longest.saturating_add(longest / 2).saturating_add(4),
        })
    }
}

#[cfg(test)]
mod tests;
