//! How settings, tools and the form of the answer are read.

use super::super::super::conversation::{AnswerFormat, Effort, Reasoning, ToolChoice};
use super::super::super::made::EFFORT_WORDS;
use super::super::super::text::JsonText;
use super::outline::mark;
use super::{read, told};

fn with(members: &str) -> String {
    format!(r#"{{"messages":[],{members}}}"#)
}

/// Returns the losses of a request with these members.
fn lost(members: &str) -> Vec<String> {
    told(&read(&with(members)).1)
}

#[test]
fn settings_are_read_as_they_are_written() {
    let (conversation, losses) = read(&with(
        r#""model":"m","max_completion_tokens":100,"temperature":0.70,"top_p":1e-1,"top_k":40,
           "frequency_penalty":-0.5,"presence_penalty":0,"seed":-7,"stop":["a\n","b"],"user":"u",
           "safety_identifier":"u","store":false,"stream":true,
           "stream_options":{"include_usage":true,"include_obfuscation":false},
           "parallel_tool_calls":false,"n":1,"logprobs":false,"top_logprobs":0,"service_tier":"auto",
           "verbosity":"medium","modalities":["text"],"metadata":{},"logit_bias":null"#,
    ));
    assert_eq!(told(&losses), [""; 0]);
    assert_eq!(conversation.max_tokens, Some(100));
    let sampling = conversation.sampling;
    let numbers = [
        sampling.temperature,
        sampling.top_p,
        sampling.top_k,
        sampling.frequency_penalty,
        sampling.presence_penalty,
        sampling.seed,
    ];
    assert_eq!(
        numbers,
        [Some("0.70"), Some("1e-1"), Some("40"), Some("-0.5"), Some("0"), Some("-7")]
    );
    let stop: Vec<_> = conversation.stop.iter().map(JsonText::plain).collect();
    assert_eq!(stop, ["a\n", "b"]);
    assert!(conversation.user.unwrap().is("u"));
    assert_eq!((conversation.store, conversation.parallel_tools), (Some(false), Some(false)));
    assert!(conversation.stream && conversation.stream_usage);
}

#[test]
fn both_names_of_a_setting_count() {
    let limit = |members: &str| read(&with(members)).0.max_tokens;
    assert_eq!(limit(r#""max_tokens":5"#), Some(5));
    assert_eq!(limit(r#""max_tokens":5,"max_completion_tokens":5.0"#), Some(5));
    assert_eq!(
        lost(r#""max_tokens":5,"max_completion_tokens":6"#),
        ["!max_tokens contradicts `max_completion_tokens`"]
    );
    assert!(read(&with(r#""safety_identifier":"s""#)).0.user.unwrap().is("s"));
    assert_eq!(
        lost(r#""user":"u","safety_identifier":"s""#),
        ["-safety_identifier has no counterpart together with `user`"]
    );
    let stop = read(&with(r#""stop":"a""#)).0.stop;
    assert!(stop.len() == 1 && stop[0].is("a"));
}

#[test]
fn what_only_changes_how_an_answer_is_made_is_left_out() {
    let dropped = [
        ("logit_bias", r#"{"50256":-100}"#),
        ("metadata", r#"{"a":"b"}"#),
        ("min_p", "0.1"),
        ("prediction", r#"{"type":"content","content":"a"}"#),
        ("prompt_cache_key", r#""k""#),
        ("prompt_cache_options", r#"{"mode":"explicit"}"#),
        ("prompt_cache_retention", r#""24h""#),
        ("repetition_penalty", "1.1"),
        ("service_tier", r#""flex""#),
        ("tags", r#"["a"]"#),
        ("verbosity", r#""low""#),
    ];
    for (name, value) in dropped {
        let members = format!("\"{name}\":{value}");
        assert_eq!(lost(&members), [format!("-{name} has no counterpart")]);
    }
    assert_eq!(
        lost(r#""stream_options":{"include_obfuscation":true}"#),
        ["-stream_options.include_obfuscation has no counterpart"]
    );
}

#[test]
fn what_changes_the_answer_is_refused() {
    let refused = [
        ("audio", r#"{"voice":"alloy","format":"wav"}"#, "has no counterpart"),
        ("logprobs", "true", "has no counterpart"),
        ("modalities", r#"["text","audio"]"#, "asks for more than text"),
        ("moderation", r#"{"model":"m"}"#, "has no counterpart"),
        ("n", "2", "has no counterpart"),
        ("n", "0", "has no counterpart"),
        ("top_logprobs", "2", "has no counterpart"),
        ("web_search_options", "{}", "has no counterpart"),
        ("models", r#"["a"]"#, "is not known to the translation"),
        ("n", "\"1\"", "is not a whole number"),
        ("temperature", "\"1\"", "is not a number"),
        ("stream", "1", "is neither true nor false"),
        ("user", "7", "is not a text"),
        ("stop", "7", "is not a text"),
        ("tools", "{}", "is not a list"),
        ("reasoning_effort", "\"extreme\"", "is \"extreme\", which has no counterpart"),
        ("tool_choice", "\"some\"", "is \"some\", which has no counterpart"),
        ("function_call", "\"required\"", "is \"required\", which has no counterpart"),
        ("response_format", "{}", ""),
    ];
    for (name, value, why) in refused {
        let lost = lost(&format!("\"{name}\":{value}"));
        if why.is_empty() {
            assert_eq!(lost, [format!("!{name}.type is missing")]);
        } else {
            assert_eq!(lost, [format!("!{name} {why}")]);
        }
    }
    assert_eq!(lost(r#""stop":["a",7]"#), ["!stop[1] is not a text"]);
    assert_eq!(told(&read("{}").1), ["!messages is missing"]);
    assert_eq!(told(&read("[]").1), ["!the body is not an object", "!messages is missing"]);
    assert_eq!(
        told(&read(r#"{"messages":[],"n":1,"n":1,"mess\u0061ges":[]}"#).1),
        ["!n is given twice", "!messages is given twice"]
    );
}

#[test]
fn wishes_to_think_are_read() {
    let thinks = |members: &str| read(&with(members)).0.reasoning;
    for (word, wanted) in EFFORT_WORDS {
        assert_eq!(thinks(&format!(r#""reasoning_effort":"{word}""#)), Some(wanted));
    }
    let objects = [
        (r#""thinking":{"type":"enabled","budget_tokens":2048}"#, Reasoning::Budget(2048)),
        (r#""thinking":{"type":"disabled"},"reasoning_effort":"low""#, Reasoning::Off),
        (r#""thinking":{"type":"adaptive"}"#, Reasoning::Adaptive),
        (
            r#""thinking":{"type":"enabled"},"reasoning_effort":"low""#,
            Reasoning::Effort(Effort::Low),
        ),
    ];
    for (members, wanted) in objects {
        assert_eq!(thinks(members), Some(wanted), "{members}");
    }
    assert_eq!(
        lost(r#""thinking":{"type":"x"}"#),
        ["!thinking.type is \"x\", which has no counterpart"]
    );
}

#[test]
fn forms_of_the_answer_are_read() {
    let format = |value: &str| {
        let (conversation, losses) = read(&with(&format!(r#""response_format":{value}"#)));
        (conversation.format, told(&losses))
    };
    assert_eq!(format(r#"{"type":"text"}"#), (None, vec![]));
    assert_eq!(format(r#"{"type":"json_object"}"#), (Some(AnswerFormat::Json), vec![]));
    let (read, losses) = format(
        r#"{"type":"json_schema","json_schema":{"name":"car","description":"d","strict":true,
            "schema":{"z": 1.0, "a": []}}}"#,
    );
    let wanted = AnswerFormat::Schema {
        name: Some(JsonText::Escaped("car")),
        description: Some(JsonText::Escaped("d")),
        schema: r#"{"z": 1.0, "a": []}"#,
        strict: Some(true),
    };
    assert_eq!((read, losses), (Some(wanted), vec![]));
    let bad = [
        (r#"{"type":"grammar"}"#, "!response_format.type is \"grammar\", which has no counterpart"),
        (r#"{"type":"json_schema"}"#, "!response_format.json_schema is missing"),
        (
            r#"{"type":"json_schema","json_schema":{"name":"a"}}"#,
            "!response_format.json_schema.schema is missing",
        ),
        (
            r#"{"type":"json_schema","json_schema":{"schema":true}}"#,
            "!response_format.json_schema.schema is not an object",
        ),
    ];
    for (value, why) in bad {
        assert_eq!(format(value), (None, vec![why.to_owned()]));
    }
}

#[test]
fn tools_are_read() {
    let (conversation, losses) = read(&with(
        r#""tools":[
            {"type":"function","function":{"name":"f","description":"d\n","strict":true,
                "parameters":{"type":"object","properties":{"b":{},"a":{}}}}},
            {"function":{"name":"g"},"cache_control":{"type":"ephemeral"}}],
           "functions":[{"name":"h","parameters":{}}]"#,
    ));
    assert_eq!(told(&losses), [""; 0]);
    let tools = conversation.tools.iter().map(|tool| {
        let description = tool.description.as_ref().map(JsonText::plain).unwrap_or_default();
        let cache = mark(tool.cache.as_ref());
        format!("{} {description:?} {:?} {:?}{cache}", tool.name.plain(), tool.schema, tool.strict)
    });
    assert_eq!(
        tools.collect::<Vec<_>>(),
        [
            r#"f "d\n" Some("{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{}}}") Some(true)"#,
            r#"g "" None None#cache"#,
            r#"h "" Some("{}") None"#,
        ]
    );
    assert_eq!(
        lost(
            r#""tools":[{"type":"custom","custom":{"name":"patch"}},{"type":"web_search"},
                {"type":"function"},{"type":"function","function":{"parameters":{}}},
                {"type":"function","name":"f"},{"function":{"name":"f","parameters":[]}}]"#
        ),
        [
            "!tools[0].type of \"patch\" is \"custom\", which has no counterpart",
            "!tools[1].type is \"web_search\", which has no counterpart",
            "!tools[2].function is missing",
            "!tools[3].function.name is missing",
            "!tools[4].name is not known to the translation",
            "!tools[4].function is missing",
            "!tools[5].function.parameters is not an object",
        ]
    );
}

#[test]
fn choices_of_tools_are_read() {
    let choice = |members: &str| read(&with(members)).0.tool_choice;
    let named = Some(ToolChoice::Named(JsonText::Escaped("f")));
    assert_eq!(choice(r#""tool_choice":"auto""#), Some(ToolChoice::Auto));
    assert_eq!(choice(r#""tool_choice":"none""#), Some(ToolChoice::Never));
    assert_eq!(choice(r#""tool_choice":"required""#), Some(ToolChoice::Any));
    assert_eq!(choice(r#""tool_choice":"any""#), Some(ToolChoice::Any));
    assert_eq!(choice(r#""tool_choice":{"type":"function","function":{"name":"f"}}"#), named);
    assert_eq!(choice(r#""function_call":{"name":"f"}"#), named);
    assert_eq!(choice(r#""function_call":"none""#), Some(ToolChoice::Never));
    assert_eq!(
        lost(
            r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#
        ),
        ["!tool_choice.type is \"allowed_tools\", which has no counterpart"]
    );
    assert_eq!(
        lost(r#""tool_choice":"auto","function_call":"none""#),
        ["!function_call contradicts `tool_choice`"]
    );
}
