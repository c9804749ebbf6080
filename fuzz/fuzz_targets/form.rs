//! Holds the scanner of forms against itself in other chunks, and its parts
//! against the delimiters that are in the body.
//!
//! The first byte is the size of chunks; of the rest, low bytes stand for scraps
//! of forms.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use pointsman::request::form::FormScanner;
use pointsman::request::format::Format;
use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::path::Entry;
use pointsman::request::scan::{Scan, ScanError, Spec};

const SCRAPS: [&[u8]; 20] = [
    b"--B",
    b"\r\n--B\r\n",
    b"\r\n--B--\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"Content-Disposition: form-data; name=\"",
    b"\"\r\n\r\n",
    b"model",
    b"prompt",
    b"stream",
    b"file",
    b"\"; filename=\"a\"\r\n\r\n",
    b"Content-Type: text/plain",
    b"Content-Transfer-Encoding: ",
    b"; name=",
    b"filename*=",
    b"--",
    b"true",
    b"\xc3\xa9",
    b"base64",
];

fn fed(spec: &Spec, body: &[u8], size: usize) -> Result<Scan, ScanError> {
    let mut scanner = FormScanner::new(spec, "B");
    for chunk in body.chunks(size) {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

fuzz_target!(|data: &[u8]| {
    let [size, written @ ..] = data else { return };
    let mut body = Vec::new();
    for byte in written {
        match SCRAPS.get(usize::from(*byte)) {
            Some(scrap) => body.extend_from_slice(scrap),
            None => body.push(*byte),
        }
    }
    let mut words = KeywordsBuilder::default();
    for word in ["a", "é", "--"] {
        words.add(word);
    }
    let entry = Entry::of(Format::OpenAiAudio).unwrap();
    let spec = Spec { keywords: Arc::new(words.build().unwrap()), ..Spec::of(entry) };
    let whole = fed(&spec, &body, body.len().max(1));
    assert_eq!(whole, fed(&spec, &body, usize::from(*size).max(1)));
    assert_eq!(whole, fed(&spec, &body, 1));
    if let Ok(Scan { facts, layout }) = whole {
        let delimiters = body.windows(3).filter(|window| window == b"--B").count();
        assert_eq!(delimiters as u64, layout.members + 1);
        let value = layout.model.as_ref().map(|member| {
            let place = member.value.start as usize..member.value.end as usize;
            std::str::from_utf8(&body[place]).unwrap()
        });
        assert_eq!(facts.model.as_deref(), value.filter(|name| !name.is_empty()));
    }
});
