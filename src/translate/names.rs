//! Names of tools that fit what a provider accepts.

use std::collections::BTreeMap;

use super::text::JsonText;
use crate::hash;
use crate::json::Json;

/// Which names of tools a provider accepts: ASCII letters, digits, `_` and `-`, up to a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NameRule {
    /// The longest name, in bytes.
    pub(super) longest: usize,
    /// Whether a dot may be in it.
    pub(super) has_dots: bool,
    /// Whether a letter or `_` must come first.
    pub(super) begins_with_letter: bool,
}

/// The tools of one request whose names do not fit.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolNames {
    /// The client's own names, by those that the provider gets.
    renamed: BTreeMap<String, String>,
}

impl ToolNames {
    /// Returns the name that the provider gets: the client's own if it fits, or else one that is made of it. A name
    /// is always replaced by the same one, so that a conversation keeps its names.
    pub(super) fn fit(&mut self, name: &str, rule: NameRule) -> Option<String> {
        let short = shortened(name, rule)?;
        if !self.renamed.contains_key(&short) {
            self.renamed.insert(short.clone(), name.to_owned());
        }
        Some(short)
    }

    /// Writes the name that the provider gets.
    #[inline(never)]
    pub(super) fn write(&mut self, name: &JsonText<'_>, rule: NameRule, to: &mut Json) {
        match self.fit(&name.plain(), rule) {
            Some(short) => to.text(&short),
            None => name.write(to),
        }
    }

    /// Returns the client's own names, by those that the provider gets.
    pub(super) fn into_own(self) -> BTreeMap<String, String> {
        self.renamed
    }
}

/// Returns a name that keeps the rule and is made of this one; `None` if this one keeps the rule.
pub(super) fn shortened(name: &str, rule: NameRule) -> Option<String> {
    let is_allowed = |char: char| {
        char.is_ascii_alphanumeric() || matches!(char, '_' | '-') || (rule.has_dots && char == '.')
    };
    let is_start = |char: char| char.is_ascii_alphabetic() || char == '_';
    let begins_well = !rule.begins_with_letter || name.starts_with(is_start);
    if !name.is_empty() && name.len() <= rule.longest && begins_well && name.chars().all(is_allowed)
    {
        return None;
    }
    let tag = format!("_{:08x}", hash::of(name.as_bytes()) >> 32);
    let prefix = if begins_well { "" } else { "_" };
    let room = rule.longest.saturating_sub(tag.len()).saturating_sub(prefix.len());
    let kept = name.chars().map(|char| if is_allowed(char) { char } else { '_' }).take(room);
    Some(format!("{prefix}{}{tag}", kept.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: NameRule = NameRule { longest: 64, has_dots: false, begins_with_letter: true };

    #[test]
    fn names_that_fit_stay() {
        let mut names = ToolNames::default();
        assert_eq!(names.fit("get_weather-2", RULE), None);
        assert_eq!(names.fit(&"a".repeat(64), RULE), None);
        assert!(names.into_own().is_empty());
    }

    #[test]
    fn other_names_become_names_of_their_own() {
        let mut names = ToolNames::default();
        let long = "a".repeat(70);
        let short = names.fit(&long, RULE).unwrap();
        assert_eq!(short.len(), 64);
        assert_ne!(names.fit(&"a".repeat(71), RULE).unwrap(), short);
        assert_eq!(names.fit(&long, RULE).unwrap(), short);
        assert!(names.fit("files.read", RULE).unwrap().starts_with("files_read_"));
        assert!(names.fit("2nd", RULE).unwrap().starts_with("_2nd_"));
        assert!(names.fit("", RULE).unwrap().starts_with('_'));
        let own = names.into_own();
        assert_eq!(own.len(), 5);
        assert_eq!(own[&short], long);
    }
}
