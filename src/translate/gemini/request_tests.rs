//! Requests as Google gets them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::api::ProviderApi;
use super::super::conversation::{
    BlockContent, ContentBlock, Conversation, MediaSource, TalkTurn, ToolChoice, TurnRole,
};
use super::super::made::{
    MadeRequest, any_conversation, call, conversation, data, document, hello, image, marked, model,
    result, text, thought, tool, user,
};
use super::super::text::JsonText;

pub(super) const BUDGET: &str = "gemini-2.5-flash";
pub(super) const LEVEL: &str = "gemini-3-flash-preview";

pub(super) fn written(model: &str, conversation: &Conversation<'_>) -> MadeRequest {
    super::super::made::written(ProviderApi::Gemini, model, conversation)
}

/// Returns the contents for a model, of which nothing is lost.
fn contents(model: &str, turns: Vec<TalkTurn<'_>>) -> Value {
    let MadeRequest { mut body, dropped, refused, .. } = written(model, &conversation(turns));
    assert_eq!((dropped, refused), (vec![], vec![]));
    body["contents"].take()
}

/// Asserts that the conversation is refused, and returns why.
pub(super) fn refused(conversation: &Conversation<'_>) -> String {
    written(BUDGET, conversation).refused.join("; ")
}

fn signed<'a>(id: &'a str, signature: &'a str) -> BlockContent<'a> {
    let BlockContent::ToolCall { id, name, input, .. } = call(id, "t", "{}") else { panic!() };
    BlockContent::ToolCall { id, name, input, signature: Some(JsonText::of(signature)) }
}

#[test]
fn the_model_and_the_stream_are_not_in_the_body() {
    let made = Conversation { stream: true, stream_usage: true, ..hello() };
    let MadeRequest { text, dropped, refused, .. } = written(BUDGET, &made);
    assert_eq!(text, r#"{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}"#);
    assert_eq!((dropped, refused), (vec![], vec![]));
}

#[test]
fn roles_change_with_each_content() {
    let turns = vec![
        user(vec![text("a")]),
        user(vec![text(""), text("b")]),
        model(vec![BlockContent::Refusal(JsonText::of("no")), text("c")]),
        user(vec![text("d")]),
    ];
    assert_eq!(
        contents(BUDGET, turns),
        json!([
            {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
            {"role": "model", "parts": [{"text": "no"}, {"text": "c"}]},
            {"role": "user", "parts": [{"text": "d"}]},
        ])
    );
    let why = "messages have no user message, which the provider does not accept";
    assert_eq!(refused(&conversation(vec![])), why);
}

#[test]
fn instructions_stand_apart() {
    let system = |text: &'static str| ContentBlock::of(BlockContent::Text(JsonText::of(text)));
    let first = TalkTurn { role: TurnRole::System, blocks: vec![system("b")] };
    let made = Conversation {
        system: vec![system("a")],
        turns: vec![first, user(vec![text("c")])],
        ..Conversation::default()
    };
    let MadeRequest { body, dropped, .. } = written(BUDGET, &made);
    assert_eq!(body["systemInstruction"], json!({"parts": [{"text": "a"}, {"text": "b"}]}));
    assert_eq!(dropped, Vec::<String>::new());
}

#[test]
fn media_are_inline_or_fetched() {
    let url = |url: &'static str| MediaSource::Url(JsonText::of(url));
    let blocks = vec![
        image(data("image/jpg", "AAAA")),
        document(data("application/pdf", "JVBE"), None),
        document(MediaSource::Text(JsonText::of("plain")), None),
        BlockContent::Audio(data("audio/wav", "UklG")),
        image(url("https://a.example/b.PNG?c=d.gif")),
        image(url("https://a.example/b")),
        image(url("gs://bucket/b.webp")),
        document(url("https://www.youtube.com/watch?v=1"), None),
    ];
    let png = json!({"mimeType": "image/png", "fileUri": "https://a.example/b.PNG?c=d.gif"});
    assert_eq!(
        contents(BUDGET, vec![user(blocks)])[0]["parts"],
        json!([
            {"inlineData": {"mimeType": "image/jpeg", "data": "AAAA"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
            {"text": "plain"},
            {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}},
            {"fileData": png},
            {"fileData": {"fileUri": "https://a.example/b"}},
            {"fileData": {"mimeType": "image/webp", "fileUri": "gs://bucket/b.webp"}},
            {"fileData": {"fileUri": "https://www.youtube.com/watch?v=1"}},
        ])
    );
}

#[test]
fn media_that_are_not_taken_are_refused() {
    let of = |content| refused(&conversation(vec![user(vec![content])]));
    let type_of = "is of a type that generateContent does not accept";
    assert_eq!(of(image(data("image/gif", "R0lG"))), format!("an image {type_of}"));
    let zip = document(data("application/zip", "UEsD"), None);
    assert_eq!(of(zip), format!("a document {type_of}"));
    let url = "has a URL that generateContent does not fetch";
    for scheme in ["http://a/b.png", "file:///etc/passwd", "ftp://a/b", "data:,", "é"] {
        let image = image(MediaSource::Url(JsonText::of(scheme)));
        assert_eq!(of(image), format!("an image {url}"), "{scheme}");
    }
}

#[test]
fn results_are_named_after_their_calls_and_stand_in_their_order() {
    let failed = BlockContent::ToolResult {
        id: JsonText::of("2"),
        is_error: true,
        blocks: vec![ContentBlock::of(text("no"))],
    };
    let object = r#"{"output":1}"#;
    let turns = vec![
        user(vec![text("a")]),
        model(vec![
            text("b"),
            call("1", "t", r#"{ "z":1, "a":2 }"#),
            call("2", "u", "{}"),
            call("3", "t", "{}"),
        ]),
        user(vec![text("also"), failed]),
        user(vec![result("3", vec![text("x"), text(""), text("y")])]),
        user(vec![result("1", vec![text(object)])]),
    ];
    let found = contents(BUDGET, turns);
    assert_eq!(
        found,
        json!([
            {"role": "user", "parts": [{"text": "a"}]},
            {"role": "model", "parts": [
                {"text": "b"},
                {"functionCall": {"name": "t", "args": {"z": 1, "a": 2}}},
                {"functionCall": {"name": "u", "args": {}}},
                {"functionCall": {"name": "t", "args": {}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"name": "t", "response": {"output": object}}},
                {"functionResponse": {"name": "u", "response": {"error": "no"}}},
                {"functionResponse": {"name": "t", "response": {"output": ["x", "y"]}}},
            ]},
            {"role": "user", "parts": [{"text": "also"}]},
        ])
    );
    let stray = conversation(vec![user(vec![result("9", vec![])])]);
    assert_eq!(refused(&stray), "a tool's result belongs to no call before it");
}

#[test]
fn ids_may_be_used_again() {
    let turns = vec![
        user(vec![text("a")]),
        model(vec![call("0", "t", "{}")]),
        user(vec![result("0", vec![])]),
        model(vec![call("0", "u", "{}")]),
        user(vec![result("0", vec![])]),
    ];
    let found = contents(BUDGET, turns);
    assert_eq!(found[2]["parts"][0]["functionResponse"]["name"], "t");
    assert_eq!(found[4]["parts"][0]["functionResponse"]["name"], "u");
    assert_eq!(found[4]["parts"][0]["functionResponse"]["response"], json!({"output": ""}));
}

#[test]
fn ids_may_come_again_in_a_later_turn() {
    let calls = || model(vec![call("1", "a", "{}"), call("2", "b", "{}")]);
    let first = user(vec![result("1", vec![text("x")]), result("2", vec![text("y")])]);
    let later = user(vec![result("2", vec![text("y")]), result("1", vec![text("x")])]);
    let turns = vec![user(vec![text("hi")]), calls(), first, calls(), later];
    let contents = contents(BUDGET, turns);
    assert_eq!(contents[4], contents[2]);
}

#[test]
fn images_in_results_go_by_model() {
    let turns = || {
        let seen = vec![text("see"), image(data("image/png", "AAAA"))];
        let far = vec![image(MediaSource::Url(JsonText::of("https://a/b.png")))];
        vec![
            user(vec![text("a")]),
            model(vec![signed("1", "c2ln"), call("2", "t", "{}")]),
            user(vec![result("1", seen), result("2", far), text("b")]),
        ]
    };
    let near = json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}});
    let far = json!({"fileData": {"mimeType": "image/png", "fileUri": "https://a/b.png"}});
    let response =
        |id: &str, output: &str| json!({"name": "t", "id": id, "response": {"output": output}});
    let mut nested = response("1", "see");
    nested["parts"] = json!([near]);
    let found = contents(LEVEL, turns());
    assert_eq!(
        found[2]["parts"],
        json!([{"functionResponse": nested}, {"functionResponse": response("2", "")}])
    );
    assert_eq!(found[3], json!({"role": "user", "parts": [far, {"text": "b"}]}));
    let found = contents(BUDGET, turns());
    assert_eq!(
        found[2]["parts"],
        json!([
            {"functionResponse": {"name": "t", "response": {"output": "see"}}},
            {"functionResponse": {"name": "t", "response": {"output": ""}}},
        ])
    );
    assert_eq!(found[3], json!({"role": "user", "parts": [near, far, {"text": "b"}]}));
}

#[test]
fn signatures_are_kept_or_stood_in_for() {
    let turns = || {
        vec![
            user(vec![text("a")]),
            model(vec![signed("1", "Cs0B+/=="), call("2", "t", "{}")]),
            user(vec![result("1", vec![]), result("2", vec![])]),
            model(vec![text("b"), call("3", "t", "{}"), call("4", "t", "{}")]),
            user(vec![result("3", vec![]), result("4", vec![])]),
        ]
    };
    let of = |model: &str| {
        let found = contents(model, turns());
        let calls = [(1, 0), (1, 1), (3, 1), (3, 2)];
        calls.map(|(content, part)| found[content]["parts"][part]["thoughtSignature"].clone())
    };
    let kept = json!("Cs0B+/==");
    let stood_in = json!("skip_thought_signature_validator");
    assert_eq!(of(LEVEL), [kept.clone(), Value::Null, stood_in, Value::Null]);
    assert_eq!(of(BUDGET), [kept, Value::Null, Value::Null, Value::Null]);
}

#[test]
fn thinking_is_left_out() {
    let redacted = BlockContent::RedactedThinking(JsonText::of("ZW5j"));
    let thoughts = vec![thought("hm", Some("c2ln")), redacted];
    let made = conversation(vec![
        user(vec![text("a")]),
        model(thoughts),
        user(vec![text("b")]),
        model(vec![thought("hm", None), text("c")]),
        user(vec![text("d")]),
    ]);
    let MadeRequest { body, dropped, .. } = written(LEVEL, &made);
    let said = body["contents"].as_array().unwrap();
    assert_eq!(said.len(), 3);
    assert_eq!(said[0]["parts"], json!([{"text": "a"}, {"text": "b"}]));
    assert_eq!(said[1]["parts"], json!([{"text": "c"}]));
    assert_eq!(dropped, ["thinking cannot be sent back to generateContent"]);
}

#[test]
fn tools_are_declared_and_chosen_from() {
    let schema = r#"{"type":"object","properties":{"z":{"maximum":1.0e3},"a":{}}}"#;
    let mut described = tool("a.b", Some(schema));
    described.description = Some(JsonText::of("does"));
    let made = |choice: Option<ToolChoice<'static>>| Conversation {
        tools: vec![described.clone(), tool("2 much", None)],
        tool_choice: choice,
        ..hello()
    };
    let MadeRequest { body, text, renamed, .. } = written(BUDGET, &made(None));
    let other = renamed.keys().next().cloned().unwrap();
    assert_eq!(renamed, BTreeMap::from([(other.clone(), "2 much".to_owned())]));
    assert!(other.starts_with("_2_much_"));
    assert!(text.contains(&format!(r#""parametersJsonSchema":{schema}"#)));
    let declared = &body["tools"][0]["functionDeclarations"];
    assert_eq!(
        (&declared[0]["name"], &declared[0]["description"]),
        (&json!("a.b"), &json!("does"))
    );
    assert_eq!(declared[1], json!({"name": other}));
    assert_eq!(body.get("toolConfig"), None);
    let named = ToolChoice::Named(JsonText::of("2 much"));
    let rows = [
        (ToolChoice::Auto, json!({"mode": "AUTO"})),
        (ToolChoice::Never, json!({"mode": "NONE"})),
        (ToolChoice::Any, json!({"mode": "ANY"})),
        (named, json!({"mode": "ANY", "allowedFunctionNames": [other]})),
    ];
    for (choice, config) in rows {
        let MadeRequest { body, .. } = written(BUDGET, &made(Some(choice)));
        assert_eq!(body["toolConfig"], json!({"functionCallingConfig": config}));
        assert_eq!(body["tools"][0]["functionDeclarations"].as_array().unwrap().len(), 2);
    }
    let demanded = Conversation { tool_choice: Some(ToolChoice::Any), ..hello() };
    assert_eq!(refused(&demanded), "tool_choice requires a tool call, but there are no tools");
}

#[test]
fn what_has_no_counterpart_is_named_once() {
    let mut strict = tool("t", None);
    strict.strict = Some(true);
    let mut said = user(vec![document(data("application/pdf", "JVBE"), Some("a.pdf"))]);
    said.blocks.extend([marked(text("a")), marked(text("b"))]);
    let made = Conversation {
        user: Some(JsonText::of("me")),
        store: Some(true),
        parallel_tools: Some(false),
        tools: vec![strict],
        ..conversation(vec![said])
    };
    let MadeRequest { dropped, refused, .. } = written(BUDGET, &made);
    let places = ["user", "store", "cache_control", "strict", "the name of a document"];
    let wanted = places.map(|place| format!("{place} has no counterpart in generateContent"));
    let single = "parallel_tool_calls is false, which this API cannot ensure".to_owned();
    assert_eq!((dropped, refused), (wanted.to_vec(), vec![single]));
}

#[test]
fn much_takes_no_time_that_grows_with_its_square() {
    let names: Vec<String> = (0..10_000).map(|at| format!("tool {at}")).collect();
    let long = "x\\".repeat(1 << 16);
    let made = Conversation {
        tools: names.iter().map(|name| tool(name, None)).collect(),
        ..conversation(vec![
            user(vec![text("a")]),
            model(names.iter().map(|name| call(name, name, "{}")).collect()),
            user(names.iter().rev().map(|name| result(name, vec![text("r")])).collect()),
            user(vec![text(&long)]),
        ])
    };
    let MadeRequest { body, renamed, .. } = written(LEVEL, &made);
    assert_eq!(body["contents"][2]["parts"].as_array().unwrap().len(), 10_000);
    assert_eq!(renamed.len(), 10_000);
}

proptest::proptest! {
    #[test]
    fn every_conversation_becomes_json(made in any_conversation()) {
        for model in [BUDGET, LEVEL, "gemini-2.0-flash"] {
            let MadeRequest { body, .. } = written(model, &made);
            proptest::prop_assert!(body.is_object());
        }
    }
}
