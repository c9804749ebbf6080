//! The OpenAI family, but for responses.

use super::common::{
    ANSWERS, BEST_OF, CACHE_CONTROL, CACHE_KEY, FORMAT, FUNCTIONS, IDS, MAX_TOKENS, MODEL,
    N_PREDICT, PARAMS, REASONING, ROLE, SAMPLING, STREAM, TAGS, TENSORS, THINKING, UNSIGNED, USER,
    message, plain,
};
use super::kind::Document;
use super::part::{ASIDE, ASIDE_CONTENT, CONTENT, PART};
use super::place::{Alike, ObjectShape, Place};
use super::tool::{PLUGINS, TOOLS};
use super::word::Modality::{Audio, Image};
use crate::request::media::Formula;
use crate::request::unseen::Fact;

pub(in crate::request) use super::responses::RESPONSES;

// openai-chat

pub(super) static FUNCTION: ObjectShape = plain(&[]).others(&Place::TOOLS);
/// What an OpenAI-compatible endpoint of Google's adds to a call: the signature of Gemini's thoughts.
static CALL_EXTRA: ObjectShape =
    plain(&[("google", Place::object(&THOUGHT))]).others(&Place::OPAQUE);
static THOUGHT: ObjectShape =
    plain(&[("thought_signature", Place::signed(&UNSIGNED))]).others(&Place::OPAQUE);
pub(super) static CALL: ObjectShape = plain(&[
    ("extra_content", Place::OPAQUE.members(&CALL_EXTRA)),
    ("function", Place::TOOLS.members(&FUNCTION)),
    ("custom", Place::TOOLS.members(&FUNCTION)),
])
.with(&[(&Place::SETTING, &["type"]), (&Place::ID, &["id"])])
.others(&Place::TOOLS);
pub(super) static CALL_ITEM: Place = Place::TOOLS.members(&CALL);
/// What an assistant has said aloud, kept by the provider.
static SPOKEN: ObjectShape = plain(&[("id", Place::STATE)]);
static CHAT_MESSAGE: ObjectShape = message(&[
    ROLE,
    ("content", CONTENT),
    ("name", Place::ASIDE),
    ("tool_calls", Place::TOOLS.items(&CALL_ITEM)),
    ("function_call", Place::TOOLS.members(&FUNCTION)),
    ("audio", Place::STATE.members(&SPOKEN)),
    CACHE_CONTROL,
])
.with(&[(&Place::ID, &["tool_call_id", "id"]), (&Place::SETTING, &["prefix"])]);
static CHAT_ITEM: Place = Place::object(&CHAT_MESSAGE);
pub(super) const CHAT_MESSAGES: (&str, Place) = ("messages", Place::list(&CHAT_ITEM));
// Budgets for thinking, where servers have them.
static NVEXT: ObjectShape = plain(&[("max_thinking_tokens", Place::THINKING)]);
static QWEN: ObjectShape = plain(&[("thinking_budget", Place::THINKING_BESIDE)]);
static EXTRA: ObjectShape = plain(&[("google", Place::object(&GOOGLE))]);
static GOOGLE: ObjectShape = plain(&[("thinking_config", Place::object(&GOOGLE_THINKING))]);
static GOOGLE_THINKING: ObjectShape = plain(&[("thinking_budget", Place::THINKING)]);
/// Chat completions.
pub(in crate::request) static CHAT: Document = Document::new(&CHAT_SHAPE, Formula::OpenAi);
static CHAT_SHAPE: ObjectShape = plain(&[
    MODEL,
    CHAT_MESSAGES,
    STREAM,
    ("max_completion_tokens", Place::LIMIT),
    ("max_output_tokens", Place::LIMIT),
    MAX_TOKENS,
    N_PREDICT,
    TOOLS,
    FUNCTIONS,
    ("response_format", FORMAT),
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
    ("prediction", Place::object(&PREDICTION)),
    ("web_search_options", Place::object(&WEB_SEARCH)),
    ANSWERS,
    BEST_OF,
    THINKING,
    REASONING,
    ("max_thinking_tokens", Place::THINKING),
    ("thinking_token_budget", Place::THINKING),
    ("thinking_budget", Place::THINKING_BESIDE),
    ("nvext", Place::object(&NVEXT)),
    ("chat_template_kwargs", Place::object(&QWEN)),
    ("extra_body", Place::object(&EXTRA)),
    PLUGINS,
])
.with(&[SAMPLING, TENSORS, IDS, GUIDED]);
static PREDICTION: ObjectShape = plain(&[("content", ASIDE)]).with(&[(&Place::SETTING, &["type"])]);
static WEB_SEARCH: ObjectShape = plain(&[]).with(&[(&Place::SETTING, &["search_context_size"])]);
/// What vLLM calls the schema of an answer.
const GUIDED: Alike =
    (&Place::SCHEMA, &["guided_json", "guided_regex", "guided_choice", "guided_grammar"]);

// openai-realtime: a session that is prepared before it is opened

static SESSION_INNER: ObjectShape =
    plain(&[MODEL, ("instructions", CONTENT.apart()), ("max_output_tokens", Place::LIMIT), TOOLS]);
/// A realtime session.
pub(in crate::request) static SESSION: Document = Document::new(&SESSION_SHAPE, Formula::OpenAi);
static SESSION_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("session", Place::object(&SESSION_INNER)),
    ("instructions", CONTENT.apart()),
    ("max_response_output_tokens", Place::LIMIT),
    TOOLS,
    PARAMS,
    TAGS,
]);

// openai-completions, openai-embeddings: a text, texts, tokens, or lists of tokens

/// One of several prompts.
static TEXT_OR_TOKEN: Place = Place { items: Some(&INSIDE), ..INSIDE }.prompt();
/// What is in a prompt that is a list itself.
static INSIDE: Place = Place {
    plain: Place::TOKEN.plain,
    items: Some(&INSIDE),
    members: Some(&PART),
    ..Place::PROMPT.apart()
};
const TEXTS: Place = Place::PROMPT.apart().items(&TEXT_OR_TOKEN).members(&PART);
/// Text completions.
pub(in crate::request) static COMPLETIONS: Document =
    Document::new(&COMPLETIONS_SHAPE, Formula::Fixed).text_only();
static COMPLETIONS_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("prompt", TEXTS),
    ("suffix", Place::PROMPT.apart()),
    STREAM,
    ("max_completion_tokens", Place::LIMIT),
    ("max_output_tokens", Place::LIMIT),
    ("max_tokens_to_sample", Place::LIMIT),
    MAX_TOKENS,
    N_PREDICT,
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
    ANSWERS,
    BEST_OF,
    THINKING,
    REASONING,
])
.with(&[SAMPLING, TENSORS, IDS, GUIDED, (&Place::SETTING, &["stop_sequences"])]);
/// Embeddings of texts; with some servers of messages, and of what they carry.
pub(in crate::request) static EMBEDDINGS: Document =
    Document::new(&EMBEDDINGS_SHAPE, Formula::Fixed).lacking(&[
        Fact::State,
        Fact::Tools,
        Fact::JsonMode,
    ]);
static EMBEDDINGS_SHAPE: ObjectShape =
    plain(&[MODEL, ("input", TEXTS), CHAT_MESSAGES, PARAMS, TAGS, USER, CACHE_KEY]).with(&[
        (
            &Place::SETTING,
            &["encoding_format", "input_type", "truncate", "task", "task_type", "embedding_types"],
        ),
        (&Place::SETTING, &["dimensions", "output_dimension", "output_dtype", "truncation"]),
        TENSORS,
        IDS,
    ]);

// openai-moderations: a text, texts or parts

static MODERATED: Place = Place::PROMPT.apart().members(&PART).items(&MODERATED);
/// Moderations.
pub(in crate::request) static MODERATIONS: Document =
    Document::new(&MODERATIONS_SHAPE, Formula::OpenAi);
static MODERATIONS_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("input", Place::PROMPT.apart().items(&MODERATED)),
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
]);

// openai-images, openai-audio: as JSON

static GIVEN: ObjectShape = plain(&[("file_id", Place::STATE), ("image_url", Place::LINK)]);
static IMAGE: Place = Place::LINK.members(&GIVEN).carries(Image);
const PICTURES: Place = Place::LINK.members(&GIVEN).carries(Image).items(&IMAGE);
/// Images made of a prompt, or of others.
pub(in crate::request) static IMAGES: Document =
    Document::new(&IMAGES_SHAPE, Formula::OpenAiImages);
static IMAGES_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("prompt", Place::PROMPT),
    ("image", PICTURES),
    ("images", PICTURES),
    ("mask", Place::LINK.members(&GIVEN)),
    ANSWERS,
    STREAM,
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
])
.with(&[
    (
        &Place::SETTING,
        &[
            "size",
            "quality",
            "style",
            "background",
            "moderation",
            "response_format",
            "output_format",
            "output_compression",
            "partial_images",
            "input_fidelity",
            "aspect_ratio",
            "resolution",
            "seed",
        ],
    ),
    IDS,
]);
static VOICE: Place = Place::LINK;
/// Speech made of a text, or a text of speech.
pub(in crate::request) static SPEECH: Document =
    Document::new(&SPEECH_SHAPE, Formula::OpenAi).with_audio_files();
static SPEECH_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("input", Place::PROMPT),
    ("prompt", Place::PROMPT),
    ("file", Place::LINK.carries(Audio)),
    ("known_speaker_references", Place::LINK.items(&VOICE)),
    STREAM,
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
])
.with(&[
    (
        &Place::SETTING,
        &[
            "voice",
            "response_format",
            "speed",
            "stream_format",
            "language",
            "temperature",
            "include",
            "timestamp_granularities",
            "chunking_strategy",
            "seed",
        ],
    ),
    IDS,
]);

/// What any key of an object is whose names are the client's: a text, or a part with one.
pub(super) static NAMED: ObjectShape = plain(&[]).others(&ASIDE_CONTENT);
