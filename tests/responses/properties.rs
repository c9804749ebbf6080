//! Properties of every body: chunking does not matter, nothing panics, and serde_json finds the
//! same tokens.

use pointsman::request::format::Format;
use pointsman::response::body::{BodyReader, Told};
use pointsman::response::usage::{CacheUse, Usage};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::answers::answers;

fn fed(status: u16, body: &[u8], mut sizes: impl Iterator<Item = usize>) -> Told {
    let mut reader = BodyReader::new(Format::OpenAiResponses, status, None, None).unwrap();
    let mut rest = body;
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(usize::MAX).clamp(1, rest.len());
        let (chunk, behind) = rest.split_at(size);
        reader.feed(chunk);
        rest = behind;
    }
    reader.finish()
}

fn whole(status: u16, body: &[u8]) -> Told {
    fed(status, body, std::iter::empty())
}

/// Pieces that bodies are made of.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    " ",
    "data:",
    "data: ",
    "event: error",
    "event:ping",
    ": x",
    "{\"usage\":{\"prompt_tokens\":",
    "\"usage\"",
    "\"error\"",
    "\"code\"",
    "\"message\"",
    "\"type\"",
    "\"response\"",
    "\"delta\"",
    "\"details\"",
    "\"retryDelay\":\"7s\"",
    "\"completion_tokens\":",
    "12",
    "7.5",
    "null",
    "true",
    "-1e5",
    "insufficient_quota",
    "prompt is too long",
    "é😀",
    "\u{0}",
    "[DONE]",
];

fn pieced() -> impl Strategy<Value = Vec<u8>> {
    vec(select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Returns an answer with bytes replaced, removed and inserted.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let bodies: Vec<Vec<u8>> = answers().into_iter().map(|answer| answer.body).collect();
    let change = (any::<prop::sample::Index>(), 0..3, any::<u8>(), select(&PIECES[..]));
    (select(bodies), vec(change, 1..8)).prop_map(|(mut body, changes)| {
        for (at, what, byte, piece) in changes {
            let at = at.index(body.len().max(1)).min(body.len().saturating_sub(1));
            match what {
                _ if body.is_empty() => body.push(byte),
                0 => body[at] = byte,
                1 => drop(body.remove(at)),
                _ => drop(body.splice(at..at, piece.bytes())),
            }
        }
        body
    })
}

/// Returns a count, or something else in its place.
fn count() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (1..1_000_000_u64).prop_map(Value::from),
        1 => Just(json!(null)),
        1 => Just(json!("7")),
        1 => Just(json!({"prompt_tokens": 7, "usage": {"input_tokens": 7}})),
        1 => Just(json!([7, {"usage": 1}])),
    ]
}

/// Returns an object with some of these names.
fn object(
    names: &'static [&'static str],
    value: impl Strategy<Value = Value> + 'static,
) -> impl Strategy<Value = Value> {
    vec((select(names), value), 0..6).prop_map(|members| {
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>())
    })
}

const COUNTS: &[&str] = &[
    "prompt_tokens",
    "completion_tokens",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "prompt_eval_count",
    "x",
];

const PLACES: &[&str] = &[
    "usage",
    "usageMetadata",
    "prompt_eval_count",
    "eval_count",
    "choices",
    "content",
    "message",
    "response",
    "metadata",
    "text",
];

fn document() -> impl Strategy<Value = Value> {
    let usage = prop_oneof![object(COUNTS, count()), count()];
    let inner = prop_oneof![usage.clone(), object(PLACES, usage.clone())];
    object(PLACES, inner)
}

/// Returns a count unless it is 0, which replaces no other. None is drawn that stands alone.
fn count_of(value: &Value) -> Option<u64> {
    value.as_u64().filter(|count| *count > 0)
}

/// Returns the tokens of a document as a parser finds them.
fn reference(document: &Value) -> Usage {
    let places = ["/usage", "/message/usage", "/response/usage"];
    let mut prompt = None;
    let mut completion = None;
    let mut own = [None; 4];
    // This is the order of the document, because serde_json keeps its keys sorted.
    for key in document.as_object().unwrap().keys() {
        for place in places.iter().filter(|place| place.split('/').nth(1) == Some(key)) {
            let at = |name: &str| count_of(document.pointer(&format!("{place}/{name}"))?);
            prompt = at("prompt_tokens").or(prompt);
            completion = at("completion_tokens").or(completion);
            let names = [
                "input_tokens",
                "output_tokens",
                "cache_read_input_tokens",
                "cache_creation_input_tokens",
            ];
            for (own, name) in own.iter_mut().zip(names) {
                *own = at(name).or(*own);
            }
        }
        match key.as_str() {
            "prompt_eval_count" => prompt = count_of(&document[key]).or(prompt),
            "eval_count" => completion = count_of(&document[key]).or(completion),
            "usageMetadata" => {
                prompt = count_of(&document[key]["promptTokenCount"]).or(prompt);
                completion = count_of(&document[key]["candidatesTokenCount"]).or(completion);
            }
            _ => {}
        }
    }
    let thoughts = document["usageMetadata"]["thoughtsTokenCount"].as_u64();
    let [input, output, read, write] = own;
    let input = input.map(|input| input + read.unwrap_or(0) + write.unwrap_or(0));
    let completion = completion.map(|completion| completion + thoughts.unwrap_or(0)).or(thoughts);
    let input_tokens = input.max(prompt);
    let cache =
        CacheUse { read: read.unwrap_or(0), written: write.unwrap_or(0), written_for_hour: 0 };
    // More than all of the input cannot have come from a cache.
    let is_possible = cache.read + cache.written <= input_tokens.unwrap_or(0);
    let cache = if is_possible { cache } else { CacheUse::default() };
    let output_tokens = output.max(completion);
    let reasoning_tokens =
        thoughts.filter(|thoughts| Some(*thoughts) <= output_tokens).unwrap_or(0);
    Usage { input_tokens, output_tokens, reasoning_tokens, cache }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pieces_of_answers_read_the_same_in_every_chunking(
        body in pieced(),
        status in select(&[200_u16, 400, 429][..]),
        sizes in vec(1_usize..9, 1..60),
    ) {
        prop_assert_eq!(fed(status, &body, sizes.into_iter()), whole(status, &body));
    }

    #[test]
    fn bytes_of_any_kind_read_the_same_in_every_chunking(
        body in vec(any::<u8>(), 0..300),
        sizes in vec(1_usize..40, 1..20),
    ) {
        prop_assert_eq!(fed(200, &body, sizes.into_iter()), whole(200, &body));
    }

    #[test]
    fn a_parser_finds_the_same_tokens(document in document(), is_pretty in any::<bool>()) {
        let text = if is_pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        prop_assert_eq!(whole(200, text.as_bytes()).usage, reference(&document), "{}", text);
        let lines: String = text.lines().map(|line| format!("data: {line}\r\n")).collect();
        let told = whole(200, format!("{lines}\r\n").as_bytes());
        prop_assert_eq!(told.usage, reference(&document), "{}", text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn spoiled_answers_read_the_same_in_every_chunking(
        body in mutated(),
        sizes in vec(1_usize..200, 1..60),
    ) {
        prop_assert_eq!(fed(200, &body, sizes.into_iter()), whole(200, &body));
    }

    #[test]
    fn large_bodies_read_the_same_in_every_chunking(
        text in "([a-z \"\\\\\n\u{e9}]{0,40}){0,40}",
        sizes in vec(1_usize..5000, 1..20),
    ) {
        let content = json!({"choices": [{"message": {"content": text.repeat(30)}}],
                             "usage": {"prompt_tokens": 3, "completion_tokens": 4}});
        let body = content.to_string();
        let told = whole(200, body.as_bytes());
        prop_assert_eq!(told.usage, Usage { input_tokens: Some(3), output_tokens: Some(4), ..Usage::default() });
        prop_assert_eq!(fed(200, body.as_bytes(), sizes.into_iter()), told);
    }
}
