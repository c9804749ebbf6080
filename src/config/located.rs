//! Finds the problems of a configuration in its text.
//!
//! This is for tools that show the text; the filter never asks. serde_json reads the JSON, and
//! keeps for each value the text that it was read from. This module knows how problems name
//! their places, and no key of the configuration. A value that is not in the text, such as a
//! default, has the place of what is around it.

use std::ops::Range;

use serde_json::Value;
use serde_json::value::RawValue;

use super::advice;
use super::configuration::Config;
use super::document::{self, SyntaxError};
use super::error::{Path, Problem, quoted};
use super::parse::parse;
use crate::json::{self, Level, level};

/// A configuration's text, checked.
#[derive(Debug)]
pub struct Checked {
    /// The configuration; none if there is a problem.
    pub config: Option<Config>,
    /// What makes it fail, in the order found.
    pub problems: Vec<Located>,
    /// How many problems there are, those included that are not kept.
    pub count: usize,
    /// Accepted, but worth a second look.
    pub warnings: Vec<Located>,
}

/// A problem or warning with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// What it is.
    pub problem: Problem,
    /// Its bytes in the text: those of a value. Of an object or list they are the bytes of its key,
    /// or its first byte where it has no key.
    pub range: Range<usize>,
    /// The line it begins in, from 1 on.
    pub line: usize,
    /// The character of that line it begins at, from 1 on.
    pub column: usize,
}

/// Checks the JSON text of a configuration as [`parse`] does, and says where its problems are.
/// Never fails: a text without a configuration has problems instead.
#[must_use]
pub fn check_json(text: &str) -> Checked {
    let parsed = parse(text.as_bytes());
    let malformed = document::malformed(text.as_bytes());
    // Text that does not parse has no values to point at.
    let places = if malformed.is_some() { Vec::new() } else { places(text) };
    let located = |problem: Problem| {
        let range = match &malformed {
            Some(malformed) => at(text, malformed),
            None => range(&places, &problem),
        };
        let (line, column) = position(text, range.start);
        Located { problem, range, line, column }
    };
    match parsed {
        Ok(config) => {
            let warning = |warning: &String| located(parted(&places, warning));
            let advice = advice::of(&config, &document_of(text));
            let warnings = config.warnings.iter().chain(&advice).map(warning).collect();
            Checked { config: Some(config), problems: Vec::new(), count: 0, warnings }
        }
        Err(problems) => {
            let count = problems.len();
            let problems = problems.iter().cloned().map(located).collect();
            Checked { config: None, problems, count, warnings: Vec::new() }
        }
    }
}

/// Returns a finding about a JSON text that is a configuration, with its place. `finding` begins with its path,
/// as warnings do.
#[must_use]
pub fn located(text: &str, finding: &str) -> Located {
    let places = places(text);
    let problem = parted(&places, finding);
    let range = range(&places, &problem);
    let (line, column) = position(text, range.start);
    Located { problem, range, line, column }
}

/// Returns how findings name the authority of a provider.
#[must_use]
pub fn place_of_authority(provider: &str) -> String {
    Path::Root.key("providers").key(provider).key("authority").to_string()
}

/// Returns a document that was parsed before, as plain JSON.
fn document_of(text: &str) -> Value {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
}

/// A value in the text, with the places of itself and of its key.
struct TextPlace {
    /// As problems name it.
    path: String,
    /// Its key, as messages quote it, and the bytes of the key; none for elements of lists.
    key: Option<(String, Range<usize>)>,
    /// The bytes that are marked for it.
    range: Range<usize>,
    /// The index of the object or list that it is in; none for the outermost value.
    parent: Option<usize>,
}

/// Returns the range that a problem is about.
///
/// That is the key where the key is at fault, as in `unknown key "colour"`; else the value at the
/// problem's path, or what stands around it where the text has no such value.
fn range(places: &[TextPlace], problem: &Problem) -> Range<usize> {
    let around = places.iter().filter(|place| place.holds(&problem.path));
    // Of equal keys the last is shown, which is the one too many.
    let Some(place) = around.max_by_key(|place| place.path_length()) else { return 0..0 };
    // These messages begin with the key that is at fault, which is a member of their place.
    let starts = ["unknown key ", "duplicate key ", "found key "];
    let fault = starts.iter().find_map(|start| problem.message.strip_prefix(start));
    let is_here = |parent: &TextPlace| parent.path == problem.path;
    let named = |member: &TextPlace| {
        let parent = member.parent.and_then(|parent| places.get(parent));
        let (key, range) = member.key.clone().filter(|_| parent.is_some_and(is_here))?;
        fault?.starts_with(&key).then_some(range)
    };
    places.iter().rev().find_map(named).unwrap_or_else(|| place.range.clone())
}

impl TextPlace {
    /// Whether the path is this one's, or of something in it: `models` holds `models.a` and not
    /// `models2`.
    fn holds(&self, path: &str) -> bool {
        let is_root = self.parent.is_none();
        let rest = path.strip_prefix(self.path.as_str());
        is_root || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    /// Returns the length of the path, by which the innermost of several places is found.
    fn path_length(&self) -> usize {
        if self.parent.is_none() { 0 } else { self.path.len() }
    }
}

/// Returns a warning as a problem: its path, then what it says. A key may contain `: `, so the
/// paths of the text are tried before the first of these is taken for the end of the path.
fn parted(places: &[TextPlace], warning: &str) -> Problem {
    let message = |place: &TextPlace| {
        let rest = warning.strip_prefix(place.path.as_str())?.strip_prefix(": ")?;
        Some(Problem { path: place.path.clone(), message: rest.to_owned() })
    };
    // A key that is not in the text has no place, and needs no quotes.
    places.iter().find_map(message).unwrap_or_else(|| Problem::of_warning(warning))
}

/// Returns the character at which the parser stopped; an empty range where that is the end of
/// the text.
fn at(text: &str, malformed: &SyntaxError) -> Range<usize> {
    let before = text.split_inclusive('\n').take(malformed.line.saturating_sub(1)).map(str::len);
    let line = before.fold(0, usize::saturating_add);
    let mut at = line.saturating_add(malformed.column.saturating_sub(1)).min(text.len());
    // The column counts bytes, so that it may lie within a character.
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    at..at.saturating_add(width)
}

/// Returns line and column of a byte, both from 1 on. The column counts characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    // Editors count characters, not bytes.
    let last = before.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count().saturating_add(1))
}

/// Returns every value of a JSON text, each before what it holds. A text that is not JSON has
/// none.
fn places(text: &str) -> Vec<TextPlace> {
    let mut walk = Walk { text, places: Vec::new() };
    // The byte order mark is not JSON. Places count it all the same, because they are measured from
    // the start of the whole text.
    if let Ok(root) = serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        walk.value(root, &Path::Root, None, None);
    }
    walk.places
}

/// A walk over JSON text. Its recursion has the bound of the parser, which refuses what is nested
/// too deeply.
struct Walk<'a> {
    text: &'a str,
    places: Vec<TextPlace>,
}

impl<'a> Walk<'a> {
    /// Notes a value and what it holds: `{"a": [1]}` is three places.
    fn value(
        &mut self,
        value: &'a RawValue,
        path: &Path<'_>,
        key: Option<(&str, Range<usize>)>,
        parent: Option<usize>,
    ) {
        let own = self.places.len();
        let whole = self.range(value);
        let is_open = value.get().starts_with(['{', '[']);
        // All of an object would be too much to mark, so its key is marked, or its first byte.
        let range = match &key {
            Some((_, range)) if is_open => range.clone(),
            None if is_open => whole.start..whole.start.saturating_add(1),
            _ => whole,
        };
        let key = key.map(|(key, range)| (quoted(key), range));
        self.places.push(TextPlace { path: path.to_string(), key, range, parent });
        // One level at a time: what a member holds stays text until it is walked.
        match level(value.get().as_bytes()) {
            Some(Level::Object(members)) => {
                for (written, member) in members {
                    let key = json::text(written).unwrap_or_default();
                    let range = self.range(written);
                    self.value(member, &path.key(&key), Some((&key, range)), Some(own));
                }
            }
            Some(Level::List(elements)) => {
                for (index, element) in elements.into_iter().enumerate() {
                    self.value(element, &path.index(index), None, Some(own));
                }
            }
            _ => {}
        }
    }

    /// Returns where a part of the text is, which borrows from it.
    fn range(&self, part: &RawValue) -> Range<usize> {
        let part = part.get();
        // The part borrows from the text, so the distance of their first bytes is its place.
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        start..start.saturating_add(part.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line:column of "what is marked": path: message` of each problem.
    fn shown(text: &str) -> Vec<String> {
        let checked = check_json(text);
        let all = checked.problems.iter().chain(&checked.warnings);
        let line = |one: &Located| {
            let marked = text.get(one.range.clone()).unwrap();
            let end = one.problem.message.find([';', ':', ',']);
            let message = &one.problem.message;
            let message = message.get(..end.unwrap_or(message.len())).unwrap();
            format!("{}:{} {marked} {}: {message}", one.line, one.column, one.problem.path)
        };
        all.map(line).collect()
    }

    #[test]
    fn a_syntax_error_is_where_the_parser_stops() {
        assert_eq!(shown("{\n  \"a\": nope\n}"), ["2:9 o configuration: is not valid JSON"]);
        assert_eq!(shown("{\n  \"é\": \"ü\" x\n}"), ["2:12 x configuration: is not valid JSON"]);
        assert_eq!(shown("{\n\"a\": 1,\n"), ["3:1  configuration: is not valid JSON"]);
        assert_eq!(shown(""), ["1:1  configuration: is empty"]);
        assert_eq!(shown("\u{feff}{\"a\": nope}"), ["1:9 o configuration: is not valid JSON"]);
    }

    #[test]
    fn a_problem_is_at_its_key_or_element() {
        let text = r#"{
  "providers": { "p.q": { "cluster": "c", "api": "opnai" } },
  "deployments": { "a": { "provider": "p.q", "model": "m", "weight": "\"}" } },
  "models": {
    "m": { "candidates": ["a",
      "b"], "colour": {"a": [1, {}]} },
    "m": { "candidates": ["a"] }
  },
  "colour": 1, "routes": 7
}"#;
        assert_eq!(
            shown(text),
            [
                "2:50 \"opnai\" providers.\"p.q\".api: unknown value \"opnai\"",
                "3:70 \"\\\"}\" deployments.a.weight: found \"\\\"}\"",
                "6:13 \"colour\" models.m: unknown key \"colour\"",
                "7:5 \"m\" models: duplicate key \"m\"",
                "9:3 \"colour\" configuration: unknown key \"colour\"",
                "9:26 7 routes: found 7",
                "6:7 \"b\" models.m.candidates[1]: unknown deployment \"b\"",
            ]
        );
    }

    #[test]
    fn what_is_not_in_the_text_is_at_what_stands_around_it() {
        let missing = "{\n \"providers\": {\n  \"p\": {} },\n \"models\": {\"m\": {\"candidates\": [\"p:x\"]}}}";
        let starts = "3:3 \"p\" providers.p: missing key";
        assert!(shown(missing).iter().any(|line| line.starts_with(starts)));
    }

    #[test]
    fn warnings_have_places_too() {
        let text = r#"{
  "providers": { "p": { "cluster": "c" } },
  "deployments": { "a": { "provider": "p", "model": "m" } },
  "models": { "m: n": { "candidates": ["a"], "sticky": {} } }
}"#;
        assert_eq!(
            shown(text),
            [
                "4:46 \"sticky\" models.\"m: n\".sticky: has no effect without the strategy \"sticky\"",
                "1:1 { default_cluster: is not set",
            ]
        );
    }
}
