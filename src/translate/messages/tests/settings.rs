//! What becomes of settings that the API or the model does not take.

use serde_json::{Value, json};

use super::super::super::conversation::{
    AnswerFormat, Conversation, Effort, Reasoning, Tool, ToolChoice,
};
use super::super::super::text::JsonText;
use super::{request, rewritten};

/// Returns the members beside model, limit and messages that a changed request is sent with, and what is
/// lost.
fn members(model: &str, change: impl FnOnce(&mut Conversation<'_>)) -> (Value, Vec<String>) {
    let (mut sent, lost, _) = rewritten(&request(&json!({"max_tokens": 4000})), model, change);
    let members = sent.as_object_mut().unwrap();
    for name in ["model", "max_tokens", "messages"] {
        assert!(members.remove(name).is_some(), "{name}");
    }
    (sent, lost)
}

#[test]
fn there_is_always_a_limit() {
    let limit = |limit: Option<u64>| {
        rewritten(&request(&json!({})), "m", |read| read.max_tokens = limit).0["max_tokens"].clone()
    };
    assert_eq!(limit(Some(7)), 7);
    assert_eq!(limit(None), 4096);
}

#[test]
fn reasoning_is_sent_as_the_model_takes_it() {
    let budget = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    let effort = |effort: &str| json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}});
    let rows = [
        ("claude-sonnet-4-5", Reasoning::Effort(Effort::Minimal), budget(1024)),
        ("claude-sonnet-4-5", Reasoning::Effort(Effort::Low), budget(1024)),
        // Half of the limit of 4000 is left to what is said, unless the client has given a budget.
        ("claude-sonnet-4-5", Reasoning::Effort(Effort::High), budget(2000)),
        ("claude-sonnet-4-5", Reasoning::Budget(9000), budget(3999)),
        ("claude-sonnet-4-5", Reasoning::Budget(2000), budget(2000)),
        ("claude-sonnet-4-5", Reasoning::Budget(5), budget(1024)),
        ("claude-sonnet-4-5", Reasoning::Adaptive, budget(2000)),
        ("claude-sonnet-4-5", Reasoning::Off, json!({})),
        ("claude-opus-4-6", Reasoning::Effort(Effort::Minimal), effort("low")),
        ("claude-opus-4-6", Reasoning::Effort(Effort::Highest), effort("max")),
        ("claude-opus-4-8", Reasoning::Effort(Effort::Highest), effort("xhigh")),
        ("claude-opus-4-8", Reasoning::Budget(9000), effort("medium")),
        ("claude-opus-4-8", Reasoning::Adaptive, json!({"thinking": {"type": "adaptive"}})),
        ("claude-opus-4-8", Reasoning::Off, json!({})),
        ("claude-sonnet-5", Reasoning::Off, json!({"thinking": {"type": "disabled"}})),
        ("glm-4.6", Reasoning::Off, json!({"thinking": {"type": "disabled"}})),
        ("glm-4.6", Reasoning::Effort(Effort::Low), budget(1024)),
    ];
    for (model, reasoning, wanted) in rows {
        let (sent, lost) = members(model, |read| read.reasoning = Some(reasoning));
        assert_eq!(sent, wanted, "{model} {reasoning:?}");
        assert!(lost.is_empty(), "{model} {reasoning:?}");
    }
    let (sent, lost) = members("claude-fable-5", |read| read.reasoning = Some(Reasoning::Off));
    assert_eq!(sent, json!({"output_config": {"effort": "low"}}));
    assert_eq!(lost, ["reasoning cannot be turned off for the model"]);
}

#[test]
fn thinking_gives_way_to_what_it_excludes() {
    let high = Some(Reasoning::Effort(Effort::High));
    let tool = || Tool {
        name: JsonText::of("t"),
        description: None,
        schema: None,
        strict: None,
        cache: None,
    };
    let (sent, lost) = members("claude-3-5-haiku-20241022", |read| read.reasoning = high);
    assert_eq!(sent, json!({}));
    assert_eq!(lost, ["reasoning has no counterpart, since the model does not think"]);
    let (sent, lost) = members("claude-sonnet-4-5", |read| {
        (read.reasoning, read.max_tokens) = (high, Some(1024));
    });
    assert_eq!(sent, json!({}));
    assert_eq!(lost, ["reasoning has no counterpart in an answer of at most 1024 tokens"]);
    for (temperature, top_p, top_k) in
        [(Some("0.2"), None, None), (None, Some("0.9"), None), (None, None, Some("5"))]
    {
        let (sent, lost) = members("claude-sonnet-4-5", |read| {
            (read.reasoning, read.sampling.temperature) = (high, temperature);
            (read.sampling.top_p, read.sampling.top_k) = (top_p, top_k);
        });
        assert_eq!(sent.get("thinking"), None);
        assert_eq!(
            lost,
            ["reasoning has no counterpart together with a temperature, top_p or top_k"]
        );
    }
    let (sent, lost) = members("claude-sonnet-4-5", |read| {
        (read.reasoning, read.sampling.temperature) = (high, Some("1.0"));
        read.sampling.top_p = Some("0.97");
    });
    assert_eq!(sent["thinking"]["type"], "enabled");
    assert_eq!(sent["top_p"], 0.97);
    assert!(lost.is_empty());
    let forced = |read: &mut Conversation<'_>| {
        (read.reasoning, read.tool_choice) = (high, Some(ToolChoice::Any));
        read.tools.push(tool());
    };
    let (sent, lost) = members("claude-sonnet-4-5", forced);
    assert_eq!(sent.get("thinking"), None);
    assert_eq!(lost, ["reasoning has no counterpart if a tool has to be called"]);
    let (sent, lost) = members("claude-opus-4-8", forced);
    assert_eq!(sent["thinking"]["type"], "adaptive");
    assert!(lost.is_empty());
}

#[test]
fn thinking_with_a_budget_does_not_begin_within_a_tool_loop() {
    let body = request(&json!({
        "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000},
        "tools": [{"name": "t", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "t", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "r"}]},
        ],
    }));
    let (sent, lost, _) = rewritten(&body, "claude-sonnet-4-5", |_| {});
    assert_eq!(sent.get("thinking"), None);
    assert_eq!(
        lost,
        ["reasoning has no counterpart after tool results whose call has no signed thinking"]
    );
    let (sent, lost, _) = rewritten(&body, "claude-opus-4-8", |_| {});
    assert_eq!(sent["thinking"]["type"], "adaptive");
    assert!(lost.is_empty());
}

#[test]
fn knobs_are_sent_as_the_model_takes_them() {
    type Row = (&'static str, [Option<&'static str>; 3], Value, &'static [&'static str]);
    let rows: [Row; 9] = [
        (
            "claude-sonnet-4-5",
            [Some("0.30"), None, Some("4")],
            json!({"temperature": 0.3, "top_k": 4}),
            &[],
        ),
        ("claude-sonnet-4-5", [Some("1"), Some("0.5"), None], json!({"top_p": 0.5}), &[]),
        ("claude-sonnet-4-5", [Some("0"), Some("1.0"), None], json!({"temperature": 0}), &[]),
        (
            "claude-sonnet-4-5",
            [Some("0.3"), Some("0.5"), None],
            json!({"temperature": 0.3}),
            &["top_p is not accepted by this model together with a temperature"],
        ),
        (
            "claude-sonnet-4-20250514",
            [Some("0.3"), Some("0.5"), None],
            json!({"temperature": 0.3, "top_p": 0.5}),
            &[],
        ),
        (
            "claude-sonnet-4-5",
            [Some("1.7"), None, None],
            json!({}),
            &["temperature is above 1, the most that Anthropic accepts"],
        ),
        (
            "claude-opus-4-7",
            [Some("0.3"), Some("0.5"), Some("4")],
            json!({}),
            &[
                "temperature is not accepted by this model",
                "top_p is not accepted by this model",
                "top_k is not accepted by this model",
            ],
        ),
        ("claude-opus-4-7", [Some("1.0"), Some("1"), None], json!({}), &[]),
        (
            "glm-4.6",
            [Some("0.3"), Some("0.5"), None],
            json!({"temperature": 0.3, "top_p": 0.5}),
            &[],
        ),
    ];
    for (model, [temperature, top_p, top_k], wanted, why) in rows {
        let (sent, lost) = members(model, |read| {
            (read.sampling.temperature, read.sampling.top_p) = (temperature, top_p);
            read.sampling.top_k = top_k;
        });
        assert_eq!(sent, wanted, "{model} {temperature:?} {top_p:?}");
        assert_eq!(lost, why, "{model} {temperature:?} {top_p:?}");
    }
    let (sent, lost) = members("m", |read| {
        read.sampling.frequency_penalty = Some("0.0");
        read.sampling.presence_penalty = Some("0");
        read.store = Some(false);
    });
    assert_eq!((sent, lost.len()), (json!({}), 0));
    let (sent, lost) = members("m", |read| {
        read.sampling.frequency_penalty = Some("0.1");
        read.sampling.presence_penalty = Some("-1");
        read.sampling.seed = Some("7");
        read.store = Some(true);
    });
    assert_eq!(sent, json!({}));
    let none = |name: &str| format!("{name} has no counterpart");
    assert_eq!(lost, ["frequency_penalty", "presence_penalty", "seed", "store"].map(none));
}

#[test]
fn tools_have_the_form_that_the_api_demands() {
    let tool = |schema: Option<&'static str>, strict: Option<bool>| {
        members("claude-sonnet-4-5", |read| {
            let (name, description) = (JsonText::of("t"), None);
            read.tools.push(Tool { name, description, schema, strict, cache: None });
        })
    };
    let empty = json!({"type": "object", "properties": {}});
    for schema in [None, Some("{}")] {
        let (sent, _) = tool(schema, None);
        assert_eq!(sent["tools"], json!([{"name": "t", "input_schema": empty}]));
    }
    let (sent, _) = tool(Some(r#"{"properties":{"a":{}}}"#), Some(false));
    let schema = json!({"type": "object", "properties": {"a": {}}});
    assert_eq!(sent["tools"], json!([{"name": "t", "input_schema": schema}]));
    let (sent, lost) = tool(Some(r#"{"type":"object","additionalProperties":false}"#), Some(true));
    assert_eq!(sent["tools"][0]["strict"], true);
    assert!(lost.is_empty());
    let (sent, lost) = tool(Some(r#"{"type":"object"}"#), Some(true));
    assert_eq!(sent["tools"][0].get("strict"), None);
    assert_eq!(lost, ["tools have a strict tool, but the model cannot be held to its schema"]);
    let (_, lost) = tool(Some(r#"{"oneOf":[]}"#), None);
    let why = "has oneOf, anyOf or allOf at the top of a tool's schema, which Anthropic refuses";
    assert_eq!(lost, [format!("!tools {why}")]);
}

#[test]
fn choices_are_sent_only_beside_tools() {
    let choose = |choice: Option<ToolChoice<'static>>, parallel, tools: bool| {
        members("claude-sonnet-4-5", |read| {
            let name = JsonText::of("t");
            if tools {
                let (description, schema) = (None, None);
                read.tools.push(Tool { name, description, schema, strict: None, cache: None });
            }
            (read.tool_choice, read.parallel_tools) = (choice, parallel);
        })
    };
    let single = |kind: &str| json!({"type": kind, "disable_parallel_tool_use": true});
    let rows = [
        (None, None, json!(null)),
        (None, Some(true), json!(null)),
        (None, Some(false), single("auto")),
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (Some(ToolChoice::Any), Some(false), single("any")),
        (Some(ToolChoice::Never), Some(false), json!({"type": "none"})),
        (Some(ToolChoice::Named(JsonText::of("t"))), None, json!({"type": "tool", "name": "t"})),
    ];
    for (choice, parallel, wanted) in rows {
        let (sent, lost) = choose(choice.clone(), parallel, true);
        assert_eq!(sent.get("tool_choice").cloned().unwrap_or_default(), wanted, "{choice:?}");
        assert!(lost.is_empty());
    }
    for choice in [ToolChoice::Auto, ToolChoice::Never] {
        assert_eq!(choose(Some(choice), Some(false), false), (json!({}), vec![]));
    }
    let (_, lost) = choose(Some(ToolChoice::Any), None, false);
    assert_eq!(lost, ["!tool_choice requires a tool call, but there are no tools"]);
    let (_, lost) = members("claude-fable-5-1", |read| {
        let (name, description, schema) = (JsonText::of("t"), None, None);
        read.tools.push(Tool { name, description, schema, strict: None, cache: None });
        read.tool_choice = Some(ToolChoice::Any);
    });
    assert_eq!(
        lost,
        ["!tool_choice requires a tool call, which the model cannot be forced to make"]
    );
}

#[test]
fn forms_of_the_answer_are_sent_or_told() {
    let schema = |schema: &'static str, description: Option<&'static str>| AnswerFormat::Schema {
        name: Some(JsonText::of("n")),
        description: description.map(JsonText::of),
        schema,
        strict: Some(true),
    };
    let closed = r#"{"type":"object","additionalProperties":false}"#;
    let (sent, lost) = members("claude-opus-4-8", |read| {
        read.format = Some(schema(closed, None));
        read.reasoning = Some(Reasoning::Effort(Effort::Low));
    });
    let wanted: Value = serde_json::from_str(closed).unwrap();
    assert_eq!(
        sent["output_config"],
        json!({"effort": "low", "format": {"type": "json_schema", "schema": wanted}})
    );
    assert!(lost.is_empty());
    let lost = |model: &str, format: AnswerFormat<'static>| {
        members(model, |read| read.format = Some(format)).1
    };
    assert_eq!(
        lost("claude-opus-4-8", schema(closed, Some("d"))),
        ["response_format has a description, which has no counterpart"]
    );
    assert_eq!(
        lost("claude-sonnet-4-20250514", schema(closed, None)),
        ["!response_format has a schema, which the model cannot follow"]
    );
    let open = r#"{"type":"object"}"#;
    let why = "has objects without \"additionalProperties\": false, which Anthropic refuses";
    assert_eq!(lost("claude-opus-4-8", schema(open, None)), [format!("!response_format {why}")]);
    assert!(lost("glm-4.6", schema(open, None)).is_empty());
    let (sent, lost) = members("m", |read| read.format = Some(AnswerFormat::Json));
    assert_eq!(sent, json!({}));
    assert_eq!(lost, ["response_format is JSON without a schema, which has no counterpart"]);
}

#[test]
fn stops_and_users_that_the_api_refuses_are_told() {
    let (sent, lost) = members("m", |read| {
        read.stop = vec![JsonText::of(""), JsonText::of("a\"\n"), JsonText::Escaped(r"\n")];
    });
    assert_eq!(sent["stop_sequences"], json!(["a\"\n"]));
    assert_eq!(lost, ["!stop is only white space, which Anthropic refuses"]);
    let (sent, lost) = members("m", |read| read.stop = vec![JsonText::of("")]);
    assert_eq!((sent, lost.len()), (json!({}), 0));
    let (sent, lost) = members("m", |read| read.user = Some(JsonText::made("é".repeat(256))));
    assert_eq!(sent["metadata"]["user_id"], "é".repeat(256));
    assert!(lost.is_empty());
    let (sent, lost) = members("m", |read| read.user = Some(JsonText::made("é".repeat(257))));
    assert_eq!(sent, json!({}));
    assert_eq!(lost, ["user is longer than 256 characters, which Anthropic refuses"]);
}
