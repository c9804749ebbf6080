//! Conversations that tests make, without a client's document.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::ModelTarget;
use super::api::ProviderApi;
use super::conversation::{
    BlockContent, CacheMark, ContentBlock, Conversation, Effort, MediaSource, Reasoning, TalkTurn,
    Tool, ToolChoice, ToolInput, TurnRole,
};
use super::loss::{Gravity, Losses};
use super::names::ToolNames;
use super::text::JsonText;

/// OpenAI's words for how much a model is to think, which both of its APIs have.
pub(super) const EFFORT_WORDS: [(&str, Reasoning); 7] = [
    ("none", Reasoning::Off),
    ("minimal", Reasoning::Effort(Effort::Minimal)),
    ("low", Reasoning::Effort(Effort::Low)),
    ("medium", Reasoning::Effort(Effort::Medium)),
    ("high", Reasoning::Effort(Effort::High)),
    ("xhigh", Reasoning::Effort(Effort::Highest)),
    ("max", Reasoning::Effort(Effort::Highest)),
];

/// What a writer has made of a conversation.
#[derive(Debug)]
pub(super) struct MadeRequest {
    /// The body.
    pub(super) body: serde_json::Value,
    /// The body as it is written.
    pub(super) text: String,
    /// What is left out: place and reason.
    pub(super) dropped: Vec<String>,
    /// What is refused: place and reason.
    pub(super) refused: Vec<String>,
    /// The names of tools as they were, by those that the provider gets.
    pub(super) renamed: BTreeMap<String, String>,
}

/// Writes a conversation for a model.
pub(super) fn written(
    api: ProviderApi,
    model: &str,
    conversation: &Conversation<'_>,
) -> MadeRequest {
    let mut losses = Losses::default();
    let mut target = ModelTarget { model, max_tokens: 4096, names: ToolNames::default() };
    let text = api.write_request(conversation, &mut target, &mut losses);
    let of = |gravity| losses.of(gravity).map(ToString::to_string).collect();
    MadeRequest {
        body: serde_json::from_str(&text).unwrap(),
        text,
        dropped: of(Gravity::Droppable),
        refused: of(Gravity::Refused),
        renamed: target.names.into_own(),
    }
}

/// Returns a conversation of these turns.
pub(super) fn conversation(turns: Vec<TalkTurn<'_>>) -> Conversation<'_> {
    Conversation { turns, ..Conversation::default() }
}

pub(super) fn user<'a>(blocks: Vec<BlockContent<'a>>) -> TalkTurn<'a> {
    TalkTurn { role: TurnRole::User, blocks: blocks.into_iter().map(ContentBlock::of).collect() }
}

pub(super) fn model<'a>(blocks: Vec<BlockContent<'a>>) -> TalkTurn<'a> {
    TalkTurn {
        role: TurnRole::Assistant,
        blocks: blocks.into_iter().map(ContentBlock::of).collect(),
    }
}

/// Returns the shortest conversation.
pub(super) fn hello() -> Conversation<'static> {
    conversation(vec![user(vec![text("hello")])])
}

pub(super) const fn text(text: &str) -> BlockContent<'_> {
    BlockContent::Text(JsonText::of(text))
}

pub(super) const fn call<'a>(id: &'a str, name: &'a str, input: &'a str) -> BlockContent<'a> {
    BlockContent::ToolCall {
        id: JsonText::of(id),
        name: JsonText::of(name),
        input: ToolInput::Json(input),
        signature: None,
    }
}

pub(super) fn result<'a>(id: &'a str, blocks: Vec<BlockContent<'a>>) -> BlockContent<'a> {
    let blocks = blocks.into_iter().map(ContentBlock::of).collect();
    BlockContent::ToolResult { id: JsonText::of(id), is_error: false, blocks }
}

pub(super) const fn thought<'a>(text: &'a str, signature: Option<&'a str>) -> BlockContent<'a> {
    let signature = match signature {
        Some(signature) => Some(JsonText::of(signature)),
        None => None,
    };
    BlockContent::Thinking { text: JsonText::of(text), signature }
}

pub(super) const fn data<'a>(media_type: &'a str, data: &'a str) -> MediaSource<'a> {
    MediaSource::Base64 { media_type: JsonText::of(media_type), data: JsonText::of(data) }
}

pub(super) const fn image(source: MediaSource<'_>) -> BlockContent<'_> {
    BlockContent::Image { source, detail: None }
}

pub(super) fn document<'a>(source: MediaSource<'a>, name: Option<&'a str>) -> BlockContent<'a> {
    BlockContent::Document { source, name: name.map(JsonText::of) }
}

pub(super) fn tool<'a>(name: &'a str, schema: Option<&'a str>) -> Tool<'a> {
    Tool { name: JsonText::of(name), description: None, schema, strict: None, cache: None }
}

pub(super) fn marked(content: BlockContent<'_>) -> ContentBlock<'_> {
    ContentBlock { content, cache: Some(CacheMark { ttl: None }) }
}

/// Any text, also of what JSON escapes.
fn any_text() -> impl Strategy<Value = JsonText<'static>> {
    "[a-z\"\\\\\n\u{0}é ]{0,8}".prop_map(JsonText::made)
}

fn any_source() -> impl Strategy<Value = MediaSource<'static>> {
    let types = prop::sample::select(vec!["image/png", "application/pdf", "text/plain", "a/b"]);
    prop_oneof![
        (types, any_text())
            .prop_map(|(of, data)| MediaSource::Base64 { media_type: JsonText::of(of), data }),
        any_text().prop_map(MediaSource::Text),
        any_text().prop_map(MediaSource::Url),
    ]
}

fn any_leaf() -> impl Strategy<Value = BlockContent<'static>> {
    let maybe = || prop::option::of(any_text());
    prop_oneof![
        any_text().prop_map(BlockContent::Text),
        (any_source(), maybe()).prop_map(|(source, detail)| BlockContent::Image { source, detail }),
        (any_source(), maybe()).prop_map(|(source, name)| BlockContent::Document { source, name }),
        any_source().prop_map(BlockContent::Audio),
        (any_text(), any_text(), maybe()).prop_map(|(id, name, signature)| {
            BlockContent::ToolCall { id, name, input: ToolInput::Json("{\"a\":[1]}"), signature }
        }),
        (any_text(), maybe())
            .prop_map(|(text, signature)| BlockContent::Thinking { text, signature }),
        any_text().prop_map(BlockContent::RedactedThinking),
        any_text().prop_map(BlockContent::Refusal),
    ]
}

fn any_block() -> impl Strategy<Value = ContentBlock<'static>> {
    let leaf = (any_leaf(), any::<bool>()).prop_map(|(content, is_marked)| {
        if is_marked { marked(content) } else { ContentBlock::of(content) }
    });
    let inner = prop::collection::vec(any_leaf().prop_map(ContentBlock::of), 0..3);
    let result = (any_text(), any::<bool>(), inner).prop_map(|(id, is_error, blocks)| {
        ContentBlock::of(BlockContent::ToolResult { id, is_error, blocks })
    });
    prop_oneof![3 => leaf, 1 => result]
}

/// Any conversation, also one that no client would send.
pub(super) fn any_conversation() -> impl Strategy<Value = Conversation<'static>> {
    let role = prop::sample::select(vec![TurnRole::System, TurnRole::User, TurnRole::Assistant]);
    let turn = (role, prop::collection::vec(any_block(), 0..4))
        .prop_map(|(role, blocks)| TalkTurn { role, blocks });
    let tool = (any_text(), prop::option::of(any_text()), any::<bool>()).prop_map(
        |(name, description, is_plain)| Tool {
            name,
            description,
            schema: (!is_plain).then_some("{\"b\":1,\"a\":{}}"),
            strict: Some(is_plain),
            cache: is_plain.then_some(CacheMark { ttl: None }),
        },
    );
    let choice = prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::Never),
        Just(ToolChoice::Any),
        any_text().prop_map(ToolChoice::Named),
    ];
    let reasoning = prop::sample::select(vec![
        Reasoning::Off,
        Reasoning::Adaptive,
        Reasoning::Budget(5),
        Reasoning::Budget(u64::MAX),
        Reasoning::Effort(Effort::Medium),
    ]);
    (
        prop::collection::vec(turn, 0..6),
        prop::collection::vec(tool, 0..3),
        prop::option::of(choice),
        prop::option::of(reasoning),
        prop::option::of(any::<u64>()),
        prop::collection::vec(any_text(), 0..3),
    )
        .prop_map(|(turns, tools, tool_choice, reasoning, max_tokens, stop)| Conversation {
            turns,
            tools,
            tool_choice,
            reasoning,
            max_tokens,
            stop,
            ..Conversation::default()
        })
}

/// Any JSON document whose members have these names.
pub(super) fn any_document(
    names: &'static [&'static str],
) -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[A-Z_a-z\"\\\\\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let member = (prop::sample::select(names), inner.clone());
        let member = member.prop_map(|(name, value)| (name.to_owned(), value));
        prop_oneof![
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
            3 => prop::collection::vec(member, 0..6).prop_map(|list| list.into_iter().collect()),
        ]
    })
}
