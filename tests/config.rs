//! Configurations as files: what valid ones come to, and every message of
//! invalid ones, which stands beside them in a `.txt`.
//!
//! `UPDATE_EXPECTED=1 cargo test --test config` writes the messages anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "config/schema.rs"]
mod schema;
#[path = "config/structs.rs"]
mod structs;

use std::fs;
use std::path::PathBuf;

use pointsman::config::{self, Config, Problems};
use serde_json::Value;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/configs").join(folder);
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn text(name: &str) -> String {
    let file = format!("{}/tests/configs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(file).expect("the file is there")
}

fn document(name: &str) -> Value {
    serde_json::from_str(&text(name)).expect("the file is JSON")
}

fn parse(document: &Value) -> Result<Config, Problems> {
    config::parse(document.to_string().as_bytes())
}

#[test]
fn valid_files_are_accepted_and_fit_the_schema() {
    let schema = config::schema();
    for file in files("valid") {
        let bytes = fs::read(&file).unwrap();
        if let Err(problems) = config::parse(&bytes) {
            panic!("{}:\n{problems}", file.display());
        }
        let document = serde_json::from_slice(&bytes).unwrap();
        let seen = schema::walk(&schema, &document);
        assert_eq!(seen.errors, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn each_invalid_file_gets_exactly_its_messages() {
    let mut wrong = Vec::new();
    for file in files("invalid") {
        let found = match config::parse(&fs::read(&file).unwrap()) {
            Ok(_) => "accepted".to_owned(),
            Err(problems) => problems.to_string(),
        };
        let expected = file.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, format!("{found}\n")).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default().trim_end() != found {
            wrong.push(format!("{}:\n{found}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
