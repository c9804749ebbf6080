//! Every string that a request of the providers' APIs can hold is searched for keywords, or a line
//! of `tests/members/not_searched.txt` says why not.
//!
//! The rows of `tests/members/*.json` are written by `tools/request-members` from the providers'
//! own packages. In each, one string is a keyword.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "members/paths.rs"]
mod paths;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::path::PathTable;
use pointsman::request::scan::{Scanner, Spec};
use serde_json::Value;

use self::paths::PATHS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/members")
}

/// Whether it is data or where that is, in a message of which nothing is searched.
fn is_media(at: &str) -> bool {
    at.ends_with("input_audio") || at.contains("image_generation_call].result")
}

/// A long text, in which the word stands last.
static LONG: &str = concat!(
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "all of this is a text of many words, which no setting, no id and no label could be; ",
    "@@",
);

/// Whether the word is found where the row has it, and how many tokens the body has.
fn read(path: &str, body: &str) -> (bool, u64) {
    let mut words = KeywordsBuilder::default();
    words.add("@@");
    let entry = PathTable::default().call(b"POST", path).unwrap_or_else(|| panic!("{path}")).entry;
    let spec = Spec { keywords: Arc::new(words.build().unwrap()), ..Spec::of(entry) };
    let mut scanner = Scanner::new(&spec);
    scanner.feed(body.as_bytes()).unwrap_or_else(|error| panic!("{path} {body}: {error}"));
    let facts = scanner.finish().unwrap().facts;
    (!facts.keywords.is_empty(), facts.input_tokens.most)
}

/// A line of the list: rows of these formats and places are not searched.
struct Unsearched {
    line: String,
    format: String,
    place: String,
    class: String,
    is_used: bool,
}

impl Unsearched {
    fn all() -> Vec<Self> {
        let text = fs::read_to_string(folder().join("not_searched.txt")).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(Self::read).collect()
    }

    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let (format, place) = (words.next().unwrap(), words.next().unwrap());
        let class = words.next().unwrap_or_else(|| panic!("no class: {line}"));
        const CLASSES: [&str; 7] =
            ["setting", "id", "media", "sealed", "assistant", "tools", "label"];
        assert!(CLASSES.contains(&class), "{line}");
        assert!(words.next().is_some(), "no reason: {line}");
        Self {
            line: line.to_owned(),
            format: format.to_owned(),
            place: place.to_owned(),
            class: class.to_owned(),
            is_used: false,
        }
    }
}

/// Whether a text is like a pattern, in which `**` stands for any characters.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("**");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn every_string_of_a_request_is_searched_or_a_line_says_why_not() {
    let mut unsearched = Unsearched::all();
    let mut problems = Vec::new();
    for (format, path) in PATHS {
        let text = fs::read_to_string(folder().join(format!("{format}.json"))).unwrap();
        for row in serde_json::from_str::<Vec<Value>>(&text).unwrap() {
            let at = row["at"].as_str().unwrap();
            let mut lines = unsearched.iter_mut();
            let line = lines.find(|line| is_like(&line.format, format) && is_like(&line.place, at));
            let body = row["body"].to_string();
            let (is_found, tokens) = read(path, &body);
            // No model has a name that long.
            let long = if at == "model" { body.clone() } else { body.replace("@@", LONG) };
            let (is_long_found, more) = read(path, &long);
            let is_text = ["text", "any"].contains(&row["kind"].as_str().unwrap());
            match (is_found, line) {
                (true, None) if more >= tokens + 100 => {}
                (true, None) => problems.push(format!("{format} {at}: is not counted")),
                (false, Some(line)) => {
                    line.is_used = true;
                    match line.class.as_str() {
                        // What is that long is neither.
                        "setting" | "id" | "label"
                            if !at.ends_with("model") && !is_long_found && more < tokens + 100 =>
                        {
                            problems.push(format!("{format} {at}: a long text is not seen"));
                        }
                        "assistant" | "tools"
                            if is_text && !is_media(at) && more < tokens + 100 =>
                        {
                            problems.push(format!("{format} {at}: is not counted"));
                        }
                        _ => {}
                    }
                }
                (true, Some(line)) => {
                    problems.push(format!("{format} {at}: searched, against: {}", line.line))
                }
                (false, None) => {
                    problems.push(format!("{format} {at}: {} is not searched", row["kind"]))
                }
            }
        }
    }
    let idle = unsearched.iter().filter(|line| !line.is_used);
    problems.extend(idle.map(|line| format!("matches no row: {}", line.line)));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn no_list_is_left_out() {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    for path in names.filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(PATHS.iter().any(|(format, _)| *format == name), "{name}");
    }
}
