//! Leaving out what only one account can read: what is found is what the scanner finds, and what is
//! left is what a JSON library would leave, however the body is written and cut.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "strip/every.rs"]
mod every;
#[path = "members/paths.rs"]
mod paths;
#[path = "strip/random.rs"]
mod random;

use std::sync::LazyLock;

use pointsman::request::path::{Entry, PathTable};
use pointsman::request::provider_state::ProviderState;
use pointsman::request::rewrite::{Splicer, length_after};
use pointsman::request::scan::{Looks, ScanError, Scanner, Searched, Spec};
use pointsman::request::strip::{Bound, StateReport, StateScan};
use pointsman::request::tokens::Costs;
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const GEMINI: &str = "/v1beta/models/m:generateContent";
const CONVERSE: &str = "/model/m/converse";
const STAND_IN: &str = "skip_thought_signature_validator";

fn entry(path: &str) -> Entry {
    static PATHS: LazyLock<PathTable> = LazyLock::new(PathTable::default);
    PATHS.call(b"POST", path).expect(path).entry
}

/// Returns what the scanner says of a body's state.
fn scanned(path: &str, body: &str) -> ProviderState {
    try_scan(path, body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Returns the same, or why the scanner refuses the body.
fn try_scan(path: &str, body: &str) -> Result<ProviderState, ScanError> {
    let mut scanner = Scanner::new(&Spec {
        entry: entry(path),
        keywords: std::sync::Arc::default(),
        searched: Searched::default(),
        costs: Costs::default(),
        watched: std::sync::Arc::default(),
        looks: Looks::NOTHING,
        seed: 0,
    });
    scanner.feed(body.as_bytes())?;
    Ok(scanner.finish()?.facts.state)
}

/// Returns what the pass finds, with the body cut into pieces of that length.
fn found(path: &str, body: &str, piece: usize) -> StateReport {
    let mut scan = StateScan::new(entry(path));
    body.as_bytes().chunks(piece).for_each(|piece| scan.feed(piece).unwrap());
    scan.finish().unwrap()
}

/// Returns the body without its state, or why nothing can be left out. Whatever comes of it, the
/// pass finds what the scanner finds, and what is left has no state.
fn stripped(path: &str, body: &str) -> Result<String, Bound> {
    let report = found(path, body, body.len().max(1));
    assert_eq!(report.state, scanned(path, body), "the scanner's words: {path} {body}");
    let is_told = |place: &pointsman::request::strip::StatePlace| !place.at.is_empty();
    assert_eq!(report.places.is_empty(), !report.state.is_any(), "{path} {body}");
    assert!(report.places.iter().all(is_told) && report.places.len() <= 8, "{path} {body}");
    for piece in [1, 2, 7] {
        assert_eq!(
            found(path, body, piece).removal,
            report.removal,
            "in pieces of {piece}: {body}"
        );
    }
    let edits = report.removal?;
    let mut left = Vec::new();
    let length = length_after(body.len() as u64, &edits);
    Splicer::new(edits).push(body.as_bytes(), &mut left);
    assert_eq!(left.len() as u64, length);
    let left = String::from_utf8(left).unwrap();
    serde_json::from_str::<Value>(&left).unwrap_or_else(|error| panic!("{error}: {left}"));
    assert!(!scanned(path, &left).is_any(), "state is left: {left}");
    Ok(left)
}

fn messages(blocks: &str) -> String {
    format!(
        r#"{{"messages":[{{"role":"user","content":"a"}},{{"role":"assistant","content":[{blocks}]}},{{"role":"user","content":"b"}}]}}"#
    )
}

#[test]
fn thoughts_go_with_one_comma_each() {
    let thought = r#"{"type":"thinking","thinking":"t","signature":"s"}"#;
    let hidden = r#"{"type":"redacted_thinking","data":"AA=="}"#;
    let text = r#"{"type":"text","text":"x"}"#;
    for (blocks, left) in [
        (format!("{thought},{text}"), text.to_owned()),
        (format!("{text},{thought}"), text.to_owned()),
        (format!("{thought}, {hidden} ,{text} , {thought},{hidden}"), format!("{text} ")),
        (format!("{text},{thought},{text}"), format!("{text},{text}")),
        (format!("{hidden},{thought},{text},{text}"), format!("{text},{text}")),
    ] {
        let got = stripped(MESSAGES, &messages(&blocks)).unwrap();
        assert_eq!(got.replace(' ', ""), messages(&left).replace(' ', ""));
    }
    let unsigned = messages(r#"{"type":"thinking","thinking":"t","signature":""}"#);
    assert_eq!(stripped(MESSAGES, &unsigned).unwrap(), unsigned, "there is nothing to leave out");
    let thoughts = |thought: &str| messages(&format!(r#"{thought},{{"text":"x"}}"#));
    for thought in [
        r#"{"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}}"#,
        r#"{"reasoningContent":{"redactedContent":"AA=="}}"#,
    ] {
        let left = stripped(CONVERSE, &thoughts(thought)).unwrap();
        assert_eq!(left, messages(r#"{"text":"x"}"#));
    }
    let kept = thoughts(r#"{"reasoningContent":{"reasoningText":{"text":"t"}}}"#);
    assert_eq!(stripped(CONVERSE, &kept).unwrap(), kept);
}

#[test]
fn encrypted_items_go_and_ids_of_their_siblings_with_them() {
    let got = stripped(
        RESPONSES,
        r#"{"model":"m","input":[{"role":"user","content":"q"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"e"},{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"},{"id":"fco_1","type":"function_call_output","call_id":"c","output":"1"},{"type":"reasoning","id":"rs_2","encrypted_content":"e"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}],"id":"msg_1"}]}"#,
    );
    assert_eq!(
        got.unwrap(),
        r#"{"model":"m","input":[{"role":"user","content":"q"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"1"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]}]}"#
    );
    let ids = r#"{"input":[{"type":"function_call","id":"fc_1","call_id":"c","name":"f"}]}"#;
    assert_eq!(stripped(RESPONSES, ids).unwrap(), ids, "without thoughts, ids refer to nothing");
}

#[test]
fn signatures_of_geminis_give_way_to_the_documented_word() {
    for (path, body) in [
        (
            GEMINI,
            r#"{"contents":[{"role":"model","parts":[{"text":"a","thoughtSignature":"S"},{"functionCall":{"name":"f"},"thought_signature" : "S"}]}]}"#,
        ),
        (GEMINI, r#"{"requests":[{"content":{"parts":[{"thoughtSignature":"S"}]}}]}"#),
        (
            CHAT,
            r#"{"messages":[{"role":"assistant","tool_calls":[{"id":"i","extra_content":{"google":{"thought_signature":"S"}}}]}]}"#,
        ),
    ] {
        assert_eq!(
            stripped(path, body).unwrap(),
            body.replace("\"S\"", &json!(STAND_IN).to_string())
        );
    }
}

/// What is noticed and cannot be left out: the path, the body, and why.
fn bound() -> Vec<(&'static str, String, Bound)> {
    let item = |item: &str| format!(r#"{{"input":[{{"role":"user","content":"q"}},{item}]}}"#);
    let thought = r#"{"type":"thinking","thinking":"t","signature":"s"}"#;
    let calling = |thinking: &str, blocks: &str| {
        format!(
            r#"{{{thinking}"messages":[{{"role":"assistant","content":[{blocks},{{"type":"tool_use","id":"u","name":"f","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"u","content":"1"}}]}}]}}"#
        )
    };
    let found = |block: &str| messages(&format!(r#"{{"type":"text","text":"x"}},{block}"#));
    vec![
        (RESPONSES, item(r#"{"type":"compaction","encrypted_content":"e"}"#), Bound::Inseparable),
        (RESPONSES, item(r#"{"encrypted_content":"e"}"#), Bound::Inseparable),
        (RESPONSES, item(r#"{"type":"new_item","encrypted_content":"e"}"#), Bound::Inseparable),
        (RESPONSES, r#"{"input":{"type":"reasoning","encrypted_content":"e"}}"#.to_owned(), Bound::Inseparable),
        (RESPONSES, r#"{"input":[{"type":"reasoning","encrypted_content":"e"}]}"#.to_owned(), Bound::Emptied),
        (
            RESPONSES,
            item(r#"{"type":"reasoning","encrypted_content":"e"},{"type":"computer_call","id":"cu_1","call_id":"c"}"#),
            Bound::Id,
        ),
        (
            RESPONSES,
            r#"{"previous_response_id":"r","input":[{"type":"reasoning","encrypted_content":"e"},{"role":"user","content":"q"}]}"#.to_owned(),
            Bound::Stored,
        ),
        (
            RESPONSES,
            item(r#"{"type":"reasoning","encrypted_content":"e"},{"type":"item_reference","id":"i"}"#),
            Bound::Stored,
        ),
        (MESSAGES, messages(thought), Bound::Emptied),
        (MESSAGES, messages(r#"{"type":"redacted_thinking","data":"AA=="}"#), Bound::Emptied),
        (MESSAGES, calling("", thought), Bound::Loop),
        (MESSAGES, calling(r#""thinking":{"type":"enabled","budget_tokens":9},"#, thought), Bound::Loop),
        (MESSAGES, calling(r#""thinking":null,"#, thought), Bound::Loop),
        (MESSAGES, calling(r#""metadata":{"thinking":{"type":"disabled"}},"#, thought), Bound::Loop),
        // A turn that the assistant is to go on with.
        (MESSAGES, format!(r#"{{"messages":[{{"role":"assistant","content":[{thought},{{"type":"text","text":"x"}}]}}]}}"#), Bound::Loop),
        // What is no assistant's.
        (MESSAGES, format!(r#"{{"messages":[{{"role":"user","content":[{thought},{{"type":"text","text":"x"}}]}}]}}"#), Bound::Inseparable),
        (MESSAGES, format!(r#"{{"system":[{thought},{{"type":"text","text":"x"}}]}}"#), Bound::Inseparable),
        (MESSAGES, messages(&format!(r#"{{"type":"tool_result","content":[{thought},{{"type":"text","text":"x"}}]}}"#)), Bound::Inseparable),
        (MESSAGES, found(r#"{"type":"text","text":"t","signature":"s"}"#), Bound::Inseparable),
        (MESSAGES, found(r#"{"type":"redacted_thinking","data":"AA==","signature":"s"}"#), Bound::Inseparable),
        (MESSAGES, found(r#"{"type":"thinking","signature":"s","encrypted_content":"e"}"#), Bound::Inseparable),
        (
            MESSAGES,
            found(r#"{"type":"web_search_tool_result","tool_use_id":"u","content":[{"type":"web_search_result","encrypted_content":"e"}]}"#),
            Bound::Inseparable,
        ),
        (MESSAGES, found(r#"{"type":"text","text":"t","citations":[{"type":"web_search_result_location","encrypted_index":"e"}]}"#), Bound::Inseparable),
        (MESSAGES, found(r#"{"type":"code_execution_tool_result","content":{"encrypted_stdout":"e"}}"#), Bound::Inseparable),
        (CONVERSE, messages(r#"{"reasoningContent":{"redactedContent":"AA=="}}"#), Bound::Emptied),
        (CONVERSE, messages(r#"{"text":"x"},{"text":"y","reasoningContent":{"redactedContent":"AA=="}}"#), Bound::Inseparable),
        (
            CONVERSE,
            r#"{"messages":[{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}},{"toolUse":{"toolUseId":"u","name":"f","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"u","content":[{"text":"1"}]}}]}]}"#.to_owned(),
            Bound::Loop,
        ),
        (CHAT, r#"{"messages":[{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"thinking","thinking":"t","signature":"s"}]}]}"#.to_owned(), Bound::Inseparable),
    ]
}

#[test]
fn what_cannot_be_left_out_is_told() {
    for (path, body, wanted) in bound() {
        assert_eq!(stripped(path, &body), Err(wanted), "{path} {body}");
    }
}

#[test]
fn the_turn_that_goes_on_keeps_its_thoughts_unless_nothing_is_thought() {
    let turn = |thinking: &str, last: &str| {
        format!(
            r#"{{"messages":[{{"role":"assistant","content":[{{"type":"thinking","thinking":"t","signature":"s"}},{{"type":"tool_use","id":"u","name":"f","input":{{}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"u","content":"1"}}]}}{last}]{thinking}}}"#
        )
    };
    let off = r#","thinking":{"type":"disabled"}"#;
    let after = r#",{"role":"assistant","content":"done"},{"role":"user","content":"go on"}"#;
    assert_eq!(stripped(MESSAGES, &turn("", "")), Err(Bound::Loop));
    assert!(stripped(MESSAGES, &turn(off, "")).is_ok());
    assert!(stripped(MESSAGES, &turn("", after)).is_ok());
    let off = r#","additionalModelRequestFields":{"thinking":{"type":"disabled"}}"#;
    let converse = r#"{"messages":[{"role":"assistant","content":[{"reasoningContent":{"redactedContent":"AA=="}},{"toolUse":{"name":"f"}}]},{"role":"user","content":[{"toolResult":{"content":[{"text":"1"}]}}]}]"#;
    assert_eq!(stripped(CONVERSE, &format!("{converse}}}")), Err(Bound::Loop));
    assert!(stripped(CONVERSE, &format!("{converse}{off}}}")).is_ok());
}

#[test]
fn places_are_told_and_no_key_of_the_clients() {
    let at = |path: &str, body: &str| {
        let places = found(path, body, body.len()).places;
        places.into_iter().map(|place| place.at).collect::<Vec<_>>()
    };
    let item = r#"{"input":[{"role":"user"},[],{"type":"reasoning","encrypted_content":"e"}]}"#;
    assert_eq!(at(RESPONSES, item), ["input[2].encrypted_content"]);
    assert_eq!(
        at(
            MESSAGES,
            &messages(
                r#"{"type":"redacted_thinking","data":"AA=="},{"type":"thinking","signature":"s"}"#
            )
        ),
        ["messages[1].content[0]", "messages[1].content[1].signature"]
    );
    assert_eq!(
        at(RESPONSES, r#"{"previous_response_id":"r","conversation":{"id":"c"}}"#),
        ["previous_response_id", "conversation"]
    );
    let variables = r#"{"prompt":{"variables":{"my secret":{"type":"input_file","file_id":"f"}}}}"#;
    assert_eq!(at(RESPONSES, variables), ["prompt.variables.*.file_id"]);
    let many = vec![json!({"thoughtSignature": "s"}); 50];
    assert_eq!(at(GEMINI, &json!({"contents": [{"parts": many}]}).to_string()).len(), 8);
}

#[test]
fn what_is_edited_is_bounded() {
    let parts = |count: usize| json!({"contents": [{"parts": vec![json!({"thoughtSignature": "s"}); count]}]});
    assert!(stripped(GEMINI, &parts(4096).to_string()).is_ok());
    assert_eq!(stripped(GEMINI, &parts(4097).to_string()), Err(Bound::TooMuch));
    let mut items = vec![json!({"role": "user", "id": "m"}); 5000];
    items.push(json!({"type": "reasoning", "encrypted_content": "e"}));
    assert_eq!(stripped(RESPONSES, &json!({"input": items}).to_string()), Err(Bound::TooMuch));
}
