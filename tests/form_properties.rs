//! Properties of every form: chunks do not matter, and an accepted form has no second reading.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use pointsman::request::form::FormScanner;
use pointsman::request::format::Format;
use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::path::Entry;
use pointsman::request::scan::{Scan, ScanError, Spec};
use proptest::collection::vec;
use proptest::prelude::*;

const BOUNDARY: &str = "-B-";

fn spec() -> Spec {
    let mut words = KeywordsBuilder::default();
    for word in ["ab", "é", "--", "\n"] {
        words.add(word);
    }
    let entry = Entry::of(Format::OpenAiAudio).unwrap();
    Spec { keywords: Arc::new(words.build().unwrap()), ..Spec::of(entry) }
}

fn fed<'c>(spec: &Spec, chunks: impl IntoIterator<Item = &'c [u8]>) -> Result<Scan, ScanError> {
    let mut scanner = FormScanner::new(spec, BOUNDARY);
    for chunk in chunks {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

/// Returns a scrap that a form may consist of, or that may spoil it.
fn scrap() -> impl Strategy<Value = Vec<u8>> {
    let scraps: Vec<&[u8]> = vec![
        b"---B-",
        b"\r\n---B-\r\n",
        b"\r\n---B---\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b"-",
        b"--",
        b"---B",
        b" ",
        b"\r\n\r\n",
        b"Content-Disposition: form-data; name=\"",
        b"content-disposition:form-data;name=",
        b"model",
        b"prompt",
        b"stream",
        b"file",
        b"Model",
        b"\"",
        b"; filename=\"x\"",
        b"; name=",
        b"\\",
        b"\r\nContent-Type: text/plain",
        b"Content-Transfer-Encoding: base64",
        b"x: y",
        b"\xc3",
        b"\xa9",
        b"ab",
        b"true",
        b"\0",
        b"%65",
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\0\x02\0\0\0\x04\0\0\x02\0\x10\0",
        b"data\0\0\0\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\0\0\0\x04\0",
        b"*=",
    ];
    prop_oneof![
        12 => prop::sample::select(scraps).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 1..4),
    ]
}

/// Returns a whole part, or scraps of one.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec!["model", "prompt", "stream", "file", "n", "image[]"]);
    let whole = (name, vec(scrap(), 0..4), any::<bool>()).prop_map(|(name, value, is_file)| {
        let file = if is_file { "; filename=\"f\"" } else { "" };
        let head = format!("Content-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        [head.as_bytes(), &value.concat()].concat()
    });
    prop_oneof![6 => whole, 1 => vec(scrap(), 0..8).prop_map(|scraps| scraps.concat())]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    (vec(part(), 0..4), prop::option::weighted(0.2, (any::<prop::sample::Index>(), scrap())))
        .prop_map(|(parts, scrap)| {
            let mut body = Vec::new();
            for part in parts {
                body.extend_from_slice(b"---B-\r\n");
                body.extend_from_slice(&part);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"---B---\r\n");
            if let Some((at, scrap)) = scrap {
                let at = at.index(body.len());
                body.splice(at..at, scrap);
            }
            body
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn chunks_of_a_form_do_not_matter(body in body(), size in 1_usize..12) {
        let spec = spec();
        let whole = fed(&spec, [&body[..]]);
        prop_assert_eq!(&fed(&spec, body.chunks(size)), &whole);
        prop_assert_eq!(&fed(&spec, body.chunks(1)), &whole);
        for cut in 0..body.len() {
            let (head, tail) = body.split_at(cut);
            prop_assert_eq!(&fed(&spec, [head, tail]), &whole, "cut at {}", cut);
        }
    }

    #[test]
    fn an_accepted_form_has_no_second_reading(body in body()) {
        if let Ok(Scan { facts, layout }) = fed(&spec(), [&body[..]]) {
            // However little a server requires around a delimiter, it finds no others.
            let delimiters = body.windows(5).filter(|window| window == b"---B-").count();
            prop_assert_eq!(delimiters as u64, layout.members + 1);
            let place = layout.model.as_ref().map(|member| member.value.clone());
            let value = place.map(|place| {
                let [start, end] = [place.start, place.end].map(|at| usize::try_from(at).unwrap());
                String::from_utf8(body[start..end].to_vec()).unwrap()
            });
            prop_assert_eq!(facts.model.as_deref(), value.as_deref().filter(|name| !name.is_empty()));
            prop_assert_eq!(facts.body_bytes, body.len() as u64);
            // A model that is not read as a field is part of another value, and not a name.
            let names = body.windows(12).filter(|window| window == b"name=\"model\"").count();
            prop_assert!(usize::from(layout.model.is_some()) <= names);
        }
    }
}
