//! Where each wire format keeps its facts: one constant per document.
//!
//! Adding a format is adding its places here and a line to [`document`]. The
//! walker reads these tables and nothing else about a format.

mod anthropic;
mod gemini;
mod openai;
mod other;

use super::place::Saying::{Json, Tools};
use super::place::{Kind, Place, Shape};
use crate::request::format::Document;

/// The top level of such a document.
pub(super) const fn document(document: Document) -> &'static Shape {
    match document {
        Document::Chat => &openai::CHAT,
        Document::Responses => &openai::RESPONSES,
        Document::Completions => &openai::COMPLETIONS,
        Document::Embeddings => &openai::EMBEDDINGS,
        Document::Moderations => &openai::MODERATIONS,
        Document::Images => &openai::IMAGES,
        Document::Speech => &openai::SPEECH,
        Document::Messages => &anthropic::MESSAGES,
        Document::Gemini => &gemini::GEMINI,
        Document::Converse => &other::CONVERSE,
        Document::CohereChat => &other::COHERE_CHAT,
        Document::CohereEmbed => &other::COHERE_EMBED,
        Document::Rerank => &other::RERANK,
        Document::Ollama => &other::OLLAMA,
    }
}

type Fields = &'static [(&'static str, Place)];

const fn plain(fields: Fields) -> Shape {
    Shape { kind: Kind::Plain, fields }
}

const fn message(fields: Fields) -> Shape {
    Shape { kind: Kind::Message, fields }
}

/// Roles whose text is not the user's, the developer's or the system's. Others are
/// searched: lenient servers take roles they do not know for the user's.
const ROLE: (&str, Place) = ("role", Place::role(&["assistant", "tool", "function"]));
const LABELS: Place = Place::object(&METADATA);

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
const PARAMS: (&str, Place) = ("metadata", LABELS);
const TAGS: (&str, Place) = ("tags", Place::tags(2, &TAG_2));
static JSON_FORMAT: Shape =
    plain(&[("type", Place::says_if(Json, &["json_object", "json_schema"]))]);

#[cfg(test)]
mod tests;
