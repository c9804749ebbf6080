//! Anthropic's messages.

use super::common::{
    JSON_FORMAT, MAX_TOKENS, MODEL, PARAMS, ROLE, STREAM, TAGS, THINKING, TOOLS, plain,
};
use super::place::Modality::{File, Image, Text};
use super::place::Saying::State;
use super::place::{Document, Modality, ObjectKind, ObjectShape, Place, Word};
use crate::request::media::Formula;

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
static SOURCE: ObjectShape = plain(&[("file_id", Place::STATE), ("data", Place::MEDIA)]);

macro_rules! anthropic_block {
    ($text:expr) => {
        ObjectShape {
            kind: ObjectKind::Part(BLOCKS),
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
static BLOCK: ObjectShape = anthropic_block!(Place::PROMPT);
static RESULT_BLOCK: ObjectShape = anthropic_block!(Place::COUNTED);
static BLOCK_ITEM: Place = Place::PROMPT.members(&BLOCK);
static RESULT_ITEM: Place = Place::COUNTED.members(&RESULT_BLOCK);
const BLOCK_CONTENT: Place = Place::PROMPT.items(&BLOCK_ITEM).members(&BLOCK);
static OUTPUT: ObjectShape = plain(&[("format", Place::object(&JSON_FORMAT))]);
const CONTAINER: Place = Place { word: Word::Says(State), ..Place::SKIP };
static CONTAINER_SHAPE: ObjectShape = plain(&[("id", CONTAINER)]);
static TURN: ObjectShape =
    ObjectShape { kind: ObjectKind::Message, fields: &[ROLE, ("content", BLOCK_CONTENT)] };
static TURN_ITEM: Place = Place::object(&TURN);
/// Messages.
pub(in crate::request) static MESSAGES: Document =
    Document::new(&MESSAGES_SHAPE, Formula::Anthropic);
static MESSAGES_SHAPE: ObjectShape = plain(&[
    MODEL,
    ("system", BLOCK_CONTENT.apart()),
    ("messages", Place::list(&TURN_ITEM)),
    STREAM,
    MAX_TOKENS,
    THINKING,
    TOOLS,
    ("container", CONTAINER.members(&CONTAINER_SHAPE)),
    ("output_format", Place::object(&JSON_FORMAT)),
    ("output_config", Place::object(&OUTPUT)),
    PARAMS,
    TAGS,
]);
