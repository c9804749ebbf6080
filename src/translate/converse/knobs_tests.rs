//! How the answer is made, as Amazon is told: sampling, thinking, tools and the form of the answer.

use serde_json::{Value, json};

use super::super::conversation::{
    AnswerFormat, BlockContent, Conversation, Effort, Reasoning, Sampling, ToolChoice,
};
use super::super::made::{
    MadeRequest, call, conversation, data, hello, model, result, text, thought, tool, user,
};
use super::super::text::JsonText;
use super::request_tests::{CLAUDE, GPT, NEWEST, NOVA, refused, written};

fn sampled() -> Conversation<'static> {
    let sampling = Sampling {
        temperature: Some("0.50"),
        top_p: Some("0.9"),
        top_k: Some("40"),
        ..Sampling::default()
    };
    Conversation { sampling, max_tokens: Some(100), stop: vec![JsonText::of("\n")], ..hello() }
}

#[test]
fn the_making_of_the_answer_goes_by_family() {
    let MadeRequest { body, text, dropped, .. } = written(CLAUDE, &sampled());
    assert!(text.contains(
        r#""inferenceConfig":{"maxTokens":100,"temperature":0.50,"topP":0.9,"stopSequences":["\n"]}"#
    ));
    assert_eq!(body["additionalModelRequestFields"], json!({"top_k": 40}));
    assert_eq!(body["additionalModelResponseFieldPaths"], json!(["/stop_sequence"]));
    assert_eq!(dropped, Vec::<String>::new());
    let MadeRequest { body, dropped, .. } = written(NOVA, &sampled());
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(body.get("additionalModelResponseFieldPaths"), None);
    assert_eq!(dropped, ["top_k has no counterpart for this model"]);
    let MadeRequest { body, dropped, .. } = written("anthropic.claude-sonnet-4-5", &sampled());
    assert_eq!(body["inferenceConfig"].get("topP"), None);
    assert_eq!(dropped, ["top_p is not accepted by this model together with a temperature"]);
    let MadeRequest { body, dropped, .. } = written(NEWEST, &sampled());
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 100, "stopSequences": ["\n"]}));
    assert_eq!(dropped.len(), 3);
}

#[test]
fn what_has_no_counterpart_is_named() {
    let sampling = Sampling {
        temperature: Some("1.5"),
        frequency_penalty: Some("0.1"),
        presence_penalty: Some("0.0"),
        seed: Some("7"),
        ..Sampling::default()
    };
    let made = Conversation {
        sampling,
        user: Some(JsonText::of("me")),
        store: Some(true),
        parallel_tools: Some(false),
        ..hello()
    };
    let MadeRequest { body, dropped, refused, .. } = written(CLAUDE, &made);
    assert_eq!(body.get("inferenceConfig"), None);
    assert_eq!(written(NOVA, &made).body["inferenceConfig"], json!({"temperature": 1}));
    let none = "has no counterpart in Bedrock Converse";
    let wanted = ["user", "store", "frequency_penalty", "seed"];
    let mut wanted = wanted.map(|place| format!("{place} {none}")).to_vec();
    wanted.push("temperature is cut to 1, the most that Bedrock Converse accepts".to_owned());
    assert_eq!((dropped, refused), (wanted, vec![]));
    let usual = Conversation { store: Some(false), parallel_tools: Some(true), ..hello() };
    assert_eq!(written(CLAUDE, &usual).dropped, Vec::<String>::new());
    let single =
        Conversation { parallel_tools: Some(false), tools: vec![tool("t", Some("{}"))], ..hello() };
    let refused = written(CLAUDE, &single).refused;
    assert_eq!(refused, ["parallel_tool_calls is false, which this API cannot ensure"]);
    let audio = BlockContent::Audio(data("audio/wav", "AAAA"));
    let refused = refused_of(audio);
    assert_eq!(refused, "audio has no counterpart in Bedrock Converse");
}

fn refused_of(content: BlockContent<'_>) -> String {
    refused(&conversation(vec![user(vec![content])]))
}

fn thinking(reasoning: Reasoning, max_tokens: Option<u64>) -> Conversation<'static> {
    Conversation { reasoning: Some(reasoning), max_tokens, ..hello() }
}

#[test]
fn thinking_stays_below_the_limit() {
    use Reasoning::{Adaptive, Budget, Effort as Word, Off};
    let enabled = |tokens: u64| json!({"type": "enabled", "budget_tokens": tokens});
    let rows = [
        (Budget(2000), Some(8000), enabled(2000), Some(8000)),
        (Budget(9000), Some(8000), enabled(7999), Some(8000)),
        (Budget(1), Some(8000), enabled(1024), Some(8000)),
        (Word(Effort::High), Some(8000), enabled(4000), Some(8000)),
        (Word(Effort::Low), Some(8000), enabled(1024), Some(8000)),
        (Word(Effort::High), Some(1500), enabled(1024), Some(1500)),
        (Word(Effort::High), Some(1025), enabled(1024), Some(1025)),
        (Word(Effort::High), Some(64_000), enabled(24_576), Some(64_000)),
        // The default of the tests is 4096.
        (Word(Effort::Medium), None, enabled(2048), Some(4096)),
        (Adaptive, None, enabled(2048), Some(4096)),
        (Adaptive, Some(64_000), enabled(8192), Some(64_000)),
        (Off, Some(8000), Value::Null, Some(8000)),
        (Off, None, Value::Null, None),
    ];
    for (reasoning, max_tokens, wanted, limit) in rows {
        let MadeRequest { body, dropped, .. } = written(CLAUDE, &thinking(reasoning, max_tokens));
        let found = &body["additionalModelRequestFields"]["thinking"];
        assert_eq!(*found, wanted, "{reasoning:?} {max_tokens:?}");
        assert_eq!(body["inferenceConfig"]["maxTokens"].as_u64(), limit);
        assert_eq!(dropped, Vec::<String>::new());
    }
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &thinking(Budget(5000), Some(1024)));
    assert_eq!(body.get("additionalModelRequestFields"), None);
    assert_eq!(
        dropped,
        ["reasoning is not accepted by this model with a limit of at most 1024 tokens"]
    );
}

#[test]
fn thinking_goes_by_family() {
    use Reasoning::{Adaptive, Budget, Effort as Word, Off};
    let adaptive = json!({"thinking": {"type": "adaptive"}});
    let either = "us.anthropic.claude-opus-4-6-v1";
    let effort = |word: &str| json!({"reasoning_effort": word});
    let rows = [
        (NEWEST, Word(Effort::Highest), adaptive.clone(), json!({"effort": "xhigh"})),
        (either, Word(Effort::Highest), adaptive.clone(), json!({"effort": "max"})),
        (either, Budget(30_000), adaptive.clone(), json!({"effort": "high"})),
        ("anthropic.claude-opus-5", Off, json!({"thinking": {"type": "disabled"}}), Value::Null),
        (NEWEST, Budget(10_000), adaptive.clone(), json!({"effort": "medium"})),
        (NEWEST, Adaptive, adaptive.clone(), Value::Null),
        (NEWEST, Off, Value::Null, Value::Null),
        (either, Word(Effort::Low), adaptive.clone(), json!({"effort": "low"})),
        (GPT, Word(Effort::Minimal), effort("low"), Value::Null),
        (GPT, Word(Effort::Highest), effort("high"), Value::Null),
        (GPT, Budget(10_000), effort("medium"), Value::Null),
        (GPT, Adaptive, Value::Null, Value::Null),
        (NOVA, Off, Value::Null, Value::Null),
    ];
    for (model, reasoning, fields, output) in rows {
        let MadeRequest { body, dropped, .. } = written(model, &thinking(reasoning, None));
        assert_eq!(body["additionalModelRequestFields"], fields, "{model} {reasoning:?}");
        assert_eq!(body["outputConfig"], output, "{model} {reasoning:?}");
        assert_eq!(body.get("inferenceConfig"), None);
        assert_eq!(dropped, Vec::<String>::new());
    }
    let MadeRequest { body, dropped, .. } =
        written("anthropic.claude-fable-5", &thinking(Off, None));
    assert_eq!(body["outputConfig"], json!({"effort": "low"}));
    assert_eq!(dropped, ["reasoning cannot be turned off for this model"]);
    let MadeRequest { body, dropped, .. } = written(GPT, &thinking(Off, None));
    assert_eq!(body["additionalModelRequestFields"], effort("low"));
    assert_eq!(dropped, ["reasoning cannot be turned off for this model"]);
    let rows = [
        (NOVA, "reasoning is not known to be accepted by this model"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "reasoning is not accepted by this model"),
    ];
    for (model, why) in rows {
        let MadeRequest { body, dropped, .. } = written(model, &thinking(Word(Effort::Low), None));
        assert_eq!(body.get("additionalModelRequestFields"), None);
        assert_eq!(dropped, [why]);
    }
}

#[test]
fn thinking_gives_way_to_what_it_cannot_stand_beside() {
    let asked = |turns| Conversation {
        reasoning: Some(Reasoning::Effort(Effort::Low)),
        tools: vec![tool("t", None)],
        ..conversation(turns)
    };
    let turns = |before: Vec<BlockContent<'static>>| {
        let mut said = before;
        said.push(call("1", "t", "{}"));
        vec![user(vec![text("a")]), model(said), user(vec![result("1", vec![text("r")])])]
    };
    let fields = |made: &Conversation<'_>| {
        let MadeRequest { body, dropped, .. } = written(CLAUDE, made);
        (body.get("additionalModelRequestFields").is_some(), dropped)
    };
    let (thinks, dropped) = fields(&asked(turns(vec![])));
    let waits = "is not accepted by this model after results of calls that came without thinking";
    assert_eq!((thinks, dropped), (false, vec![format!("reasoning {waits}")]));
    assert_eq!(fields(&asked(turns(vec![thought("a", Some("c2ln"))]))), (true, vec![]));
    let forced = Conversation { tool_choice: Some(ToolChoice::Any), ..asked(turns(vec![])) };
    let (thinks, dropped) = fields(&forced);
    assert!(!thinks && dropped[0].ends_with("together with a forced tool call"));
    let warm = Conversation {
        reasoning: Some(Reasoning::Effort(Effort::Low)),
        max_tokens: Some(8000),
        ..sampled()
    };
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &warm);
    assert_eq!(body["inferenceConfig"]["temperature"], 0.5);
    assert_eq!(body["additionalModelRequestFields"], json!({"top_k": 40}));
    let why = "is not accepted by this model together with a temperature, top_p or top_k";
    assert_eq!(dropped, [format!("reasoning {why}")]);
    let sampling =
        Sampling { temperature: Some("1.0"), top_p: Some("0.99"), ..Sampling::default() };
    let usual = Conversation { sampling, ..thinking(Reasoning::Budget(2000), Some(8000)) };
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &usual);
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 8000, "topP": 0.99}));
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["budget_tokens"], 2000);
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn tools_are_chosen_from() {
    let choose = |choice: Option<ToolChoice<'static>>| {
        let made = Conversation { tools: vec![tool("t", None)], tool_choice: choice, ..hello() };
        let MadeRequest { mut body, refused, .. } = written(CLAUDE, &made);
        assert_eq!(refused, Vec::<String>::new());
        body["toolConfig"].take()
    };
    let spec = json!({"toolSpec": {"name": "t", "inputSchema": {"json": {"type": "object"}}}});
    assert_eq!(choose(None), json!({"tools": [spec]}));
    assert_eq!(choose(Some(ToolChoice::Auto)), json!({"tools": [spec]}));
    assert_eq!(choose(Some(ToolChoice::Any)), json!({"tools": [spec], "toolChoice": {"any": {}}}));
    let named = ToolChoice::Named(JsonText::of("t"));
    assert_eq!(
        choose(Some(named)),
        json!({"tools": [spec], "toolChoice": {"tool": {"name": "t"}}})
    );
    assert_eq!(choose(Some(ToolChoice::Never)), Value::Null);
}

#[test]
fn calls_in_the_conversation_need_tools() {
    let turns = || {
        vec![
            user(vec![text("a")]),
            model(vec![call("1", "t", "{}")]),
            user(vec![result("1", vec![text("r")])]),
        ]
    };
    let demanded = Conversation {
        tools: vec![tool("t", None)],
        tool_choice: Some(ToolChoice::Any),
        ..hello()
    };
    let MadeRequest { refused: always, .. } = written("anthropic.claude-fable-5-1", &demanded);
    assert_eq!(
        always,
        ["tool_choice requires a tool call, which this model cannot be forced to make"]
    );
    let why =
        "tool_choice forbids tool calls, but Bedrock Converse cannot if the conversation has some";
    let never = Conversation {
        tools: vec![tool("t", None)],
        tool_choice: Some(ToolChoice::Never),
        ..conversation(turns())
    };
    assert_eq!(refused(&never), why);
    assert_eq!(refused(&conversation(turns())), why);
    let forced = Conversation { tool_choice: Some(ToolChoice::Any), ..hello() };
    assert_eq!(refused(&forced), "tool_choice requires a tool call, but there are no tools");
}

#[test]
fn a_tool_says_what_it_does() {
    let mut described = tool("t", Some(r#"{"type":"object"}"#));
    described.description = Some(JsonText::of("does"));
    described.strict = Some(true);
    let made = Conversation { tools: vec![described], ..hello() };
    let MadeRequest { body, dropped, .. } = written(NEWEST, &made);
    let spec = &body["toolConfig"]["tools"][0]["toolSpec"];
    assert_eq!((&spec["description"], &spec["strict"]), (&json!("does"), &json!(true)));
    assert_eq!(dropped, Vec::<String>::new());
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &made);
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"].get("strict"), None);
    assert_eq!(dropped, ["strict of tools is not accepted by this model"]);
}

#[test]
fn an_answer_has_a_form() {
    let schema = r#"{"z": "\"", "a": 1.0}"#;
    let format = AnswerFormat::Schema {
        name: Some(JsonText::of("n")),
        description: None,
        schema,
        strict: Some(true),
    };
    let made = Conversation { format: Some(format), ..hello() };
    let MadeRequest { body, refused: none, .. } = written(CLAUDE, &made);
    let structure = json!({"jsonSchema": {"schema": schema, "name": "n"}});
    assert_eq!(
        body["outputConfig"],
        json!({"textFormat": {"type": "json_schema", "structure": structure}})
    );
    assert_eq!(none, Vec::<String>::new());
    let made = Conversation { format: Some(AnswerFormat::Json), ..hello() };
    let MadeRequest { body, dropped, refused, .. } = written(CLAUDE, &made);
    assert_eq!(body.get("outputConfig"), None);
    let why =
        "response_format is JSON without a schema, which has no counterpart in Bedrock Converse";
    assert_eq!((dropped, refused), (vec![why.to_owned()], Vec::<String>::new()));
}

#[test]
fn an_error_of_a_tool_is_told_to_families_that_take_it() {
    let failed = BlockContent::ToolResult { id: JsonText::of("1"), is_error: true, blocks: vec![] };
    let turns = vec![user(vec![text("a")]), model(vec![call("1", "t", "{}")]), user(vec![failed])];
    let made = Conversation { tools: vec![tool("t", None)], ..conversation(turns) };
    let MadeRequest { body, dropped, .. } = written(GPT, &made);
    assert_eq!(
        body["messages"][2]["content"],
        json!([{"toolResult": {"toolUseId": "1", "content": []}}])
    );
    assert_eq!(dropped, ["an error in a tool's result cannot be reported to this model"]);
}
