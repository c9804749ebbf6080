//! What images and audio in a document come to.

use super::{Looks, Scanner, Spec};
use crate::request::facts::{RequestFacts, Tokens};
use crate::request::path::PathTable;
use crate::request::tokens::Costs;

const COSTS: Costs = Costs { image: 10_000, audio: 20_000, file: 30_000, message: 0 };
/// 1,024 by 1,024 pixels.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAABAAAAAQACAIAAAAA";
/// 3,000 by 2,000 pixels.
const LARGE: &str = "iVBORw0KGgoAAAANSUhEUgAAC7gAAAfQCAIAAAAA";
/// Two bytes at 500 a second, and nothing of their length.
const WAV: &str = "UklGRgAAAABXQVZFZm10IBAAAAABAAEA+gAAAPQBAAACABAAZGF0YQAAAAAAAAA";

fn spec(path: &str) -> Spec {
    let entry = PathTable::default().call(b"POST", path).unwrap().entry;
    Spec { costs: COSTS, ..Spec::of(entry) }
}

fn scanned(spec: &Spec, body: &str) -> RequestFacts {
    let mut scanner = Scanner::new(spec);
    scanner.feed(body.as_bytes()).unwrap();
    scanner.finish().unwrap().facts
}

/// The tokens of a body, which are within what is known of it without looking.
fn tokens(path: &str, body: &str) -> u64 {
    let body = body.replace("LARGE", LARGE).replace("PNG", PNG).replace("WAV", WAV);
    let mut spec = spec(path);
    let facts = scanned(&spec, &body);
    let seen = facts.input_tokens;
    assert!(seen.is_exact(), "{body}");
    spec.looks = Looks::NOTHING;
    let unseen = scanned(&spec, &body);
    let bounds = unseen.input_tokens;
    assert!(bounds.least <= seen.least && seen.most <= bounds.most, "{bounds:?} {body}");
    let said = |facts: &RequestFacts| (facts.has_images, facts.has_audio, facts.has_files);
    assert_eq!(said(&unseen), said(&facts), "{body}");
    seen.most
}

#[track_caller]
fn all_cost(path: &str, before: &str, after: &str, cases: &[(&str, u64)]) {
    for (part, wanted) in cases {
        assert_eq!(tokens(path, &format!("{before}{part}{after}")), *wanted, "{path} {part}");
    }
}

#[test]
fn parts_of_openai_cost_by_size_and_detail() {
    const URL: &str = "data:image/png;base64,PNG";
    let cases = [
        (r#"{"type":"image_url","image_url":{"url":"URL"}}"#, 765),
        (r#"{"image_url":{"url":"URL"},"type":"image_url"}"#, 765),
        (r#"{"image_url":{"url":"URL"}}"#, 765),
        (r#"{"type":"image_url","image_url":"URL"}"#, 765),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,LARGE"}}"#, 1105),
        (r#"{"type":"image_url","image_url":{"url":"URL","detail":"low"}}"#, 85),
        (r#"{"type":"image_url","image_url":{"detail":"low","url":"URL"}}"#, 85),
        (r#"{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}"#, 85),
        (r#"{"type":"image_url","image_url":{"url":"URL","detail":"auto"}}"#, 765),
        (r#"{"type":"input_image","image_url":"URL"}"#, 765),
        (r#"{"type":"input_image","image_url":"URL","detail":"low"}"#, 85),
        (r#"{"detail":"low","image_url":"URL","type":"input_image"}"#, 85),
        (r#"{"type":"image_url","image_url":{"url":"https://x/y.png"}}"#, COSTS.image),
        (r#"{"type":"input_image","file_id":"file-1"}"#, COSTS.image),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#, COSTS.image),
        (r#"{"type":"image_url","image_url":null}"#, COSTS.image),
        (r#"{"type":"image_url"}"#, COSTS.image),
        (r#"{"type":"input_audio","input_audio":{"data":"WAV","format":"wav"}}"#, 1),
        (r#"{"type":"input_audio","input_audio":"WAV"}"#, 1),
        (r#"{"type":"audio_url","audio_url":{"url":"data:audio/wav;base64,WAV"}}"#, 1),
        (r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}}"#, COSTS.audio),
        (r#"{"type":"file","file":{"file_data":"URL"}}"#, COSTS.file),
        // Another thing than the part says, or nothing that it carries.
        (r#"{"type":"input_audio","input_audio":{"data":"PNG"}}"#, COSTS.audio),
        (r#"{"type":"image_url","image_url":{"url":"WAV"}}"#, COSTS.image),
        (r#"{"type":"text","image_url":{"url":"URL","detail":"low"}}"#, 0),
        (r#"{"type":"unheard_of","image_url":"URL"}"#, 0),
        (r#"{"image_url":"URL","type":"text"}"#, 0),
        // Each one counts.
        (r#"{"type":"image_url","image_url":"URL"},{"type":"image_url","image_url":"URL"}"#, 1530),
        (
            r#"{"type":"image_url","image_url":{"url":"URL","detail":"low"}},{"type":"image_url","image_url":"URL"}"#,
            850,
        ),
    ];
    for path in ["/v1/chat/completions", "/openai/deployments/d/chat/completions"] {
        let cases = cases.map(|(part, cost)| (part.replace("URL", URL), cost));
        for (part, wanted) in cases {
            let body = format!(r#"{{"messages":[{{"role":"user","content":[{part}]}}]}}"#);
            assert_eq!(tokens(path, &body), wanted, "{part}");
        }
    }
    let cases = cases.map(|(part, cost)| (part.replace("URL", URL), cost));
    for (part, wanted) in cases {
        let body = format!(r#"{{"input":[{{"role":"user","content":[{part}]}}]}}"#);
        assert_eq!(tokens("/v1/responses", &body), wanted, "{part}");
    }
    let shot = r#"{"input":[{"type":"computer_call_output","output":{"type":"computer_screenshot","image_url":"data:,;base64,PNG"}},
        {"type":"computer_call_output","output":{"type":"computer_screenshot","image_url":"data:;base64,PNG"}}]}"#;
    assert_eq!(tokens("/v1/responses", shot), COSTS.image + 765);
}

#[test]
fn other_documents_cost_as_their_providers_say() {
    all_cost(
        "/v1/messages",
        r#"{"messages":[{"role":"user","content":["#,
        "]}]}",
        &[
            (
                r#"{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"PNG"}}"#,
                1399,
            ),
            (r#"{"source":{"data":"LARGE","type":"base64"},"type":"image"}"#, 1600),
            (r#"{"type":"image","source":{"type":"url","url":"https://x/y.png"}}"#, COSTS.image),
            (r#"{"type":"document","source":{"type":"base64","data":"PNG"}}"#, COSTS.file),
            (
                r#"{"type":"tool_result","content":[{"type":"image","source":{"type":"base64","data":"PNG"}}]}"#,
                1399,
            ),
        ],
    );
    all_cost(
        "/v1beta/models/g:generateContent",
        r#"{"contents":[{"parts":["#,
        "]}]}",
        &[
            (r#"{"inlineData":{"mimeType":"image/png","data":"PNG"}}"#, 1032),
            (r#"{"inline_data":{"data":"PNG","mime_type":"image/png"}}"#, 1032),
            (r#"{"inlineData":{"mimeType":"audio/wav","data":"WAV"}}"#, 1),
            (r#"{"inlineData":{"mimeType":"audio/mp3","data":"AAAA"}}"#, COSTS.audio),
            (r#"{"inlineData":{"mimeType":"application/pdf","data":"PNG"}}"#, COSTS.file),
            (r#"{"fileData":{"mimeType":"image/png","fileUri":"https://x/y"}}"#, COSTS.image),
        ],
    );
    all_cost(
        "/v1/images/edits",
        "{",
        "}",
        &[
            (r#""image":"data:image/png;base64,PNG""#, 194),
            (r#""image":["PNG","LARGE",{"image_url":"data:;base64,PNG"}]"#, 194 + 323 + 194),
            (r#""images":[{"image_url":"data:;base64,PNG"},{"file_id":"f"}]"#, 194 + COSTS.image),
        ],
    );
    all_cost("/v1/audio/transcriptions", "{", "}", &[(r#""file":"WAV""#, 1)]);
    all_cost(
        "/v1/moderations",
        r#"{"input":["#,
        "]}",
        &[(r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,PNG"}}"#, 765)],
    );
    all_cost(
        "/model/m/converse",
        r#"{"messages":[{"role":"user","content":["#,
        "]}]}",
        &[(r#"{"image":{"format":"png","source":{"bytes":"PNG"}}}"#, COSTS.image)],
    );
    all_cost(
        "/v2/chat",
        r#"{"messages":[{"role":"user","content":["#,
        "]}]}",
        &[(r#"{"type":"image_url","image_url":{"url":"PNG","detail":"low"}}"#, COSTS.image)],
    );
    all_cost("/api/chat", r#"{"messages":[{"images":["#, "]}]}", &[(r#""PNG""#, COSTS.image)]);
}

#[test]
fn escapes_in_data_do_not_hide_it() {
    let body = r#"{"messages":[{"content":[{"image_url":"data:image\/png;base64,\u0069VBORw0KGgoAAAANSUhEUgAABAAAAAQACAIAAAAA"}]}]}"#;
    assert_eq!(tokens("/v1/chat/completions", body), 765);
}

#[test]
fn what_the_scan_goes_on_to_look_at_is_measured() {
    let body = format!(r#"{{"model":"m","messages":[{{"content":[{{"image_url":"{PNG}"}}]}}]}}"#);
    let mut scanner = Scanner::new(&spec("/v1/chat/completions"));
    let rest = scanner.feed_to_model(body.as_bytes()).unwrap();
    scanner.go_on(Looks::NOTHING);
    scanner.feed(rest).unwrap();
    let tokens = scanner.finish().unwrap().facts.input_tokens;
    assert_eq!(tokens, Tokens { least: 255, most: COSTS.image });
}
