//! Properties of every body: chunking does not matter, serde_json agrees on what is JSON, a
//! body that is accepted has one reading, and no string hides in a member that no table names.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use pointsman::request::format::Format;
use pointsman::request::keyword::KeywordsBuilder;
use pointsman::request::path::{Entry, PathTable};
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
        watched: Arc::new(["messages".to_owned(), "stream".to_owned()]),
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

/// A request of each format, in which all that is said is the user's.
const BODIES: &[(&str, &str)] = &[
    (
        "/v1/chat/completions",
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"},
            {"type":"image_url","image_url":{"url":"u","detail":"low"}}]},{"role":"user","content":"x"}],
            "metadata":{"a":"b"},"prediction":{"type":"content","content":"x"},"max_tokens":1}"#,
    ),
    (
        "/v1/responses",
        r#"{"model":"m","instructions":"hi","input":[{"type":"message","role":"user",
            "content":[{"type":"input_text","text":"hi"}]}],"text":{"format":{"type":"text"}},
            "prompt":{"id":"p","variables":{}},"previous_response_id":"r"}"#,
    ),
    ("/v1/completions", r#"{"model":"m","prompt":["a","b"],"suffix":"c","stream":true}"#),
    ("/v1/embeddings", r#"{"model":"m","input":[{"text":"a"},"b"],"user":"u"}"#),
    ("/v1/moderations", r#"{"model":"m","input":[{"type":"text","text":"a"}]}"#),
    ("/v1/images/edits", r#"{"model":"m","prompt":"a","image":{"image_url":"u"}}"#),
    ("/v1/audio/speech", r#"{"model":"m","input":"a","voice":"v"}"#),
    (
        "/v1/messages",
        r#"{"model":"m","system":[{"type":"text","text":"hi"}],"messages":[{"role":"user","content":
            [{"type":"document","source":{"type":"text","data":"d"}},
            {"type":"image","source":{"type":"base64","data":"AAAA"}}]}],
            "output_config":{"format":{"type":"json_schema"}},"max_tokens":1}"#,
    ),
    (
        "/v1beta/models/g:generateContent",
        r#"{"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],
            "systemInstruction":{"parts":[{"text":"x"}]},"generationConfig":{"maxOutputTokens":1}}"#,
    ),
    (
        "/model/m/converse",
        r#"{"messages":[{"role":"user","content":[{"text":"hi"},{"document":{"source":{"bytes":"AAAA"}}}]}],
            "inferenceConfig":{"maxTokens":1},"toolConfig":{"toolChoice":{}},
            "additionalModelRequestFields":{"top_k":1}}"#,
    ),
    (
        "/v2/chat",
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"documents":[{"data":{}}]}"#,
    ),
    (
        "/v2/embed",
        r#"{"model":"m","texts":["a"],"inputs":[{"content":[{"type":"text","text":"a"}]}]}"#,
    ),
    ("/v1/rerank", r#"{"model":"m","query":"q","documents":["d"]}"#),
    (
        "/api/chat",
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"options":{"num_predict":1}}"#,
    ),
];

/// Where the objects of a document are that a table describes, or that none does: settings and
/// labels are neither.
fn objects(value: &Value) -> Vec<String> {
    fn collect(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, item)| collect(item, &format!("{at}/{index}"), found));
            }
            Value::Object(members) => {
                found.push(at.to_owned());
                let inner = members
                    .iter()
                    .filter(|(key, _)| !["metadata", "toolChoice"].contains(&key.as_str()));
                inner.for_each(|(key, member)| collect(member, &format!("{at}/{key}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}

/// What looks for `heron` in a request on that path.
fn heron(path: &str) -> Spec {
    let mut words = KeywordsBuilder::default();
    words.add("heron");
    let entry = PathTable::default().call(b"POST", path).unwrap().entry;
    Spec { keywords: Arc::new(words.build().unwrap()), ..Spec::of(entry) }
}

/// Any JSON with a mark in one of its strings or keys.
fn marked() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof![Just("MARK".to_owned()), "[a-z ]{0,9}".prop_map(|t| format!("{t} MARK"))];
    text.prop_map(Value::from).prop_recursive(5, 20, 4, |inner| {
        let plain = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a-z ]{0,99}".prop_map(Value::from)
        ];
        prop_oneof![
            (vec(plain.clone(), 0..4), inner.clone(), any::<prop::sample::Index>()).prop_map(
                |(mut items, marked, at)| {
                    items.insert(at.index(items.len() + 1), marked);
                    Value::Array(items)
                }
            ),
            (vec((word(), plain), 0..4), word(), inner).prop_map(|(mut members, key, marked)| {
                members.push((key, marked));
                Value::Object(members.into_iter().collect())
            }),
            vec(word(), 1..3).prop_map(|keys| {
                Value::Object(
                    keys.into_iter().map(|key| (format!("{key} MARK"), Value::Null)).collect(),
                )
            }),
        ]
    })
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
            prop_assert_eq!(kept.has_state, facts.has_state, "{}", body);
            prop_assert_eq!(kept.message_count, facts.message_count, "{}", body);
            prop_assert_eq!(kept.max_output_tokens, facts.max_output_tokens, "{}", body);
        }
    }

    #[test]
    fn no_string_hides_in_a_member_that_no_table_names(
        number in 0..BODIES.len(),
        at in any::<prop::sample::Index>(),
        key in "[a-z_]{3,12}",
        value in marked(),
    ) {
        let (path, body) = BODIES[number];
        let mut document: Value = serde_json::from_str(body).unwrap();
        let spec = heron(path);
        let before = fed(&spec, [document.to_string().as_bytes()])?.facts;
        let places = objects(&document);
        let object = document.pointer_mut(&places[at.index(places.len())]).unwrap();
        object.as_object_mut().unwrap().insert(format!("zz_{key}"), value);
        let after = document.to_string();
        let found = fed(&spec, [after.replace("MARK", "HERON").as_bytes()])?.facts;
        prop_assert!(!found.keywords.is_empty(), "{}", after);
        prop_assert!(found.input_tokens.least > before.input_tokens.least, "{}", after);
        prop_assert_eq!(found.sessions, before.sessions, "{}", after);
        let none = fed(&spec, [after.as_bytes()])?.facts;
        prop_assert!(none.keywords.is_empty(), "{}", after);
    }

    #[test]
    fn a_key_of_a_table_stands_once(
        number in 0..BODIES.len(),
        at in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        is_null in any::<bool>(),
    ) {
        let (path, body) = BODIES[number];
        let document: Value = serde_json::from_str(body).unwrap();
        let places = objects(&document);
        let place = &places[at.index(places.len())];
        let keys: Vec<&String> = document.pointer(place).unwrap().as_object().unwrap().keys().collect();
        // What has no table: a document to rank, a document of Cohere's, variables.
        let is_known = !["/documents/0", "/documents/1", "/documents/0/data"].contains(&place.as_str());
        prop_assume!(!keys.is_empty() && is_known);
        let key = keys[which.index(keys.len())];
        let mut marked = document.clone();
        let object = marked.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.insert("@@".to_owned(), Value::Null);
        let value = if is_null { "null" } else { "\"x\"" };
        let again = format!("{}:{value}", Value::from(key.as_str()));
        let body = marked.to_string().replace("\"@@\":null", &again);
        let found = fed(&heron(path), [body.as_bytes()]);
        prop_assert!(matches!(found, Err(ScanError::Repeated { .. })), "{:?} {}", found, body);
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
