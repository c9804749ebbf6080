//! Every string that a request of the providers' APIs can hold: what the scanner notices of it is found
//! again, and either left out or said to stay.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::paths::PATHS;
use super::{scanned, stripped};

#[test]
fn what_is_noticed_of_any_member_has_a_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/members");
    let (mut rows, mut left_out, mut bound) = (0, 0, 0);
    for (name, path) in PATHS {
        let text = fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        for line in text.lines().map(|line| line.trim_end_matches(',')) {
            let Ok(row) = serde_json::from_str::<Value>(line) else { continue };
            // The others are forms.
            let Some(body) = row.get("body").map(Value::to_string) else { continue };
            rows += 1;
            // It checks all that holds for both passes and for what is left.
            let left = stripped(path, &body);
            let state = scanned(path, &body);
            if !state.is_any() {
                assert_eq!(left, Ok(body), "{line}");
            } else if left.is_ok() {
                assert!(!state.is_stored, "{line}");
                left_out += 1;
            } else {
                bound += 1;
            }
        }
    }
    assert!(rows > 2000 && left_out > 5 && bound > 100, "{rows} {left_out} {bound}");
}
