//! The lists of fields are complete: every name that the readers know is in a sample, and every other member of the
//! providers' request types is refused.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::cell::{COLUMNS, translated};

/// Returns all names and words of a document.
fn words(document: &Value, to: &mut BTreeSet<String>) {
    match document {
        Value::Object(members) => {
            for (name, value) in members {
                to.insert(name.clone());
                words(value, to);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|value| words(value, to)),
        Value::String(text) => {
            let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
            to.extend(text.split(|char| !is_part(char)).map(str::to_owned));
        }
        _ => {}
    }
}

/// Returns the paths of all members, without what tells elements apart.
fn paths(document: &Value, path: &str, to: &mut BTreeSet<String>) {
    match document {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                paths(value, &path, to);
                to.insert(path);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|value| paths(value, path, to)),
        _ => {}
    }
}

/// Returns the words in the text of a program that a JSON document may have.
fn literals(program: &str) -> Vec<&str> {
    let code = program.lines().filter(|line| !line.trim_start().starts_with("//"));
    let is_name = |text: &&str| {
        let is_part =
            |char: char| char.is_ascii_lowercase() || matches!(char, '_' | '.' | '0'..='9');
        text.chars().all(is_part) && text.starts_with(|char: char| char.is_ascii_lowercase())
    };
    code.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(is_name).collect()
}

#[test]
fn every_name_that_a_reader_knows_is_in_a_sample() {
    for (_, fields) in super::clients() {
        // What ends with a dot is the beginning of a place.
        let mut known = BTreeSet::from([String::new()]);
        for row in fields.rows() {
            words(&row.after, &mut known);
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/translate");
        let mut lacking = BTreeSet::new();
        for file in &fields.readers {
            let program = std::fs::read_to_string(folder.join(file))
                .unwrap_or_else(|error| panic!("`readers` of {}: {file}: {error}", fields.format));
            // What ends with an underscore is the beginning of a name.
            let begins =
                |part: &str| part.ends_with('_') && known.iter().any(|name| name.starts_with(part));
            let is_known =
                |name: &&str| name.split('.').all(|part| known.contains(part) || begins(part));
            let names = literals(&program).into_iter().filter(|name| !is_known(name));
            lacking.extend(names.map(|name| format!("{file}: {name}")));
        }
        assert!(lacking.is_empty(), "no row of {} has {lacking:#?}", fields.format);
    }
}

/// Returns the path of a published member, in the form of [`paths`].
fn plain(at: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0;
    for char in at.chars() {
        match char {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            _ if depth == 0 => plain.push(char),
            _ => {}
        }
    }
    // Content within content has the same members.
    plain.trim_end_matches(".*").replace("content.content", "content")
}

#[test]
fn published_members_without_a_row_are_refused() {
    for (_, fields) in super::clients() {
        let mut known = BTreeSet::new();
        fields.rows().for_each(|row| paths(&row.after, "", &mut known));
        let file = format!("tests/members/{}.json", fields.format);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let published: Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut lacking = BTreeSet::new();
        for member in published.as_array().unwrap() {
            let at = member["at"].as_str().unwrap();
            let plain = plain(at);
            let is_within = |whole: &String| plain.starts_with(&format!("{whole}."));
            if known.contains(&plain) || fields.whole.iter().any(is_within) {
                continue;
            }
            let words = member["values"]
                .as_array()
                .map_or_else(Vec::new, |words| words.iter().filter_map(Value::as_str).collect());
            let words = if words.is_empty() { vec!["x"] } else { words };
            for (word, column) in
                words.iter().flat_map(|word| COLUMNS.iter().map(move |it| (word, it)))
            {
                let body = member["body"].to_string().replace("@@", word);
                let body = serde_json::from_str(&body).unwrap();
                let (_, losses) = translated(&fields.format, &body, column);
                if !losses.is_refused() {
                    lacking.insert(format!("{at} {word}: {:?}", losses.list()));
                }
            }
        }
        assert!(lacking.is_empty(), "no row of {} has {lacking:#?}", fields.format);
    }
}
