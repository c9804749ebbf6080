//! Which keywords occur in a text.

use super::KeywordId;

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

    /// Returns the keywords, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = KeywordId> {
        self.0.iter().copied()
    }

    /// Removes all keywords.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
