//! What of a request other APIs cannot carry, and what is not known.

use super::{reading, shown, shown_losses};

/// Checks what is lost of each body, where `@` stands for what the row has.
fn check(frame: &str, rows: &[(&str, &str)]) {
    for (text, wanted) in rows {
        let body = frame.replace('@', text);
        let (_, losses) = reading(&body, shown);
        assert_eq!(shown_losses(&losses).join("; "), *wanted, "{body}");
        assert_eq!(losses.is_refused(), wanted.contains('!'));
    }
}

#[test]
fn members_that_only_change_how_the_answer_is_made_may_be_left_out() {
    let none = "has no counterpart";
    let rows = [
        (r#""store":true"#, "-store: asks to keep the answer, which only OpenAI can do"),
        (r#""metadata":{"a":"b"}"#, &format!("-metadata: {none}")),
        (r#""prompt_cache_key":"k""#, &format!("-prompt_cache_key: {none}")),
        (r#""prompt_cache_retention":"24h""#, &format!("-prompt_cache_retention: {none}")),
        (
            r#""prompt_cache_options":{"mode":"explicit","ttl":"12h","comparison_response_id":"r"}"#,
            &format!(
                "-prompt_cache_options.mode: {none}; -prompt_cache_options.ttl: {none}; \
                 -prompt_cache_options.comparison_response_id: {none}"
            ),
        ),
        (r#""prompt_cache_options":{"mode":"implicit","ttl":"30m"}"#, ""),
        (r#""service_tier":"flex""#, &format!("-service_tier: {none}")),
        (r#""service_tier":"default""#, ""),
        (r#""truncation":"auto""#, &format!("-truncation: {none}")),
        (
            r#""context_management":[{"type":"compaction"}]"#,
            &format!("-context_management: {none}"),
        ),
        (r#""access_programs":{"cyber":"standard"}"#, &format!("-access_programs: {none}")),
        (
            r#""image":{"context_compression":"enabled"}"#,
            &format!("-image.context_compression: {none}"),
        ),
        (r#""image":{"context_compression":"auto"}"#, ""),
        (
            r#""include":["reasoning.encrypted_content"]"#,
            "-include[0]: asks for encrypted thinking, which only OpenAI returns",
        ),
        (
            r#""reasoning":{"summary":"detailed","context":"all_turns","mode":"pro"}"#,
            &format!(
                "-reasoning.summary: {none}; -reasoning.context: {none}; -reasoning.mode: {none}"
            ),
        ),
        (r#""text":{"verbosity":"low"}"#, &format!("-text.verbosity: {none}")),
        (
            r#""stream_options":{"include_obfuscation":true}"#,
            &format!("-stream_options.include_obfuscation: {none}"),
        ),
        (r#""safety_identifier":"s""#, ""),
        (
            r#""safety_identifier":"s","user":"u""#,
            "-user: is given together with safety_identifier, which is sent instead",
        ),
    ];
    check(r#"{"input":"q",@}"#, &rows);
}

#[test]
fn members_that_change_the_meaning_refuse_the_request() {
    let rows = [
        (
            r#""previous_response_id":"resp_1""#,
            "!previous_response_id: refers to something stored at another provider",
        ),
        (
            r#""conversation":{"id":"conv_1"}"#,
            "!conversation: refers to something stored at another provider",
        ),
        (r#""prompt":{"id":"pmpt_1"}"#, "!prompt: refers to something stored at another provider"),
        (r#""top_logprobs":3"#, "!top_logprobs: has no counterpart"),
        (
            r#""include":["message.output_text.logprobs"]"#,
            r#"!include[0]: is "message.output_text.logprobs", which has no counterpart"#,
        ),
        (r#""background":true"#, "!background: asks for an answer that is fetched later"),
        (
            r#""moderation":{"model":"m"}"#,
            "!moderation: asks for moderation, which only OpenAI does",
        ),
        (
            r#""prompt_cache_options":{"prewarm":true}"#,
            "!prompt_cache_options.prewarm: asks for no answer",
        ),
        (r#""include":["x"]"#, r#"!include[0]: is "x", which has no counterpart"#),
        (
            r#""reasoning":{"effort":"huge"}"#,
            r#"!reasoning.effort: is "huge", which has no counterpart"#,
        ),
        (
            r#""text":{"format":{"type":"grammar"}}"#,
            r#"!text.format.type: is "grammar", which has no counterpart"#,
        ),
        (r#""text":{"format":{"type":"json_schema"}}"#, "!text.format.schema: is missing"),
        (r#""text":{"format":{}}"#, "!text.format.type: is missing"),
        (r#""messages":[]"#, "!messages: is not known to the translation"),
        (r#""reasoning":{"depth":1}"#, "!reasoning.depth: is not known to the translation"),
        (r#""temperature":1,"temperature":2"#, "!temperature: is given twice"),
        (r#""temperature":null,"temperature":2"#, ""),
        (r#""temperature":"1""#, "!temperature: is not a number"),
        (r#""max_output_tokens":-1"#, "!max_output_tokens: is not a whole number"),
        (r#""stream":"yes""#, "!stream: is neither true nor false"),
        (r#""instructions":[]"#, "!instructions: is not a text"),
        (r#""reasoning":"high""#, "!reasoning: is not an object"),
        (r#""include":"x""#, "!include: is not a list"),
    ];
    check(r#"{"input":"q",@}"#, &rows);
    check(
        "@",
        &[("[]", "!the body: is not an object; !input: is missing"), ("{}", "!input: is missing")],
    );
}

#[test]
fn items_without_a_counterpart_refuse_the_request_by_name() {
    const KINDS: [&str; 22] = [
        "custom_tool_call",
        "custom_tool_call_output",
        "computer_call",
        "computer_call_output",
        "file_search_call",
        "web_search_call",
        "image_generation_call",
        "code_interpreter_call",
        "local_shell_call",
        "local_shell_call_output",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "mcp_approval_response",
        "tool_search_call",
        "compaction",
        "configuration_update",
        "additional_tools",
        "of_tomorrow",
    ];
    for kind in KINDS {
        let wanted = format!(r#"!input[0].type: is "{kind}", which has no counterpart"#);
        check(r#"{"input":[{"type":"@","id":"i"}]}"#, &[(kind, &wanted)]);
    }
    let rows = [
        (
            r#"{"type":"item_reference","id":"i"}"#,
            "!input[0]: refers to something stored at another provider",
        ),
        (r#"{"id":"i"}"#, "!input[0]: refers to something stored at another provider"),
        (r#"{"type":5}"#, r#"!input[0].type: is "5", which has no counterpart"#),
        ("7", "!input[0]: is not an object; !input[0].role: is missing"),
        (
            r#"{"role":"tool","content":"x"}"#,
            r#"!input[0].role: is "tool", which has no counterpart"#,
        ),
        (r#"{"role":"user"}"#, "!input[0].content: is missing"),
        (r#"{"role":"user","content":{}}"#, "!input[0].content: is neither a text nor a list"),
        (
            r#"{"role":"user","content":"x","name":"n"}"#,
            "!input[0].name: is not known to the translation",
        ),
        (
            r#"{"role":"assistant","content":"x","phase":"commentary"}"#,
            "-input[0].phase: has no counterpart",
        ),
    ];
    check(r#"{"input":[@]}"#, &rows);
    check(r#"{"input":@}"#, &[("7", "!input: is neither a text nor a list")]);
}

#[test]
fn parts_that_cannot_be_carried_refuse_the_request() {
    let rows = [
        (
            r#"{"type":"input_image","file_id":"f"}"#,
            ".file_id: refers to something stored at another provider",
        ),
        (
            r#"{"type":"input_file","file_id":"f"}"#,
            ".file_id: refers to something stored at another provider",
        ),
        (r#"{"type":"input_image"}"#, ".image_url: is missing"),
        (r#"{"type":"input_image","image_url":7}"#, ".image_url: is not a text"),
        (
            r#"{"type":"input_image","image_url":"data:image/png,AB"}"#,
            ".image_url: is a data URL whose data are not base64",
        ),
        (
            r#"{"type":"input_image","image_url":"data:;base64,AB"}"#,
            ".image_url: is a data URL without a media type",
        ),
        (r#"{"type":"input_file"}"#, ".file_data: is missing"),
        (
            r#"{"type":"input_file","file_data":"AB","filename":"a.txt"}"#,
            ".file_data: has no media type; send it as a data URL",
        ),
        (
            r#"{"type":"input_file","file_data":"AB","file_url":"https://u"}"#,
            ": has both file_data and file_url",
        ),
        (
            r#"{"type":"input_audio","input_audio":{"data":"AB","format":"ogg"}}"#,
            r#".input_audio.format: is "ogg", which has no counterpart"#,
        ),
        (r#"{"type":"input_text"}"#, ".text: is missing"),
        (r#"{"type":"input_text","text":"a","text":"b"}"#, ".text: is given twice"),
        (
            r#"{"type":"input_text","text":"a","style":"b"}"#,
            ".style: is not known to the translation",
        ),
        (r#"{"type":"refusal","refusal":"a"}"#, ".type: cannot be part of this message"),
        (r#"{"type":"input_video"}"#, r#".type: is "input_video", which has no counterpart"#),
        (r#"{"text":"a"}"#, ".type: is missing"),
    ];
    for (part, wanted) in rows {
        let frame = r#"{"input":[{"role":"user","content":["@"]}]}"#.replace("\"@\"", "@");
        check(&frame, &[(part, &format!("!input[0].content[0]{wanted}"))]);
    }
    let file = r#"{"type":"input_file","file_url":"https://u","detail":"high"}"#;
    let mark = r#"{"type":"input_text","text":"a","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}"#;
    let rows = [
        (file, "-input[0].content[0].detail: has no counterpart"),
        (mark, "-input[0].content[0].prompt_cache_breakpoint.ttl: has no counterpart"),
    ];
    check(r#"{"input":[{"role":"user","content":[@]}]}"#, &rows);
    let image = r#"{"type":"input_image","image_url":"u"}"#;
    for role in ["system", "assistant"] {
        let frame = r#"{"input":[{"role":"ROLE","content":[@]}]}"#.replace("ROLE", role);
        check(&frame, &[(image, "!input[0].content[0].type: cannot be part of this message")]);
    }
}

#[test]
fn calls_and_results_that_are_not_whole_refuse_the_request() {
    let rows = [
        (r#""call_id":"c","name":"f""#, "!input[0].arguments: is missing"),
        (r#""call_id":"c","arguments":"{}""#, "!input[0].name: is missing"),
        (r#""name":"f","arguments":"{}""#, "!input[0].call_id: is missing"),
        (
            r#""call_id":"c","name":"f","arguments":"[1]""#,
            "!input[0].arguments: is not the text of a JSON object",
        ),
        (
            r#""call_id":"c","name":"f","arguments":"{\"a\":""#,
            "!input[0].arguments: is not the text of a JSON object",
        ),
        (r#""call_id":"c","name":"f","arguments":{}"#, "!input[0].arguments: is not a text"),
        (
            r#""call_id":"c","name":"f","arguments":"{}","namespace":"n""#,
            "!input[0].namespace: has no counterpart",
        ),
        (
            r#""call_id":"c","name":"f","arguments":"{}","caller":{"type":"program","caller_id":"p"}"#,
            "!input[0].caller: is not the model itself",
        ),
        (
            r#""call_id":"c","name":"f","arguments":"{}","async":true"#,
            "!input[0].async: has no counterpart",
        ),
    ];
    check(r#"{"input":[{"type":"function_call",@}]}"#, &rows);
    let rows = [
        (r#""output":"x""#, "!input[0].call_id: is missing"),
        (r#""call_id":"c""#, "!input[0].output: is missing"),
        (r#""call_id":"c","output":{}"#, "!input[0].output: is neither a text nor a list"),
        (
            r#""call_id":"c","output":[{"type":"input_audio","input_audio":{}}]"#,
            "!input[0].output[0].type: cannot be part of this message",
        ),
    ];
    check(r#"{"input":[{"type":"function_call_output",@}]}"#, &rows);
}

#[test]
fn thinking_that_only_its_provider_can_read_is_left_out() {
    let sealed = r#"{"type":"reasoning","id":"rs_1","encrypted_content":"gAAA","summary":[{"type":"summary_text","text":"S"}]}"#;
    let kept = r#"{"type":"reasoning","id":"rs_1","summary":[]}"#;
    let rows = [
        (sealed, "-input[0].encrypted_content: can be read only by the provider that encrypted it"),
        (kept, "-input[0]: refers to thinking stored at another provider"),
    ];
    check(r#"{"input":[@]}"#, &rows);
    let body = r#"{"input":[@]}"#.replace('@', sealed);
    assert_eq!(reading(&body, shown).0, [""; 0]);
    let odd = r#"{"type":"reasoning","summary":[{"type":"x","text":"S"}]}"#;
    check(
        r#"{"input":[@]}"#,
        &[(odd, r#"!input[0].summary[0].type: is "x", which has no counterpart"#)],
    );
}

#[test]
fn tools_of_openai_refuse_the_request_by_type() {
    const KINDS: [&str; 14] = [
        "custom",
        "web_search",
        "web_search_preview",
        "web_search_2025_08_26",
        "file_search",
        "computer_use_preview",
        "computer",
        "code_interpreter",
        "image_generation",
        "mcp",
        "local_shell",
        "shell",
        "apply_patch",
        "namespace",
    ];
    for kind in KINDS {
        let why = format!(r#"is "{kind}", which has no counterpart"#);
        let tool = format!("!tools[0].type: {why}");
        check(r#"{"input":"q","tools":[{"type":"@","name":"n"}]}"#, &[(kind, &tool)]);
        let choice = format!("!tool_choice.type: {why}");
        check(r#"{"input":"q","tool_choice":{"type":"@"}}"#, &[(kind, &choice)]);
    }
    let rows = [
        (r#"{"name":"f"}"#, "!tools[0].type: is missing"),
        (r#"{"type":"function"}"#, "!tools[0].name: is missing"),
        (
            r#"{"type":"function","function":{"name":"f"}}"#,
            "!tools[0].function: is not known to the translation; !tools[0].name: is missing",
        ),
        (
            r#"{"type":"function","name":"f","parameters":[]}"#,
            "!tools[0].parameters: is not an object",
        ),
        (
            r#"{"type":"function","name":"f","defer_loading":true}"#,
            "!tools[0].defer_loading: has no counterpart",
        ),
        (
            r#"{"type":"function","name":"f","allowed_callers":["programmatic"]}"#,
            r#"!tools[0].allowed_callers[0]: is "programmatic", which has no counterpart"#,
        ),
        (
            r#"{"type":"function","name":"f","output_schema":{}}"#,
            "-tools[0].output_schema: has no counterpart",
        ),
    ];
    check(r#"{"input":"q","tools":[@]}"#, &rows);
    let rows = [
        (
            r#"{"type":"allowed_tools","mode":"auto","tools":[]}"#,
            r#"!tool_choice.type: is "allowed_tools", which has no counterpart"#,
        ),
        (r#""any""#, r#"!tool_choice: is "any", which has no counterpart"#),
        (r#"{"type":"function"}"#, "!tool_choice.name: is missing"),
    ];
    check(r#"{"input":"q","tool_choice":@}"#, &rows);
}

#[test]
fn large_requests_are_read_in_one_pass() {
    let tool = r#"{"type":"function","name":"f","parameters":{"type":"object"}}"#;
    let tools = format!(r#"{{"input":"q","tools":[{}]}}"#, vec![tool; 10_000].join(","));
    assert_eq!(reading(&tools, |conversation| conversation.tools.len()).0, 10_000);
    let schema = format!("{}{}", r#"{"a":"#.repeat(100), "1}".to_owned() + &"}".repeat(99));
    let deep = format!(
        r#"{{"input":"q","tools":[{{"type":"function","name":"f","parameters":{schema}}}]}}"#
    );
    let (read, _) = reading(&deep, |conversation| conversation.tools[0].schema.map(str::len));
    assert_eq!(read, Some(schema.len()));
    let output = "x".repeat(10 << 20);
    let result = format!(
        r#"{{"input":[{{"type":"function_call_output","call_id":"c","output":"{output}"}}]}}"#
    );
    assert!(reading(&result, shown).1.is_empty());
    let unknown = (0..50_000).map(|at| format!(r#""k{at}":1"#)).collect::<Vec<_>>().join(",");
    assert!(reading(&format!("{{{unknown}}}"), shown).1.is_refused());
}
