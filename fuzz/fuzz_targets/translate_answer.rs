//! Translates answers between all APIs: the client gets the same wherever the answer is cut into pieces, and
//! each event and each document that it gets is JSON.
//!
//! The first bytes choose the APIs, the form, the status and the size of the pieces; the rest is the answer.
//! A stream of Amazon's is made of lines: the type of the event, a tab and the data.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use pointsman::translate::{AnswerForm, AnswerNames, AnswerTranslation, ClientApi, ProviderApi};
use serde::de::IgnoredAny;

const CLIENTS: [ClientApi; 3] = [ClientApi::Chat, ClientApi::Messages, ClientApi::Responses];

const PROVIDERS: [ProviderApi; 4] =
    [ProviderApi::Chat, ProviderApi::Messages, ProviderApi::Converse, ProviderApi::Gemini];

const STATUSES: [u16; 8] = [200, 200, 200, 200, 200, 400, 429, 500];

/// The longest whole answer, in bytes.
const LONGEST: usize = 64 << 10;

/// What an event of a byte becomes at most: a chunk with all that stands around it.
const GROWTH: usize = 1024;

struct Head {
    apis: (ProviderApi, ClientApi),
    status: u16,
    is_stream: bool,
    form: AnswerForm,
}

fn fed(head: &Head, answer: &[u8], size: usize) -> (Vec<u8>, Option<u16>) {
    let renamed = BTreeMap::from([("short".to_owned(), "a \"longer\" name".to_owned())]);
    let names = AnswerNames { id: "id_1".to_owned(), model: "a model".to_owned(), renamed };
    let of = (head.status, head.is_stream);
    let mut translation = AnswerTranslation::new(head.apis, of, head.form, names, LONGEST);
    let mut got = Vec::new();
    for piece in answer.chunks(size) {
        translation.feed(piece, &mut got);
    }
    translation.finish(&mut got);
    assert!(translation.is_over());
    (got, translation.failure())
}

/// Returns Amazon's frame of an event. Its checksums are zero, because the reader does not check them.
fn frame(line: &[u8]) -> Vec<u8> {
    let tab = line.iter().position(|byte| *byte == b'\t');
    let (name, data) = line.split_at(tab.unwrap_or(line.len()));
    let (key, name) = match name.strip_prefix(b"!") {
        Some(name) => (&b":exception-type"[..], name),
        None => (&b":event-type"[..], name),
    };
    let name = &name[..name.len().min(200)];
    let data = data.get(1..).unwrap_or_default();
    let mut head = vec![key.len() as u8];
    head.extend_from_slice(key);
    head.extend_from_slice(&[7, 0, name.len() as u8]);
    head.extend_from_slice(name);
    let mut frame = ((16 + head.len() + data.len()) as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(&(head.len() as u32).to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(&head);
    frame.extend_from_slice(data);
    frame.extend_from_slice(&[0; 4]);
    frame
}

/// Holds the data of an event, or a document, to be JSON, and returns it.
fn is_json(text: &str) {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        assert!(error.to_string().starts_with("recursion limit"), "{error}: {text}");
    }
}

fuzz_target!(|data: &[u8]| {
    let [apis, form, size, rest @ ..] = data else { return };
    let apis = (
        PROVIDERS[usize::from(apis % 16) % PROVIDERS.len()],
        CLIENTS[usize::from(apis / 16) % CLIENTS.len()],
    );
    let status = STATUSES[usize::from(form / 16) % STATUSES.len()];
    let is_stream = form & 1 == 0;
    let form = AnswerForm { stream: form & 2 == 0, stream_usage: form & 4 == 0, created_s: 1 };
    let head = Head { apis, status, is_stream, form };
    let is_framed = apis.0 == ProviderApi::Converse && is_stream && form.created_s == 1;
    let framed: Vec<u8>;
    let answer = if is_framed && *size < 128 {
        framed = rest.split(|byte| *byte == b'\n').flat_map(frame).collect();
        &framed
    } else {
        rest
    };
    let (got, failure) = fed(&head, answer, answer.len().max(1));
    assert_eq!((&got, failure), (&fed(&head, answer, 1).0, fed(&head, answer, 1).1));
    assert_eq!(got, fed(&head, answer, usize::from(*size % 128).max(2)).0);
    assert!(got.len() <= answer.len() * GROWTH + 8192, "it grows without bound");
    let got = std::str::from_utf8(&got).expect("it is text");
    if status >= 400 {
        assert!(failure.is_some_and(|failure| failure >= 400));
    }
    // An error in the place of a whole answer is a document too.
    if !form.stream || status >= 400 || (!is_stream && failure.is_some()) {
        return is_json(got);
    }
    assert!(got.ends_with("\n\n"));
    for line in got.lines() {
        let is_named = line.is_empty() || line.starts_with("event: ") || line == ": ping";
        match line.strip_prefix("data: ") {
            Some("[DONE]") => assert_eq!(apis.1, ClientApi::Chat),
            Some(data) => is_json(data),
            None => assert!(is_named, "{line:?}"),
        }
    }
});
