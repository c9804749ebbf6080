//! What a scan finds, and what it refuses.

use std::ops::Range;
use std::sync::Arc;

use super::{Looks, Scan, ScanError, Scanner, Searched, Spec};
use crate::request::facts::RequestFacts;
use crate::request::format::Format;
use crate::request::keyword::KeywordsBuilder;
use crate::request::path::Entry;
use crate::request::tokens::Costs;

pub(super) const CHAT: Format = Format::OpenAiChat;

pub(super) fn spec(
    format: Format,
    words: &[&str],
    watched: &[&str],
) -> (Spec, Vec<super::super::keyword::KeywordId>) {
    let mut builder = KeywordsBuilder::default();
    let ids = words.iter().map(|word| builder.add(word)).collect();
    let spec = Spec {
        entry: Entry::of(format).unwrap(),
        keywords: Arc::new(builder.build().unwrap()),
        searched: Searched::default(),
        costs: Costs::default(),
        watched: Arc::new(watched.iter().map(|key| (*key).to_owned()).collect()),
        looks: Looks::EVERYTHING,
        seed: 0,
    };
    (spec, ids)
}

fn fed<'c>(spec: &Spec, chunks: impl IntoIterator<Item = &'c [u8]>) -> Result<Scan, ScanError> {
    let mut scanner = Scanner::new(spec);
    for chunk in chunks {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

/// Scans the body whole and, if it is small, cut at every place.
pub(super) fn scan_bytes(spec: &Spec, body: &[u8]) -> Result<Scan, ScanError> {
    let whole = fed(spec, [body]);
    if body.len() < 2000 {
        for cut in 0..=body.len() {
            let (head, tail) = body.split_at(cut);
            assert_eq!(fed(spec, [head, tail]), whole, "cut at {cut}");
        }
        assert_eq!(fed(spec, body.chunks(1)), whole, "byte by byte");
    }
    whole
}

fn scan(body: &str) -> Result<Scan, ScanError> {
    scan_bytes(&spec(CHAT, &[], &[]).0, body.as_bytes())
}

fn facts(format: Format, body: &str) -> RequestFacts {
    scan_bytes(&spec(format, &[], &[]).0, body.as_bytes()).unwrap().facts
}

/// Which of the words are found.
pub(super) fn hits<'w>(format: Format, body: &str, words: &[&'w str]) -> Vec<&'w str> {
    let (spec, ids) = spec(format, words, &[]);
    let found = scan_bytes(&spec, body.as_bytes()).unwrap().facts.keywords;
    words.iter().zip(ids).filter(|(_, id)| found.contains(*id)).map(|(word, _)| *word).collect()
}

fn user(content: &str) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":{content}}}]}}"#)
}

fn at<'b>(body: &'b str, place: &Range<u64>) -> &'b str {
    let (start, end) = (place.start.try_into().unwrap(), place.end.try_into().unwrap());
    body.get::<Range<usize>>(start..end).unwrap()
}

#[test]
fn the_model_is_found_after_the_messages_and_behind_escapes() {
    let body = r#"{"messages":[{"role":"user","content":"{\"model\":\"decoy\"}"}],"mod\u0065l":"gpt\u002d4"}"#;
    let scan = scan(body).unwrap();
    assert_eq!(scan.facts.model.as_deref(), Some("gpt-4"));
    assert_eq!(scan.facts.message_count, 1);
    assert_eq!(at(body, &scan.layout.model.unwrap().value), r#""gpt\u002d4""#);
}

#[test]
fn the_model_has_a_place() {
    for (body, whole, value) in [
        (
            r#" { "x":{"model":"decoy"} , "\u006dodel" : "b", "y":1 } "#,
            r#""\u006dodel" : "b""#,
            r#""b""#,
        ),
        (r#" { "model":null } "#, r#""model":null"#, "null"),
    ] {
        let Scan { layout, .. } = scan(body).unwrap();
        let Some(member) = &layout.model else { panic!("{layout:?}") };
        assert_eq!((at(body, &member.whole), at(body, &member.value)), (whole, value));
        for comma in [member.comma_before, member.comma_after].into_iter().flatten() {
            assert_eq!(at(body, &(comma..comma + 1)), ",");
        }
        let has_neighbours = layout.members > 1;
        assert_eq!(
            [member.comma_before, member.comma_after].map(|c| c.is_some()),
            [has_neighbours; 2]
        );
        assert_eq!(layout.open, 2);
    }
}

#[test]
fn watched_members_have_places_whatever_their_values_are() {
    let body = r#"{"b":[1,{"a":2}],"c":null,"a":-1.5e3}"#;
    let (spec, _) = spec(CHAT, &[], &["a", "b"]);
    let scan = scan_bytes(&spec, body.as_bytes()).unwrap();
    let seen: Vec<_> = scan
        .layout
        .watched
        .iter()
        .map(|(index, member)| (*index, at(body, &member.value)))
        .collect();
    assert_eq!(seen, [(1, r#"[1,{"a":2}]"#), (0, "-1.5e3")]);
    assert_eq!(scan.layout.members, 3);
}

#[test]
fn refusals_name_the_byte_and_the_reason() {
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(1025));
    let twice = r#"{"model":"m", "model":"m"}"#;
    let deep = "[".repeat(10_000);
    let cases: &[(&str, &str)] = &[
        ("", "invalid JSON at byte 0: the body is empty"),
        ("  ", "invalid JSON at byte 2: the body ends before its JSON does"),
        ("\u{feff}{}", "invalid JSON at byte 0: expected a value"),
        (r#"{"model" 5}"#, r#"invalid JSON at byte 9: expected ":" after a key"#),
        (r#"{"model":"x","#, "invalid JSON at byte 13: the body ends before its JSON does"),
        (r#"{"a":1,}"#, "invalid JSON at byte 7: expected a key after \",\""),
        (r#"{"a":[1,]}"#, "invalid JSON at byte 8: expected a value"),
        (r#"{"a":[1}"#, "invalid JSON at byte 7: expected \",\" or \"]\" after an element"),
        (r#"{"a":1]"#, "invalid JSON at byte 6: expected \",\" or \"}\" after a member"),
        (r#"{"a":nul}"#, "invalid JSON at byte 5: expected a value"),
        (r#"{"a":01}"#, "invalid JSON at byte 6: bad number"),
        (r#"{"a":1e999}"#, "invalid JSON at byte 5: number out of range"),
        ("{\"a\":\"\0\"}", "invalid JSON at byte 6: control character in a string"),
        (r#"{"a":"\x"}"#, "invalid JSON at byte 7: bad escape in a string"),
        (r#"{"a":"\u12g4"}"#, "invalid JSON at byte 10: bad unicode escape in a string"),
        (r#"{"a":"b"#, "invalid JSON at byte 7: the body ends inside a string"),
        ("{}{", "invalid JSON at byte 2: something follows the end of the JSON document"),
        ("{}\0", "invalid JSON at byte 2: something follows the end of the JSON document"),
        ("[1]", "the body must be a JSON object, found array at byte 0"),
        (" \"a\"", "the body must be a JSON object, found string at byte 1"),
        ("null", "the body must be a JSON object, found null at byte 0"),
        (r#"{"model":5}"#, "`model` must be a string, found number at byte 9"),
        (r#"{"model":["a"]}"#, "`model` must be a string, found array at byte 9"),
        (r#"{"model":{}}"#, "`model` must be a string, found object at byte 9"),
        (r#"{"model":false}"#, "`model` must be a string, found boolean at byte 9"),
        (&long, "`model` at byte 9 is longer than 1024 bytes"),
        (
            twice,
            "the key at byte 14 is twice in its object; send it once, because servers differ in \
             which of the two counts",
        ),
        (&format!(r#"{{"a":{deep}"#), "invalid JSON at byte 131: nested deeper than 127 levels"),
    ];
    for (body, wanted) in cases {
        assert_eq!(scan(body).unwrap_err().to_string(), *wanted, "{body:.40}");
    }
}

#[test]
fn invalid_utf8_is_refused_wherever_it_is_cut() {
    let (spec, _) = spec(CHAT, &[], &[]);
    for bad in [&b"\xff"[..], b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xc0\x80"] {
        let body = [b"{\"a\":\"x".as_slice(), bad, b"y\"}"].concat();
        let error = scan_bytes(&spec, &body).unwrap_err();
        assert_eq!(error, ScanError::Malformed { at: 7, what: "invalid UTF-8" }, "{bad:?}");
    }
}

#[test]
fn an_error_is_repeated_once_it_is_known() {
    let mut scanner = Scanner::new(&spec(CHAT, &[], &[]).0);
    let error = scanner.feed(b"[").unwrap_err();
    assert_eq!(scanner.feed(b"{}"), Err(error));
    assert_eq!(scanner.finish(), Err(error));
}

#[test]
fn depth_is_allowed_up_to_the_limit() {
    let body = |depth: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(scan(&body(126)).is_ok());
    assert_eq!(scan(&body(127)).unwrap_err(), ScanError::TooDeep { at: 131 });
}

#[test]
fn a_null_or_missing_model_is_absent() {
    assert_eq!(facts(CHAT, r#"{"model":null}"#).model, None);
    assert_eq!(facts(CHAT, "{}").model, None);
}

#[test]
fn modalities_follow_the_type_of_a_part() {
    let cases = [
        (r#"[{"type":"image_url","image_url":{"url":"x"}}]"#, [true, false, false]),
        (r#"[{"image_url":{"url":"x"},"type":"image_url"}]"#, [true, false, false]),
        (r#"[{"image_url":{"url":"x"},"type":"text"}]"#, [false; 3]),
        (r#"[{"type":"video_url","video_url":{"url":"x"}}]"#, [false, false, true]),
        (r#"[{"video_url":{"url":"x"}}]"#, [false, false, true]),
        (r#"[{"image_url":{"url":"x"}}]"#, [true, false, false]),
        (r#"[{"image_url":null,"text":"x"}]"#, [false; 3]),
        (r#"[{"type":"input_audio","input_audio":{}}]"#, [false, true, false]),
        (r#"[{"type":"file","file":{}},{"type":"text"}]"#, [false, false, true]),
        (r#"[{"type":"input_file"}]"#, [false, false, true]),
        (r#"[{"type":"document_url"}]"#, [false, false, true]),
        (r#""image_url""#, [false; 3]),
    ];
    for (content, wanted) in cases {
        let facts = facts(CHAT, &user(content));
        assert_eq!([facts.has_images, facts.has_audio, facts.has_files], wanted, "{content}");
    }
}

#[test]
fn switches_are_read_and_the_largest_limit_counts() {
    let body = r#"{"stream":false,"tools":[],"max_tokens":5,
        "response_format":{"type":"json_schema"},"max_completion_tokens":7,"max_output_tokens":6}"#;
    let all = facts(CHAT, body);
    assert!(!all.stream && !all.has_tools && all.json_mode);
    assert_eq!(all.max_output_tokens, Some(7));
    assert!(facts(CHAT, r#"{"functions":[{"name":"f"}]}"#).has_tools);
    assert!(!facts(CHAT, r#"{"tools":null,"response_format":{"type":"text"}}"#).has_tools);
    for (limit, wanted) in [
        ("1e3", Some(1000)),
        ("12.0", Some(12)),
        ("1.5", Some(2)),
        ("-1", Some(u64::MAX)),
        ("0", Some(0)),
        ("-1e-3", Some(u64::MAX)),
        ("\"-1\"", Some(u64::MAX)),
        ("\" 7 \"", Some(7)),
        // Python reads 100000 in the first; the others may stand for anything.
        ("\"100_000\"", Some(u64::MAX)),
        ("\"many\"", Some(u64::MAX)),
        ("\"\"", None),
        ("null", None),
    ] {
        let body = format!(r#"{{"max_tokens":{limit}}}"#);
        assert_eq!(facts(CHAT, &body).max_output_tokens, wanted, "{limit}");
    }
}

#[test]
fn tags_come_from_the_first_source_that_has_any() {
    let cases: &[(&str, &[&str])] = &[
        (r#"{"metadata":{"tag":"a","tags":["b"]},"tags":["c"]}"#, &["a"]),
        (r#"{"tags":["c"],"metadata":{"tags":"a, b,,a","n":1}}"#, &["a", "b"]),
        (r#"{"metadata":{"tags":["x y","é",5,"ok"]}}"#, &["ok"]),
        (r#"{"metadata":{},"tags":"c"}"#, &["c"]),
        (r#"{"tags":[["a"]]}"#, &[]),
    ];
    for (body, wanted) in cases {
        assert_eq!(facts(CHAT, body).tags, *wanted, "{body}");
    }
}

#[test]
fn scalar_metadata_are_params() {
    let body = r#"{"metadata":{"a":"x","b":1.50,"c":true,"d":null,"e":[1],"f":{"a":"y"},
        "g":[]}}"#;
    let params = facts(CHAT, body).params;
    let seen: Vec<_> = params.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(seen, [("a", "x"), ("b", "1.50"), ("c", "true")]);
}

#[test]
fn keywords_are_found_in_searched_roles_only() {
    let words = &["alpha", "beta", "gamma", "delta", "epsilon"];
    let body = r#"{"messages":[{"content":"alpha","role":"assistant"},{"role":"system","content":"beta"},
        {"role":"tool","content":"gamma"},{"content":"delta"},{"role":"developer","content":[{"text":"epsilon"}]}]}"#;
    assert_eq!(hits(CHAT, body, words), ["beta", "delta", "epsilon"]);
    let body = r#"{"messages":[{"role":"assistant","content":"alpha","name":"beta"},
        {"role":"user","name":"gamma"},{"role":"delta"}]}"#;
    // A role that is not known is text.
    assert_eq!(hits(CHAT, body, words), ["gamma", "delta"]);
}

#[test]
fn keywords_span_the_parts_of_a_message_but_not_messages() {
    let parts =
        r#"[{"type":"text","text":"al"},{"type":"image_url"},{"type":"text","text":"pha"}]"#;
    assert_eq!(hits(CHAT, &user(parts), &["alpha"]), ["alpha"]);
    // Some servers join parts by a line end.
    assert_eq!(hits(CHAT, &user(parts), &["al pha"]), ["al pha"]);
    let body = r#"{"messages":[{"role":"user","content":"al"},{"role":"user","content":"pha"}]}"#;
    assert!(hits(CHAT, body, &["alpha"]).is_empty());
    let body = r#"{"messages":[{"role":"user","content":"be"},{"role":"assistant","content":"x"},{"role":"user","content":"ta"}]}"#;
    // Whatever a keyword has between them.
    assert!(hits(CHAT, body, &["be\nta", "be ta", "beta"]).is_empty());
    // What stands between two parts hides no keyword.
    let parts = r#"[{"text":"al","x":"y"},{"name":"z","text":"pha"}]"#;
    assert_eq!(hits(CHAT, &user(parts), &["alpha"]), ["alpha"]);
}

#[test]
fn keywords_match_through_escapes_and_case() {
    let body = user(r#""\u0041LP\u0048A \ud83d\ude00 ΣΑΣ \ud800x""#);
    let words = &["alpha 😀", "σας", "\u{fffd}x"];
    assert_eq!(hits(CHAT, &body, words), words);
}

#[test]
fn every_format_reads_its_text() {
    let cases = [
        (Format::OpenAiCompletions, r#"{"prompt":"alpha"}"#),
        (Format::OpenAiCompletions, r#"{"prompt":["x","alpha"]}"#),
        (Format::OpenAiEmbeddings, r#"{"input":["alpha"]}"#),
        (Format::OpenAiResponses, r#"{"input":"alpha"}"#),
        (Format::OpenAiResponses, r#"{"instructions":"alpha"}"#),
        (
            Format::OpenAiResponses,
            r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"alpha"}]}]}"#,
        ),
        (Format::AnthropicMessages, r#"{"system":[{"type":"text","text":"alpha"}]}"#),
        (Format::AnthropicMessages, r#"{"messages":[{"role":"user","content":"alpha"}]}"#),
    ];
    for (format, body) in cases {
        assert_eq!(hits(format, body, &["alpha"]), ["alpha"], "{body}");
        assert!(facts(format, body).input_tokens.most > 0, "{body}");
    }
    let tool =
        r#"{"messages":[{"role":"user","content":[{"type":"tool_result","content":"alpha"}]}]}"#;
    assert!(hits(Format::AnthropicMessages, tool, &["alpha"]).is_empty());
    let output = r#"{"input":[{"type":"function_call_output","output":"alpha"}]}"#;
    assert!(hits(Format::OpenAiResponses, output, &["alpha"]).is_empty());
}

#[test]
fn tokens_given_as_numbers_are_counted_as_they_are() {
    for (body, wanted) in [(r#"{"prompt":[1,2,3]}"#, 3), (r#"{"prompt":[[1,2],[3,4]]}"#, 4)] {
        assert_eq!(facts(Format::OpenAiCompletions, body).input_tokens.most, wanted, "{body}");
    }
}

#[test]
fn state_kept_by_a_provider_is_seen() {
    let cases = [
        (Format::OpenAiResponses, r#"{"previous_response_id":"r"}"#, true),
        (Format::OpenAiResponses, r#"{"previous_response_id":null}"#, false),
        (Format::OpenAiResponses, r#"{"previous_response_id":""}"#, false),
        (Format::OpenAiResponses, r#"{"conversation":{"id":"c"}}"#, true),
        (Format::OpenAiResponses, r#"{"input":[{"type":"item_reference","id":"i"}]}"#, true),
        (
            Format::OpenAiResponses,
            r#"{"input":[{"content":[{"type":"input_image","file_id":"f"}]}]}"#,
            true,
        ),
        (CHAT, r#"{"messages":[{"content":[{"type":"file","file":{"file_id":"f"}}]}]}"#, true),
        (CHAT, r#"{"messages":[{"content":[{"type":"file","file":{"file_data":"f"}}]}]}"#, false),
        (CHAT, r#"{"messages":[{"content":[{"type":"text","file":{"file_id":"f"}}]}]}"#, false),
        (
            Format::AnthropicMessages,
            r#"{"messages":[{"content":[{"type":"document","source":{"file_id":"f"}}]}]}"#,
            true,
        ),
    ];
    for (format, body, wanted) in cases {
        assert_eq!(facts(format, body).state.is_any(), wanted, "{body}");
    }
}

#[test]
fn all_text_of_a_message_and_what_it_carries_has_its_price() {
    let bare = facts(CHAT, &user(r#""""#)).input_tokens.most;
    assert_eq!(bare, Costs::default().message);
    let image = facts(CHAT, &user(r#"[{"type":"image_url"}]"#)).input_tokens.most;
    assert_eq!(image, bare + Costs::default().image);
    let call = r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{\"city\": \"Bern\"}"}}]}]}"#;
    assert!(facts(CHAT, call).input_tokens.most > bare + 5);
    let beside = r#"{"messages":[{"role":"user","content":"","x":{"y":["a b c d e f g"]}}]}"#;
    assert!(facts(CHAT, beside).input_tokens.most > bare + 5);
}

#[test]
fn a_long_string_needs_no_memory_of_its_own() {
    let (spec, _) = spec(CHAT, &["nothing"], &[]);
    let chunk = vec![b'a'; 1 << 16];
    let mut scanner = Scanner::new(&spec);
    scanner.feed(br#"{"messages":[{"role":"user","content":""#).unwrap();
    for _ in 0..256 {
        scanner.feed(&chunk).unwrap();
    }
    scanner.feed(br#""}],"model":"m"}"#).unwrap();
    let scan = scanner.finish().unwrap();
    assert_eq!(scan.facts.model.as_deref(), Some("m"));
    assert!(scan.facts.body_bytes > 16 << 20);
}

mod blanks;
