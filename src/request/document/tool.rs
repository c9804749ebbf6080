//! Definitions of tools: schemas, and in some of them things that the provider keeps.

use super::common::{ANY_SCHEMA, plain};
use super::place::{ObjectShape, Place};
use super::word::Saying::{State, Tools};
use super::word::Word;

/// Tools that are offered, of any format but Gemini's.
pub(super) const TOOLS: (&str, Place) = ("tools", LISTED.filled(Tools));
/// Tools that another tool has listed.
pub(super) const LISTED: Place = Place::SCHEMA.items(&TOOL);

/// Tools of Anthropic's. One is another model that advises
/// (<https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool>): it is the one
/// that was judged too.
pub(super) const CLAUDE_TOOLS: (&str, Place) =
    ("tools", Place::SCHEMA.items(&CLAUDE_TOOL).filled(Tools));
static CLAUDE_TOOL: Place = Place::SCHEMA.members(&ADVISOR);
/// What has a model of its own.
pub(super) static ADVISOR: ObjectShape =
    plain(&[("model", Place::MODEL_AGAIN), ("analysis_models", MODELS)]).others(&Place::SCHEMA);
const MODELS: Place = Place::ASIDE.items(&MODEL);
static MODEL: Place = Place::MODEL_AGAIN;

/// What OpenRouter has done beside the request, some of it by other models
/// (<https://openrouter.ai/docs/guides/features/plugins>).
pub(super) const PLUGINS: (&str, Place) = ("plugins", Place::list(&PLUGIN));
static PLUGIN: Place = Place::object(&PLUGIN_SHAPE);
static PLUGIN_SHAPE: ObjectShape = plain(&[
    ("model", Place::MODEL_AGAIN),
    ("models", MODELS),
    ("analysis_models", MODELS),
    ("judge_model", Place::MODEL_AGAIN),
]);

// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools
static TOOL: Place = Place::SCHEMA.members(&TOOL_SHAPE);
static TOOL_SHAPE: ObjectShape = plain(&[
    ("vector_store_ids", Place::STATE),
    ("container", Place { word: Word::Says(State), ..CONTAINER }),
    ("environment", CONTAINER),
    ("input_image_mask", CONTAINER),
    // OpenRouter's own tools: an advisor, a subagent.
    ("parameters", Place::SCHEMA.members(&ADVISOR)),
])
.others(&Place::SCHEMA);
pub(super) const CONTAINER: Place = Place::SCHEMA.members(&CONTAINER_SHAPE);
static CONTAINER_SHAPE: ObjectShape = plain(&[
    ("file_ids", Place::STATE),
    ("file_id", Place::STATE),
    ("container_id", Place::STATE),
    ("image_url", Place::LINK),
    ("skills", Place::SCHEMA.items(&SKILL)),
])
.others(&Place::SCHEMA);
static SKILL: Place = Place::SCHEMA.members(&SKILL_SHAPE);
static SKILL_SHAPE: ObjectShape = plain(&[("skill_id", Place::STATE)]).others(&Place::SCHEMA);

/// Tools of Gemini, which may search in stores of files
/// (<https://ai.google.dev/api/caching#Tool>).
pub(super) const GEMINI_TOOLS: (&str, Place) =
    ("tools", Place::SCHEMA.items(&GEMINI_TOOL).filled(Tools));
static GEMINI_TOOL: Place = Place::SCHEMA.members(&GEMINI_TOOL_SHAPE);
static GEMINI_TOOL_SHAPE: ObjectShape = plain(&[
    ("fileSearch", Place::SCHEMA.members(&FILE_SEARCH)),
    ("retrieval", Place::SCHEMA.members(&RETRIEVAL)),
])
.others(&Place::SCHEMA)
.in_both_cases();
static FILE_SEARCH: ObjectShape =
    plain(&[("fileSearchStoreNames", Place::STATE)]).others(&Place::SCHEMA).in_both_cases();
static RETRIEVAL: ObjectShape = plain(&[("vertexRagStore", KEPT), ("vertexAiSearch", KEPT)])
    .others(&Place::SCHEMA)
    .in_both_cases();
/// A store of the client's at the provider.
const KEPT: Place = Place { members: Some(&ANY_SCHEMA), ..Place::STATE };
