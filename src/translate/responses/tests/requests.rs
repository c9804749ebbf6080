//! What the members and items of requests are read as.

use proptest::prelude::*;

use super::super::super::conversation::{AnswerFormat, Tool, ToolChoice};
use super::super::super::made::EFFORT_WORDS;
use super::{reading, shown, shown_losses};

/// Returns what the conversation of a request with this input says. Nothing may be lost.
fn said(input: &str) -> Vec<String> {
    let (lines, losses) = reading(&format!(r#"{{"model":"m","input":{input}}}"#), shown);
    assert_eq!(shown_losses(&losses), [""; 0], "{input}");
    lines
}

#[test]
fn the_input_may_be_a_text() {
    assert_eq!(said(r#""Say \"hi\".""#), [r#"user: "Say \"hi\".""#]);
}

#[test]
fn messages_have_the_role_of_who_says_them() {
    let lines = said(
        r#"[
            {"role": "developer", "content": "Be kind."},
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be short."}]},
            {"role": "user", "content": "Hi", "id": "msg_1", "status": "completed"},
            {"role": "assistant", "content": "Hello."},
            {"role": "system", "content": "Be long."},
            {"role": "user", "content": ""}
        ]"#,
    );
    let wanted = [
        r#"before: "Be kind." "Be short.""#,
        r#"user: "Hi""#,
        r#"assistant: "Hello.""#,
        r#"system: "Be long.""#,
        r#"user: """#,
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn instructions_come_before_the_system_messages_wherever_they_stand() {
    let body = r#"{"input":[{"role":"system","content":"B"}],"instructions":"A"}"#;
    assert_eq!(reading(body, shown).0, [r#"before: "A" "B""#]);
}

#[test]
fn parts_of_a_message_are_read() {
    let rows = [
        (r#"{"type":"input_text","text":"é\u00e9"}"#, r#""éé""#),
        (r#"{"type":"input_image","image_url":"https://a/b.png"}"#, "image(url https://a/b.png)"),
        (
            r#"{"type":"input_image","detail":"low","image_url":"data:image/png;base64,AB\/+"}"#,
            "image(image/png AB/+ low)",
        ),
        (
            r#"{"type":"input_image","detail":"auto","image_url":"DATA:image/png;x=y;BASE64,AB/+"}"#,
            "image(image/png AB/+ auto)",
        ),
        (
            r#"{"type":"input_file","filename":"r.pdf","file_data":"data:application/pdf;base64,AB"}"#,
            "document(application/pdf AB r.pdf)",
        ),
        (
            r#"{"type":"input_file","filename":"R.PDF","file_data":"AB"}"#,
            "document(application/pdf AB R.PDF)",
        ),
        (
            r#"{"type":"input_file","file_url":"https://a/b.pdf","detail":"auto"}"#,
            "document(url https://a/b.pdf)",
        ),
        (
            r#"{"type":"input_audio","input_audio":{"data":"AB","format":"mp3"}}"#,
            "audio(audio/mpeg AB)",
        ),
        (
            r#"{"type":"input_audio","input_audio":{"data":"AB","format":"wav"}}"#,
            "audio(audio/wav AB)",
        ),
        (
            r#"{"type":"input_text","text":"a","prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"}}"#,
            r#""a"*"#,
        ),
    ];
    for (part, wanted) in rows {
        let lines = said(&format!(r#"[{{"role":"user","content":[{part}]}}]"#));
        assert_eq!(lines, [format!("user: {wanted}")], "{part}");
    }
}

#[test]
fn what_the_assistant_has_said_is_read() {
    let lines = said(
        r#"[{"role": "assistant", "type": "message", "id": "msg_1", "status": "completed", "content": [
            {"type": "output_text", "text": "A", "annotations": [{"type": "url_citation", "url": "u"}], "logprobs": []},
            {"type": "refusal", "refusal": "No."}
        ]}]"#,
    );
    assert_eq!(lines, [r#"assistant: "A" refusal("No.")"#]);
}

#[test]
fn what_one_side_says_is_one_turn() {
    let lines = said(
        r#"[
            {"role": "user", "content": "Q"},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"type": "message", "role": "assistant", "content": "Let me see."},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{\"a\": 1.0, \"b\":\"\\u00e9\"}", "id": "fc_1", "status": "completed"},
            {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "", "caller": {"type": "direct"}},
            {"type": "function_call_output", "call_id": "c1", "output": "", "id": "o", "status": "completed"},
            {"type": "function_call_output", "call_id": "c2", "output": [
                {"type": "input_text", "text": "seen"},
                {"type": "input_image", "image_url": "data:image/png;base64,AB"},
                {"type": "input_file", "file_url": "https://a/b"}
            ]},
            {"role": "user", "content": "and?"},
            {"type": "function_call", "call_id": "c3", "name": "f", "arguments": " {} "},
            {"type": "function_call_output", "call_id": "c3", "output": "3"},
            {"role": "user", "content": "one"},
            {"role": "user", "content": "two"}
        ]"#,
    );
    let wanted = [
        r#"user: "Q""#,
        r#"assistant: thinking("Hm.") "Let me see." call(c1 f {"a": 1.0, "b":"\u00e9"}) call(c2 g {})"#,
        r#"user: result(c1 "") result(c2 "seen" image(image/png AB) document(url https://a/b))"#,
        r#"user: "and?""#,
        "assistant: call(c3 f {})",
        r#"user: result(c3 "3")"#,
        r#"user: "one""#,
        r#"user: "two""#,
    ];
    assert_eq!(lines, wanted);
}

#[test]
fn the_thought_itself_comes_before_its_summary() {
    let lines = said(
        r#"[{"type": "reasoning", "id": "rs_1", "status": "completed",
            "summary": [{"type": "summary_text", "text": "S"}],
            "content": [{"type": "reasoning_text", "text": "T1"}, {"type": "reasoning_text", "text": "T2"}]}]"#,
    );
    assert_eq!(lines, [r#"assistant: thinking("T1") thinking("T2")"#]);
}

#[test]
fn tools_are_carried_as_they_are_written() {
    let body = r#"{"input":"q","tools":[
        {"type":"function","name":"f","description":"D","strict":true,"parameters":{"type": "object", "z":1,"a":2.50}},
        {"type":"function","name":"g","strict":false,"parameters":null,"defer_loading":false,"async":false,"allowed_callers":["direct"]},
        {"type":"function","name":"h","strict":null}
    ]}"#;
    let show = |tool: &Tool<'_>| {
        let name = tool.name.plain().into_owned();
        let description = tool.description.as_ref().map(|text| text.plain().into_owned());
        (name, description, tool.schema.map(str::to_owned), tool.strict)
    };
    let (tools, losses) =
        reading(body, |conversation| conversation.tools.iter().map(show).collect::<Vec<_>>());
    assert_eq!(shown_losses(&losses), [""; 0]);
    let schema = r#"{"type": "object", "z":1,"a":2.50}"#;
    let wanted = [
        ("f".to_owned(), Some("D".to_owned()), Some(schema.to_owned()), Some(true)),
        ("g".to_owned(), None, None, Some(false)),
        // This API follows a schema exactly only if it can, where the client does not say that it must.
        ("h".to_owned(), None, None, None),
    ];
    assert_eq!(tools, wanted);
}

#[test]
fn a_tool_may_be_chosen() {
    let rows = [
        (r#""auto""#, "Auto"),
        (r#""none""#, "Never"),
        (r#""required""#, "Any"),
        (r#"{"type":"function","name":"f"}"#, "f"),
    ];
    for (choice, wanted) in rows {
        let body = format!(r#"{{"input":"q","tool_choice":{choice},"parallel_tool_calls":false}}"#);
        let (chosen, losses) = reading(&body, |conversation| {
            assert_eq!(conversation.parallel_tools, Some(false));
            match conversation.tool_choice.as_ref().unwrap() {
                ToolChoice::Named(name) => name.plain().into_owned(),
                choice => format!("{choice:?}"),
            }
        });
        assert!(losses.is_empty());
        assert_eq!(chosen, wanted);
    }
}

#[test]
fn how_the_answer_is_to_be_made_is_read() {
    let body = r#"{"input":"q","stream":true,"max_output_tokens":80,"temperature":0.70,"top_p":1,
        "user":"u","store":false,"top_logprobs":0,"truncation":"disabled","service_tier":"auto","metadata":{},
        "background":false,"max_tool_calls":3,"stream_options":{"include_obfuscation":false},
        "include":["file_search_call.results"],"text":{"format":{"type":"text"},"verbosity":"medium"},
        "reasoning":{"summary":"auto","effort":null,"mode":"standard"},"previous_response_id":null}"#;
    let ((), losses) = reading(body, |conversation| {
        assert!(conversation.stream && conversation.stream_usage);
        assert_eq!(conversation.max_tokens, Some(80));
        assert_eq!(conversation.sampling.temperature, Some("0.70"));
        assert_eq!(conversation.sampling.top_p, Some("1"));
        assert_eq!(conversation.user.as_ref().unwrap().plain(), "u");
        assert_eq!(conversation.store, Some(false));
        assert_eq!(conversation.format, None);
        assert_eq!(conversation.reasoning, None);
    });
    assert_eq!(shown_losses(&losses), [""; 0]);
}

#[test]
fn a_plain_request_of_an_sdk_loses_nothing() {
    let ((), losses) = reading(r#"{"model":"m","input":"q"}"#, |conversation| {
        assert!(!conversation.stream && conversation.stream_usage);
        assert_eq!(conversation.store, None);
        assert_eq!(conversation.parallel_tools, None);
    });
    assert!(losses.is_empty());
}

#[test]
fn efforts_are_read() {
    for (word, wanted) in EFFORT_WORDS {
        let body = format!(r#"{{"input":"q","reasoning":{{"effort":"{word}"}}}}"#);
        let (reasoning, losses) = reading(&body, |conversation| conversation.reasoning);
        assert_eq!((reasoning, losses.is_empty()), (Some(wanted), true), "{word}");
    }
}

#[test]
fn forms_of_the_answer_are_read() {
    let read = |format: &str, wanted: Option<AnswerFormat<'_>>| {
        let body = format!(r#"{{"input":"q","text":{{"format":{format}}}}}"#);
        let ((), losses) = reading(&body, |conversation| {
            let shown = |format: &AnswerFormat<'_>| match format {
                AnswerFormat::Json => "json".to_owned(),
                AnswerFormat::Schema { name, description, schema, strict } => {
                    let plain = |text: &Option<crate::translate::text::JsonText<'_>>| {
                        text.as_ref().map(|text| text.plain().into_owned())
                    };
                    format!("{:?} {:?} {schema} {strict:?}", plain(name), plain(description))
                }
            };
            let (read, wanted) = (conversation.format.as_ref(), wanted.as_ref());
            assert_eq!(read.map(shown), wanted.map(shown));
        });
        assert!(losses.is_empty(), "{losses:?}");
    };
    let text = crate::translate::text::JsonText::of;
    read(r#"{"type":"text"}"#, None);
    read(r#"{"type":"json_object"}"#, Some(AnswerFormat::Json));
    let (name, description) = (Some(text("n")), Some(text("d")));
    read(
        r#"{"type":"json_schema","name":"n","description":"d","strict":true,"schema":{"b":1, "a":2}}"#,
        Some(AnswerFormat::Schema {
            name: name.clone(),
            description,
            schema: r#"{"b":1, "a":2}"#,
            strict: Some(true),
        }),
    );
    read(
        r#"{"type":"json_schema","name":"n","schema":{}}"#,
        Some(AnswerFormat::Schema { name, description: None, schema: "{}", strict: None }),
    );
}

proptest! {
    /// Any JSON in any place is read without a panic, and a request that is not refused has been understood.
    #[test]
    fn any_json_is_read(
        value in r#"(\{"[a-z_]{1,8}":)?(\[)?("[a-z:;,/\\"]{0,8}"|[0-9.-]{1,5}|null|true|\{\}|\[\])[\]\}]{0,2}"#,
        at in 0_usize..12,
    ) {
        let places = [
            r#"{"input":@}"#, r#"{"input":[@]}"#, r#"{"input":[{"role":@}]}"#,
            r#"{"input":[{"role":"user","content":@}]}"#,
            r#"{"input":[{"role":"user","content":[{"type":"input_image","image_url":@}]}]}"#,
            r#"{"input":[{"role":"user","content":[{"type":@}]}]}"#,
            r#"{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":@}]}"#,
            r#"{"input":[{"type":"reasoning","summary":@}]}"#,
            r#"{"input":"q","tools":@}"#, r#"{"input":"q","tool_choice":@}"#,
            r#"{"input":"q","text":{"format":@}}"#, r#"{"input":"q","reasoning":@,"include":@}"#,
        ];
        let body = places[at].replace('@', &value);
        if crate::translate::tape::Tape::read(body.as_bytes()).is_ok() {
            let (lines, losses) = reading(&body, shown);
            prop_assert!(losses.list().len() < 40 && lines.len() < 10);
        }
    }
}
