//! OpenAI's responses: items, of which a message is one kind
//! (<https://platform.openai.com/docs/api-reference/responses/create>).

use super::common::{
    ANSWERS, BEST_OF, CACHE_KEY, FORMAT, IDS, MAX_TOKENS, MODEL, PARAMS, REASONING, ROLE, SAMPLING,
    STREAM, TAGS, THINKING, USER, plain,
};
use super::kind::Document;
use super::openai::NAMED;
use super::part::{CONTENT, OUTPUT};
use super::place::{ObjectKind, ObjectShape, Place};
use super::tool::{CONTAINER, LISTED, TOOLS};
use super::word::TextClass::{Assistant, Tools};
use super::word::{ClassOf, Parting};
use crate::request::media::Formula;

/// Items without a role, and whose text theirs is.
const ITEMS: &[ClassOf] = &[
    ("reasoning", Assistant),
    ("web_search_call", Tools),
    ("file_search_call", Tools),
    ("computer_call", Tools),
    ("computer_call_output", Tools),
    ("code_interpreter_call", Tools),
    ("image_generation_call", Tools),
    ("function_call", Tools),
    ("function_call_output", Tools),
    ("custom_tool_call", Tools),
    ("custom_tool_call_output", Tools),
    ("local_shell_call", Tools),
    ("local_shell_call_output", Tools),
    ("shell_call", Tools),
    ("shell_call_output", Tools),
    ("apply_patch_call", Tools),
    ("apply_patch_call_output", Tools),
    ("mcp_call", Tools),
    ("mcp_list_tools", Tools),
    ("mcp_approval_request", Tools),
    ("tool_search_call", Tools),
    ("tool_search_output", Tools),
    ("multi_agent_call", Tools),
    ("multi_agent_call_output", Tools),
    ("program", Tools),
    ("program_output", Tools),
];
/// Items that stand for what the provider keeps under their id.
const KEPT: &[&str] = &["item_reference", "image_generation_call", "reasoning"];

static ITEM: ObjectShape = ObjectShape::new(
    ObjectKind::Item { kept: KEPT, base64: &["image_generation_call"] },
    &[
        ("type", Place::typed(ITEMS)),
        ROLE,
        ("content", CONTENT),
        ("arguments", Place::TOOLS),
        ("input", Place::TOOLS),
        ("output", OUTPUT),
        ("summary", Place::ASSISTANT.items(&THOUGHT_ITEM)),
        ("id", Place::ITEM_ID),
        ("result", Place::ENCODED),
        // A compaction holds the conversation itself, so of items only thoughts can go.
        ("encrypted_content", Place::sealed(&Parting::With("reasoning"))),
        ("container_id", Place::STATE),
        ("environment", CONTAINER),
        ("tools", LISTED),
    ],
)
.with(&[
    (&Place::SETTING, &["status", "phase"]),
    (&Place::ID, &["call_id", "approval_request_id", "server_label"]),
    (&Place::TOOLS, &["action", "actions", "operation", "outputs", "results", "queries", "code"]),
]);
static THOUGHT_ITEM: Place = Place::ASSISTANT.members(&THOUGHT);
static THOUGHT: ObjectShape =
    plain(&[]).with(&[(&Place::SETTING, &["type"])]).others(&Place::ASSISTANT);
static INPUT: Place = Place::object(&ITEM);
/// Responses.
pub(in crate::request) static RESPONSES: Document = Document::new(&SHAPE, Formula::OpenAi);
static SHAPE: ObjectShape = plain(&[
    MODEL,
    ("instructions", CONTENT.apart()),
    ("input", Place::PROMPT.apart().message().items(&INPUT).members(&ITEM)),
    STREAM,
    ("max_output_tokens", Place::LIMIT),
    MAX_TOKENS,
    TOOLS,
    ("text", Place::object(&TEXT)),
    ("previous_response_id", Place::STATE),
    ("conversation", Place::STATE),
    ("prompt", Place::object(&STORED)),
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
    IDS,
    (
        &Place::SETTING,
        &[
            "include",
            "truncation",
            "background",
            "background_options",
            "max_tool_calls",
            "context_management",
            "access_programs",
        ],
    ),
]);
static TEXT: ObjectShape = plain(&[("format", FORMAT)]).with(&[(&Place::SETTING, &["verbosity"])]);
/// A prompt that the provider keeps, with what fills its gaps.
static STORED: ObjectShape = plain(&[("id", Place::STATE), ("variables", Place::object(&NAMED))])
    .with(&[(&Place::SETTING, &["version"])]);
