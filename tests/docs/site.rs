//! The site has every page, its generated pages are up to date, and its drawings suit light and dark.

use std::collections::BTreeSet;

use pointsman::config;
use saphyr_parser::Parser;

use super::{blocks, pages};

#[test]
fn the_reference_is_what_make_reference_writes() {
    let page = include_str!("../../docs/configuration.md");
    assert!(page == config::reference(), "docs/configuration.md is old: make reference");
}

#[test]
fn the_site_has_every_page_of_the_folder() {
    let summary = include_str!("../../docs/SUMMARY.md");
    let listed: BTreeSet<&str> =
        summary.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    for page in pages() {
        let folder = page.parent().unwrap().file_name().unwrap();
        let name = page.file_name().unwrap().to_str().unwrap();
        if folder == "docs" && name != "SUMMARY.md" {
            assert!(listed.contains(name), "docs/SUMMARY.md does not list {name}");
        }
    }
}

#[test]
fn every_yaml_of_the_documentation_is_yaml() {
    let mut seen = 0;
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).unwrap(), "yaml") {
            seen += 1;
            for event in Parser::new_from_str(&block) {
                if let Err(error) = event {
                    panic!("{}: {error} in\n{block}", page.display());
                }
            }
        }
    }
    assert!(seen > 0);
}

/// Readers see a drawing in light and dark, a screen reader reads its title, and it loads nothing.
#[test]
fn every_drawing_is_used_and_suits_light_and_dark() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages: Vec<String> =
        pages().iter().map(|page| std::fs::read_to_string(page).unwrap()).collect();
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("docs/images")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let used = format!("](images/{name})");
        assert!(pages.iter().any(|page| page.contains(&used)), "no page shows {name}");
        if path.extension().is_none_or(|ending| ending != "svg") {
            continue;
        }
        seen += 1;
        let drawing = std::fs::read_to_string(&path).unwrap();
        for part in ["role=\"img\"", "<title ", "@media (prefers-color-scheme: dark)"] {
            assert!(drawing.contains(part), "{name} lacks {part}");
        }
        for part in ["<script", "href=", "@import", "@font-face", "url(http"] {
            assert!(!drawing.contains(part), "{name} has {part}");
        }
    }
    assert!(seen > 0);
}
