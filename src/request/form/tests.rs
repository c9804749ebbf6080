//! What a form says, and which forms are refused.

use std::sync::Arc;

use super::FormScanner;
use crate::request::facts::{Fact, Tokens};
use crate::request::format::Format;
use crate::request::keyword::KeywordsBuilder;
use crate::request::path::{Entry, PathTable};
use crate::request::scan::{Looks, Scan, ScanError, Spec};
use crate::request::tokens::Costs;

/// A form of parts with these heads and values.
fn form(parts: &[(&str, &str)]) -> String {
    let part = |(head, value): &(&str, &str)| format!("--XyZ\r\n{head}\r\n\r\n{value}\r\n");
    parts.iter().map(part).collect::<String>() + "--XyZ--\r\n"
}

fn field(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

fn file(name: &str) -> String {
    format!(
        "Content-Disposition: form-data; name=\"{name}\"; filename=\"a.bin\"\r\nContent-Type: audio/wav"
    )
}

fn fed<'c>(spec: &Spec, chunks: impl IntoIterator<Item = &'c [u8]>) -> Result<Scan, ScanError> {
    let mut scanner = FormScanner::new(spec, "XyZ");
    for chunk in chunks {
        scanner.feed(chunk)?;
    }
    scanner.finish()
}

fn spec(format: Format, words: &[&str]) -> Spec {
    let mut keywords = KeywordsBuilder::default();
    for word in words {
        keywords.add(word);
    }
    let entry = Entry::of(format).unwrap();
    Spec { keywords: Arc::new(keywords.build().unwrap()), ..Spec::of(entry) }
}

/// The scan of a body, the same in every chunking.
fn scan_of(format: Format, words: &[&str], body: &str) -> Result<Scan, ScanError> {
    let spec = spec(format, words);
    let whole = fed(&spec, [body.as_bytes()]);
    for size in 1..20 {
        assert_eq!(fed(&spec, body.as_bytes().chunks(size)), whole, "in pieces of {size}");
    }
    for at in 0..=body.len() {
        let (a, b) = body.as_bytes().split_at(at);
        assert_eq!(fed(&spec, [a, b]), whole, "cut at {at}");
    }
    whole
}

fn audio(body: &str) -> Result<Scan, ScanError> {
    scan_of(Format::OpenAiAudio, &["secret"], body)
}

#[test]
fn parts_give_facts() {
    let body = form(&[
        (&file("file"), "RIFF\r\n--XyZ is not alone\r\n-\r\r\n--Xy\0\u{1}"),
        (&field("model"), "whisper-1"),
        (&field("prompt"), "A Secret é\r\nof two lines"),
        (&field("stream"), "true"),
    ]);
    // The first file holds what looks like a boundary and is followed by text.
    assert!(audio(&body).is_err());
    let body = body.replace("--XyZ is", "--Xyz is");
    let Scan { facts, layout } = audio(&body).unwrap();
    assert_eq!(facts.model.as_deref(), Some("whisper-1"));
    assert!(facts.stream && facts.has_audio && !facts.has_images);
    assert!(!facts.keywords.is_empty());
    assert_eq!(facts.body_bytes, body.len() as u64);
    let text = facts.input_tokens.most - Costs::default().audio;
    assert!((5..20).contains(&text), "{text}");
    let Some(member) = &layout.model else { panic!("{layout:?}") };
    let place =
        usize::try_from(member.value.start).unwrap()..usize::try_from(member.value.end).unwrap();
    assert_eq!(&body.as_bytes()[place], b"whisper-1");
}

#[test]
fn every_field_is_searched_but_for_settings() {
    let counted = |name: &str| {
        let body = form(&[
            (&field("prompt"), "harmless"),
            (&field(name), "a secret of eight words, or of a few more"),
        ]);
        let facts = audio(&body).unwrap().facts;
        (!facts.keywords.is_empty(), facts.input_tokens.least > 5)
    };
    for name in
        ["prompt", "negative_prompt", "instructions", "known_speaker_names[]", "x", "prompt_2"]
    {
        assert_eq!(counted(name), (true, true), "{name}");
    }
    for name in ["language", "timestamp_granularities[]", "user"] {
        assert_eq!(counted(name), (false, false), "{name}");
    }
    // A part that is no file is text for servers, whatever its type.
    let head = format!("{}\r\nContent-Type: application/octet-stream", field("x"));
    assert!(!audio(&form(&[(&head, "secret")])).unwrap().facts.keywords.is_empty());
}

/// They are the members of the same body in JSON, and as long at most.
#[test]
fn a_setting_that_is_long_is_searched_and_one_may_count() {
    let read = |name: &str, value: &str| {
        let body = form(&[(&field(name), value)]);
        scan_of(Format::OpenAiImages, &["secret"], &body).unwrap().facts
    };
    let long = "a secret of some words, which are more than any setting of a form could ever have";
    for name in ["size", "style", "quality"] {
        assert!(read(name, "secret").keywords.is_empty(), "{name}");
        let facts = read(name, long);
        assert!(!facts.keywords.is_empty() && facts.input_tokens.least > 10, "{name}");
    }
    assert!(read("user", long).keywords.is_empty());
    for (value, answers) in [("4", 4), (" 2 ", 2), ("1_0", u64::from(u32::MAX)), ("", 1)] {
        assert_eq!(read("n", value).answers, answers, "{value}");
    }
}

#[test]
fn parts_are_utf_8_whatever_they_are_labelled() {
    let labelled = |name: &str, charset: &str, value: &str| {
        let head = format!("{}\r\nContent-Type: text/plain; charset={charset}", field(name));
        audio(&form(&[(&head, value)]))
    };
    for name in ["model", "prompt", "x"] {
        for charset in ["utf-8", "US-ASCII", "ISO-8859-1", "windows-1252"] {
            assert!(labelled(name, charset, "plain").is_ok(), "{name} in {charset}");
        }
        assert!(labelled(name, "utf-8", "schön").is_ok(), "{name}");
        for (charset, value) in
            [("ISO-8859-1", "schön"), ("utf-7", "a"), ("utf-16", "a"), ("utf-8; x=y", "a")]
        {
            let found = labelled(name, charset, value);
            assert!(matches!(found, Err(ScanError::Form { .. })), "{name} in {charset}: {found:?}");
        }
    }
    assert_eq!(labelled("model", "iso-8859-1", "m").unwrap().facts.model.as_deref(), Some("m"));
}

#[test]
fn a_file_of_any_bytes_is_skipped() {
    // All but the delimiter itself, so every prefix of it followed by something else.
    let delimiter = "\r\n--XyZ";
    let mut content = String::new();
    for length in 0..delimiter.len() {
        let start: String = delimiter.chars().take(length).collect();
        content.push_str(&format!("{start}\u{1}{start}{start}"));
    }
    let body = form(&[(&file("file"), &content), (&field("model"), "m"), (&file("file"), "")]);
    let Scan { facts, layout } = audio(&body).unwrap();
    assert_eq!(facts.model.as_deref(), Some("m"));
    let place = usize::try_from(layout.model.unwrap().value.start).unwrap();
    assert_eq!(body.as_bytes()[place], b'm');
}

#[test]
fn pictures_that_are_given_are_images() {
    let body = form(&[(&file("image[]"), "x"), (&file("mask"), "y"), (&field("prompt"), "draw")]);
    let facts = scan_of(Format::OpenAiImages, &[], &body).unwrap().facts;
    assert!(facts.has_images && !facts.has_audio);
    assert_eq!(facts.model, None);
    let text = facts.input_tokens.most - 2 * Costs::default().image;
    assert!((1..4).contains(&text), "{text}");
}

#[test]
fn no_file_is_audio_where_images_are_edited() {
    let body = form(&[(&file("file"), "x")]);
    for path in ["/v1/images/edits", "/openai/deployments/d/images/edits"] {
        let entry = PathTable::default().call(b"POST", path).unwrap().entry;
        assert!(!fed(&Spec::of(entry), [body.as_bytes()]).unwrap().facts.has_audio, "{path}");
    }
}

#[test]
fn files_cost_what_their_data_says() {
    let sized = |size: &[u8]| {
        let png =
            [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\0\0\0"[..], size, b"\x08\x02"].concat();
        let head = form(&[(&file("image"), "PNG"), (&field("model"), "m")]);
        let (before, after) = head.split_once("PNG").unwrap();
        [before.as_bytes(), &png, after.as_bytes()].concat()
    };
    // 1,024 by 1,024, by 2,048, and by none.
    let spec = spec(Format::OpenAiImages, &[]);
    for (size, wanted) in [(b"\x04\0", 194), (b"\x08\0", 323), (b"\0\0", Costs::default().image)] {
        let body = sized(size);
        let tokens = fed(&spec, [&body[..]]).unwrap().facts.input_tokens;
        assert_eq!(tokens, Tokens::exactly(wanted));
        for chunk in 1..40 {
            assert_eq!(fed(&spec, body.chunks(chunk)).unwrap().facts.input_tokens, tokens);
        }
        let unseen = Spec { looks: Looks::NOTHING, ..spec.clone() };
        let bounds = fed(&unseen, [&body[..]]).unwrap().facts.input_tokens;
        assert!(bounds.least <= wanted && wanted <= bounds.most && !bounds.is_exact());
    }
    let wave =
        "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\0\x02\0\0\0\x04\0\0\x02\0\x10\0data\0\0\0\0";
    let body = form(&[(&file("file"), &format!("{wave}{}", "~".repeat(10_240)))]);
    let spec = self::spec(Format::OpenAiAudio, &[]);
    let tokens = fed(&spec, [body.as_bytes()]).unwrap().facts.input_tokens;
    assert_eq!(tokens, Tokens::exactly(100));
    assert_eq!(fed(&spec, body.as_bytes().chunks(7)).unwrap().facts.input_tokens, tokens);
}

#[test]
fn empty_values_and_no_parts_are_forms() {
    assert_eq!(audio(&form(&[(&field("model"), "")])).unwrap().facts.model, None);
    assert_eq!(audio("--XyZ--").unwrap().facts.model, None);
}

#[test]
fn what_servers_read_differently_is_refused() {
    let model = field("model");
    let heads = [
        "Content-Disposition: form-data; name=\"model\"; name=\"x\"",
        "Content-Disposition: form-data; name=\"x\"; name*=utf-8''model",
        "Content-Disposition: form-data; name*=utf-8''model",
        "Content-Disposition: form-data; name=\"Model\"",
        "Content-Disposition: form-data; name=\"model[]\"",
        "Content-Disposition: form-data; name=\"model\"; filename=\"a\"",
        "Content-Disposition: form-data; name=\"model",
        "Content-Disposition: form-data; name=\"a\\\"; name=\"model\"",
        "Content-Disposition: form-data; name=mod\"el",
        "Content-Disposition: form-data",
        "Content-Disposition: attachment; name=\"model\"",
        "Content-Type: text/plain",
        "X",
        " folded: line",
        &format!("{model}\r\n{}", field("x")),
        &format!("{model}\r\nContent-Transfer-Encoding: base64"),
        &format!("{model}\r\nx: {}", "y".repeat(5000)),
    ];
    for head in heads {
        let found = audio(&form(&[(head, "m")]));
        assert!(matches!(found, Err(ScanError::Form { .. })), "{head}: {found:?}");
    }
    let long = "m".repeat(1025);
    assert!(matches!(audio(&form(&[(&model, &long)])), Err(ScanError::ModelTooLong { .. })));
    for name in ["model", "stream"] {
        let twice = audio(&form(&[(&field(name), "m"), (&field(name), "m")]));
        assert!(matches!(twice, Err(ScanError::Form { .. })), "{name}: {twice:?}");
    }
}

#[test]
fn what_is_no_form_is_refused() {
    let good = form(&[(&field("model"), "m")]);
    for bad in [
        "",
        "{\"model\":\"m\"}",
        &format!("preamble\r\n{good}"),
        &format!("\r\n{good}"),
        &format!("{good}epilogue"),
        &format!("{good}--XyZ"),
        good.trim_end_matches("--\r\n"),
        &good.replace("--XyZ--", "--XyZ--x"),
        &good.replace("--XyZ\r\n", "--XyZ \r\n"),
        &good.replace("\r\n", "\n"),
        good.split_at(40).0,
    ] {
        let found = audio(bad);
        assert!(matches!(found, Err(ScanError::Form { .. })), "{bad:?}: {found:?}");
    }
    let body = form(&[(&field("prompt"), "X")]).into_bytes();
    let body: Vec<u8> =
        body.into_iter().map(|byte| if byte == b'X' { 0xff } else { byte }).collect();
    assert!(fed(&spec(Format::OpenAiAudio, &[]), [&body[..]]).is_err());
}

#[test]
fn reading_stops_at_the_model_and_goes_on_without_looking() {
    let model = field("model");
    let body = form(&[(&model, "m"), (&field("prompt"), "secret")]);
    let spec = spec(Format::OpenAiAudio, &["secret"]);
    let mut scanner = FormScanner::new(&spec, "XyZ");
    let rest = scanner.feed_to_model(body.as_bytes()).unwrap();
    assert_eq!(scanner.early_model(), Some("m"));
    assert!(scanner.layout().model.is_some());
    scanner.go_on(Looks::NOTHING);
    scanner.feed(rest).unwrap();
    let facts = scanner.finish().unwrap().facts;
    assert!(facts.unseen.has(Fact::Keywords) && !facts.input_tokens.is_exact());
    let body = form(&[(&model, "m"), (&model, "n")]);
    let mut scanner = FormScanner::new(&spec, "XyZ");
    let rest = scanner.feed_to_model(body.as_bytes()).unwrap();
    scanner.release();
    assert!(matches!(scanner.feed(rest), Err(ScanError::SecondModel { .. })));
}
