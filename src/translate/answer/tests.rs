//! Answers in pieces, cut, too long, and in every form.

use super::*;

/// Returns what a client of OpenAI's chat gets of a stream of Anthropic's, in pieces of so many bytes.
fn chat_of(stream: &str, piece: usize) -> String {
    let form = AnswerForm { stream: true, stream_usage: true, created_s: 1 };
    let names = AnswerNames { id: "x".to_owned(), ..AnswerNames::default() };
    let apis = (ProviderApi::Messages, ClientApi::Chat);
    let mut answer = AnswerTranslation::new(apis, (200, true), form, names, 1 << 20);
    let mut got = Vec::new();
    for piece in stream.as_bytes().chunks(piece) {
        answer.feed(piece, &mut got);
    }
    answer.finish(&mut got);
    String::from_utf8(got).unwrap()
}

const START: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{\"input_tokens\":9}}}\n\n";
const TEXT: &str = "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hé\"}}\n\n";
const STOP: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\ndata: {\"type\":\"message_stop\"}\n\n";

#[test]
fn events_are_read_however_they_are_written() {
    let plain = format!("{START}{TEXT}{STOP}");
    let wanted = chat_of(&plain, plain.len());
    assert!(wanted.contains("Hé") && wanted.ends_with("[DONE]\n\n"), "{wanted}");
    let written = [
        ("without a space", plain.replace("data: ", "data:")),
        ("with CRLF", plain.replace('\n', "\r\n")),
        ("with CR", plain.replace('\n', "\r")),
        ("with names", plain.replace("data: ", "event: x\nid: 7\ndata: ")),
        ("over two lines", plain.replace(",\"index\"", ",\ndata: \"index\"")),
        ("without its last line", plain.trim_end().to_owned()),
    ];
    for (how, stream) in written {
        for piece in [1, 2, 3, 7, stream.len()] {
            assert_eq!(chat_of(&stream, piece), wanted, "{how}, in pieces of {piece}");
        }
    }
}

#[test]
fn a_sign_of_life_is_passed_on() {
    for sign in [": keep-alive\n\n", "event: ping\ndata: {\"type\": \"ping\"}\n\n"] {
        let stream = format!("{START}{sign}{TEXT}{STOP}");
        assert!(chat_of(&stream, 5).contains("\n\n: "), "{sign}");
    }
}

/// Returns what a client gets of bytes from a provider of Anthropic's, and the status of its error.
fn got(api: ClientApi, streams: (bool, bool), bytes: &str) -> (String, Option<u16>) {
    let (provider_streams, stream) = streams;
    let form = AnswerForm { stream, stream_usage: true, created_s: 1 };
    let apis = (ProviderApi::Messages, api);
    let names = AnswerNames::default();
    let mut answer = AnswerTranslation::new(apis, (200, provider_streams), form, names, 1000);
    let mut got = Vec::new();
    for piece in bytes.as_bytes().chunks(400) {
        answer.feed(piece, &mut got);
    }
    answer.finish(&mut got);
    (String::from_utf8(got).unwrap(), answer.failure())
}

#[test]
fn a_whole_answer_that_fails_becomes_a_document() {
    let cut = r#"{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"a"},{"type":"hologram"}],"usage":{}}"#;
    let long = format!("{cut}{}", " ".repeat(1000));
    for api in [ClientApi::Chat, ClientApi::Messages, ClientApi::Responses] {
        for bad in ["<html>", "{\"a\":", "", cut, &long] {
            for stream in [false, true] {
                let (got, failure) = got(api, (false, stream), bad);
                let document: serde_json::Value = serde_json::from_str(&got).unwrap();
                assert!(document["error"]["message"].is_string(), "{api:?} {bad}: {got}");
                assert_eq!(failure, Some(502), "{api:?} {bad}");
            }
        }
    }
}

#[test]
fn a_stream_that_is_kept_for_a_whole_answer_is_bounded() {
    let delta = TEXT.rsplit_once("data: ").unwrap().1;
    let long = format!("{START}{TEXT}{}", format!("data: {delta}").repeat(20));
    for api in [ClientApi::Chat, ClientApi::Messages, ClientApi::Responses] {
        let (document, failure) = got(api, (true, false), &long);
        assert!(document.contains("is too long to be translated"), "{api:?}: {document}");
        assert_eq!(failure, Some(502));
        let (stream, failure) = got(api, (true, true), &format!("{long}{STOP}"));
        assert_eq!(failure, None, "{api:?}: {stream}");
    }
}

#[test]
fn calls_are_numbered_among_themselves() {
    let call = "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}\n\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n";
    let got = chat_of(&format!("{START}{TEXT}{call}{STOP}"), 99);
    assert_eq!(got.matches("\"tool_calls\":[{\"index\":0").count(), 2, "{got}");
    assert!(!got.contains("\"tool_calls\":[{\"index\":1"), "{got}");
}

#[test]
fn names_that_are_repeated_are_short() {
    for name in ["x".repeat(1 << 20), "\\u0001".repeat(60)] {
        let start = START.replace("\"m\"", &format!("\"{name}\""));
        let stream = chat_of(&format!("{start}{TEXT}{STOP}"), 999);
        assert!(!stream.contains(&name) && stream.len() < 2000, "{} bytes", stream.len());
    }
}

#[test]
fn what_cannot_be_read_ends_in_one_error() {
    for bad in ["data: {\"type\":\n\n", "data: <html>\n\n", "data: \u{0}\n\n", "data: [DONE\n\n"] {
        let got = chat_of(&format!("{START}{TEXT}{bad}{STOP}"), 7);
        assert_eq!(got.matches("\"error\"").count(), 1, "{bad:?}: {got}");
        assert!(!got.contains("[DONE]"), "{bad:?}: {got}");
    }
}
