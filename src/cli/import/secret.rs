//! Where a provider's key comes from. A routing document has names of environment variables only,
//! so a key that is written in the file is compared with others and never repeated.

use std::collections::BTreeSet;

use super::place::Place;

/// Where a key comes from.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Secret {
    /// No key is sent.
    Absent,
    /// An environment variable.
    Variable(String),
    /// It is written in the file.
    Literal {
        /// The key itself, so that equal ones share a variable.
        value: String,
        /// The variable that LiteLLM would read it from.
        usual: String,
    },
}

/// What people write where a server needs no key.
const NO_KEYS: [&str; 12] = [
    "none",
    "null",
    "empty",
    "fake",
    "fake-key",
    "dummy",
    "dummy-key",
    "anything",
    "any",
    "na",
    "not-needed",
    "no-key",
];

impl Secret {
    /// Reads a key. `usual` is the variable that LiteLLM takes where there is none; empty for
    /// servers that need no key.
    pub(super) fn read(place: &Place, usual: &str) -> Self {
        let Some(text) = place.text() else {
            return if usual.is_empty() { Self::Absent } else { Self::Variable(usual.to_owned()) };
        };
        if let Some(name) = place.variable() {
            return Self::Variable(name.to_owned());
        }
        if NO_KEYS.contains(&text.to_ascii_lowercase().as_str()) {
            place.report("is no key, so none is sent");
            return Self::Absent;
        }
        let usual = if usual.is_empty() { "LLM_API_KEY" } else { usual };
        Self::Literal { value: text.to_owned(), usual: usual.to_owned() }
    }
}

/// The variables of a document, and the keys that have been given one.
#[derive(Default)]
pub(super) struct Variables {
    taken: BTreeSet<String>,
    /// Keys of the file, each with its variable.
    named: Vec<(String, String)>,
}

impl Variables {
    /// Notes the variables that the file names itself, which no key of the file gets.
    pub(super) fn of<'a>(secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let taken = secrets.filter_map(|secret| match secret {
            Secret::Variable(name) => Some(name.clone()),
            Secret::Absent | Secret::Literal { .. } => None,
        });
        Self { taken: taken.collect(), named: Vec::new() }
    }

    /// Returns the variable of a key, and reports a key that is written in the file at its place.
    pub(super) fn name(&mut self, secret: &Secret, place: &Place) -> Option<String> {
        let (value, usual) = match secret {
            Secret::Absent => return None,
            Secret::Variable(name) => return Some(name.clone()),
            Secret::Literal { value, usual } => (value, usual),
        };
        let known = self.named.iter().find(|(key, _)| key == value).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| self.new_name(value, usual));
        place.report(format!(
            "is a key, which is not copied; put it into {name} in the environment of Envoy"
        ));
        Some(name)
    }

    fn new_name(&mut self, value: &str, usual: &str) -> String {
        let mut name = usual.to_owned();
        let mut number = 2_u32;
        while !self.taken.insert(name.clone()) {
            name = format!("{usual}_{number}");
            number = number.saturating_add(1);
        }
        self.named.push((value.to_owned(), name.clone()));
        name
    }

    /// Returns all variables that the document names.
    pub(super) fn all(&self) -> &BTreeSet<String> {
        &self.taken
    }
}
