//! Any bytes as a configuration: a value or problems, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(problems) = pointsman::config::parse(bytes) {
        let text = problems.to_string();
        assert!(!text.is_empty());
    }
});
