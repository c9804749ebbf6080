//! Definitions of tools: schemas, and in some of them things that the provider keeps.

use super::common::{ANY_SCHEMA, plain};
use super::place::{ObjectShape, Place};
use super::word::Saying::{State, Tools};
use super::word::Word;

/// Tools that are offered, of any format but Gemini's.
pub(super) const TOOLS: (&str, Place) = ("tools", LISTED.filled(Tools));
/// Tools that another tool has listed.
pub(super) const LISTED: Place = Place::SCHEMA.items(&TOOL);

// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools
static TOOL: Place = Place::SCHEMA.members(&TOOL_SHAPE);
static TOOL_SHAPE: ObjectShape = plain(&[
    ("vector_store_ids", Place::STATE),
    ("container", Place { word: Word::Says(State), ..CONTAINER }),
    ("environment", CONTAINER),
    ("input_image_mask", CONTAINER),
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
