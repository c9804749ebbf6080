//! The top-level members of a body whose places are noted.

use super::credential::Naming;
use super::document::is_same_but_for_case;
use crate::sort::ordered;

/// The keys of those members.
///
/// Every key of a body is compared with them, in any case, and nearly none is one of them. So most
/// are told apart by their first letter and length alone, and the others are compared with the
/// names of their length.
#[derive(Debug, Default)]
pub struct WatchedKeys {
    /// Sorted, each once.
    names: Vec<String>,
    /// By the low bits of the first letter, which both cases share: a bit for each length of a
    /// name that begins so. All lengths from 31 on share a bit.
    lengths: [u32; 32],
    /// By length, the indices of the names that are as long.
    of_length: Vec<Vec<usize>>,
}

/// What a key of a body is to those that are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watched {
    /// The key with this index.
    Key(usize),
    /// One of them in another case. As it is written, the key may also be another of them.
    Miscased,
}

impl FromIterator<String> for WatchedKeys {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        let mut names = ordered(names.into_iter().collect::<Vec<String>>());
        names.dedup();
        let longest = names.iter().map(String::len).max();
        let mut of_length =
            vec![Vec::new(); longest.map_or(0, |longest| longest.saturating_add(1))];
        let mut lengths = [0; 32];
        for (index, name) in names.iter().enumerate() {
            let (first, length) = looks(name);
            if let Some(lengths) = lengths.get_mut(first) {
                *lengths |= length;
            }
            if let Some(of_length) = of_length.get_mut(name.len()) {
                of_length.push(index);
            }
        }
        Self { names, lengths, of_length }
    }
}

impl WatchedKeys {
    /// Returns the keys, sorted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns whether one of the members with these indices brings a key of the client's own.
    pub(super) fn bring_key(&self, mut members: impl Iterator<Item = usize>) -> bool {
        members.any(|index| self.names.get(index).is_some_and(|name| Naming::is_key(name)))
    }

    /// Returns the length of the longest key, in bytes; 0 where there is none.
    pub(super) const fn longest(&self) -> usize {
        self.of_length.len().saturating_sub(1)
    }

    /// Returns which of these a key is, or is in another case; `None` where it is none of them.
    pub(super) fn find(&self, key: &str) -> Option<Watched> {
        // Letters that fold to another first byte or length are not ASCII.
        if !key.is_ascii() {
            return self.find_among(key, 0..self.names.len());
        }
        if !self.may_have(key) {
            return None;
        }
        self.find_among(key, self.of_length.get(key.len())?.iter().copied())
    }

    /// Returns which of the names with these indices a key is, or is in another case.
    fn find_among(&self, key: &str, indices: impl Iterator<Item = usize>) -> Option<Watched> {
        let mut found = None;
        for (index, name) in indices.filter_map(|index| Some((index, self.names.get(index)?))) {
            if is_same_but_for_case(name, key) {
                return Some(Watched::Miscased);
            }
            if name == key {
                found = Some(Watched::Key(index));
            }
        }
        found
    }

    /// Returns whether a name begins with the same letter and is as long as the key.
    fn may_have(&self, key: &str) -> bool {
        let (first, length) = looks(key);
        self.lengths.get(first).is_some_and(|lengths| lengths & length != 0)
    }
}

/// Returns the low bits of a key's first byte, and the bit of its length.
fn looks(key: &str) -> (usize, u32) {
    const LOW: u8 = 31;
    let first = key.as_bytes().first().map_or(0, |byte| usize::from(byte & LOW));
    (first, 1 << key.len().min(31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_told_from_themselves_in_another_case() {
        let long = "a".repeat(40);
        let names = ["", "models", "Models", "route", "sky", "ſky", "_x", &long, "größe"];
        let keys: WatchedKeys = names.iter().map(|name| (*name).to_owned()).collect();
        for name in names {
            let cases = names.iter().filter(|other| is_same_but_for_case(other, name)).count();
            match keys.find(name).unwrap() {
                Watched::Key(at) => assert!(cases == 0 && keys.names()[at] == name),
                Watched::Miscased => assert!(cases > 0, "{name}"),
            }
        }
        assert!(matches!(keys.find("route"), Some(Watched::Key(_))));
        assert_eq!(keys.find("models"), Some(Watched::Miscased));
        let upper = "A".repeat(40);
        for key in
            ["MODELS", "Route", "SKY", "s\u{212a}y", "ſKY", "_X", &upper, "GRößE", "ſ\u{212a}y"]
        {
            assert_eq!(keys.find(key), Some(Watched::Miscased), "{key}");
        }
        let longer = "a".repeat(41);
        for key in ["model", "routes", "routed", "x", "_", "sk", &longer, "größer"] {
            assert_eq!(keys.find(key), None, "{key}");
        }
    }
}
