//! Where in its text what is wrong with a configuration stands.
//!
//! For tools that show the text; the filter never asks. Knows how JSON is laid
//! out and how problems name their places, and no key of the configuration. A
//! place that is not in the text, as of a short form or of a default, is that
//! of what stands around it.

use std::ops::Range;

use super::configuration::Config;
use super::document::{self, Malformed};
use super::error::{Path, Problem, quoted};
use super::parse::parse;

/// A configuration's text, checked.
#[derive(Debug)]
pub struct Checked {
    /// What it comes to; none with a problem.
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
    /// Its bytes in the text: a value, or of an object or list the key it stands under,
    /// or else its first.
    pub range: Range<usize>,
    /// The line it begins in, from 1 on.
    pub line: usize,
    /// The character of that line it begins at, from 1 on.
    pub column: usize,
}

/// Checks the JSON text of a configuration: as [`parse`] does, and says where.
#[must_use]
pub fn check_json(text: &str) -> Checked {
    let parsed = parse(text.as_bytes());
    let malformed = document::malformed(text.as_bytes());
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
            let warnings = config.warnings.iter().map(warning).collect();
            Checked { config: Some(config), problems: Vec::new(), count: 0, warnings }
        }
        Err(problems) => {
            let count = problems.len();
            let problems = problems.iter().cloned().map(located).collect();
            Checked { config: None, problems, count, warnings: Vec::new() }
        }
    }
}

/// A value of the text.
struct Place {
    /// As problems name it.
    path: String,
    /// The key it stands under, as messages quote it, and where that is.
    key: Option<(String, Range<usize>)>,
    /// What of it is shown.
    range: Range<usize>,
    /// Whether it stands in the place before it, or in one that does.
    parent: Option<usize>,
}

/// The range that a problem is about.
fn range(places: &[Place], problem: &Problem) -> Range<usize> {
    let around = places.iter().filter(|place| place.holds(&problem.path));
    // Of equal keys the last is shown, which is the one too many.
    let Some(place) = around.max_by_key(|place| place.path_length()) else { return 0..0 };
    let starts = ["unknown key ", "duplicate key ", "found key "];
    let fault = starts.iter().find_map(|start| problem.message.strip_prefix(start));
    let is_here = |parent: &Place| parent.path == problem.path;
    let named = |member: &Place| {
        let parent = member.parent.and_then(|parent| places.get(parent));
        let (key, range) = member.key.clone().filter(|_| parent.is_some_and(is_here))?;
        fault?.starts_with(&key).then_some(range)
    };
    places.iter().rev().find_map(named).unwrap_or_else(|| place.range.clone())
}

impl Place {
    /// Whether the path is this one's, or of something in it.
    fn holds(&self, path: &str) -> bool {
        let is_root = self.parent.is_none();
        let rest = path.strip_prefix(self.path.as_str());
        is_root || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    fn path_length(&self) -> usize {
        if self.parent.is_none() { 0 } else { self.path.len() }
    }
}

/// A warning as a problem: its path, then what it says.
fn parted(places: &[Place], warning: &str) -> Problem {
    let message = |place: &Place| {
        let rest = warning.strip_prefix(place.path.as_str())?.strip_prefix(": ")?;
        Some(Problem { path: place.path.clone(), message: rest.to_owned() })
    };
    // A key that is not in the text has no place, and needs no quotes.
    places.iter().find_map(message).unwrap_or_else(|| {
        let (path, message) = warning.split_once(": ").unwrap_or(("configuration", warning));
        Problem { path: path.to_owned(), message: message.to_owned() }
    })
}

/// Where the parser stopped.
fn at(text: &str, malformed: &Malformed) -> Range<usize> {
    let before = text.split_inclusive('\n').take(malformed.line.saturating_sub(1)).map(str::len);
    let line = before.fold(0, usize::saturating_add);
    let mut at = line.saturating_add(malformed.column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    at..at.saturating_add(width)
}

/// Line and column of a byte, from 1 on.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let last = before.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count().saturating_add(1))
}

/// Every value of a JSON text, each before what it holds.
fn places(text: &str) -> Vec<Place> {
    let mut walk = Walk { text, at: 0, places: Vec::new() };
    walk.value(&Path::Root, None, None);
    walk.places
}

/// A walk over JSON text that a parser has accepted, no deeper than it lets pass.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    places: Vec<Place>,
}

impl Walk<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.byte().is_some_and(&is_skipped) {
            self.step();
        }
    }

    /// Past what is between values.
    fn between(&mut self) {
        // A byte order mark is three bytes that nothing else here has.
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b':' | b',' | 0x80..));
    }

    fn value(&mut self, path: &Path<'_>, key: Option<(&str, Range<usize>)>, parent: Option<usize>) {
        self.between();
        let start = self.at;
        let own = self.places.len();
        let key = key.map(|(key, range)| (quoted(key), range));
        let place = Place { path: path.to_string(), key, range: start..start, parent };
        self.places.push(place);
        match self.byte() {
            Some(b'{') => self.members(path, own),
            Some(b'[') => self.elements(path, own),
            Some(b'"') => self.string(),
            _ => self.skip(|byte| !b" \t\r\n,]}".contains(&byte)),
        }
        let is_open = self.text.as_bytes().get(start).is_some_and(|byte| b"{[".contains(byte));
        let end = if is_open { start.saturating_add(1) } else { self.at };
        if let Some(place) = self.places.get_mut(own) {
            let key = place.key.as_ref().filter(|_| is_open).map(|(_, range)| range.clone());
            place.range = key.unwrap_or(start..end);
        }
    }

    fn members(&mut self, path: &Path<'_>, own: usize) {
        self.step();
        loop {
            self.between();
            let start = self.at;
            if self.byte() != Some(b'"') {
                return self.step();
            }
            self.string();
            let written = self.text.get(start..self.at).unwrap_or_default();
            let key: String = serde_json::from_str(written).unwrap_or_default();
            self.value(&path.key(&key), Some((&key, start..self.at)), Some(own));
        }
    }

    fn elements(&mut self, path: &Path<'_>, own: usize) {
        self.step();
        for index in 0.. {
            self.between();
            if matches!(self.byte(), None | Some(b']')) {
                return self.step();
            }
            self.value(&path.index(index), None, Some(own));
        }
    }

    fn string(&mut self) {
        self.step();
        while let Some(byte) = self.byte() {
            self.step();
            match byte {
                b'"' => return,
                b'\\' => self.step(),
                _ => {}
            }
        }
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
        assert_eq!(shown("{\n  \"a\": nope\n}"), ["2:9 o configuration: not valid JSON"]);
        assert_eq!(shown("{\n  \"é\": \"ü\" x\n}"), ["2:12 x configuration: not valid JSON"]);
        assert_eq!(shown("{\n\"a\": 1,\n"), ["3:1  configuration: not valid JSON"]);
        assert_eq!(shown(""), ["1:1  configuration: is empty"]);
        assert_eq!(shown("\u{feff}{\"a\": nope}"), ["1:9 o configuration: not valid JSON"]);
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
