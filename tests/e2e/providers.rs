//! The blocks of docs/providers.md: each provider gets what the table under its block says.
//!
//! All blocks are merged into one configuration, as the page tells its readers to do, and a mock
//! stands at the place of every host.

use serde_json::{Map, Value, json};

use crate::generated::{endpoints, file, generated, mocks};
use crate::harness::{AUTHORITY, Group, ask};

const PAGE: &str = include_str!("../../docs/providers.md");

/// A provider of the page.
struct Entry {
    title: &'static str,
    document: Value,
    /// What `curl` sends.
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    /// What the table says: path, host, credential and model.
    gets: [&'static str; 4],
}

/// Returns what stands between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    Some(text.split_once(from)?.1.split_once(to)?.0)
}

fn entries() -> Vec<Entry> {
    let sections = PAGE.split("\n## ").skip(1);
    sections
        .map(|text| {
            let curl = between(text, "```sh\ncurl http://localhost:10000", "\n```").unwrap();
            let (path, rest) = curl.split_once(" \\\n").unwrap();
            let headers = rest.split("-H '").skip(1);
            let headers = headers.map(|it| it.split('\'').next().unwrap());
            let row = text.lines().find(|line| line.starts_with("| `/")).unwrap();
            let cells: Vec<&str> =
                row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            Entry {
                title: text.lines().next().unwrap(),
                document: serde_json::from_str(between(text, "```json\n", "```").unwrap()).unwrap(),
                path,
                headers: headers.map(|header| header.split_once(": ").unwrap()).collect(),
                body: between(rest, "-d '", "'").unwrap(),
                gets: [cells[1], cells[2], cells[3], cells[4]],
            }
        })
        .collect()
}

/// Returns the document with all blocks.
fn merged(entries: &[Entry]) -> Value {
    let mut document = Map::new();
    for (section, members) in entries.iter().flat_map(|one| one.document.as_object().unwrap()) {
        let all = document.entry(section).or_insert_with(|| json!({})).as_object_mut().unwrap();
        for (name, value) in members.as_object().unwrap() {
            assert!(all.insert(name.clone(), value.clone()).is_none(), "{section}.{name} twice");
        }
    }
    document.into()
}

/// Returns the value of a variable, which is no secret.
fn secret_of(variable: &str) -> String {
    format!("secret-of-{variable}")
}

fn start(entries: &[Entry]) -> Group {
    let document = merged(entries);
    let providers = document["providers"].as_object().unwrap();
    let mut clusters: Vec<(&str, &str)> =
        providers.values().map(|one| (one["cluster"].as_str().unwrap(), "vendor")).collect();
    clusters.sort_unstable();
    clusters.dedup();
    let variables = providers.values().filter_map(|one| one["credential"]["env"].as_str());
    let secrets: Vec<(&str, String)> = variables.map(|name| (name, secret_of(name))).collect();
    let secrets: Vec<(&str, &str)> =
        secrets.iter().map(|(name, secret)| (*name, secret.as_str())).collect();
    let mocks = mocks(&["vendor"]);
    let config = file("json", &document.to_string());
    let text = generated(&config, &endpoints(&mocks, &clusters), &[]);
    Group::of(mocks, &text, &secrets)
}

#[test]
fn every_provider_of_the_page_gets_what_its_table_says() {
    let entries = entries();
    assert!(entries.len() > 15, "{}", entries.len());
    let group = start(&entries);
    for entry in &entries {
        let title = entry.title;
        let mut asked = ask(&group).path(entry.path).body(entry.body);
        for (name, value) in &entry.headers {
            asked = asked.header(name, value);
        }
        let reply = asked.send();
        assert_eq!(reply.status, 200, "{title}");
        let (_, seen) = &reply.seen[0];
        let [path, host, credential, model] = entry.gets;
        assert_eq!(seen.path, path, "{title}");
        let host = if host == "the client's" { AUTHORITY } else { host };
        assert_eq!(seen.authority, host, "{title}");
        // The mock does not read the model of Bedrock's paths.
        let of_path = || seen.path.replace("%3A", ":").split('/').nth(2).map(str::to_owned);
        let found = seen.upstream_model.clone().or_else(of_path);
        assert_eq!(found.as_deref(), Some(model), "{title}");
        let sent = ["authorization", "api-key", "x-api-key", "x-goog-api-key"]
            .into_iter()
            .filter_map(|name| Some(format!("{name}: {}", seen.header(name)?)));
        let wanted = match credential.split_once('$') {
            Some((before, variable)) => vec![format!("{before}{}", secret_of(variable))],
            None => Vec::new(),
        };
        assert_eq!(sent.collect::<Vec<_>>(), wanted, "{title}");
    }
    group.assert_no_trap();
}

#[test]
fn the_blocks_of_the_page_are_valid_alone_and_without_warnings() {
    for entry in entries() {
        let mut document = entry.document;
        document["default_cluster"] = "website".into();
        let checked = pointsman::config::check_json(&document.to_string());
        let found: Vec<_> = checked.problems.iter().chain(&checked.warnings).collect();
        assert!(found.is_empty(), "{}: {found:?}", entry.title);
    }
}
