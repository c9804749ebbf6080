//! How settings and tools are written for a provider.

use serde_json::{Value, json};

use super::super::super::conversation::{
    AnswerFormat, BlockContent, ContentBlock, Conversation, Effort, Reasoning, Sampling, TalkTurn,
    Tool, ToolChoice, TurnRole,
};
use super::super::super::text::JsonText;
use super::{ChatModel, write};

/// Returns a conversation of one word.
fn hello() -> Conversation<'static> {
    let blocks = vec![ContentBlock::of(BlockContent::Text(JsonText::of("hi")))];
    let turns = vec![TalkTurn { role: TurnRole::User, blocks }];
    Conversation { turns, ..Conversation::default() }
}

fn tool(name: &'static str) -> Tool<'static> {
    Tool { name: JsonText::of(name), description: None, schema: None, strict: None, cache: None }
}

/// Returns the members of a request beside model and messages, and what is lost.
fn settings(conversation: &Conversation<'_>, model: &str) -> (Value, Vec<String>) {
    let (mut body, lost) = write(conversation, model);
    let members = body.as_object_mut().unwrap();
    assert_eq!(members.remove("model"), Some(model.into()));
    assert!(members.remove("messages").is_some());
    (body, lost)
}

#[test]
fn a_request_without_settings_has_none() {
    let (body, lost) = write(&hello(), "llama");
    assert_eq!(body, json!({"model": "llama", "messages": [{"role": "user", "content": "hi"}]}));
    assert_eq!(lost, [""; 0]);
}

#[test]
fn settings_are_written() {
    let conversation = Conversation {
        max_tokens: Some(100),
        sampling: Sampling {
            temperature: Some("0.70"),
            top_p: Some("1e-1"),
            top_k: Some("40"),
            frequency_penalty: Some("0.5"),
            presence_penalty: Some("-1"),
            seed: Some("7"),
        },
        stop: vec![JsonText::Escaped("a\\n"), JsonText::of("\"")],
        user: Some(JsonText::of("u")),
        stream: true,
        ..hello()
    };
    let wanted = json!({
        "max_tokens": 100, "temperature": 0.7, "top_p": 0.1, "frequency_penalty": 0.5,
        "presence_penalty": -1, "seed": 7, "stop": ["a\n", "\""], "user": "u", "stream": true,
        "stream_options": {"include_usage": true},
    });
    let lost = vec!["-top_k has no counterpart".to_owned()];
    assert_eq!(settings(&conversation, "llama"), (wanted, lost));
}

#[test]
fn the_limit_has_the_name_that_the_model_takes() {
    let conversation = Conversation { max_tokens: Some(9), ..hello() };
    assert_eq!(settings(&conversation, "gpt-5").0, json!({"max_completion_tokens": 9}));
    assert_eq!(settings(&conversation, "mistral-large-latest").0, json!({"max_tokens": 9}));
}

#[test]
fn thinking_is_written_in_words_that_every_model_knows() {
    let thinks = |reasoning, model: &str| {
        let conversation = Conversation { reasoning: Some(reasoning), ..hello() };
        let (body, lost) = settings(&conversation, model);
        (body.get("reasoning_effort").and_then(Value::as_str).map(str::to_owned), lost.len())
    };
    let word = |word: &str| (Some(word.to_owned()), 0);
    assert_eq!(thinks(Reasoning::Effort(Effort::Minimal), "gpt-5"), word("low"));
    assert_eq!(thinks(Reasoning::Effort(Effort::Low), "gpt-5"), word("low"));
    assert_eq!(thinks(Reasoning::Effort(Effort::Medium), "gpt-5"), word("medium"));
    assert_eq!(thinks(Reasoning::Effort(Effort::Highest), "gpt-5"), word("high"));
    assert_eq!(thinks(Reasoning::Budget(1024), "qwen3"), word("low"));
    assert_eq!(thinks(Reasoning::Budget(8192), "qwen3"), word("medium"));
    assert_eq!(thinks(Reasoning::Budget(31_999), "qwen3"), word("high"));
    assert_eq!(thinks(Reasoning::Adaptive, "gpt-5"), (None, 0));
    assert_eq!(thinks(Reasoning::Off, "gpt-5"), (None, 1));
    assert_eq!(thinks(Reasoning::Off, "gpt-4o"), (None, 0));
    assert_eq!(thinks(Reasoning::Budget(8192), "gpt-4o"), (None, 1));
}

#[test]
fn more_texts_to_stop_at_than_are_accepted_are_refused() {
    let stop = |count| Conversation { stop: vec![JsonText::of("a"); count], ..hello() };
    assert_eq!(settings(&stop(4), "m").1, [""; 0]);
    assert_eq!(settings(&stop(5), "m").1, ["!stop has more than 4 stop sequences"]);
}

#[test]
fn a_long_name_of_a_user_becomes_a_short_one() {
    let user = |name: String| {
        let conversation = Conversation { user: Some(JsonText::made(name)), ..hello() };
        settings(&conversation, "m").0["user"].as_str().unwrap().to_owned()
    };
    assert_eq!(user("u".repeat(64)), "u".repeat(64));
    let short = user("u".repeat(65));
    assert_eq!(short.len(), 21);
    assert_eq!(user("u".repeat(65)), short);
    assert_ne!(user("u".repeat(66)), short);
}

#[test]
fn only_openai_is_asked_to_keep_answers() {
    let store = |store, model| settings(&Conversation { store, ..hello() }, model);
    assert_eq!(store(Some(false), "gpt-5"), (json!({"store": false}), vec![]));
    assert_eq!(store(Some(true), "gpt-5"), (json!({"store": true}), vec![]));
    assert_eq!(store(Some(false), "llama"), (json!({}), vec![]));
    let lost = vec!["-store has no counterpart".to_owned()];
    assert_eq!(store(Some(true), "llama"), (json!({}), lost));
}

#[test]
fn forms_of_the_answer_are_written() {
    let format = |format| settings(&Conversation { format: Some(format), ..hello() }, "m").0;
    let wanted = json!({"response_format": {"type": "json_object"}});
    assert_eq!(format(AnswerFormat::Json), wanted);
    let schema = |name| AnswerFormat::Schema {
        name,
        description: Some(JsonText::of("d")),
        schema: r#"{"type":"object","additionalProperties":false}"#,
        strict: Some(true),
    };
    let wanted = |name: &str| {
        let schema = json!({"type": "object", "additionalProperties": false});
        let schema = json!({"name": name, "description": "d", "schema": schema, "strict": true});
        json!({"response_format": {"type": "json_schema", "json_schema": schema}})
    };
    assert_eq!(format(schema(Some(JsonText::of("car")))), wanted("car"));
    assert_eq!(format(schema(None)), wanted("answer"));
    assert_eq!(format(schema(Some(JsonText::of("two words")))), wanted("answer"));
}

#[test]
fn what_openai_cannot_follow_strictly_is_not_strict() {
    let schema = r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#;
    let strict = Some(true);
    let format = AnswerFormat::Schema { name: None, description: None, schema, strict };
    let tools = vec![Tool { schema: Some(schema), strict, ..tool("f") }];
    let asked = Conversation { format: Some(format), tools, ..hello() };
    let (body, lost) = settings(&asked, "m");
    assert_eq!(body["response_format"]["json_schema"].get("strict"), None);
    assert_eq!(body["tools"][0]["function"].get("strict"), None);
    assert_eq!(lost.len(), 2, "{lost:?}");
}

#[test]
fn tools_are_written() {
    let conversation = Conversation {
        tools: vec![
            Tool {
                description: Some(JsonText::Escaped("d\\n")),
                schema: Some(r#"{"z": 1.0, "type": "object", "additionalProperties": false}"#),
                strict: Some(true),
                ..tool("f")
            },
            Tool { strict: Some(false), ..tool("files.read") },
        ],
        tool_choice: Some(ToolChoice::Named(JsonText::of("files.read"))),
        parallel_tools: Some(false),
        ..hello()
    };
    let (body, lost) = settings(&conversation, "m");
    let short = body["tools"][1]["function"]["name"].as_str().unwrap();
    assert!(short.starts_with("files_read_"), "{short}");
    let schema = json!({"z": 1.0, "type": "object", "additionalProperties": false});
    let function = json!({"name": "f", "description": "d\n", "parameters": schema, "strict": true});
    let wanted = json!({
        "tools": [
            {"type": "function", "function": function},
            {"type": "function", "function": {"name": short}},
        ],
        "tool_choice": {"type": "function", "function": {"name": short}},
        "parallel_tool_calls": false,
    });
    assert_eq!((&body, lost), (&wanted, vec![]));
}

#[test]
fn models_that_think_only_without_tools_are_told_not_to_think() {
    let with = |reasoning, tools| Conversation { reasoning, tools, ..hello() };
    let effort = Some(Reasoning::Effort(Effort::High));
    let told = |conversation: &Conversation<'static>| {
        let (body, lost) = settings(conversation, "gpt-5.6");
        (body["reasoning_effort"].clone(), lost.len())
    };
    assert_eq!(told(&with(None, vec![tool("f")])), ("none".into(), 0));
    assert_eq!(told(&with(effort, vec![tool("f")])), ("none".into(), 1));
    assert_eq!(told(&with(Some(Reasoning::Off), vec![])), ("none".into(), 0));
    assert_eq!(told(&with(effort, vec![])), ("high".into(), 0));
    assert_eq!(told(&with(None, vec![])), (Value::Null, 0));
}

#[test]
fn a_schema_is_copied_as_it_is_written() {
    let schema = r#"{"z": 1.0, "a": {"é":"\u00e9"}}"#;
    let conversation =
        Conversation { tools: vec![Tool { schema: Some(schema), ..tool("f") }], ..hello() };
    let mut losses = super::Losses::default();
    let mut target =
        super::ModelTarget { model: "m", max_tokens: 1, names: super::ToolNames::default() };
    let body = super::super::write_request(
        ChatModel::of(target.model),
        &conversation,
        &mut target,
        &mut losses,
    );
    assert!(body.contains(&format!(r#""parameters":{schema}"#)), "{body}");
}

#[test]
fn choices_of_tools_are_written_where_there_are_tools() {
    let choose = |choice, tools: &[&'static str]| {
        let tools = tools.iter().map(|name| tool(name)).collect();
        let parallel_tools = Some(true);
        settings(&Conversation { tool_choice: Some(choice), tools, parallel_tools, ..hello() }, "m")
    };
    let word = |choice| choose(choice, &["f"]).0["tool_choice"].clone();
    assert_eq!(word(ToolChoice::Auto), "auto");
    assert_eq!(word(ToolChoice::Never), "none");
    assert_eq!(word(ToolChoice::Any), "required");
    assert_eq!(choose(ToolChoice::Auto, &[]), (json!({}), vec![]));
    assert_eq!(choose(ToolChoice::Never, &[]), (json!({}), vec![]));
    let lost = vec!["!tool_choice requires a tool call, but there are no tools".to_owned()];
    assert_eq!(choose(ToolChoice::Any, &[]), (json!({}), lost));
}

#[test]
fn ten_thousand_tools_with_long_names_are_written() {
    let names = (0..10_000).map(|at| format!("{}{at}", "long.".repeat(20)));
    let tools = names.map(|name| Tool { name: JsonText::made(name), ..tool("") }).collect();
    let (body, lost) = settings(&Conversation { tools, ..hello() }, "m");
    let written = body["tools"].as_array().unwrap();
    let names = written.iter().map(|tool| tool["function"]["name"].as_str().unwrap());
    assert_eq!(names.collect::<std::collections::HashSet<_>>().len(), 10_000);
    assert_eq!(lost, [""; 0]);
}
