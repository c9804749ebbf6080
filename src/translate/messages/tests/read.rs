//! What is read of a request.

use serde_json::{Value, json};

use super::super::super::conversation::{AnswerFormat, Effort, Reasoning, ToolChoice, TurnRole};
use super::super::super::text::JsonText;
use super::{lost, request, rewritten, talk};

#[test]
fn recorded_requests_of_real_sdks_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/requests");
    let (mut read, mut told) = (0, Vec::new());
    for file in std::fs::read_dir(folder).unwrap() {
        let file = std::fs::read(file.unwrap().path()).unwrap();
        let file: Value = serde_json::from_slice(&file).unwrap();
        let text = file["body_text"].as_str().unwrap_or_default();
        if file["expect"]["format"] != "anthropic-messages" || !text.contains("\"messages\"") {
            continue;
        }
        read += 1;
        let lost = lost(&serde_json::from_str(text).unwrap());
        let name = file["name"].as_str().unwrap();
        told.extend(lost.into_iter().map(|line| format!("{name}: {line}")));
    }
    assert!(read > 20, "{read}");
    told.sort();
    let wanted = [
        "antpy_beta_files: !messages[0].content[0].source.type is \"file\", which has no counterpart",
        "antpy_extra_headers_body: !tags is not known to the translation",
        "antpy_metadata_user: service_tier has no counterpart",
        "antpy_tools: !tools[1].type is \"web_search_20250305\", which has no counterpart",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn settings_are_read() {
    let body = request(&json!({
        "stream": true, "temperature": 0.50, "top_p": 0.9, "top_k": 40, "stop_sequences": ["a", "b"],
        "metadata": {"user_id": "u"}, "tool_choice": {"type": "tool", "name": "t",
            "disable_parallel_tool_use": true},
        "tools": [{"name": "t", "description": "d", "strict": true,
            "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh",
            "format": {"type": "json_schema", "schema": {"type": "object"}}},
    }));
    rewritten(&body, "m", |read| {
        assert!(read.stream && read.stream_usage);
        assert_eq!(read.max_tokens, Some(100));
        assert_eq!(read.sampling.temperature, Some("0.5"));
        assert_eq!((read.sampling.top_p, read.sampling.top_k), (Some("0.9"), Some("40")));
        assert_eq!(read.stop, [JsonText::Escaped("a"), JsonText::Escaped("b")]);
        assert_eq!(read.user, Some(JsonText::Escaped("u")));
        assert_eq!(read.tool_choice, Some(ToolChoice::Named(JsonText::Escaped("t"))));
        assert_eq!(read.parallel_tools, Some(false));
        assert_eq!(read.reasoning, Some(Reasoning::Effort(Effort::Highest)));
        let schema = r#"{"type":"object"}"#;
        assert!(
            matches!(read.format, Some(AnswerFormat::Schema { schema: read, .. }) if read == schema)
        );
        assert_eq!(read.tools[0].schema, Some(schema));
        assert_eq!(read.tools[0].strict, Some(true));
        assert!(read.tools[0].cache.as_ref().unwrap().ttl.as_ref().unwrap().is("1h"));
    });
}

#[test]
fn thinking_and_effort_are_one() {
    let rows = [
        (json!({"thinking": {"type": "disabled"}}), Some(Reasoning::Off)),
        (json!({"thinking": {"type": "adaptive"}}), Some(Reasoning::Adaptive)),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}),
            Some(Reasoning::Budget(2048)),
        ),
        (json!({"output_config": {"effort": "low"}}), Some(Reasoning::Effort(Effort::Low))),
        (
            json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}}),
            Some(Reasoning::Effort(Effort::Medium)),
        ),
        (json!({"output_config": {}}), None),
    ];
    for (members, wanted) in rows {
        rewritten(&request(&members), "m", |read| assert_eq!(read.reasoning, wanted, "{members}"));
    }
}

#[test]
fn instructions_within_the_conversation_stay_in_their_place() {
    let body = request(&json!({"system": [{"type": "text", "text": "first"}], "messages": [
        {"role": "user", "content": "a"},
        {"role": "system", "content": "second"},
        {"role": "assistant", "content": "b"},
    ]}));
    rewritten(&body, "m", |read| {
        assert_eq!(read.system.len(), 1);
        let roles: Vec<_> = read.turns.iter().map(|turn| turn.role).collect();
        assert_eq!(roles, [TurnRole::User, TurnRole::System, TurnRole::Assistant]);
    });
}

#[test]
fn a_mark_on_the_request_is_one_on_its_last_block() {
    let mark = json!({"type": "ephemeral"});
    let body = talk(&json!([{"role": "user", "content": [
        {"type": "text", "text": "a"}, {"type": "text", "text": "b"},
    ]}]));
    let mut marked = body.clone();
    marked["cache_control"] = mark.clone();
    let (sent, ..) = rewritten(&marked, "m", |_| {});
    assert_eq!(sent["messages"][0]["content"][1]["cache_control"], mark);
    assert_eq!(sent["messages"][0]["content"][0].get("cache_control"), None);
}
