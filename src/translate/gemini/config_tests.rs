//! How the answer is made, as Google is told.

use serde_json::{Value, json};

use super::super::conversation::{AnswerFormat, Conversation, Effort, Reasoning, Sampling};
use super::super::made::{MadeRequest, hello, tool};
use super::super::text::JsonText;
use super::request_tests::{BUDGET, LEVEL, refused, written};

#[test]
fn the_making_of_the_answer_is_carried() {
    let sampling = Sampling {
        temperature: Some("1.50"),
        top_p: Some("0.9"),
        top_k: Some("40"),
        frequency_penalty: Some("0.1"),
        presence_penalty: Some("0"),
        seed: Some("-7"),
    };
    let stop = vec![JsonText::of("\n"); 5];
    let made = Conversation { sampling, max_tokens: Some(100), stop, ..hello() };
    let MadeRequest { text, dropped, refused: none, .. } = written(BUDGET, &made);
    let config = concat!(
        r#""generationConfig":{"maxOutputTokens":100,"temperature":1.50,"topP":0.9,"topK":40,"#,
        r#""seed":-7,"frequencyPenalty":0.1,"stopSequences":["\n","\n","\n","\n","\n"]}"#
    );
    assert!(text.contains(config), "{text}");
    assert_eq!((dropped, none), (vec![], vec![]));
    let made = Conversation { stop: vec![JsonText::of("a"); 6], ..hello() };
    let why = "stop has more than 5 stop sequences, the most that generateContent accepts";
    assert_eq!(refused(&made), why);
    let sampling = Sampling { seed: Some("9007199254740993"), ..Sampling::default() };
    let MadeRequest { dropped, .. } = written(BUDGET, &Conversation { sampling, ..hello() });
    assert_eq!(dropped, ["seed is outside the range that generateContent accepts"]);
}

#[test]
fn thinking_is_asked_for() {
    let of = |model: &str, reasoning| {
        let made = Conversation { reasoning: Some(reasoning), ..hello() };
        let MadeRequest { mut body, dropped, .. } = written(model, &made);
        (body["generationConfig"]["thinkingConfig"].take(), dropped.join(""))
    };
    let none = String::new();
    let effort = Reasoning::Effort(Effort::Medium);
    let rows = [
        (BUDGET, effort, json!({"thinkingBudget": 8192, "includeThoughts": true}), &*none),
        (BUDGET, Reasoning::Adaptive, json!({"thinkingBudget": -1, "includeThoughts": true}), ""),
        (BUDGET, Reasoning::Off, json!({"thinkingBudget": 0}), ""),
        (LEVEL, effort, json!({"thinkingLevel": "MEDIUM", "includeThoughts": true}), ""),
        (LEVEL, Reasoning::Adaptive, json!({"includeThoughts": true}), ""),
        (
            LEVEL,
            Reasoning::Off,
            json!({"thinkingLevel": "MINIMAL"}),
            "reasoning cannot be turned off for this model",
        ),
        ("gemini-2.0-flash", effort, Value::Null, "reasoning is not accepted by this model"),
        ("gemini-2.0-flash", Reasoning::Off, Value::Null, ""),
    ];
    for (model, reasoning, config, why) in rows {
        assert_eq!(of(model, reasoning), (config, why.to_owned()), "{model} {reasoning:?}");
    }
}

#[test]
fn an_answer_has_a_form() {
    let schema = r#"{"z": "\"", "a": 1.0}"#;
    let format = AnswerFormat::Schema { name: None, description: None, schema, strict: None };
    let made = Conversation { format: Some(format), ..hello() };
    let MadeRequest { text, .. } = written(BUDGET, &made);
    let config =
        format!(r#"{{"responseMimeType":"application/json","responseJsonSchema":{schema}}}"#);
    assert!(text.contains(&config), "{text}");
    let description = Some(JsonText::of("d"));
    let format = AnswerFormat::Schema { name: None, description, schema, strict: None };
    let MadeRequest { dropped, .. } =
        written(BUDGET, &Conversation { format: Some(format), ..hello() });
    let why = "response_format has a description, which has no counterpart in generateContent";
    assert_eq!(dropped, [why]);
    let json_alone = Conversation { format: Some(AnswerFormat::Json), ..hello() };
    let MadeRequest { body, refused: none, .. } = written(BUDGET, &json_alone);
    assert_eq!(body["generationConfig"], json!({"responseMimeType": "application/json"}));
    assert_eq!(none, Vec::<String>::new());
    let with_tools = Conversation { tools: vec![tool("t", None)], ..made };
    assert_eq!(
        refused(&with_tools),
        "response_format is not accepted by this model together with tools"
    );
    assert_eq!(written(LEVEL, &with_tools).refused, Vec::<String>::new());
}
