//! Holds the scanner against serde_json and against itself in other chunks.
//!
//! The first bytes of the input choose the format and the size of the chunks;
//! the rest is the body.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use pointsman::request::format::Format;
use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::path::Entry;
use pointsman::request::scan::{Looks, Scan, ScanError, Scanner, Searched, Spec};
use pointsman::request::rewrite::Splicer;
use pointsman::request::strip::StateScan;
use pointsman::request::tokens::Costs;

fn fed(spec: &Spec, body: &[u8], size: usize) -> Result<Scan, ScanError> {
    let mut scanner = Scanner::new(spec);
    for chunk in body.chunks(size) {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

/// Checks that what can be left out is what the scanner notices.
fn leave_out(spec: &Spec, scan: &Scan, body: &[u8]) {
    let mut pass = StateScan::new(spec.entry);
    pass.feed(body).unwrap();
    let report = pass.finish().unwrap();
    assert_eq!(report.state, scan.facts.state);
    if let Ok(edits) = report.removal {
        let mut left = Vec::new();
        Splicer::new(edits).push(body, &mut left);
        assert!(!fed(spec, &left, left.len()).unwrap().facts.state.is_any());
    }
}

/// Whether a lone surrogate, the one thing allowed here and not there, may be in it.
fn has_surrogate(body: &[u8]) -> bool {
    body.windows(4).any(|bytes| {
        bytes[..2] == *b"\\u" && bytes[2].eq_ignore_ascii_case(&b'd') && bytes[3] >= b'8'
    })
}

fuzz_target!(|data: &[u8]| {
    let [format, size, body @ ..] = data else { return };
    // Azure's bodies are OpenAI's.
    let format = Format::ALL[usize::from(*format) % Format::ALL.len()];
    let Some(entry) = Entry::of(format) else { return };
    let mut words = KeywordsBuilder::default();
    for word in ["a", "user", "é\n", "text\"", "😀", "\u{fffd}"] {
        words.add(word);
    }
    let spec = Spec {
        entry,
        keywords: Arc::new(words.build().unwrap()),
        searched: Searched::default(),
        costs: Costs::default(),
        watched: Arc::new(["messages", "model", "stream"].map(str::to_owned).into_iter().collect()),
        looks: Looks::EVERYTHING,
        seed: 0,
    };
    let whole = fed(&spec, body, body.len().max(1));
    if let Ok(scan) = &whole {
        leave_out(&spec, scan, body);
    }
    assert_eq!(whole, fed(&spec, body, usize::from(*size).max(1)));
    assert_eq!(whole, fed(&spec, body, 1));

    let parsed = serde_json::from_slice::<serde_json::Value>(body);
    match (&whole, parsed) {
        (Ok(_), Err(error)) => assert!(has_surrogate(body), "{error}"),
        (Ok(scan), Ok(value)) => {
            let last = value.get("model").and_then(|model| model.as_str());
            assert_eq!(scan.facts.model.as_deref(), last);
            if let Some(member) = &scan.layout.model {
                let place = member.value.start as usize..member.value.end as usize;
                serde_json::from_slice::<Option<String>>(&body[place]).unwrap_or_default();
            }
        }
        (Err(ScanError::Malformed { .. } | ScanError::TooDeep { .. }), Ok(_)) => {
            panic!("refused valid JSON: {whole:?}")
        }
        _ => {}
    }
});
