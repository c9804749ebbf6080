//! Keyword search over prompt text: one Aho-Corasick automaton for all
//! keywords, driven a piece at a time.

/// Index of a distinct keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeywordId(pub usize);

/// The keywords that occur in a text: a sorted set of ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeywordSet(Vec<KeywordId>);

impl KeywordSet {
    /// Whether the keyword occurs.
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

    /// Whether no keyword occurs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The automaton over all keywords.
#[derive(Debug, Default)]
pub struct Keywords {}

/// Collects keywords and builds their automaton.
#[derive(Debug, Default)]
pub struct KeywordsBuilder {
    words: Vec<String>,
}

impl KeywordsBuilder {
    /// The id of a keyword; spellings that compare alike share one.
    pub fn add(&mut self, word: &str) -> KeywordId {
        self.words.push(word.to_owned());
        KeywordId(self.words.len() - 1)
    }

    /// The automaton over all added keywords.
    ///
    /// # Errors
    /// What is wrong, where the keywords are too many or too long for one automaton.
    pub fn build(self) -> Result<Keywords, String> {
        Ok(Keywords::default())
    }
}
