//! The commands in docs/tool.md and docs/dialects.md print what these pages say.
//!
//! A `sh` block runs at the repository's root, and the `text` block after it is its output. `…`
//! stands for any text within a line, or, on its own line, for any lines.

use std::path::Path;
use std::process::Command;

/// Returns what one `sh` block prints.
fn run(commands: &str) -> String {
    let tool = Path::new(env!("CARGO_BIN_EXE_pointsman")).parent().unwrap();
    let path = format!("{}:{}", tool.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", commands])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path)
        .env("TMP", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && errors.is_empty(), "{commands}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a line is the expected one, where `…` stands for any text.
fn is_line(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

fn is_printed(expected: &[&str], printed: &[&str]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => {
            (0..=printed.len()).any(|from| is_printed(rest, &printed[from..]))
        }
        (Some((first, rest)), Some((line, behind))) => {
            is_line(first.trim_end(), line.trim_end()) && is_printed(rest, behind)
        }
        _ => false,
    }
}

#[test]
fn the_commands_of_the_page_print_what_it_says() {
    assert_prints(include_str!("../../docs/tool.md"), 6);
    assert_prints(include_str!("../../docs/dialects.md"), 1);
}

/// Runs the commands of a page, in at least so many blocks.
fn assert_prints(page: &str, least: usize) {
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).collect();
    assert!(blocks.len() >= least, "an example for each command");
    for block in blocks {
        let (commands, rest) = block.split_once("```").unwrap();
        let (_, expected) = rest.split_once("```text\n").unwrap();
        let (expected, _) = expected.split_once("```").unwrap();
        let printed = run(commands);
        let lines = |text| str::lines(text).collect::<Vec<_>>();
        assert!(
            is_printed(&lines(expected), &lines(&printed)),
            "{commands}\nthe page says:\n{expected}\nit printed:\n{printed}"
        );
    }
}

#[test]
fn the_words_of_providers_are_those_of_the_page() {
    let page = include_str!("../../docs/state-reference.md");
    let at = page.find("| kind | text ").expect("a table");
    let printed = super::pointsman(&["classify", "--words"]).out;
    let listed = page.get(at..).unwrap();
    assert_eq!(listed.trim_end(), printed.trim_end(), "make reference writes it");
}

#[test]
fn every_option_is_in_the_page_or_explains_itself() {
    let page = include_str!("../../docs/tool.md");
    for command in ["classify", "translate", "replay", "lint", "envoy", "catalog"] {
        let ran = super::pointsman(&[command, "--help"]);
        for word in ran.out.split([' ', ',', '\n', '=']).filter(|word| word.starts_with("--")) {
            assert!(word == "--help" || page.contains(word), "{command} {word}");
        }
    }
}
