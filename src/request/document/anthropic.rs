//! Anthropic's messages (<https://docs.anthropic.com/en/api/messages>).

use super::common::{
    CACHE_CONTROL, CACHE_KEY, FORMAT, IDS, MAX_TOKENS, MODEL, PARAMS, ROLE, STREAM, TAGS, THINKING,
    USER, message, plain,
};
use super::kind::Document;
use super::place::{Alike, ObjectKind, ObjectShape, Place};
use super::tool::{ADVISOR, CLAUDE_TOOLS};
use super::word::Modality::{self, File, Image, Sealed, Text};
use super::word::TextClass::Tools;
use super::word::{ClassOf, Parting};
use crate::request::media::Formula;

const BLOCKS: &[(&str, Modality)] = &[
    ("text", Text),
    ("thinking", Text),
    ("image", Image),
    ("document", File),
    ("container_upload", File),
    ("redacted_thinking", Sealed),
];
/// Blocks with the arguments of a call or what a tool answered.
const OF_TOOLS: &[ClassOf] = &[
    ("tool_use", Tools),
    ("tool_result", Tools),
    ("server_tool_use", Tools),
    ("mcp_tool_use", Tools),
    ("mcp_tool_result", Tools),
    ("web_search_tool_result", Tools),
    ("web_fetch_tool_result", Tools),
    ("code_execution_tool_result", Tools),
    ("bash_code_execution_tool_result", Tools),
    ("text_editor_code_execution_tool_result", Tools),
    ("tool_search_tool_result", Tools),
];
static SOURCE: ObjectShape = ObjectShape::new(
    ObjectKind::Source,
    &[
        ("type", Place::ENCODING),
        ("data", Place::ENCODED),
        ("url", Place::LINK),
        ("file_id", Place::STATE),
        ("content", Place::ASIDE.items(&ASIDE_ITEM).members(&ASIDE_BLOCK)),
    ],
)
.with(&[(&Place::SETTING, &["media_type"])]);
const HARMLESS: &[Alike] = &[
    (&Place::SETTING, &["caller"]),
    (&Place::ID, &["id", "tool_use_id"]),
    (&Place::signed(&Parting::With("thinking")), &["signature"]),
    // What the provider's own tools found, which later turns cite.
    (
        &Place::signed(&Parting::Never),
        &["encrypted_content", "encrypted_index", "encrypted_stdout"],
    ),
];

macro_rules! block {
    ($text:expr) => {
        ObjectShape::new(
            ObjectKind::Part(BLOCKS),
            &[
                ("type", Place::typed(OF_TOOLS)),
                ("text", $text.joined()),
                ("input", Place::TOOLS),
                ("content", Place::ASIDE.items(&ASIDE_ITEM).members(&ASIDE_BLOCK)),
                // The name of where a search result is from, too.
                ("source", Place::object(&SOURCE)),
                ("file_id", Place::STATE),
                ("data", Place::ENCODED),
                ("tool", Place::object(&ADDED)),
                ("citations", Place::UNKNOWN.items(&CITATION)),
                CACHE_CONTROL,
            ],
        )
        .with(HARMLESS)
    };
}
/// What a text is backed by. Of what the provider has found, its place there is encrypted.
static CITATION: Place = Place::UNKNOWN.members(&CITED);
static CITED: ObjectShape =
    plain(&[]).with(&[(&Place::signed(&Parting::Never), &["encrypted_index"])]);
/// A tool that comes later.
static ADDED: ObjectShape = plain(&[("definition", Place::object(&ADVISOR))]);
static BLOCK: ObjectShape = block!(Place::PROMPT);
/// A block inside a block: what a tool answered, a passage of a document, a search result.
static ASIDE_BLOCK: ObjectShape = block!(Place::ASIDE);
static BLOCK_ITEM: Place = Place::PROMPT.members(&BLOCK).items(&BLOCK_ITEM);
static ASIDE_ITEM: Place = Place::ASIDE.members(&ASIDE_BLOCK).items(&ASIDE_ITEM);
const BLOCK_CONTENT: Place = Place::PROMPT.items(&BLOCK_ITEM).members(&BLOCK);
static OUTPUT: ObjectShape =
    plain(&[("format", FORMAT)]).with(&[(&Place::SETTING, &["effort", "task_budget"])]);
const CONTAINER: Place = Place { filled: None, ..Place::STATE };
static CONTAINER_SHAPE: ObjectShape =
    plain(&[("id", CONTAINER)]).with(&[(&Place::SETTING, &["skills"])]);
static TURN: ObjectShape =
    message(&[ROLE, ("content", BLOCK_CONTENT)]).with(&[(&Place::ID, &["id"])]);
static TURN_ITEM: Place = Place::object(&TURN);
static MCP_SERVERS: Place = Place::object(&MCP_SERVER);
static MCP_SERVER: ObjectShape = plain(&[]).with(&[
    (&Place::SETTING, &["type", "tool_configuration"]),
    (&Place::ID, &["url", "authorization_token"]),
]);
/// What is taken out of a long conversation. It may say how to sum that up.
static CONTEXT: ObjectShape = plain(&[("edits", Place::list(&EDIT))]);
static EDIT: Place = Place::object(&EDIT_SHAPE);
static EDIT_SHAPE: ObjectShape = plain(&[]).with(&[(
    &Place::SETTING,
    &["type", "trigger", "keep", "clear_at_least", "exclude_tools", "clear_tool_inputs"],
)]);
// Other vendors' limits, on Bedrock: Llama's, Nova's, Titan's
// (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html).
static NOVA: ObjectShape = plain(&[("maxTokens", Place::LIMIT), ("max_new_tokens", Place::LIMIT)]);
static TITAN: ObjectShape = plain(&[("maxTokenCount", Place::LIMIT)]);
/// Messages.
pub(in crate::request) static MESSAGES: Document =
    Document::new(&MESSAGES_SHAPE, Formula::Anthropic);
static MESSAGES_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("system", BLOCK_CONTENT.apart()),
    ("messages", Place::list(&TURN_ITEM)),
    STREAM,
    MAX_TOKENS,
    ("max_gen_len", Place::LIMIT),
    ("inferenceConfig", Place::object(&NOVA)),
    ("textGenerationConfig", Place::object(&TITAN)),
    THINKING,
    CLAUDE_TOOLS,
    ("container", CONTAINER.members(&CONTAINER_SHAPE)),
    ("output_format", FORMAT),
    ("output_config", Place::object(&OUTPUT)),
    PARAMS,
    TAGS,
    USER,
    CACHE_KEY,
    ("context_management", Place::object(&CONTEXT)),
    ("thread", Place::STATE),
    ("mcp_servers", Place::list(&MCP_SERVERS)),
    CACHE_CONTROL,
])
.with(&[
    (
        &Place::SETTING,
        &[
            "temperature",
            "top_p",
            "top_k",
            "stop_sequences",
            "tool_choice",
            "service_tier",
            "anthropic_version",
            "anthropic_beta",
            "betas",
            "inference_geo",
            "speed",
            "billing_policy",
        ],
    ),
    (&Place::ID, &["diagnostics"]),
    (&Place::OPAQUE, &["fallback_credit_token"]),
    IDS,
]);
