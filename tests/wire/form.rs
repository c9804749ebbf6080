//! Forms that servers read in different ways are refused. All others are read the same in all
//! chunks.

use std::rc::Rc;

use pointsman::lifecycle::Engine;
use serde_json::json;

use crate::fake_host::FakeHost;

const PLAIN: &str = "multipart/form-data; boundary=B";

/// Sends a form in pieces of this size. Returns what went upstream, or the refusal.
fn sent(content_type: &str, body: &[u8], size: usize) -> Result<String, (u32, String)> {
    let host = FakeHost::default();
    let document = json!({
        "providers": {"p": {"cluster": "c"}},
        "deployments": {"cheap": {"provider": "p", "model": "up-cheap"},
                        "searched": {"provider": "p", "model": "up-searched"}},
        "models": {"cheap": {"candidates": ["cheap"]}, "searched": {"candidates": ["searched"]}},
        "routes": [{"name": "r", "when": {"prompt_contains_any_of": ["straße"]},
                    "then": {"target_model": "searched"}}],
        "unknown_model": {"model": "cheap"},
    });
    let engine = Rc::new(Engine::start(&host, document.to_string().as_bytes()).unwrap());
    let head = [
        (":method", "POST"),
        (":path", "/v1/audio/transcriptions"),
        (":authority", "proxy.test"),
        ("content-type", content_type),
    ];
    let pieces: Vec<&[u8]> = body.chunks(size.max(1)).collect();
    host.request(&engine, &head, &pieces);
    host.refused().map_or_else(|| Ok(host.sent_body()), Err)
}

/// Returns a field's part, preceded by its delimiter.
fn field(name: &str, value: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

/// Returns a file's part with this content.
fn file(content: &str) -> String {
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"";
    format!("--B\r\n{head}\r\nContent-Type: audio/wav\r\n\r\n{content}\r\n")
}

/// Returns a part with this head.
fn part(head: &str, value: &str) -> String {
    format!("--B\r\n{head}\r\n\r\n{value}\r\n")
}

#[track_caller]
fn assert_refused(what: &str, content_type: &str, body: &str) {
    for size in [body.len(), 1, 2, 7] {
        match sent(content_type, body.as_bytes(), size) {
            Ok(sent) => panic!("{what}: passes in pieces of {size}: {sent:?}"),
            Err((status, _)) => assert_eq!(status, 400, "{what}"),
        }
    }
}

#[track_caller]
fn assert_sent(what: &str, content_type: &str, body: &str, wanted: &str) {
    for size in 1..=body.len() {
        let sent = sent(content_type, body.as_bytes(), size);
        assert_eq!(sent.as_deref(), Ok(wanted), "{what} in pieces of {size}");
    }
}

#[test]
fn only_the_models_value_changes() {
    let tricky = "RIFF\r\n\r\n-\r\n--\r\n--b\r\r\n\r--A\u{0}\r\n-B";
    let body = [&file(tricky), &field("model", "cheap"), &field("n", "1"), "--B--\r\n"].concat();
    assert_sent("plain", PLAIN, &body, &body.replace("cheap", "up-cheap"));
    assert_sent(
        "plain",
        "Multipart/Form-Data; boundary=\"B\"",
        &body,
        &body.replace("cheap", "up-cheap"),
    );
}

#[test]
fn a_missing_model_comes_first() {
    let body = [&file("RIFF"), "--B--\r\n"].concat();
    let wanted = part("Content-Disposition: form-data; name=\"model\"", "up-cheap") + &body;
    assert_sent("no model", PLAIN, &body, &wanted);
}

#[test]
fn every_prompt_is_searched() {
    for prompts in [["in der STRASSE, Straße", "nothing"], ["nothing", "straße"]] {
        let prompts = prompts.map(|text| field("prompt", text)).concat();
        let body = [&prompts, &field("model", "cheap"), "--B--\r\n"].concat();
        assert_sent("prompts", PLAIN, &body, &body.replace("cheap", "up-searched"));
    }
    let apart = [field("prompt", "stra"), field("prompt", "ße"), field("model", "cheap")].concat();
    let body = apart + "--B--\r\n";
    assert_sent("two prompts are two texts", PLAIN, &body, &body.replace("cheap", "up-cheap"));
}

#[test]
fn an_incomplete_form_is_refused() {
    let model = field("model", "cheap");
    let cases = [
        ("no end", model.clone()),
        ("half an end", model.clone() + "--B-"),
        ("something after the end", model.clone() + "--B--\r\nmore"),
        (
            "a form after the end",
            model.clone() + "--B--\r\n" + &field("model", "dear") + "--B--\r\n",
        ),
        ("something before the start", "preamble\r\n".to_owned() + &model + "--B--\r\n"),
        ("a line before the start", "\r\n".to_owned() + &model + "--B--\r\n"),
        ("another boundary", model.replace("--B", "--C") + "--C--\r\n"),
        ("a boundary with blanks after it", model.replace("--B\r", "--B \r") + "--B--\r\n"),
        ("a longer boundary", model.clone() + "--Bx\r\n--B--\r\n"),
        ("line feeds alone", (model.clone() + "--B--\r\n").replace("\r\n", "\n")),
        ("no head", model.clone() + "--B\r\n\r\nvalue\r\n--B--\r\n"),
        (
            "a head without an end",
            "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n".to_owned(),
        ),
        ("JSON", r#"{"model":"cheap"}"#.to_owned()),
        ("nothing but a boundary", "--B".to_owned()),
    ];
    for (what, body) in cases {
        assert_refused(what, PLAIN, &body);
    }
}

#[test]
fn delimiters_that_only_some_servers_see_are_refused() {
    let hidden = field("model", "dear");
    for before in ["\n", "\r", "", "x", "\r\n\t", "\n\r", "\r\r", "\0"] {
        let content = format!("RIFF{before}{hidden}x");
        let body = [&field("model", "cheap"), &file(&content), "--B--\r\n"].concat();
        assert_refused(&format!("after {before:?}"), PLAIN, &body);
    }
    // The value is empty: some servers take the line end of the head as the delimiter's.
    let empty = "--B\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n";
    let body = [&field("model", "cheap"), empty, &hidden, "--B--\r\n"].concat();
    assert_refused("right after a head", PLAIN, &body);
    let in_head = part("X-A: b\r\n--B: c\r\nContent-Disposition: form-data; name=\"a\"", "v");
    assert_refused("within a head", PLAIN, &(field("model", "cheap") + &in_head + "--B--\r\n"));
}

#[test]
fn heads_that_servers_read_differently_are_refused() {
    let cases = [
        "Content-Disposition: form-data; name=\"user\"\nContent-Disposition: form-data; name=\"model\"",
        "Content-Disposition: form-data; name=\"user\"\rContent-Disposition: form-data; name=\"model\"",
        "Content-Disposition: form-data; name=\"user\"\r\nContent-Disposition: form-data; name=\"model\"",
        "X: y\nContent-Disposition: form-data; name=\"model\"\r\nContent-Disposition: form-data; name=\"user\"",
        "Content-Disposition: form-data;\r\n name=\"model\"",
        "Content-Disposition : form-data; name=\"model\"",
        "Content-Disposition form-data; name=\"model\"",
        "Content-Type: text/plain",
        "Content-Disposition: attachment; name=\"model\"",
        "Content-Disposition: form-data",
        "Content-Disposition: form-data; name=\"user\"; name=\"model\"",
        "Content-Disposition: form-data; name*=utf-8''model",
        "Content-Disposition: form-data; name=\"user\"; name*=utf-8''model",
        "Content-Disposition: form-data; name*0=\"mo\"; name*1=\"del\"",
        "Content-Disposition: form-data; name=\"user\"; name *= utf-8''model",
        "Content-Disposition: form-data; name=\"mod\\el\"",
        "Content-Disposition: form-data; name=\"mod%65l\"",
        "Content-Disposition: form-data; name=\" model\"",
        "Content-Disposition: form-data; name=\"model\t\"",
        "Content-Disposition: form-data; name=\"/model\"",
        "Content-Disposition: form-data; name=\".model.\"",
        "Content-Disposition: form-data; name=\"\u{a0}model\"",
        "Content-Disposition: form-data; name=\"Model\"",
        "Content-Disposition: form-data; name=\"model[]\"",
        "Content-Disposition: form-data; name=\"PROMPT\"",
        "Content-Disposition: form-data; name='model'",
        "Content-Disposition: form-data; name=\"model",
        "Content-Disposition: form-data; name=\"model\"x",
        "Content-Disposition: form-data; name=mo del",
        "Content-Disposition: form-data; name=\"model\"; filename=\"a\"",
        "Content-Disposition: form-data; name=\"user\"; filename=\"a\\\"; name=model; b=\\\"\"",
        "Content-Disposition: form-data; filename=\"a\\\"; name=\"model\"",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Transfer-Encoding: base64",
        "Content-Disposition: form-data; name=\"user\"\r\nContent-Transfer-Encoding: quoted-printable",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Type: text/plain; charset=utf-16",
        "Content-Disposition: form-data; name=\"_charset_\"",
        "Content-Disposition: form-data; name=\"mo\u{0}del\"",
    ];
    for head in cases {
        let body = [&field("model", "cheap"), &part(head, "dear"), "--B--\r\n"].concat();
        assert_refused(head, PLAIN, &body);
    }
    let long =
        format!("X-Filler: {}\r\nContent-Disposition: form-data; name=\"a\"", "x".repeat(70_000));
    assert_refused("a long head", PLAIN, &(part(&long, "v") + "--B--\r\n"));
}

#[test]
fn heads_that_real_clients_send_are_accepted() {
    for head in [
        "content-disposition: form-data; name=model",
        "Content-Disposition: form-data;name=\"model\"",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Type: text/plain; charset=utf-8",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Transfer-Encoding: 8bit\r\nContent-Length: 5",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nContent-Disposition: form-data; name=\"model\"",
    ] {
        let body = part(head, "cheap") + "--B--\r\n";
        assert_sent(head, PLAIN, &body, &body.replace("cheap", "up-cheap"));
    }
    for head in [
        "Content-Disposition: form-data; name=\"file\"; filename=\"a %22quoted%22 näme.wav\"",
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"; filename*=utf-8''a.wav",
        "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\a; name=x.wav\"",
        "Content-Disposition: form-data; name=\"timestamp_granularities[]\"",
    ] {
        let body = [&field("model", "cheap"), &part(head, "v"), "--B--\r\n"].concat();
        assert_sent(head, PLAIN, &body, &body.replace("cheap", "up-cheap"));
    }
}

#[test]
fn content_types_without_exactly_one_boundary_are_refused() {
    let body = field("model", "cheap") + "--B--\r\n";
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"B",
        "multipart/form-data; boundary=B; boundary=C",
        "multipart/form-data; boundary=B; boundary*=utf-8''C",
        "multipart/form-data; boundary=B; boundary*0=C",
        "multipart/form-data; boundary=B,application/json",
        "application/json, multipart/form-data; boundary=B",
        "multipart/form-data; boundary=B, multipart/form-data; boundary=B",
        "multipart/form-data; boundary=B C",
        "multipart/form-data; boundary=\"B\"C",
        "multipart/form-data; boundary=\"\\B\"",
        "multipart/form-data; boundary=B(comment)",
        "multipart/form-data, text/plain; boundary=B",
    ] {
        assert_refused(content_type, content_type, &body);
    }
    let long = "B".repeat(71);
    let body = body.replace("--B", &format!("--{long}"));
    assert_refused("a long boundary", &format!("multipart/form-data; boundary={long}"), &body);
    // This is what a second header makes of the first one's boundary.
    let joined = "multipart/form-data; boundary=B,text/plain";
    let body = field("model", "cheap").replace("--B", "--B,text/plain")
        + &field("model", "dear")
        + "--B--\r\n\r\n--B,text/plain--\r\n";
    assert_refused("a boundary of two headers", joined, &body);
}

#[test]
fn text_must_be_utf_8_however_it_is_cut() {
    for name in ["model", "prompt"] {
        for bad in [&b"\xff"[..], b"a\xc3", b"\xc3\r", b"\xed\xa0\x80"] {
            let (head, tail) = (field(name, "é\u{20ac}").into_bytes(), b"--B--\r\n");
            let (start, _) = head.split_at(head.len() - 2);
            let body = [start, bad, b"\r\n", tail].concat();
            let refusals: Vec<_> = (1..=body.len()).map(|size| sent(PLAIN, &body, size)).collect();
            assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
            assert_eq!(refusals[0].as_ref().unwrap_err().0, 400);
        }
    }
}

#[test]
fn models_that_are_too_long_are_refused() {
    let body = field("model", &"m".repeat(1025)) + "--B--\r\n";
    assert_refused("a long model", PLAIN, &body);
    let many = field("model", "cheap").repeat(65) + "--B--\r\n";
    assert_refused("many models", PLAIN, &many);
}
