//! Where each wire format keeps its facts: one constant per format.
//!
//! Adding a format is adding its places here and a line to [`document`]. The
//! walker reads these tables and nothing else about a format.

use super::place::Modality::{Audio, File, Image, Text};
use super::place::Saying::{Json, State, Tools};
use super::place::{Kind, Modality, Place, Shape};
use crate::request::format::Format;

/// The top level of a body of that format.
pub(super) const fn document(format: Format) -> &'static Shape {
    match format {
        Format::OpenAiChat => &CHAT,
        Format::OpenAiResponses => &RESPONSES,
        Format::OpenAiCompletions => &COMPLETIONS,
        Format::OpenAiEmbeddings => &EMBEDDINGS,
        Format::AnthropicMessages => &ANTHROPIC,
        _ => &MODEL_ONLY,
    }
}

type Fields = &'static [(&'static str, Place)];

const fn plain(fields: Fields) -> Shape {
    Shape { kind: Kind::Plain, fields }
}

// Common to all formats.

static METADATA: Shape = Shape {
    kind: Kind::Params,
    fields: &[("tag", Place::tags(0, &TAG_0)), ("tags", Place::tags(1, &TAG_1))],
};
static TAG_0: Place = Place::tag(0);
static TAG_1: Place = Place::tag(1);
static TAG_2: Place = Place::tag(2);

const MODEL: (&str, Place) = ("model", Place::MODEL);
const STREAM: (&str, Place) = ("stream", Place::STREAM);
const MAX_TOKENS: (&str, Place) = ("max_tokens", Place::LIMIT);
const TOOLS: (&str, Place) = ("tools", Place::WHOLE.filled(Tools));
const PARAMS: (&str, Place) = ("metadata", Place::object(&METADATA));
const TAGS: (&str, Place) = ("tags", Place::tags(2, &TAG_2));

static MODEL_ONLY: Shape = plain(&[MODEL, STREAM, PARAMS, TAGS]);

// The OpenAI family: parts carry the same names in chat and responses.

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
static FILE: Shape = plain(&[("file_id", Place::STATE)]);

macro_rules! openai_part {
    ($text:expr) => {
        Shape {
            kind: Kind::Part(OPENAI_PARTS),
            fields: &[
                ("type", Place::TYPE),
                ("text", $text),
                ("refusal", Place::COUNTED),
                ("image_url", Place::SKIP.implies(Image)),
                ("input_audio", Place::SKIP.implies(Audio)),
                ("audio_url", Place::SKIP.implies(Audio)),
                ("file", Place::object(&FILE).implies(File)),
                ("file_data", Place::SKIP.implies(File)),
                ("file_url", Place::SKIP.implies(File)),
                ("document_url", Place::SKIP.implies(File)),
                ("file_id", Place::STATE.implies(File)),
            ],
        }
    };
}
static PART: Shape = openai_part!(Place::PROMPT);
static OUTPUT_PART: Shape = openai_part!(Place::COUNTED);
static PART_ITEM: Place = Place::PROMPT.members(&PART);
static OUTPUT_ITEM: Place = Place::COUNTED.members(&OUTPUT_PART);
const CONTENT: Place = Place::PROMPT.items(&PART_ITEM).members(&PART);
const OUTPUT: Place = Place::COUNTED.items(&OUTPUT_ITEM).members(&OUTPUT_PART);

// openai-chat

static FUNCTION: Shape =
    plain(&[("name", Place::COUNTED), ("arguments", Place::WHOLE), ("input", Place::WHOLE)]);
static CALL: Shape =
    plain(&[("function", Place::object(&FUNCTION)), ("custom", Place::object(&FUNCTION))]);
static CALL_ITEM: Place = Place::object(&CALL);
static CHAT_MESSAGE: Shape = Shape {
    kind: Kind::Message,
    fields: &[
        ("role", Place::ROLE),
        ("content", CONTENT),
        ("refusal", Place::COUNTED),
        ("tool_calls", Place::list(&CALL_ITEM)),
        ("function_call", Place::object(&FUNCTION)),
    ],
};
static CHAT_ITEM: Place = Place::object(&CHAT_MESSAGE);
static JSON_FORMAT: Shape =
    plain(&[("type", Place::says_if(Json, &["json_object", "json_schema"]))]);
static CHAT: Shape = plain(&[
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
]);

// openai-responses

static RESPONSE_ITEM: Shape = Shape {
    kind: Kind::Message,
    fields: &[
        ("type", Place::says_if(State, &["item_reference"])),
        ("role", Place::ROLE),
        ("content", CONTENT),
        ("name", Place::COUNTED),
        ("arguments", Place::WHOLE),
        ("input", Place::WHOLE),
        ("output", OUTPUT),
        ("summary", OUTPUT),
    ],
};
static RESPONSE_INPUT: Place = Place::object(&RESPONSE_ITEM);
static TEXT_FORMAT: Shape = plain(&[("format", Place::object(&JSON_FORMAT))]);
static RESPONSES: Shape = plain(&[
    MODEL,
    ("instructions", CONTENT.apart()),
    ("input", Place::PROMPT.apart().message().items(&RESPONSE_INPUT)),
    STREAM,
    ("max_output_tokens", Place::LIMIT),
    MAX_TOKENS,
    TOOLS,
    ("text", Place::object(&TEXT_FORMAT)),
    ("previous_response_id", Place::STATE),
    ("conversation", Place::STATE),
    PARAMS,
    TAGS,
]);

// openai-completions, openai-embeddings: a text, texts, tokens, or lists of tokens

static TEXT_OR_TOKEN: Place =
    Place { plain: Place::TOKEN.plain, ..Place::PROMPT }.apart().items(&Place::TOKEN);
const TEXTS: Place = Place::PROMPT.apart().items(&TEXT_OR_TOKEN);
static COMPLETIONS: Shape = plain(&[
    MODEL,
    ("prompt", TEXTS),
    ("suffix", Place::COUNTED),
    STREAM,
    ("max_completion_tokens", Place::LIMIT),
    ("max_output_tokens", Place::LIMIT),
    MAX_TOKENS,
    PARAMS,
    TAGS,
]);
static EMBEDDINGS: Shape = plain(&[MODEL, ("input", TEXTS), PARAMS, TAGS]);

// anthropic-messages

const BLOCKS: &[(&str, Modality)] = &[
    ("text", Text),
    ("thinking", Text),
    ("tool_use", Text),
    ("tool_result", Text),
    ("server_tool_use", Text),
    ("search_result", Text),
    ("image", Image),
    ("document", File),
    ("container_upload", File),
];
static SOURCE: Shape = plain(&[("file_id", Place::STATE)]);

macro_rules! anthropic_block {
    ($text:expr) => {
        Shape {
            kind: Kind::Part(BLOCKS),
            fields: &[
                ("type", Place::TYPE),
                ("text", $text),
                ("thinking", Place::COUNTED),
                ("name", Place::COUNTED),
                ("input", Place::WHOLE),
                ("content", Place::COUNTED.items(&RESULT_ITEM).members(&RESULT_BLOCK)),
                ("source", Place::object(&SOURCE)),
                ("file_id", Place::STATE),
            ],
        }
    };
}
static BLOCK: Shape = anthropic_block!(Place::PROMPT);
static RESULT_BLOCK: Shape = anthropic_block!(Place::COUNTED);
static BLOCK_ITEM: Place = Place::PROMPT.members(&BLOCK);
static RESULT_ITEM: Place = Place::COUNTED.members(&RESULT_BLOCK);
const BLOCK_CONTENT: Place = Place::PROMPT.items(&BLOCK_ITEM).members(&BLOCK);
static TURN: Shape =
    Shape { kind: Kind::Message, fields: &[("role", Place::ROLE), ("content", BLOCK_CONTENT)] };
static TURN_ITEM: Place = Place::object(&TURN);
static ANTHROPIC: Shape = plain(&[
    MODEL,
    ("system", BLOCK_CONTENT.apart()),
    ("messages", Place::list(&TURN_ITEM)),
    STREAM,
    MAX_TOKENS,
    TOOLS,
    PARAMS,
    TAGS,
]);
