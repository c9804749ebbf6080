//! Which keys may not repeat.

use super::ScanError;
use super::tests::{CHAT, hits, scan_bytes, spec};
use crate::request::format::Format;

#[test]
fn a_known_key_stands_once_in_its_object() {
    for body in [
        r#"{"model":"a","model":"a"}"#,
        r#"{"model":"a","\u006dodel":null}"#,
        r#"{"watched":1,"watched":1}"#,
        r#"{"temperature":1,"temperature":1}"#,
        r#"{"messages":[],"messages":[]}"#,
        r#"{"messages":[{"role":"user","content":"x","role":"assistant"}]}"#,
        r#"{"messages":[{"content":[{"type":"text","text":"a","text":"b"}]}]}"#,
        r#"{"messages":[{"content":[{"image_url":{"url":"u","detail":"low","url":"u"}}]}]}"#,
        r#"{"metadata":{"team":"a","team":"b"}}"#,
        r#"{"metadata":{"team":{},"team":"b"}}"#,
        r#"{"metadata":{"tags":[],"tags":"b"}}"#,
        r#"{"tools":[{"vector_store_ids":[],"vector_store_ids":["v"]}]}"#,
    ] {
        let (spec, _) = spec(CHAT, &[], &["watched"]);
        let found = scan_bytes(&spec, body.as_bytes());
        assert!(matches!(found, Err(ScanError::Repeated { .. })), "{body}: {found:?}");
    }
    // What no table knows decides nothing, and all of it is searched.
    let body = r#"{"x":"alpha","x":"beta","y":{"a":"gamma","a":"delta"}}"#;
    let words = ["alpha", "beta", "gamma", "delta"];
    assert_eq!(hits(CHAT, body, &words), words);
    let gemini = r#"{"generationConfig":{},"generation_config":{}}"#;
    let found = scan_bytes(&spec(Format::GeminiGenerate, &[], &[]).0, gemini.as_bytes());
    assert_eq!(found.unwrap_err(), ScanError::Repeated { at: 23 });
}
