//! Gemini's contents, in the camel and the snake case that one body may mix
//! (<https://ai.google.dev/api/generate-content>).

use super::common::{ANY_SCHEMA, CACHE_KEY, LABELS, PARAMS, TAGS, UNSIGNED, USER, message, plain};
use super::kind::Document;
use super::place::{Alike, ObjectKind, ObjectShape, Place};
use super::tool::GEMINI_TOOLS;
use super::word::Modality::{File, Image};
use super::word::Saying::Json;
use super::word::TextClass::{Assistant, Tools};
use crate::request::media::Formula;

// Data, in the body or elsewhere: its type says what it is.
static BLOB: ObjectShape = ObjectShape::new(
    ObjectKind::Part(&[]),
    &[
        ("mimeType", Place::MIME),
        ("data", Place::MEDIA.implies(File)),
        ("fileUri", Place::FILE_URI.implies(File)),
    ],
)
.in_both_cases();
const DATA: Place = Place::object(&BLOB);
static FUNCTION: ObjectShape = plain(&[("parts", Place::list(&OUTPUT_PART))])
    .with(&[(&Place::ID, &["id"]), (&Place::SETTING, &["scheduling"])])
    .others(&Place::TOOLS)
    .in_both_cases();
/// Code that was written, and what came of it. In a user's content it is the user's.
static CODE: ObjectShape =
    plain(&[]).with(&[(&Place::SETTING, &["language", "outcome"]), (&Place::ID, &["id"])]);
const HARMLESS: &[Alike] = &[
    (&Place::signed(&UNSIGNED), &["thoughtSignature"]),
    (&Place::SETTING, &["videoMetadata", "mediaResolution", "thought"]),
];

macro_rules! part {
    ($text:expr, $others:expr) => {
        plain(&[
            ("text", $text),
            ("inlineData", DATA),
            ("fileData", DATA),
            ("functionCall", Place::TOOLS.members(&FUNCTION)),
            ("functionResponse", Place::TOOLS.members(&FUNCTION)),
            ("toolCall", Place::TOOLS.members(&FUNCTION)),
            ("toolResponse", Place::TOOLS.members(&FUNCTION)),
            ("executableCode", Place::object(&CODE)),
            ("codeExecutionResult", Place::object(&CODE)),
        ])
        .with(HARMLESS)
        .others($others)
        .in_both_cases()
    };
}
static PART_SHAPE: ObjectShape = part!(Place::PROMPT, &Place::UNKNOWN);
static OUTPUT_SHAPE: ObjectShape = part!(Place::TOOLS, &Place::TOOLS);
static PART: Place = Place::PROMPT.members(&PART_SHAPE).items(&PART);
static OUTPUT_PART: Place = Place::TOOLS.members(&OUTPUT_SHAPE);
const PARTS: Place = Place::PROMPT.items(&PART).members(&PART_SHAPE);

static CONTENT: ObjectShape = message(&[
    (
        "role",
        Place::role(&[
            ("model", Assistant),
            ("assistant", Assistant),
            ("function", Tools),
            ("tool", Tools),
        ]),
    ),
    ("parts", PARTS),
])
.in_both_cases();
static TURN: Place = Place::PROMPT.apart().message().members(&CONTENT);
const CONTENTS: Place = Place::PROMPT.apart().message().items(&TURN).members(&CONTENT);
// Instructions are no message, and are searched whatever their role.
static INSTRUCTION: ObjectShape =
    plain(&[("parts", PARTS)]).with(&[(&Place::SETTING, &["role"])]).in_both_cases();
static INSTRUCTION_ITEM: Place = Place::PROMPT.members(&INSTRUCTION);
const SYSTEM: Place = Place::PROMPT.apart().items(&INSTRUCTION_ITEM).members(&INSTRUCTION);

const ANSWER_SCHEMA: Place = Place { members: Some(&ANY_SCHEMA), ..Place::SCHEMA }.filled(Json);
static THINKING: ObjectShape =
    plain(&[("thinkingBudget", Place::THINKING)]).others(&Place::SETTING).in_both_cases();
static GENERATION_CONFIG: ObjectShape = plain(&[
    ("maxOutputTokens", Place::LIMIT),
    ("candidateCount", Place::ANSWERS),
    ("thinkingConfig", Place::SETTING.members(&THINKING)),
    ("responseMimeType", Place::says_if(Json, &["application/json"])),
    ("responseSchema", ANSWER_SCHEMA),
    ("responseJsonSchema", ANSWER_SCHEMA),
])
.with(&[(
    &Place::SETTING,
    &[
        "temperature",
        "topP",
        "topK",
        "stopSequences",
        "seed",
        "presencePenalty",
        "frequencyPenalty",
        "responseLogprobs",
        "logprobs",
        "responseModalities",
        "speechConfig",
        "imageConfig",
        "mediaResolution",
        "audioTimestamp",
        "routingConfig",
        "modelSelectionConfig",
        "enableEnhancedCivicAnswers",
        "enableAffectiveDialog",
    ],
)])
.in_both_cases();
const CONFIG: Place = Place::object(&GENERATION_CONFIG);
static NESTED: Place = Place::object(&GEMINI).prompt();

static PICTURE: ObjectShape = plain(&[
    ("bytesBase64Encoded", Place::MEDIA),
    ("gcsUri", Place::FILE_URI),
    ("mimeType", Place::MIME),
]);
// What is embedded, or what an image is made of.
static INSTANCE_SHAPE: ObjectShape = plain(&[
    ("content", Place::PROMPT.apart()),
    ("text", Place::PROMPT.apart()),
    ("prompt", Place::PROMPT.apart()),
    ("image", Place::object(&PICTURE).carries(Image)),
    ("video", Place::object(&PICTURE).carries(File)),
    // Chats for a model of Vertex's garden, with `@requestFormat`.
    ("max_tokens", Place::LIMIT),
    ("n", Place::ANSWERS),
])
.with(&[(&Place::SETTING, &["task_type", "taskType"])]);
static INSTANCE: Place = Place::PROMPT.prompt().members(&INSTANCE_SHAPE);
static PARAMETERS: ObjectShape = plain(&[
    ("maxOutputTokens", Place::LIMIT),
    ("max_tokens", Place::LIMIT),
    ("candidateCount", Place::ANSWERS),
    ("sampleCount", Place::ANSWERS),
])
.with(&[(
    &Place::SETTING,
    &["aspectRatio", "outputDimensionality", "autoTruncate", "temperature", "topP", "topK"],
)]);
/// Instances for a prediction.
pub(in crate::request) static PREDICTION: Document =
    Document::new(&PREDICTION_SHAPE, Formula::Gemini);
static PREDICTION_SHAPE: ObjectShape = plain(&[
    ("instances", Place::list(&INSTANCE)),
    ("parameters", Place::object(&PARAMETERS)),
    ("labels", LABELS),
    PARAMS,
    TAGS,
]);

/// Contents of a generation, a count or an embedding.
pub(in crate::request) static GENERATION: Document = Document::new(&GEMINI, Formula::Gemini);
static GEMINI: ObjectShape = plain(&[
    // In a count of another request and in each of several embeddings.
    ("model", Place::MODEL_AGAIN),
    ("contents", CONTENTS),
    ("content", CONTENTS),
    ("systemInstruction", SYSTEM),
    ("generationConfig", CONFIG),
    GEMINI_TOOLS,
    ("cachedContent", Place { filled: None, ..Place::STATE }),
    // A count of what another request would send, and several embeddings.
    ("generateContentRequest", Place::object(&GEMINI)),
    ("requests", Place::list(&NESTED)),
    ("labels", LABELS),
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
])
.with(&[(
    &Place::SETTING,
    &[
        "toolConfig",
        "safetySettings",
        "taskType",
        "outputDimensionality",
        "autoTruncate",
        "serviceTier",
        "store",
    ],
)])
.in_both_cases();
