//! Requests as Amazon gets them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::api::ProviderApi;
use super::super::conversation::{
    BlockContent, CacheMark, ContentBlock, Conversation, MediaSource, TalkTurn, ToolChoice,
    TurnRole,
};
use super::super::made::{
    MadeRequest, any_conversation, call, conversation, data, document, hello, image, marked, model,
    result, text, thought, tool, user,
};
use super::super::text::JsonText;

pub(super) const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-20250514-v1:0";
pub(super) const NEWEST: &str = "anthropic.claude-opus-4-7";
pub(super) const NOVA: &str = "amazon.nova-pro-v1:0";
pub(super) const GPT: &str = "openai.gpt-oss-120b-1:0";

pub(super) fn written(model: &str, conversation: &Conversation<'_>) -> MadeRequest {
    super::super::made::written(ProviderApi::Converse, model, conversation)
}

/// Returns the content of the messages, of which nothing is lost.
fn messages(turns: Vec<TalkTurn<'_>>) -> Value {
    let made = Conversation { tools: vec![tool("t", None)], ..conversation(turns) };
    let MadeRequest { mut body, dropped, refused, .. } = written(CLAUDE, &made);
    assert_eq!((dropped, refused), (vec![], vec![]));
    body["messages"].take()
}

/// Asserts that the conversation is refused, and returns why.
pub(super) fn refused(conversation: &Conversation<'_>) -> String {
    written(CLAUDE, conversation).refused.join("; ")
}

#[test]
fn the_model_and_the_stream_are_not_in_the_body() {
    let made = Conversation { stream: true, stream_usage: true, ..hello() };
    let MadeRequest { text, dropped, refused, .. } = written(CLAUDE, &made);
    assert_eq!(text, r#"{"messages":[{"role":"user","content":[{"text":"hello"}]}]}"#);
    assert_eq!((dropped, refused), (vec![], vec![]));
}

#[test]
fn roles_change_with_each_message() {
    let turns = vec![
        user(vec![text("a")]),
        user(vec![text(""), text("b")]),
        model(vec![text("")]),
        model(vec![BlockContent::Refusal(JsonText::of("no")), text("c")]),
        user(vec![text("d")]),
    ];
    assert_eq!(
        messages(turns),
        json!([
            {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
            {"role": "assistant", "content": [{"text": "no"}, {"text": "c"}]},
            {"role": "user", "content": [{"text": "d"}]},
        ])
    );
}

#[test]
fn the_user_comes_first_and_last() {
    let (said, answered) = (|| user(vec![text("a")]), || model(vec![text("a")]));
    let rows = [
        (vec![], "have no user message"),
        (vec![user(vec![text("")])], "have no user message"),
        (vec![answered(), said()], "begin with an assistant message"),
        (vec![said(), answered()], "end with an assistant message"),
    ];
    for (turns, why) in rows {
        let why = format!("messages {why}, which the provider does not accept");
        assert_eq!(refused(&conversation(turns)), why);
    }
}

#[test]
fn instructions_stand_apart_in_their_order() {
    let system = |text: &'static str| ContentBlock::of(BlockContent::Text(JsonText::of(text)));
    let within = TalkTurn { role: TurnRole::System, blocks: vec![system("c")] };
    let first = TalkTurn { role: TurnRole::System, blocks: vec![system("b"), system("")] };
    let made = Conversation {
        system: vec![system("a")],
        turns: vec![first.clone(), user(vec![text("d")])],
        ..Conversation::default()
    };
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &made);
    assert_eq!(body["system"], json!([{"text": "a"}, {"text": "b"}]));
    assert_eq!(dropped, Vec::<String>::new());
    let made = conversation(vec![first, user(vec![text("d")]), within]);
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &made);
    assert_eq!(body["system"], json!([{"text": "b"}, {"text": "c"}]));
    assert_eq!(dropped, ["system messages are moved before the conversation"]);
}

#[test]
fn images_have_formats() {
    let types = [
        ("image/png", "png"),
        ("image/jpeg", "jpeg"),
        ("image/jpg", "jpeg"),
        ("image/gif", "gif"),
        ("image/webp; q=1", "webp"),
    ];
    for (media_type, format) in types {
        assert_eq!(
            messages(vec![user(vec![image(data(media_type, "AAAA"))])])[0]["content"],
            json!([{"image": {"format": format, "source": {"bytes": "AAAA"}}}])
        );
    }
    let of = |source| refused(&conversation(vec![user(vec![image(source)])]));
    let url = of(MediaSource::Url(JsonText::of("https://a/b.png")));
    assert_eq!(url, "an image is given as a URL, which Bedrock Converse does not fetch");
    let tiff = of(data("image/tiff", "AAAA"));
    assert_eq!(tiff, "an image is of a type that Bedrock Converse does not accept");
    let detail = Some(JsonText::of("low"));
    let close = BlockContent::Image { source: data("image/png", "AAAA"), detail };
    let MadeRequest { dropped, .. } = written(CLAUDE, &conversation(vec![user(vec![close])]));
    assert_eq!(dropped, ["image detail has no counterpart in Bedrock Converse"]);
}

#[test]
fn documents_have_names_that_differ_and_a_text_beside_them() {
    let pdf = || document(data("application/pdf", "JVBE"), Some("Q3_report.pdf"));
    let plain = document(MediaSource::Text(JsonText::of("foob")), None);
    let turns = vec![user(vec![pdf(), pdf(), plain, text("compare")])];
    let block = |format: &str, name: &str, bytes: &str| json!({"document": {"format": format, "name": name, "source": {"bytes": bytes}}});
    assert_eq!(
        messages(turns)[0]["content"],
        json!([
            block("pdf", "Q3-report-pdf", "JVBE"),
            block("pdf", "Q3-report-pdf (2)", "JVBE"),
            block("txt", "document", "Zm9vYg=="),
            {"text": "compare"},
        ])
    );
    assert_eq!(
        messages(vec![user(vec![pdf()])])[0]["content"],
        json!([block("pdf", "Q3-report-pdf", "JVBE"), {"text": "Q3-report-pdf"}])
    );
    let of = |source| refused(&conversation(vec![user(vec![document(source, None)])]));
    assert!(of(data("application/zip", "AAAA")).contains("is of a type"));
    assert!(of(MediaSource::Url(JsonText::of("https://a/b.pdf"))).contains("given as a URL"));
}

#[test]
fn calls_and_results_are_carried() {
    let failed = BlockContent::ToolResult {
        id: JsonText::of("call_2"),
        is_error: true,
        blocks: vec![ContentBlock::of(text("no"))],
    };
    let seen = vec![text("a"), text(""), image(data("image/png", "AAAA"))];
    let turns = vec![
        user(vec![text("a")]),
        model(vec![
            text("b"),
            call("call_1", "t", r#"{ "z":1, "a":2 }"#),
            call("call_2", "t", "{}"),
        ]),
        user(vec![text("also"), result("call_1", seen)]),
        user(vec![failed]),
    ];
    assert_eq!(
        messages(turns),
        json!([
            {"role": "user", "content": [{"text": "a"}]},
            {"role": "assistant", "content": [
                {"text": "b"},
                {"toolUse": {"toolUseId": "call_1", "name": "t", "input": {"z": 1, "a": 2}}},
                {"toolUse": {"toolUseId": "call_2", "name": "t", "input": {}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "call_1", "content": [
                    {"text": "a"},
                    {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
                ]}},
                {"toolResult": {
                    "toolUseId": "call_2", "content": [{"text": "no"}], "status": "error",
                }},
                {"text": "also"},
            ]},
        ])
    );
}

#[test]
fn numbers_and_the_order_of_keys_stay() {
    let schema = r#"{"type":"object","properties":{"z":{"maximum":1.0e3},"a":{}}}"#;
    let made = Conversation {
        tools: vec![tool("t", Some(schema))],
        ..conversation(vec![
            user(vec![text("a")]),
            model(vec![call("1", "t", r#"{"z":1.50,"a":12345678901234567890123}"#)]),
            user(vec![result("1", vec![])]),
        ])
    };
    let MadeRequest { text, .. } = written(CLAUDE, &made);
    assert!(text.contains(&format!(r#""inputSchema":{{"json":{schema}}}"#)));
    assert!(text.contains(r#""input":{"z":1.50,"a":12345678901234567890123}"#));
}

#[test]
fn names_and_ids_that_do_not_fit_are_made_to() {
    let long = "n".repeat(65);
    let id = "call|".repeat(20);
    let made = Conversation {
        tools: vec![tool(&long, None), tool("a.b", None)],
        tool_choice: Some(ToolChoice::Named(JsonText::of("a.b"))),
        ..conversation(vec![
            user(vec![text("a")]),
            model(vec![call(&id, &long, "{}")]),
            user(vec![result(&id, vec![text("r")])]),
        ])
    };
    let MadeRequest { body, renamed, .. } = written(CLAUDE, &made);
    let name = body["toolConfig"]["tools"][0]["toolSpec"]["name"].as_str().unwrap();
    let other = body["toolConfig"]["tools"][1]["toolSpec"]["name"].as_str().unwrap();
    assert_eq!(name.len(), 64);
    let own = [(other.to_owned(), "a.b".to_owned()), (name.to_owned(), long.clone())];
    assert_eq!(renamed, BTreeMap::from(own));
    assert_eq!(body["toolConfig"]["toolChoice"], json!({"tool": {"name": other}}));
    let used = &body["messages"][1]["content"][0]["toolUse"];
    assert_eq!(used["name"], name);
    let given = used["toolUseId"].as_str().unwrap();
    assert!(given.len() == 64 && !given.contains('|'));
    assert_eq!(body["messages"][2]["content"][0]["toolResult"]["toolUseId"], given);
}

#[test]
fn only_signed_thinking_goes_back_and_only_to_its_family() {
    let turns = || {
        vec![
            user(vec![text("a")]),
            model(vec![
                thought("unsigned", None),
                thought("signed", Some("c2ln")),
                BlockContent::RedactedThinking(JsonText::of("ZW5j")),
                text("b"),
            ]),
            user(vec![text("c")]),
        ]
    };
    let why = ["thinking can be sent back to this model only if the model has signed it"];
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &conversation(turns()));
    assert_eq!(
        body["messages"][1]["content"],
        json!([
            {"reasoningContent": {"reasoningText": {"text": "signed", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "ZW5j"}},
            {"text": "b"},
        ])
    );
    assert_eq!(dropped, why);
    let MadeRequest { body, dropped, .. } = written(GPT, &conversation(turns()));
    assert_eq!(body["messages"][1]["content"], json!([{"text": "b"}]));
    assert_eq!(dropped, why);
}

fn cached() -> Conversation<'static> {
    let hour = Some(CacheMark { ttl: Some(JsonText::of("1h")) });
    let mut marked_tool = tool("t", None);
    marked_tool.cache = Some(CacheMark { ttl: Some(JsonText::of("5m")) });
    let within = BlockContent::ToolResult {
        id: JsonText::of("1"),
        is_error: false,
        blocks: vec![marked(text("r"))],
    };
    let mut turns = vec![
        user(vec![]),
        model(vec![call("1", "t", "{}")]),
        TalkTurn {
            role: TurnRole::User,
            blocks: vec![ContentBlock::of(within), ContentBlock::of(text("b"))],
        },
    ];
    turns[0].blocks =
        vec![ContentBlock { content: text("a"), cache: hour }, ContentBlock::of(text("c"))];
    Conversation {
        system: vec![marked(text("s"))],
        tools: vec![marked_tool, tool("u", None)],
        ..conversation(turns)
    }
}

#[test]
fn a_mark_to_cache_is_an_element_of_its_own() {
    let MadeRequest { body, dropped, .. } = written(CLAUDE, &cached());
    let point = json!({"cachePoint": {"type": "default"}});
    assert_eq!(dropped, Vec::<String>::new());
    assert_eq!(body["system"], json!([{"text": "s"}, point]));
    let long = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    assert_eq!(body["messages"][0]["content"], json!([{"text": "a"}, long, {"text": "c"}]));
    let result = json!({"toolResult": {"toolUseId": "1", "content": [{"text": "r"}]}});
    assert_eq!(body["messages"][2]["content"], json!([result, point, {"text": "b"}]));
    let tools = body["toolConfig"]["tools"].as_array().unwrap();
    assert_eq!(tools[1], point);
    assert_eq!((tools.len(), tools[0].as_object().unwrap().len()), (3, 1));
}

#[test]
fn marks_to_cache_are_for_families_that_take_them() {
    let MadeRequest { body, text, dropped, .. } = written(NOVA, &cached());
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 2);
    assert_eq!(text.matches("cachePoint").count(), 3);
    let long = "the lifetime of the cache is not accepted by this model";
    assert_eq!(dropped, ["cache_control is not accepted there by this model", long]);
    let MadeRequest { text, dropped, .. } = written(GPT, &cached());
    assert!(!text.contains("cachePoint"));
    assert_eq!(dropped, ["cache_control is not accepted there by this model"]);
}

#[test]
fn much_takes_no_time_that_grows_with_its_square() {
    let names: Vec<String> = (0..10_000).map(|at| format!("tool {at}")).collect();
    let long = "x\\".repeat(1 << 16);
    let made = Conversation {
        tools: names.iter().map(|name| tool(name, None)).collect(),
        ..conversation(vec![
            user((0..10_000).map(|_| document(data("text/csv", "YQ=="), Some("a"))).collect()),
            model(names.iter().map(|name| call(name, name, "{}")).collect()),
            user(names.iter().map(|name| result(name, vec![])).collect()),
            user(vec![result("1", vec![text(&long)])]),
        ])
    };
    let MadeRequest { body, renamed, .. } = written(CLAUDE, &made);
    assert_eq!(body["toolConfig"]["tools"].as_array().unwrap().len(), 10_000);
    assert_eq!(renamed.len(), 10_000);
}

proptest::proptest! {
    #[test]
    fn every_conversation_becomes_json(made in any_conversation()) {
        for model in [CLAUDE, NEWEST, NOVA, GPT] {
            let MadeRequest { body, .. } = written(model, &made);
            proptest::prop_assert!(body.is_object());
        }
    }
}
