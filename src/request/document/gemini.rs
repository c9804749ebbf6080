//! Gemini's contents, in the camel and the snake case that one body may mix.

use super::common::{LABELS, PARAMS, TAGS, TOOLS, message, plain};
use super::place::Modality::File;
use super::place::Saying::{Json, State};
use super::place::{Document, ObjectKind, ObjectShape, Place, Word};
use crate::request::media::Formula;

// Data, in the body or elsewhere: its type says what it is.
static BLOB: ObjectShape = ObjectShape {
    kind: ObjectKind::Part(&[]),
    fields: &[
        ("mimeType", Place::MIME),
        ("mime_type", Place::MIME),
        ("data", Place::MEDIA.implies(File)),
        ("fileUri", Place::FILE_URI.implies(File)),
        ("file_uri", Place::FILE_URI.implies(File)),
    ],
};
const DATA: Place = Place::object(&BLOB);
static FUNCTION: ObjectShape = plain(&[
    ("name", Place::COUNTED),
    ("args", Place::WHOLE),
    ("response", Place::WHOLE),
    ("parts", Place::list(&OUTPUT_PART)),
]);
static CODE: ObjectShape = plain(&[("code", Place::COUNTED), ("output", Place::COUNTED)]);

macro_rules! part {
    ($text:expr) => {
        plain(&[
            ("text", $text),
            ("inlineData", DATA),
            ("inline_data", DATA),
            ("fileData", DATA),
            ("file_data", DATA),
            ("functionCall", Place::object(&FUNCTION)),
            ("function_call", Place::object(&FUNCTION)),
            ("functionResponse", Place::object(&FUNCTION)),
            ("function_response", Place::object(&FUNCTION)),
            ("executableCode", Place::object(&CODE)),
            ("executable_code", Place::object(&CODE)),
            ("codeExecutionResult", Place::object(&CODE)),
            ("code_execution_result", Place::object(&CODE)),
        ])
    };
}
static PART_SHAPE: ObjectShape = part!(Place::PROMPT);
static OUTPUT_SHAPE: ObjectShape = part!(Place::COUNTED);
static PART: Place = Place::PROMPT.members(&PART_SHAPE);
static OUTPUT_PART: Place = Place::COUNTED.members(&OUTPUT_SHAPE);
const PARTS: Place = Place::PROMPT.items(&PART).members(&PART_SHAPE);

static CONTENT: ObjectShape = message(&[
    ("role", Place::role(&["model", "assistant", "function", "tool"])),
    ("parts", PARTS),
]);
static TURN: Place = Place::PROMPT.apart().message().members(&CONTENT);
const CONTENTS: Place = Place::PROMPT.apart().message().items(&TURN).members(&CONTENT);
// Instructions are no message, and are searched whatever their role.
static INSTRUCTION: ObjectShape = plain(&[("parts", PARTS)]);
static INSTRUCTION_ITEM: Place = Place::PROMPT.members(&INSTRUCTION);
const SYSTEM: Place = Place::PROMPT.apart().items(&INSTRUCTION_ITEM).members(&INSTRUCTION);

static THINKING: ObjectShape =
    plain(&[("thinkingBudget", Place::THINKING), ("thinking_budget", Place::THINKING)]);
static GENERATION_CONFIG: ObjectShape = plain(&[
    ("maxOutputTokens", Place::LIMIT),
    ("max_output_tokens", Place::LIMIT),
    ("candidateCount", Place::ANSWERS),
    ("candidate_count", Place::ANSWERS),
    ("thinkingConfig", Place::object(&THINKING)),
    ("thinking_config", Place::object(&THINKING)),
    ("responseMimeType", Place::says_if(Json, &["application/json"])),
    ("response_mime_type", Place::says_if(Json, &["application/json"])),
    ("responseSchema", Place::SKIP.filled(Json)),
    ("response_schema", Place::SKIP.filled(Json)),
    ("responseJsonSchema", Place::SKIP.filled(Json)),
    ("response_json_schema", Place::SKIP.filled(Json)),
]);
const CONFIG: Place = Place::object(&GENERATION_CONFIG);
static NESTED: Place = Place::object(&GEMINI).prompt();

/// Contents of a generation, a count or an embedding.
pub(in crate::request) static GENERATION: Document = Document::new(&GEMINI, Formula::Gemini);
static GEMINI: ObjectShape = plain(&[
    ("contents", CONTENTS),
    ("content", CONTENTS),
    ("systemInstruction", SYSTEM),
    ("system_instruction", SYSTEM),
    ("generationConfig", CONFIG),
    ("generation_config", CONFIG),
    TOOLS,
    ("cachedContent", Place { word: Word::Says(State), ..Place::SKIP }),
    ("cached_content", Place { word: Word::Says(State), ..Place::SKIP }),
    // A count of what another request would send, and several embeddings.
    ("generateContentRequest", Place::object(&GEMINI)),
    ("generate_content_request", Place::object(&GEMINI)),
    ("requests", Place::list(&NESTED)),
    ("labels", LABELS),
    PARAMS,
    TAGS,
]);
