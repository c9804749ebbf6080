//! The OpenAI family: parts carry the same names in chat and responses.

use super::common::{
    ANSWERS, BEST_OF, JSON_FORMAT, MAX_TOKENS, MODEL, PARAMS, REASONING, ROLE, STREAM, TAGS,
    THINKING, TOOLS, plain,
};
use super::place::Modality::{Audio, File, Image, Text};
use super::place::Saying::{LowDetail, State, Tools};
use super::place::{Document, Modality, ObjectKind, ObjectShape, Place};
use crate::request::media::Formula;

const OPENAI_PARTS: &[(&str, Modality)] = &[
    ("text", Text),
    ("input_text", Text),
    ("output_text", Text),
    ("refusal", Text),
    ("image_url", Image),
    ("input_image", Image),
    ("image", Image),
    ("computer_screenshot", Image),
    ("input_audio", Audio),
    ("audio_url", Audio),
    ("file", File),
    ("input_file", File),
    ("document_url", File),
    ("document", File),
];
static FILE: ObjectShape = plain(&[("file_id", Place::STATE)]);
const DETAIL: (&str, Place) = ("detail", Place::says_if(LowDetail, &["low"]));
static LINK: ObjectShape = plain(&[("url", Place::MEDIA), DETAIL]);
static SOUND: ObjectShape = plain(&[("data", Place::MEDIA)]);

macro_rules! openai_part {
    ($text:expr) => {
        ObjectShape {
            kind: ObjectKind::Part(OPENAI_PARTS),
            fields: &[
                ("type", Place::TYPE),
                ("text", $text),
                ("refusal", Place::COUNTED),
                ("image_url", Place::MEDIA.members(&LINK).implies(Image)),
                DETAIL,
                ("input_audio", Place::MEDIA.members(&SOUND).implies(Audio)),
                ("audio_url", Place::MEDIA.members(&LINK).implies(Audio)),
                ("file", Place::object(&FILE).implies(File)),
                ("file_data", Place::SKIP.implies(File)),
                ("file_url", Place::SKIP.implies(File)),
                ("document_url", Place::SKIP.implies(File)),
                ("file_id", Place::STATE.implies(File)),
            ],
        }
    };
}
pub(super) static PART: ObjectShape = openai_part!(Place::PROMPT);
static OUTPUT_PART: ObjectShape = openai_part!(Place::COUNTED);
pub(super) static PART_ITEM: Place = Place::PROMPT.members(&PART);
static OUTPUT_ITEM: Place = Place::COUNTED.members(&OUTPUT_PART);
pub(super) const CONTENT: Place = Place::PROMPT.items(&PART_ITEM).members(&PART);
const OUTPUT: Place = Place::COUNTED.items(&OUTPUT_ITEM).members(&OUTPUT_PART);

// openai-chat

pub(super) static FUNCTION: ObjectShape =
    plain(&[("name", Place::COUNTED), ("arguments", Place::WHOLE), ("input", Place::WHOLE)]);
pub(super) static CALL: ObjectShape =
    plain(&[("function", Place::object(&FUNCTION)), ("custom", Place::object(&FUNCTION))]);
pub(super) static CALL_ITEM: Place = Place::object(&CALL);
static CHAT_MESSAGE: ObjectShape = ObjectShape {
    kind: ObjectKind::Message,
    fields: &[
        ROLE,
        ("content", CONTENT),
        ("refusal", Place::COUNTED),
        ("tool_calls", Place::list(&CALL_ITEM)),
        ("function_call", Place::object(&FUNCTION)),
    ],
};
static CHAT_ITEM: Place = Place::object(&CHAT_MESSAGE);
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
    ("messages", Place::list(&CHAT_ITEM)),
    STREAM,
    ("max_completion_tokens", Place::LIMIT),
    ("max_output_tokens", Place::LIMIT),
    MAX_TOKENS,
    TOOLS,
    ("functions", Place::WHOLE.filled(Tools)),
    ("response_format", Place::object(&JSON_FORMAT)),
    PARAMS,
    TAGS,
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
]);

// openai-responses

static RESPONSE_ITEM: ObjectShape = ObjectShape {
    kind: ObjectKind::Message,
    fields: &[
        ("type", Place::says_if(State, &["item_reference"])),
        ROLE,
        ("content", CONTENT),
        ("name", Place::COUNTED),
        ("arguments", Place::WHOLE),
        ("input", Place::WHOLE),
        ("output", OUTPUT),
        ("summary", OUTPUT),
    ],
};
static RESPONSE_INPUT: Place = Place::object(&RESPONSE_ITEM);
static TEXT_FORMAT: ObjectShape = plain(&[("format", Place::object(&JSON_FORMAT))]);
/// Responses.
pub(in crate::request) static RESPONSES: Document =
    Document::new(&RESPONSES_SHAPE, Formula::OpenAi);
static RESPONSES_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("instructions", CONTENT.apart()),
    ("input", Place::PROMPT.apart().message().items(&RESPONSE_INPUT)),
    STREAM,
    ("max_output_tokens", Place::LIMIT),
    MAX_TOKENS,
    ANSWERS,
    THINKING,
    REASONING,
    TOOLS,
    ("text", Place::object(&TEXT_FORMAT)),
    ("previous_response_id", Place::STATE),
    ("conversation", Place::STATE),
    PARAMS,
    TAGS,
]);

// openai-completions, openai-embeddings: a text, texts, tokens, or lists of tokens

static TEXT_OR_TOKEN: Place =
    Place { plain: Place::TOKEN.plain, ..Place::PROMPT }.prompt().items(&Place::TOKEN);
const TEXTS: Place = Place::PROMPT.apart().items(&TEXT_OR_TOKEN);
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
    ANSWERS,
    BEST_OF,
    PARAMS,
    TAGS,
]);
/// Embeddings of texts.
pub(in crate::request) static EMBEDDINGS: Document =
    Document::new(&EMBEDDINGS_SHAPE, Formula::Fixed).text_only();
static EMBEDDINGS_SHAPE: ObjectShape = plain(&[MODEL, ("input", TEXTS), PARAMS, TAGS]);

// openai-moderations: a text, texts or parts

static MODERATED: Place = Place::PROMPT.apart().members(&PART);
/// Moderations.
pub(in crate::request) static MODERATIONS: Document =
    Document::new(&MODERATIONS_SHAPE, Formula::OpenAi);
static MODERATIONS_SHAPE: ObjectShape =
    plain(&[MODEL, ("input", Place::PROMPT.apart().items(&MODERATED)), PARAMS, TAGS]);

// openai-images, openai-audio: as JSON

static GIVEN: ObjectShape = plain(&[("file_id", Place::STATE), ("image_url", Place::MEDIA)]);
static IMAGE: Place = Place::MEDIA.members(&GIVEN).carries(Image);
const PICTURES: Place = Place::MEDIA.members(&GIVEN).carries(Image).items(&IMAGE);
/// Images made of a prompt, or of others.
pub(in crate::request) static IMAGES: Document =
    Document::new(&IMAGES_SHAPE, Formula::OpenAiImages);
static IMAGES_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("prompt", Place::PROMPT),
    ("image", PICTURES),
    ("images", PICTURES),
    ANSWERS,
    STREAM,
    PARAMS,
    TAGS,
]);
/// Speech made of a text, or a text of speech.
pub(in crate::request) static SPEECH: Document =
    Document::new(&SPEECH_SHAPE, Formula::OpenAi).with_audio_files();
static SPEECH_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("input", Place::PROMPT),
    ("prompt", Place::PROMPT),
    ("instructions", Place::COUNTED),
    ("file", Place::MEDIA.carries(Audio)),
    STREAM,
    PARAMS,
    TAGS,
]);
