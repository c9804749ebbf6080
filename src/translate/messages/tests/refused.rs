//! What of a request is refused, and what is left out.

use serde_json::{Value, json};

use super::super::super::loss::Losses;
use super::super::super::tape::Tape;
use super::super::read_request;
use super::{lost, request, talk, with_block};

#[test]
fn what_has_no_counterpart_is_refused_by_name() {
    let no = "which has no counterpart";
    let block = |kind: &str| {
        let place = "!messages[0].content[0]";
        (with_block(&json!({"type": kind})), format!("{place}.type is \"{kind}\", {no}"))
    };
    let tool = |kind: &str| {
        let body = request(&json!({"tools": [{"type": kind, "name": "a", "x": 1}]}));
        (body, format!("!tools[0].type is \"{kind}\", {no}"))
    };
    let member = |name: &str, value: Value| {
        (request(&json!({name: value})), format!("!{name} has no counterpart"))
    };
    let mut rows = vec![
        member("container", json!("c_1")),
        member("container", json!({"id": "c", "skills": []})),
        member("mcp_servers", json!([{"type": "url", "url": "https://x", "name": "x"}])),
        member("thread", json!({"id": "t"})),
        member("compaction", json!({})),
        (request(&json!({"max_tokens": 0})), "!max_tokens is 0, which only fills a cache".into()),
        (request(&json!({"whatever": 1})), "!whatever is not known to the translation".into()),
        (
            request(
                &json!({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}),
            ),
            "!context_management.edits[0] has no counterpart".into(),
        ),
        (
            talk(&json!([{"role": "user", "content": "a", "name": "b"}])),
            "!messages[0].name is not known to the translation".into(),
        ),
        (
            talk(&json!([{"role": "tool", "content": "a"}])),
            "!messages[0].role is \"tool\", which has no counterpart".into(),
        ),
        (
            with_block(&json!({"type": "image", "source": {"type": "file", "file_id": "f"}})),
            format!("!messages[0].content[0].source.type is \"file\", {no}"),
        ),
        (
            with_block(
                &json!({"type": "image", "source": {"type": "text", "media_type": "text/plain", "data": "a"}}),
            ),
            "!messages[0].content[0].source.type is not a source of an image".into(),
        ),
        (
            with_block(
                &json!({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "search_result"}]}),
            ),
            format!("!messages[0].content[0].content[0].type is \"search_result\", {no}"),
        ),
        (
            with_block(&json!({"type": "tool_use", "id": "a", "name": "b", "input": {}})),
            format!("!messages[0].content[0].type is \"tool_use\", {no}"),
        ),
        (
            talk(&json!([{"role": "assistant", "content": [
                {"type": "tool_use", "id": "a", "name": "b", "input": {}, "toolset_name": "t",
                    "caller": {"type": "code_execution_20250825", "tool_id": "s"}},
            ]}])),
            "!messages[0].content[0].caller is not direct, which has no counterpart".into(),
        ),
        (
            request(&json!({"tools": [
                {"name": "a", "input_schema": {}, "allowed_callers": ["code_execution_20250825"]},
            ]})),
            "!tools[0].allowed_callers allows no direct calls, which has no counterpart".into(),
        ),
        (
            request(&json!({"tools": [{"name": "a", "input_schema": {}, "cost": 1}]})),
            "!tools[0].cost is not known to the translation".into(),
        ),
        (request(&json!({"inference_geo": "us"})), "!inference_geo has no counterpart".into()),
        (
            request(&json!({"thinking": {"type": "forever"}})),
            "!thinking.type is \"forever\", which has no counterpart".into(),
        ),
    ];
    rows.extend(
        [
            "server_tool_use",
            "web_search_tool_result",
            "mcp_tool_use",
            "mcp_tool_result",
            "container_upload",
            "search_result",
            "compaction",
            "hologram",
        ]
        .map(block),
    );
    rows.extend(
        [
            "computer_20250124",
            "web_search_20250305",
            "bash_20250124",
            "text_editor_20250728",
            "memory_20250818",
            "code_execution_20250825",
            "mcp_toolset",
        ]
        .map(tool),
    );
    for (body, wanted) in rows {
        assert!(lost(&body).contains(&wanted), "{body}: {:?}", lost(&body));
    }
}

#[test]
fn what_only_changes_how_the_answer_is_made_is_left_out() {
    let rows = [
        (json!({"service_tier": "standard_only"}), "service_tier has no counterpart"),
        (json!({"speed": "fast"}), "speed has no counterpart"),
        (json!({"diagnostics": {"previous_message_id": "m"}}), "diagnostics has no counterpart"),
        (json!({"anthropic_beta": ["a"]}), "anthropic_beta has no counterpart"),
        (json!({"metadata": {"user_id": "u", "team": "t"}}), "metadata has more than a user_id"),
        (
            json!({"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}}),
            "context_management has no counterpart",
        ),
        (
            json!({"thinking": {"type": "adaptive", "display": "omitted"}}),
            "thinking.display has no counterpart",
        ),
        (
            json!({"thinking": {"type": "between_tools"}}),
            "thinking.type is between_tools, which is translated as disabled",
        ),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 2000}, "output_config": {"effort": "low"}}),
            "output_config.effort has no counterpart together with thinking",
        ),
        (
            json!({"output_config": {"task_budget": {"type": "tokens", "total": 9}}}),
            "output_config.task_budget has no counterpart",
        ),
        (
            json!({"cache_control": {"type": "ephemeral", "scope": "global"}}),
            "cache_control has members or values that have no counterpart",
        ),
        (
            json!({"tools": [{"name": "a", "input_schema": {}, "eager_input_streaming": true}]}),
            "tools[0].eager_input_streaming has no counterpart",
        ),
        (
            json!({"tools": [{"name": "a", "input_schema": {}, "defer_loading": true}]}),
            "tools[0].defer_loading has no counterpart",
        ),
        (
            json!({"tools": [{"name": "a", "input_schema": {}, "input_examples": [{}]}]}),
            "tools[0].input_examples has no counterpart",
        ),
        (
            json!({"tools": [{"name": "a", "input_schema": {}, "allowed_callers": ["direct", "x"]}]}),
            "tools[0].allowed_callers allows calls from code, which have no counterpart",
        ),
        (
            json!({"messages": [{"role": "user", "content": "a", "id": "m1"}]}),
            "messages[0].id has no counterpart",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "document",
                "source": {"type": "url", "url": "https://x"}, "citations": {"enabled": true}}]}]}),
            "messages[0].content[0].citations has no counterpart",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image",
                "source": {"type": "url", "url": "https://x"},
                "transformations": {"oversized_image": "error"}}]}]}),
            "messages[0].content[0].transformations has no counterpart",
        ),
    ];
    for (members, wanted) in rows {
        assert_eq!(lost(&request(&members)), [wanted], "{members}");
    }
}

#[test]
fn usual_values_and_null_are_no_loss() {
    let body = request(&json!({
        "service_tier": "auto", "speed": "standard", "inference_geo": "global", "container": null,
        "mcp_servers": [], "metadata": {"user_id": null}, "anthropic_version": "bedrock-2023-05-31",
        "system": null, "stop_sequences": [], "tools": [{"type": "custom", "name": "a",
            "input_schema": {"type": "object"}, "defer_loading": false, "strict": false,
            "eager_input_streaming": null, "allowed_callers": ["direct"]}],
        "messages": [
            {"role": "user", "content": [{"type": "document", "source": {"type": "url", "url": "u"},
                "citations": {"enabled": false}}]},
            {"role": "assistant", "content": [
                {"type": "text", "text": "a", "citations": [{"type": "char_location", "cited_text": "b"}]},
                {"type": "tool_use", "id": "t", "name": "a", "input": {}, "caller": {"type": "direct"}},
            ]},
        ],
    }));
    assert_eq!(lost(&body), Vec::<String>::new());
}

#[test]
fn wrong_types_are_refused_with_their_place() {
    let rows = [
        (json!({"messages": "hi"}), "!messages is not a list"),
        (json!({"messages": null}), "!messages is missing"),
        (json!({"messages": [1]}), "!messages[0] is not an object"),
        (json!({"messages": [{"role": "user"}]}), "!messages[0].content is missing"),
        (
            json!({"messages": [{"role": "user", "content": 1}]}),
            "!messages[0].content is not a list",
        ),
        (
            json!({"messages": [{"role": "user", "content": ["a"]}]}),
            "!messages[0].content[0] is not an object",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"text": "a"}]}]}),
            "!messages[0].content[0].type is missing",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}),
            "!messages[0].content[0].text is not a text",
        ),
        (
            json!({"messages": [{"role": "assistant", "content": [
                {"type": "tool_use", "id": "a", "name": "b", "input": "{}"},
            ]}]}),
            "!messages[0].content[0].input is not an object",
        ),
        (
            json!({"messages": [{"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a", "is_error": "no"},
            ]}]}),
            "!messages[0].content[0].is_error is neither true nor false",
        ),
        (
            json!({"messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "data": "a"}},
            ]}]}),
            "!messages[0].content[0].source.media_type is missing",
        ),
        (json!({"max_tokens": "9"}), "!max_tokens is not a whole number"),
        (json!({"temperature": "hot"}), "!temperature is not a number"),
        (json!({"stream": 1}), "!stream is neither true nor false"),
        (json!({"stop_sequences": "a"}), "!stop_sequences is not a list"),
        (json!({"stop_sequences": [1]}), "!stop_sequences[0] is not a text"),
        (json!({"tools": {}}), "!tools is not a list"),
        (json!({"tools": [{"name": "a"}]}), "!tools[0].input_schema is missing"),
        (json!({"tools": [{"input_schema": {}}]}), "!tools[0].name is missing"),
        (json!({"tools": [{"type": 1, "name": "a"}]}), "!tools[0].type is not a text"),
        (json!({"tool_choice": "auto"}), "!tool_choice is not an object"),
        (json!({"tool_choice": {"type": "tool"}}), "!tool_choice.name is missing"),
        (
            json!({"tool_choice": {"type": "most"}}),
            "!tool_choice.type is \"most\", which has no counterpart",
        ),
        (json!({"thinking": {"type": "enabled"}}), "!thinking.budget_tokens is missing"),
        (
            json!({"output_config": {"format": {"type": "xml", "schema": {}}}}),
            "!output_config.format.type is not json_schema",
        ),
        (json!({"metadata": {"user_id": 1}}), "!metadata.user_id is not a text"),
        (
            json!({"output_config": {"format": {"type": "json_schema", "schema": {}}},
                "output_format": {"type": "json_schema", "schema": {}}}),
            "!output_format is given together with output_config.format",
        ),
    ];
    for (members, wanted) in rows {
        let lost = lost(&request(&members));
        assert!(lost.contains(&wanted.to_owned()), "{members}: {lost:?}");
    }
}

#[test]
fn what_stands_twice_is_refused() {
    for (text, wanted) in [
        (r#"{"messages":[],"messages":[]}"#, "!messages is given twice"),
        (
            r#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#,
            "!messages[0].content is given twice",
        ),
        (
            r#"{"messages":[],"tools":[{"name":"a","name":"b","input_schema":{}}]}"#,
            "!tools[0].name is given twice",
        ),
    ] {
        let tape = Tape::read(text.as_bytes()).unwrap();
        let mut losses = Losses::default();
        read_request(tape.root(), &mut losses);
        assert!(super::told(&losses).contains(&wanted.to_owned()), "{text}");
    }
}
