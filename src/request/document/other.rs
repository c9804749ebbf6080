//! Bedrock, Cohere, rerankers, Ollama.

use super::common::{
    JSON_FORMAT, LABELS, MAX_TOKENS, MODEL, PARAMS, ROLE, STREAM, TAGS, THINKING, TOOLS, message,
    plain,
};
use super::openai::{CALL_ITEM, CONTENT, PART_ITEM};
use super::place::Modality::{Audio, File, Image};
use super::place::Saying::{Json, NoStream, Stream, Tools};
use super::place::{Document, ObjectKind, ObjectShape, Place, Plain};
use crate::request::media::Formula;

// bedrock-converse: a block is named by its only key

static TEXT: ObjectShape = plain(&[("text", Place::PROMPT)]);
static TOOL_USE: ObjectShape = plain(&[("name", Place::COUNTED), ("input", Place::WHOLE)]);
static TOOL_RESULT: ObjectShape = plain(&[("content", Place::list(&RESULT_ITEM))]);
static THOUGHT: ObjectShape = plain(&[("reasoningText", Place::object(&THOUGHT_TEXT))]);
static THOUGHT_TEXT: ObjectShape = plain(&[("text", Place::COUNTED)]);

macro_rules! block {
    ($text:expr) => {
        ObjectShape {
            kind: ObjectKind::Part(&[]),
            fields: &[
                ("text", $text),
                ("json", Place::WHOLE),
                ("image", Place::SKIP.implies(Image)),
                ("document", Place::SKIP.implies(File)),
                ("video", Place::SKIP.implies(File)),
                ("audio", Place::SKIP.implies(Audio)),
                ("toolUse", Place::object(&TOOL_USE)),
                ("toolResult", Place::object(&TOOL_RESULT)),
                ("searchResult", Place::object(&TOOL_RESULT)),
                ("reasoningContent", Place::object(&THOUGHT)),
                ("guardContent", Place::object(&GUARD)),
            ],
        }
    };
}
static GUARD: ObjectShape = ObjectShape {
    kind: ObjectKind::Part(&[]),
    fields: &[("text", Place::object(&TEXT)), ("image", Place::SKIP.implies(Image))],
};
static BLOCK: ObjectShape = block!(Place::PROMPT);
static RESULT: ObjectShape = block!(Place::COUNTED);
static BLOCK_ITEM: Place = Place::PROMPT.members(&BLOCK);
static RESULT_ITEM: Place = Place::COUNTED.members(&RESULT);
static TURN: ObjectShape =
    message(&[ROLE, ("content", Place::PROMPT.items(&BLOCK_ITEM).members(&BLOCK))]);
static TURN_ITEM: Place = Place::object(&TURN);
static INFERENCE: ObjectShape = plain(&[("maxTokens", Place::LIMIT)]);
static FURTHER: ObjectShape =
    plain(&[THINKING, ("reasoning_config", THINKING.1), ("max_tokens", Place::LIMIT)]);
static TOOL_CONFIG: ObjectShape = plain(&[TOOLS]);
/// A conversation.
pub(in crate::request) static CONVERSE: Document = Document::new(&CONVERSE_SHAPE, Formula::Fixed);
static CONVERSE_SHAPE: ObjectShape = plain(&[
    ("messages", Place::list(&TURN_ITEM)),
    ("system", Place::PROMPT.apart().items(&BLOCK_ITEM)),
    ("inferenceConfig", Place::object(&INFERENCE)),
    ("additionalModelRequestFields", Place::object(&FURTHER)),
    ("toolConfig", Place::object(&TOOL_CONFIG)),
    ("promptVariables", Place::WHOLE),
    ("requestMetadata", LABELS),
    PARAMS,
    TAGS,
]);

// cohere-chat

static COHERE_MESSAGE: ObjectShape = message(&[
    ROLE,
    ("content", CONTENT),
    ("tool_plan", Place::COUNTED),
    ("tool_calls", Place::list(&CALL_ITEM)),
]);
static COHERE_ITEM: Place = Place::object(&COHERE_MESSAGE);
/// Cohere's chat.
pub(in crate::request) static COHERE_CHAT: Document =
    Document::new(&COHERE_CHAT_SHAPE, Formula::Fixed);
static COHERE_CHAT_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("messages", Place::list(&COHERE_ITEM)),
    ("documents", Place::WHOLE),
    STREAM,
    MAX_TOKENS,
    THINKING,
    TOOLS,
    ("response_format", Place::object(&JSON_FORMAT)),
    PARAMS,
    TAGS,
]);
static TEXT_ITEM: Place = Place::PROMPT.prompt();
static IMAGE: Place = Place::SKIP.carries(Image);
static INPUT: ObjectShape = plain(&[("content", Place::PROMPT.items(&PART_ITEM))]);
static INPUT_ITEM: Place = Place::PROMPT.prompt().members(&INPUT);
/// Cohere's embeddings.
pub(in crate::request) static COHERE_EMBED: Document =
    Document::new(&COHERE_EMBED_SHAPE, Formula::Fixed);
static COHERE_EMBED_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("texts", Place::PROMPT.apart().items(&TEXT_ITEM)),
    ("inputs", Place::list(&INPUT_ITEM)),
    ("images", Place::list(&IMAGE)),
    MAX_TOKENS,
    PARAMS,
    TAGS,
]);

// rerank: documents are texts, or objects of which any member may be ranked by

static DOCUMENT: Place = Place { whole: true, plain: Plain::Counted, ..Place::PROMPT }.apart();
/// A query and documents to rank.
pub(in crate::request) static RERANK: Document =
    Document::new(&RERANK_SHAPE, Formula::Fixed).text_only();
static RERANK_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("query", Place::PROMPT.apart()),
    ("documents", Place::PROMPT.apart().items(&DOCUMENT)),
    ("texts", Place::PROMPT.apart().items(&DOCUMENT)),
    PARAMS,
    TAGS,
]);

// ollama: chat, generate and embed in one

static OLLAMA_MESSAGE: ObjectShape = message(&[
    ROLE,
    ("content", CONTENT),
    ("images", Place::list(&IMAGE)),
    ("thinking", Place::COUNTED),
    ("tool_calls", Place::list(&CALL_ITEM)),
]);
static OLLAMA_ITEM: Place = Place::object(&OLLAMA_MESSAGE);
static OPTIONS: ObjectShape = plain(&[("num_predict", Place::LIMIT)]);
/// Ollama's chat, generation and embeddings.
pub(in crate::request) static OLLAMA: Document = Document::new(&OLLAMA_SHAPE, Formula::Fixed);
static OLLAMA_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("messages", Place::list(&OLLAMA_ITEM)),
    ("system", Place::PROMPT.apart()),
    ("prompt", Place::PROMPT.apart()),
    ("suffix", Place::PROMPT.apart()),
    // A conversation so far, as tokens.
    ("context", Place::list(&Place::TOKEN)),
    ("input", Place::PROMPT.apart().items(&TEXT_ITEM)),
    ("images", Place::list(&IMAGE)),
    // On unless it is switched off.
    ("stream", Place { plain: Plain::Switch(Stream, NoStream), ..Place::STREAM }),
    ("options", Place::object(&OPTIONS)),
    ("format", Place::says_if(Json, &["json"]).filled(Json)),
    ("tools", Place::WHOLE.filled(Tools)),
    PARAMS,
    TAGS,
]);
