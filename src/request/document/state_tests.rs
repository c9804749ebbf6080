//! What says that a request depends on one provider's account, and what names things of others.

use super::tests::{GEMINI, all_say, facts, said};
use crate::request::path::PathTable;
use crate::request::scan::{Scanner, Spec};

#[test]
fn what_only_one_account_has_is_state() {
    let item = |item: &str| format!(r#"{{"input":[{item}]}}"#);
    for (body, wanted) in [
        (r#"{"prompt":{"id":"p"}}"#.to_owned(), "state"),
        (r#"{"prompt":{"id":""}}"#.to_owned(), ""),
        (
            r#"{"tools":[{"type":"file_search","vector_store_ids":["v"]}]}"#.to_owned(),
            "tools state",
        ),
        (r#"{"tools":[{"type":"file_search","vector_store_ids":[]}]}"#.to_owned(), "tools"),
        (r#"{"tools":[{"type":"code_interpreter","container":"c"}]}"#.to_owned(), "tools state"),
        (r#"{"tools":[{"container":{"type":"auto"}}]}"#.to_owned(), "tools"),
        (r#"{"tools":[{"container":{"type":"auto","file_ids":["f"]}}]}"#.to_owned(), "tools state"),
        (r#"{"tools":[{"environment":{"container_id":"c"}}]}"#.to_owned(), "tools state"),
        (item(r#"{"type":"item_reference","id":"i"}"#), "state"),
        (item(r#"{"id":"i"}"#), "state"),
        (item(r#"{"id":"i","type":null,"x":"y"}"#), "state"),
        (item(r#"{"id":"i","type":"message","role":"user","content":"x"}"#), ""),
        (item(r#"{"id":"i","role":"user","content":"x"}"#), ""),
        (item(r#"{"type":"image_generation_call","id":"i"}"#), "state"),
        (item(r#"{"id":"i","type":"reasoning","summary":[]}"#), "state"),
        (item(r#"{"type":"reasoning","summary":[]}"#), ""),
        (item(r#"{"type":"reasoning","summary":[],"encrypted_content":"e"}"#), "sealed"),
        (item(r#"{"id":"i","type":"reasoning","summary":[],"encrypted_content":"e"}"#), "sealed"),
        (item(r#"{"type":"reasoning","encrypted_content":""}"#), ""),
        (item(r#"{"type":"code_interpreter_call","container_id":"c"}"#), "state"),
        (item(r#"{"type":"function_call","id":"i","name":"f","arguments":"{}"}"#), ""),
    ] {
        assert_eq!(said("/v1/responses", &body).unwrap(), wanted, "{body}");
    }
    all_say(
        "/v1/chat/completions",
        &[
            (r#"{"messages":[{"role":"assistant","audio":{"id":"a"}}]}"#, "state"),
            (r#"{"audio":{"voice":"v","format":"wav"}}"#, ""),
        ],
    );
    all_say(
        "/v1/messages",
        &[
            (
                r#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]}]}"#,
                "images state",
            ),
            (r#"{"messages":[{"content":[{"type":"thinking","signature":"s"}]}]}"#, "signed"),
            (r#"{"messages":[{"content":[{"type":"thinking","signature":""}]}]}"#, ""),
            (r#"{"messages":[{"content":[{"type":"redacted_thinking","data":"AA"}]}]}"#, "signed"),
        ],
    );
}

#[test]
fn what_is_signed_binds_and_a_stand_in_does_not() {
    let parts = |part: &str| format!(r#"{{"contents":[{{"role":"model","parts":[{part}]}}]}}"#);
    for (body, wanted) in [
        (parts(r#"{"text":"t","thoughtSignature":"c2ln"}"#), "signed"),
        (parts(r#"{"functionCall":{"name":"f"},"thought_signature":"c2ln"}"#), "signed"),
        (parts(r#"{"thoughtSignature":"skip_thought_signature_validator"}"#), ""),
        (parts(r#"{"thoughtSignature":"context_engineering_is_the_way_to_go"}"#), ""),
        (parts(r#"{"thoughtSignature":""}"#), ""),
        (parts(&format!(r#"{{"thoughtSignature":"{}"}}"#, "c2ln".repeat(1000))), "signed"),
    ] {
        assert_eq!(said(GEMINI, &body).unwrap(), wanted, "{body}");
    }
    let thought = |thought: &str| {
        format!(
            r#"{{"messages":[{{"role":"assistant","content":[{{"reasoningContent":{thought}}}]}}]}}"#
        )
    };
    for (body, wanted) in [
        (thought(r#"{"reasoningText":{"text":"t","signature":"s"}}"#), "signed"),
        (thought(r#"{"redactedContent":"AA=="}"#), "signed"),
        (thought(r#"{"reasoningText":{"text":"t"}}"#), ""),
    ] {
        assert_eq!(said("/model/m/converse", &body).unwrap(), wanted, "{body}");
    }
    let found = r#"{"messages":[{"content":[{"type":"web_search_tool_result","content":[{"type":"web_search_result","encrypted_content":"e"}]}]}]}"#;
    assert_eq!(said("/v1/messages", found).unwrap(), "signed");
}

#[test]
fn what_lies_elsewhere_is_named_and_what_is_inline_is_not() {
    let chat = "/v1/chat/completions";
    let part = |part: &str| format!(r#"{{"messages":[{{"role":"user","content":[{part}]}}]}}"#);
    for (path, body, wanted) in [
        (chat, part(r#"{"image_url":{"url":"data:image/png;base64,AAAA"}}"#), false),
        (chat, part(r#"{"image_url":"DATA:image/png;base64,AAAA"}"#), false),
        (chat, part(r#"{"image_url":""}"#), false),
        (chat, part(r#"{"image_url":{"url":"https://x/y.png"}}"#), true),
        (chat, part(r#"{"image_url":"dat"}"#), true),
        (chat, part(r#"{"video_url":{"url":"https://x/y.mp4"}}"#), true),
        (chat, part(r#"{"input_audio":{"data":"AAAA"}}"#), false),
        (chat, part(r#"{"type":"file","file":{"file_data":"data:;base64,AAAA"}}"#), false),
        (chat, part(r#"{"type":"file","file":{"file_id":"f"}}"#), true),
        (chat, part(r#"{"type":"input_file","file_url":"https://x/y.pdf"}"#), true),
        (
            "/v1/messages",
            part(r#"{"type":"image","source":{"type":"base64","data":"AAAA"}}"#),
            false,
        ),
        (
            "/v1/messages",
            part(r#"{"type":"image","source":{"type":"url","url":"https://x"}}"#),
            true,
        ),
        ("/model/m/converse", part(r#"{"image":{"source":{"bytes":"AAAA"}}}"#), false),
        (
            "/model/m/converse",
            part(r#"{"image":{"source":{"s3Location":{"uri":"s3://b/k"}}}}"#),
            true,
        ),
        (
            "/model/m/converse",
            r#"{"guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1"}}"#.to_owned(),
            true,
        ),
        ("/model/m/converse", r#"{"guardrailConfig":{}}"#.to_owned(), false),
        (GEMINI, r#"{"contents":[{"parts":[{"inlineData":{"data":"AAAA"}}]}]}"#.to_owned(), false),
        (
            GEMINI,
            r#"{"contents":[{"parts":[{"fileData":{"fileUri":"gs://b/k"}}]}]}"#.to_owned(),
            true,
        ),
        ("/api/generate", r#"{"images":["AAAA"]}"#.to_owned(), false),
    ] {
        assert_eq!(facts(path, &body).may_name_others(), wanted, "{path} {body}");
        for chunk in 1..4 {
            let entry = PathTable::default().call(b"POST", path).unwrap().entry;
            let mut scanner = Scanner::new(&Spec::of(entry));
            body.as_bytes().chunks(chunk).for_each(|piece| scanner.feed(piece).unwrap());
            assert_eq!(scanner.finish().unwrap().facts.may_name_others(), wanted, "{body}");
        }
    }
}
