//! Requests that real SDKs have sent.

use std::fs;
use std::path::Path;

use super::{reading, shown, shown_losses};

#[test]
fn requests_of_sdks_are_carried() {
    let kept = |place: &str| format!("!{place}: refers to something stored at another provider");
    let none = |place: &str| format!("-{place}: has no counterpart");
    let lossy = [
        ("oaipy_resp_items_image_file_id", vec![kept("input[0].content[0].file_id")]),
        ("oaipy33_resp_items_image_file_id", vec![kept("input[0].content[0].file_id")]),
        ("oaipy_resp_stream", vec![none("metadata"), none("prompt_cache_key")]),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/requests");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        if !record["path"].as_str().unwrap().ends_with("/responses") {
            continue;
        }
        count += 1;
        let (name, body) = (&record["name"], record["body_text"].as_str().unwrap());
        let (lines, losses) = reading(body, shown);
        let wanted = lossy.iter().find(|(of, _)| name == of).map(|(_, lost)| lost.clone());
        assert_eq!(shown_losses(&losses), wanted.unwrap_or_default(), "{name}");
        let expected = &record["expect"];
        let (stream, _) = reading(body, |conversation| conversation.stream);
        assert_eq!(expected["stream"], stream, "{name}");
        let (most, _) = reading(body, |conversation| conversation.max_tokens);
        assert_eq!(expected["max_output_tokens"], serde_json::json!(most), "{name}");
        for text in expected["prompt_text_contains"].as_array().unwrap() {
            let shown = format!("{:?}", text.as_str().unwrap());
            let shown = shown.trim_matches('"');
            assert!(lines.iter().any(|line| line.contains(shown)), "{name}: {text}");
        }
    }
    assert!(count >= 15, "{count} requests");
}
