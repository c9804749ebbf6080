//! The examples of the documentation: every configuration in it is one.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use pointsman::config;
use pointsman::lifecycle::{RequestHead, Whole, whole};
use pointsman::routing::Request;
use pointsman::routing::explain::{Fresh, explain};
use serde_json::Value;

/// Every Markdown file of the project.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = Vec::new();
    for folder in ["", "docs", "envoy"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_configuration_in_the_documentation_is_valid() {
    let mut seen = 0;
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).unwrap(), "json") {
            let value: Value = serde_json::from_str(&block)
                .unwrap_or_else(|error| panic!("{}: {error} in\n{block}", page.display()));
            if value.get("providers").is_some() {
                seen += 1;
                if let Err(problems) = config::parse(block.as_bytes()) {
                    panic!("{}:\n{problems}\nin\n{block}", page.display());
                }
            }
        }
    }
    assert!(seen > 0, "the README begins with a configuration");
}

/// The document in `envoy/envoy.yaml`, without its indentation.
fn example() -> String {
    let yaml = include_str!("../envoy/envoy.yaml");
    let (_, rest) = yaml.split_once("value: |\n").unwrap();
    let indent = rest.len() - rest.trim_start().len();
    let lines = rest.lines().take_while(|line| line.len() - line.trim_start().len() >= indent);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_readmes_request_goes_where_it_says() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("-d '").unwrap();
    let (body, rest) = rest.split_once("'\n").unwrap();
    let config =
        config::parse(example().as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let head = RequestHead::new(vec![
        (":method".to_owned(), b"POST".to_vec()),
        (":path".to_owned(), b"/v1/chat/completions".to_vec()),
    ]);
    let Whole::Read(read) = whole(&config, &head, body.as_bytes()) else {
        panic!("the request is not read");
    };
    let request =
        Request { config: &config, facts: &read.facts, controls: &read.controls, sample: 0.0 };
    let mut rng = fastrand::Rng::with_seed(1);
    let explanation =
        explain(request, read.early.as_ref().map_err(|because| *because), &mut Fresh, &mut rng);
    let decision = explanation.trace.decision.unwrap();
    for (header, value) in [
        ("route", explanation.trace.route.unwrap()),
        ("deployment", decision.deployment),
        ("provider", decision.provider),
    ] {
        let line = format!("x-llm-{header}: {value}\n");
        assert!(rest.contains(&line), "the README does not say {line}");
    }
    assert!(rest.contains(&format!("`\"{}\"`", decision.upstream_model)));
}

#[test]
fn the_readme_stays_short_until_it_runs() {
    let readme = include_str!("../README.md");
    let line = readme.lines().position(|line| line.contains("make run")).unwrap();
    assert!(line < 40, "`make run` stands in line {line}, at most 40 fit a screen");
}
