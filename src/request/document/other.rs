//! Bedrock, Cohere, rerankers, Ollama.

use super::common::{
    ANSWERS, ANY_SCHEMA, BEST_OF, BUDGET, CACHE_KEY, FORMAT, IDS, LABELS, MAX_TOKENS, MODEL,
    PARAMS, REASONING, ROLE, SAMPLING, STREAM, TAGS, TENSORS, THINKING, USER, message, plain,
};
use super::kind::Document;
use super::openai::{CALL_ITEM, NAMED};
use super::part::{CONTENT, PART, PART_ITEM};
use super::place::{Alike, ObjectKind, ObjectShape, Place};
use super::tool::TOOLS;
use super::word::Modality::{Audio, File, Image};
use super::word::Saying::{Json, NoStream, Stream};
use super::word::{Parting, Plain};
use crate::request::media::Formula;

// bedrock-converse: a block is named by its only key
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html)

static TEXT: ObjectShape = plain(&[("text", Place::PROMPT)]).with(QUALIFIERS);
const QUALIFIERS: &[Alike] = &[(&Place::SETTING, &["qualifiers"])];
static TOOL_USE: ObjectShape = plain(&[("input", Place::TOOLS)])
    .with(&[(&Place::ID, &["toolUseId"]), (&Place::SETTING, &["type"])])
    .others(&Place::TOOLS);
static TOOL_RESULT: ObjectShape = plain(&[("content", Place::TOOLS.items(&RESULT_ITEM))])
    .with(&[(&Place::ID, &["toolUseId"]), (&Place::SETTING, &["type", "status"])])
    .others(&Place::TOOLS);
static SEARCH_RESULT: ObjectShape =
    plain(&[("content", Place::list(&ASIDE_ITEM))]).with(&[(&Place::SETTING, &["citations"])]);
static THOUGHT: ObjectShape = plain(&[("reasoningText", Place::object(&THOUGHT_TEXT))])
    .with(&[(&Place::signed(&Parting::WithSole), &["redactedContent"])]);
static THOUGHT_TEXT: ObjectShape =
    plain(&[]).with(&[(&Place::signed(&Parting::WithSole), &["signature"])]);
/// An image, a document, audio or video: data, or where it is.
static MEDIUM: ObjectShape = plain(&[("source", Place::object(&SOURCE))])
    .with(&[(&Place::SETTING, &["format", "citations"])]);
static SOURCE: ObjectShape = plain(&[
    ("bytes", Place::MEDIA),
    ("s3Location", Place::object(&S3_LOCATION)),
    ("content", Place::list(&ASIDE_ITEM)),
]);
static S3_LOCATION: ObjectShape =
    plain(&[("uri", Place::FILE_URI)]).with(&[(&Place::ID, &["bucketOwner"])]);

macro_rules! block {
    ($text:expr, $others:expr) => {
        ObjectShape::new(
            ObjectKind::Part(&[]),
            &[
                ("text", $text.joined()),
                ("json", Place::TOOLS),
                ("image", Place::object(&MEDIUM).implies(Image)),
                ("document", Place::object(&MEDIUM).implies(File)),
                ("video", Place::object(&MEDIUM).implies(File)),
                ("audio", Place::object(&MEDIUM).implies(Audio)),
                ("toolUse", Place::TOOLS.members(&TOOL_USE)),
                ("toolResult", Place::TOOLS.members(&TOOL_RESULT)),
                ("searchResult", Place::object(&SEARCH_RESULT)),
                ("reasoningContent", Place::object(&THOUGHT)),
                ("guardContent", Place::object(&GUARD)),
                ("cachePoint", Place::SETTING),
            ],
        )
        .others($others)
    };
}
static GUARD: ObjectShape = ObjectShape::new(
    ObjectKind::Part(&[]),
    &[("text", Place::object(&TEXT)), ("image", Place::object(&MEDIUM).implies(Image))],
);
static BLOCK: ObjectShape = block!(Place::PROMPT, &Place::UNKNOWN);
static RESULT: ObjectShape = block!(Place::TOOLS, &Place::TOOLS);
static ASIDE: ObjectShape = block!(Place::ASIDE, &Place::UNKNOWN);
static BLOCK_ITEM: Place = Place::PROMPT.members(&BLOCK).items(&BLOCK_ITEM);
static RESULT_ITEM: Place = Place::TOOLS.members(&RESULT).items(&RESULT_ITEM);
static ASIDE_ITEM: Place = Place::ASIDE.members(&ASIDE).items(&ASIDE_ITEM);
static TURN: ObjectShape =
    message(&[ROLE, ("content", Place::PROMPT.items(&BLOCK_ITEM).members(&BLOCK))]);
static TURN_ITEM: Place = Place::object(&TURN);
static INFERENCE: ObjectShape = plain(&[("maxTokens", Place::LIMIT)])
    .with(&[(&Place::SETTING, &["temperature", "topP", "stopSequences"])]);
static TOOL_CONFIG: ObjectShape = plain(&[TOOLS]).with(&[(&Place::SETTING, &["toolChoice"])]);
/// What a model takes beside what all take.
static FURTHER: ObjectShape =
    plain(&[("max_tokens", Place::LIMIT), THINKING, ("reasoning_config", BUDGET)])
        .with(&[(&Place::SETTING, &["top_k", "anthropic_beta", "inferenceConfig"])]);
/// A conversation.
pub(in crate::request) static CONVERSE: Document = Document::new(&CONVERSE_SHAPE, Formula::Fixed);
static CONVERSE_SHAPE: ObjectShape = plain(&[
    ("messages", Place::list(&TURN_ITEM)),
    ("system", Place::PROMPT.apart().items(&BLOCK_ITEM)),
    ("inferenceConfig", Place::object(&INFERENCE)),
    ("toolConfig", Place::object(&TOOL_CONFIG)),
    ("promptVariables", Place::object(&NAMED)),
    ("additionalModelRequestFields", Place::object(&FURTHER)),
    ("requestMetadata", LABELS),
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
])
.with(&[
    (&Place::OTHERS, &["guardrailConfig"]),
    (&Place::SETTING, &["additionalModelResponseFieldPaths", "performanceConfig", "serviceTier"]),
    (&Place::SCHEMA, &["outputConfig"]),
]);

// cohere-chat

static COHERE_MESSAGE: ObjectShape =
    message(&[ROLE, ("content", CONTENT), ("tool_calls", Place::TOOLS.items(&CALL_ITEM))])
        .with(&[(&Place::ID, &["tool_call_id"])]);
static COHERE_ITEM: Place = Place::object(&COHERE_MESSAGE);
/// Cohere's chat.
pub(in crate::request) static COHERE_CHAT: Document =
    Document::new(&COHERE_CHAT_SHAPE, Formula::Fixed);
static COHERE_CHAT_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("messages", Place::list(&COHERE_ITEM)),
    ("documents", Place::list(&DOCUMENT_ASIDE)),
    STREAM,
    MAX_TOKENS,
    TOOLS,
    ("response_format", FORMAT),
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
    ANSWERS,
    BEST_OF,
    THINKING,
    REASONING,
])
.with(&[
    SAMPLING,
    (
        &Place::SETTING,
        &["citation_options", "safety_mode", "stop_sequences", "k", "p", "strict_tools"],
    ),
    IDS,
]);
static DOCUMENT_ASIDE: Place = Place { plain: Plain::Counted, ..Place::ASIDE };
/// One of several prompts, and what is in one that is a list itself.
static TEXT_ITEM: Place = Place { items: Some(&INSIDE), ..INSIDE }.prompt();
static INSIDE: Place = Place {
    plain: Plain::Token,
    items: Some(&INSIDE),
    members: Some(&PART),
    ..Place::PROMPT.apart()
};
static IMAGE: Place = Place::MEDIA.carries(Image);
static LINKED_IMAGE: Place = Place::LINK.carries(Image);
static INPUT: ObjectShape = plain(&[("content", Place::PROMPT.items(&PART_ITEM))]);
static INPUT_ITEM: Place = Place::PROMPT.prompt().members(&INPUT);
/// Cohere's embeddings.
pub(in crate::request) static COHERE_EMBED: Document =
    Document::new(&COHERE_EMBED_SHAPE, Formula::Fixed);
static COHERE_EMBED_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("texts", Place::PROMPT.apart().items(&TEXT_ITEM)),
    ("inputs", Place::list(&INPUT_ITEM)),
    ("images", Place::list(&LINKED_IMAGE)),
    MAX_TOKENS,
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
])
.with(&[
    (&Place::SETTING, &["input_type", "embedding_types", "truncate", "output_dimension"]),
    IDS,
]);

// rerank: documents are texts, or objects of which any member may be ranked by

static DOCUMENT: Place = Place { plain: Plain::Counted, ..Place::PROMPT }.apart();
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
    USER,
    CACHE_KEY,
])
.with(&[
    (
        &Place::SETTING,
        &[
            "top_n",
            "top_k",
            "return_documents",
            "return_text",
            "raw_scores",
            "truncate",
            "truncation",
            "truncation_direction",
            "rank_fields",
            "max_chunks_per_doc",
            "max_tokens_per_doc",
        ],
    ),
    TENSORS,
    IDS,
]);

// ollama: chat, generate and embed in one (https://github.com/ollama/ollama/blob/main/docs/api.md)

static OLLAMA_MESSAGE: ObjectShape = message(&[
    ROLE,
    ("content", CONTENT),
    ("images", Place::list(&IMAGE)),
    ("tool_calls", Place::TOOLS.items(&CALL_ITEM)),
])
.with(&[(&Place::ID, &["tool_call_id"])]);
static OLLAMA_ITEM: Place = Place::object(&OLLAMA_MESSAGE);
static OPTIONS: ObjectShape = plain(&[("num_predict", Place::LIMIT)]).with(&[(
    &Place::SETTING,
    &[
        "stop",
        "temperature",
        "seed",
        "top_k",
        "top_p",
        "min_p",
        "typical_p",
        "num_ctx",
        "num_keep",
        "num_gpu",
        "num_batch",
        "num_thread",
        "main_gpu",
        "use_mmap",
        "numa",
        "repeat_last_n",
        "repeat_penalty",
        "presence_penalty",
        "frequency_penalty",
        "mirostat",
        "mirostat_tau",
        "mirostat_eta",
        "penalize_newline",
    ],
)]);
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
    ("format", Place::says_if(Json, &["json"]).members(&ANY_SCHEMA).filled(Json)),
    TOOLS,
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
])
.with(&[
    (
        &Place::SETTING,
        &["keep_alive", "raw", "think", "truncate", "dimensions", "logprobs", "top_logprobs"],
    ),
    IDS,
]);
