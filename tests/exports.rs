//! What the module exports: the list, and the program that enforces it.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[expect(dead_code, reason = "its main is for the command line")]
#[path = "../scripts/strip_exports.rs"]
mod strip_exports;

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use strip_exports::{listed, strip};

/// Returns a module with one custom section before its exports and one after.
fn module(exports: &[&str]) -> Vec<u8> {
    let mut section = vec![u8::try_from(exports.len()).unwrap()];
    for (index, name) in exports.iter().enumerate() {
        section.push(u8::try_from(name.len()).unwrap());
        section.extend_from_slice(name.as_bytes());
        // A function, with its index in two bytes.
        section.extend([0, 0x80 | u8::try_from(index).unwrap(), 1]);
    }
    let mut module = b"\0asm\x01\0\0\0\x00\x02\x01a".to_vec();
    module.extend([7, u8::try_from(section.len()).unwrap()]);
    module.extend(section);
    module.extend(b"\x00\x03\x01bc");
    module
}

#[test]
fn only_exports_that_are_not_listed_are_removed() {
    let before = module(&["memory", "on_log", "on_body", "on_done"]);
    let mut after = module(&["memory", "on_body"]);
    // It is still the module's third function.
    let at = after.windows(2).position(|two| two == [0x81, 1]).unwrap();
    after[at] = 0x82;
    let kept = BTreeSet::from(["on_body", "memory"]);
    assert_eq!(strip(&before, &kept).unwrap(), after);
    assert_eq!(strip(&after, &kept).unwrap(), after);
}

#[test]
fn a_module_that_lacks_a_listed_export_is_refused() {
    let kept = BTreeSet::from(["memory", "on_body", "on_configure"]);
    let problem = strip(&module(&["memory", "on_log"]), &kept).unwrap_err();
    assert_eq!(problem, r#"the module does not export {"on_body", "on_configure"}"#);
}

#[test]
fn a_file_that_is_no_module_is_refused() {
    let whole = module(&["memory", "on_log"]);
    let kept = BTreeSet::from(["memory"]);
    assert!(strip(b"", &kept).is_err());
    assert!(strip(b"\0asm\x0d\0\x01\0", &kept).is_err());
    let cuts = (8..whole.len()).filter(|end| strip(&whole[..*end], &kept).is_ok());
    // The cut lies between sections, after the exports.
    assert_eq!(cuts.collect::<Vec<_>>(), [whole.len() - 5]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..64), exports: bool) {
        let head = if exports { b"\0asm\x01\0\0\0\x07".as_slice() } else { b"\0asm\x01\0\0\0" };
        let _ = strip(&[head, &tail].concat(), &BTreeSet::from(["memory"]));
    }
}

#[test]
fn every_callback_of_the_filter_is_exported() {
    let root = env!("CARGO_MANIFEST_DIR");
    let list = fs::read_to_string(format!("{root}/src/filter/exports.txt")).unwrap();
    let filter = fs::read_to_string(format!("{root}/src/filter/mod.rs")).unwrap();
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let stated: BTreeSet<_> = lines
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .filter(|callback| *callback != "-")
        .collect();
    let names = filter.lines().filter_map(|line| line.trim().strip_prefix("fn "));
    let implemented: BTreeSet<_> = names
        .filter_map(|line| line.split('(').next())
        .filter(|name| name.starts_with("on_") || name.starts_with("create_"))
        .collect();
    assert_eq!(implemented, stated);
    assert!(stated.contains("on_configure") && listed(&list).contains("proxy_on_configure"));
}
