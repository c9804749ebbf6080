//! From the keywords of a configuration to what searches for them.

use std::collections::HashMap;

use aho_corasick::{MatchKind, StartKind, dfa, nfa::contiguous};

use super::blank::{self, Blank, Whitespace};
use super::filter::Filter;
use super::gap::Gaps;
use super::{KeywordId, KeywordMachine, Keywords, Reading, folded};

/// Collects the keywords of a configuration and builds their automaton.
#[derive(Debug, Default)]
pub struct KeywordsBuilder {
    whitespace: Whitespace,
    words: Vec<String>,
    ids: HashMap<String, KeywordId>,
}

impl KeywordsBuilder {
    /// Greatest length of all keywords together, in bytes.
    pub const MAX_BYTES: usize = 4 << 20;
    /// Up to this length of all keywords together they get the fastest table.
    const SMALL_BYTES: usize = 4096;

    /// Returns a builder of keywords whose white space compares in that way.
    #[must_use]
    pub fn new(whitespace: Whitespace) -> Self {
        Self { whitespace, ..Self::default() }
    }

    /// Adds a keyword and returns its id. Spellings that compare alike share one.
    pub fn add(&mut self, word: &str) -> KeywordId {
        let word: String = match self.whitespace {
            Whitespace::Any => collapsed(word).chars().flat_map(folded).collect(),
            Whitespace::Exact => word.chars().flat_map(folded).collect(),
        };
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
        let machine = self.machine(bytes).map_err(|error| format!("keywords: {error}"))?;
        let ascii = || self.words.iter().enumerate().filter(|(_, word)| word.is_ascii());
        let is_long = ascii().all(|(_, word)| word.len() >= Filter::SHORTEST);
        let filter = is_long.then(|| Filter::new(&self.words, ascii().map(|(at, _)| at)));
        // Keywords are kept in lower case. A character may be half as long again as its lower case,
        // so the text of a keyword may be so much longer than the keyword.
        let longest = self.words.iter().map(String::len).max().unwrap_or(0);
        Ok(Keywords {
            reading: self.reading(),
            gaps: Gaps::of(&self.words),
            machine,
            filter: filter.flatten(),
            has_others: !self.words.iter().all(|word| word.is_ascii()),
            longest: longest.saturating_add(longest / 2).saturating_add(4),
        })
    }

    /// Returns how blanks of a text are read: no more is done than these keywords need.
    fn reading(&self) -> Reading {
        let has_space = || self.words.iter().any(|word| word.contains(' '));
        match self.whitespace {
            Whitespace::Exact => Reading::AsWritten,
            Whitespace::Any if has_space() => Reading::SpacesAlike,
            Whitespace::Any => Reading::WithoutInvisible,
        }
    }

    /// Returns the automaton of words of that many bytes.
    fn machine(&self, bytes: usize) -> Result<KeywordMachine, aho_corasick::BuildError> {
        if bytes <= Self::SMALL_BYTES {
            let mut builder = dfa::DFA::builder();
            builder.match_kind(MatchKind::Standard).start_kind(StartKind::Unanchored);
            return builder.prefilter(false).build(&self.words).map(KeywordMachine::Small);
        }
        let mut builder = contiguous::NFA::builder();
        builder.match_kind(MatchKind::Standard).prefilter(false);
        builder.build(&self.words).map(KeywordMachine::Large)
    }
}

/// Returns a keyword with one space for each run of white space, and without what is invisible.
fn collapsed(word: &str) -> String {
    let mut found = String::with_capacity(word.len());
    for char in word.chars() {
        match blank::kind(char) {
            None => found.push(char),
            Some(Blank::Space) if !found.ends_with(' ') => found.push(' '),
            Some(_) => {}
        }
    }
    found
}
