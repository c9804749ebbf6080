//! Properties of every body: chunking does not matter, serde_json agrees on what is JSON, and
//! a body that is accepted has one reading.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use pointsman::request::format::Format;
use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::path::Entry;
use pointsman::request::scan::{Looks, Scan, ScanError, Scanner, Searched, Spec};
use pointsman::request::tokens::Costs;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

/// How many formats have a table for their bodies. Azure's are OpenAI's.
const FORMATS: usize = 14;

fn spec(format: usize) -> Spec {
    let mut words = KeywordsBuilder::default();
    for word in ["ab", "b", "éa", "σ", "aba", "😀"] {
        words.add(word);
    }
    Spec {
        entry: Format::ALL.into_iter().filter_map(Entry::of).nth(format).unwrap(),
        keywords: Arc::new(words.build().unwrap()),
        searched: Searched::default(),
        costs: Costs::default(),
        watched: Arc::new(["messages".to_owned(), "stream".to_owned()].into_iter().collect()),
        looks: Looks::EVERYTHING,
        seed: 0,
    }
}

fn fed<'c>(spec: &Spec, chunks: impl IntoIterator<Item = &'c [u8]>) -> Result<Scan, ScanError> {
    let mut scanner = Scanner::new(spec);
    for chunk in chunks {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

/// A document whose objects may repeat keys.
#[derive(Debug, Clone)]
enum Json {
    Plain(&'static str),
    Text(String),
    List(Vec<Json>),
    Members(Vec<(String, Json)>),
}

impl Json {
    fn write(&self, escape: bool, out: &mut String) {
        match self {
            Self::Plain(text) => out.push_str(text),
            Self::Text(text) => write_string(text, escape, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { " ,\n" } else { "" });
                    item.write(escape, out);
                }
                out.push(']');
            }
            Self::Members(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { " " });
                    write_string(key, escape, out);
                    out.push_str(": ");
                    value.write(escape, out);
                }
                out.push('}');
            }
        }
    }

    fn text(&self, escape: bool) -> String {
        let mut out = String::new();
        self.write(escape, &mut out);
        out
    }
}

fn write_string(text: &str, escape: bool, out: &mut String) {
    if escape {
        out.push('"');
        text.encode_utf16().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        out.push('"');
    } else {
        out.push_str(&serde_json::to_string(text).unwrap());
    }
}

/// Returns words that the tables know, which may appear anywhere.
fn word() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "model",
        "messages",
        "role",
        "content",
        "type",
        "text",
        "image_url",
        "file",
        "file_id",
        "tag",
        "tags",
        "metadata",
        "stream",
        "max_tokens",
        "max_completion_tokens",
        "system",
        "input",
        "prompt",
        "instructions",
        "user",
        "assistant",
        "input_audio",
        "response_format",
        "json_schema",
        "output",
        "previous_response_id",
        "tool_calls",
        "function",
        "arguments",
        "source",
        "document",
        "image",
        "contents",
        "parts",
        "inlineData",
        "inline_data",
        "mime_type",
        "fileData",
        "generationConfig",
        "maxOutputTokens",
        "functionCall",
        "args",
        "toolResult",
        "json",
        "query",
        "documents",
        "texts",
        "images",
        "options",
        "num_predict",
        "context",
        "format",
        "url",
        "detail",
        "low",
        "data",
        "mimeType",
    ]);
    prop_oneof![
        8 => known.prop_map(str::to_owned),
        3 => "[abéσ😀ς ,]{0,6}",
        2 => media(),
        1 => any::<String>(),
    ]
}

/// Returns images, audio, and what looks like them.
fn media() -> impl Strategy<Value = String> {
    let data = prop::sample::select(vec![
        "iVBORw0KGgoAAAANSUhEUgAABAAAAAQACAIAAAAA",
        "R0lGODlhAQABAAAA",
        "/9j/4AAEAAD//9sAAgH/wgARCAQABAAD",
        "_9j_4AAEAAD__9sAAgH_wgARCAQABAAD",
        "UklGRgAAAABXRUJQVlA4TBgAAAAvK8ExAAdQ",
        "UklGRgAAAABXQVZFZm10IBAAAAABAAEA+gAAAPQBAAACABAAZGF0YQAAAAAAAAAA",
        "UklGRgAAAABXQVZFSlVOSw",
    ]);
    let head = prop::sample::select(vec!["", "data:image/png;base64,", "DATA:;base64,", "data:,"]);
    (head, data, 0..80_usize, "[A-Za-z0-9+/=]{0,9}").prop_map(|(head, data, length, end)| {
        let data = data.get(..length).unwrap_or(data);
        format!("{head}{data}{end}")
    })
}

fn plain() -> impl Strategy<Value = Json> {
    let texts = vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "1.5e3",
        "-0.25",
        "1e308",
        "18446744073709551616",
    ];
    prop_oneof![prop::sample::select(texts).prop_map(Json::Plain), word().prop_map(Json::Text),]
}

fn json() -> impl Strategy<Value = Json> {
    plain().prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Json::List),
            vec((word(), inner), 0..6).prop_map(Json::Members),
        ]
    })
}

/// Returns chat-like documents, so that the tables are really followed.
fn chat() -> impl Strategy<Value = Json> {
    let key = |names: &'static [&'static str]| prop::sample::select(names).prop_map(str::to_owned);
    let data = vec((key(&["url", "data", "detail", "mimeType", "file_id"]), plain()), 0..4);
    let data = prop_oneof![2 => plain(), 1 => data.prop_map(Json::Members)];
    let name = key(&[
        "type",
        "text",
        "image_url",
        "file",
        "input_audio",
        "source",
        "inlineData",
        "detail",
    ]);
    let part = vec((name, data), 0..5);
    let part = prop_oneof![4 => part.prop_map(Json::Members), 1 => plain()];
    let content = prop_oneof![plain(), vec(part, 0..4).prop_map(Json::List)];
    let message = vec(
        (
            key(&["role", "content", "role", "content", "type", "output", "refusal"]),
            content.clone(),
        ),
        0..6,
    )
    .prop_map(Json::Members);
    let messages = vec(message, 0..4).prop_map(Json::List);
    let metadata = vec((key(&["tag", "tags", "a", "b"]), plain()), 0..5).prop_map(Json::Members);
    let value = prop_oneof![messages, content, plain(), metadata];
    let top = key(&[
        "messages",
        "input",
        "system",
        "metadata",
        "model",
        "stream",
        "tags",
        "prompt",
        "max_tokens",
        "max_completion_tokens",
        "instructions",
        "previous_response_id",
        "conversation",
    ]);
    vec((top, value), 0..8).prop_map(Json::Members)
}

fn body() -> impl Strategy<Value = String> {
    (prop_oneof![json(), chat()], any::<bool>()).prop_map(|(json, escape)| json.text(escape))
}

/// Returns parts of a string's text as they may appear in JSON.
fn text_part() -> impl Strategy<Value = &'static str> {
    const ESCAPED: &[&str] =
        &[r"\n", r"a\/b c", r"re\u0066actor", r"\u65e5", r"\ud83d\ude00", r#"say \"no\" "#];
    const PLAIN: &[&str] = &["x", "Refactor ", "é日本", "😀", "0123456789abcde", "REFACTOR"];
    prop_oneof![prop::sample::select(ESCAPED), prop::sample::select(PLAIN)]
}

/// Checks that the two agree on what is JSON.
fn agrees(format: usize, body: &[u8]) -> Result<(), TestCaseError> {
    let result = fed(&spec(format), [body]);
    let parsed = serde_json::from_slice::<Value>(body);
    let refused = matches!(result, Err(ScanError::Malformed { .. } | ScanError::TooDeep { .. }));
    // The scanner refuses the body before it knows whether the rest is JSON.
    let stopped_early = matches!(result, Err(ScanError::NotAnObject { .. }));
    if parsed.is_err() {
        prop_assert!(result.is_err(), "accepted {:?}", String::from_utf8_lossy(body));
    } else {
        prop_assert!(!refused, "{:?}: {:?}", result, String::from_utf8_lossy(body));
        prop_assert_eq!(stopped_early, !parsed.is_ok_and(|value| value.is_object()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn chunks_do_not_matter(body in body(), sizes in vec(1_usize..40, 1..20), format in 0..FORMATS) {
        let spec = spec(format);
        let whole = fed(&spec, [body.as_bytes()]);
        let mut rest = body.as_bytes();
        let mut chunks = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, tail) = rest.split_at((*size).min(rest.len()));
            chunks.push(chunk);
            rest = tail;
        }
        prop_assert_eq!(&fed(&spec, chunks), &whole);
        if body.len() < 300 {
            for cut in 0..body.len() {
                let (head, tail) = body.as_bytes().split_at(cut);
                prop_assert_eq!(&fed(&spec, [head, tail]), &whole, "cut at {}", cut);
            }
        }
    }

    #[test]
    fn bounds_contain_the_exact_counts(body in body(), format in 0..FORMATS) {
        let everything = spec(format);
        let nothing = Spec { looks: Looks::NOTHING, ..everything.clone() };
        if let Ok(seen) = fed(&everything, [body.as_bytes()]) {
            let (seen, bounds) =
                (seen.facts.input_tokens, fed(&nothing, [body.as_bytes()])?.facts.input_tokens);
            prop_assert!(bounds.least <= seen.least && seen.most <= bounds.most, "{}", body);
        }
    }

    #[test]
    fn serde_json_agrees_on_valid_documents(body in body(), format in 0..FORMATS) {
        agrees(format, body.as_bytes())?;
    }

    #[test]
    fn serde_json_agrees_on_damaged_documents(
        body in body(),
        edits in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
        format in 0..FORMATS,
    ) {
        let mut bytes = body.into_bytes();
        for (at, byte, edit) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let byte = if edit == 3 { b"{}[]\",:\\0eE.+-u \x1f"[usize::from(byte) % 17] } else { byte };
            match edit {
                0 => drop(bytes.remove(at)),
                1 => bytes.truncate(at),
                _ => bytes[at] = byte,
            }
        }
        // This is the one deliberate difference.
        let has_surrogate = bytes.windows(3).any(|w| w[0] == b'u' && w[1].eq_ignore_ascii_case(&b'd') && w[2] >= b'8');
        prop_assume!(!has_surrogate);
        agrees(format, &bytes)?;
    }

    #[test]
    fn what_is_accepted_has_one_reading(json in chat(), format in 0..FORMATS) {
        let body = json.text(false);
        let spec = spec(format);
        if let Ok(Scan { facts, .. }) = fed(&spec, [body.as_bytes()]) {
            // Of the keys that decide none is there twice, so a parser that keeps the last loses
            // nothing but text.
            let kept = serde_json::from_str::<Value>(&body).unwrap().to_string();
            let kept = fed(&spec, [kept.as_bytes()]).unwrap().facts;
            prop_assert_eq!(&kept.model, &facts.model, "{}", body);
            prop_assert_eq!(&kept.tags, &facts.tags, "{}", body);
            prop_assert_eq!(kept.stream, facts.stream, "{}", body);
            prop_assert_eq!(kept.state, facts.state, "{}", body);
            prop_assert_eq!(kept.message_count, facts.message_count, "{}", body);
            prop_assert_eq!(kept.max_output_tokens, facts.max_output_tokens, "{}", body);
        }
    }

    #[test]
    fn long_texts_are_the_same_however_they_are_cut_and_escaped(
        parts in vec((text_part(), 1..500_usize), 1..24),
        sizes in vec(prop_oneof![1..40_usize, 16_000..17_000_usize], 1..9),
    ) {
        let mut words = KeywordsBuilder::default();
        for word in ["refactor", "a/b c", "é日本"] {
            words.add(word);
        }
        let spec = Spec { keywords: Arc::new(words.build().unwrap()), ..spec(0) };
        let written: String = parts.iter().map(|(part, times)| part.repeat(*times)).collect();
        let written = format!(r#"{{"messages":[{{"role":"user","content":"{written}"}}]}}"#);
        let plain = serde_json::from_str::<Value>(&written).unwrap().to_string();
        let mut rest = written.as_bytes();
        let chunks = sizes.iter().cycle().map_while(|size| {
            let (chunk, tail) = rest.split_at((*size).min(rest.len()));
            rest = tail;
            (!chunk.is_empty()).then_some(chunk)
        });
        let cut = fed(&spec, chunks)?;
        prop_assert_eq!(&cut, &fed(&spec, [written.as_bytes()])?);
        let plain = fed(&spec, [plain.as_bytes()])?.facts;
        prop_assert_eq!(cut.facts.input_tokens, plain.input_tokens);
        prop_assert_eq!(cut.facts.keywords, plain.keywords);
        prop_assert_eq!(cut.facts.sessions, plain.sessions);
    }
}
