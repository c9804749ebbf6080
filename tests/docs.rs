//! The examples of the documentation: every configuration in it is one.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use pointsman::config;
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

#[test]
fn the_readme_stays_short_until_it_runs() {
    let readme = include_str!("../README.md");
    let line = readme.lines().position(|line| line.contains("make run")).unwrap();
    assert!(line < 40, "`make run` stands in line {line}, at most 40 fit a screen");
}
