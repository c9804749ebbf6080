//! What documents of several formats have in common.

use super::place::Saying::{Json, Tools};
use super::place::{ObjectKind, ObjectShape, Place};

type Keys = &'static [(&'static str, Place)];

/// Returns an object that is nothing but its members.
pub(super) const fn plain(fields: Keys) -> ObjectShape {
    ObjectShape { kind: ObjectKind::Plain, fields }
}

/// Returns an object that is a message.
pub(super) const fn message(fields: Keys) -> ObjectShape {
    ObjectShape { kind: ObjectKind::Message, fields }
}

/// Roles whose text is not the user's, the developer's or the system's. Others are
/// searched: lenient servers take roles they do not know for the user's.
pub(super) const ROLE: (&str, Place) = ("role", Place::role(&["assistant", "tool", "function"]));
/// Free metadata, whose scalar members are params and two of them tags.
pub(super) const LABELS: Place = Place::object(&METADATA);

static METADATA: ObjectShape = ObjectShape {
    kind: ObjectKind::Params,
    fields: &[("tag", Place::tags(0, &TAG_0)), ("tags", Place::tags(1, &TAG_1))],
};
static TAG_0: Place = Place::tag(0);
static TAG_1: Place = Place::tag(1);
static TAG_2: Place = Place::tag(2);

pub(super) const MODEL: (&str, Place) = ("model", Place::MODEL);
pub(super) const STREAM: (&str, Place) = ("stream", Place::STREAM);
pub(super) const MAX_TOKENS: (&str, Place) = ("max_tokens", Place::LIMIT);
/// How many answers there are to a prompt; of two numbers the larger counts.
pub(super) const ANSWERS: (&str, Place) = ("n", Place::ANSWERS);
pub(super) const BEST_OF: (&str, Place) = ("best_of", Place::ANSWERS);
/// Budgets for thinking, in the words of Anthropic, Cohere and aggregators.
pub(super) const THINKING: (&str, Place) = ("thinking", Place::object(&THOUGHTS));
pub(super) const REASONING: (&str, Place) = ("reasoning", Place::object(&THOUGHTS));
static THOUGHTS: ObjectShape = plain(&[
    ("budget_tokens", Place::THINKING),
    ("token_budget", Place::THINKING),
    ("max_tokens", Place::THINKING),
]);
pub(super) const TOOLS: (&str, Place) = ("tools", Place::WHOLE.filled(Tools));
pub(super) const PARAMS: (&str, Place) = ("metadata", LABELS);
pub(super) const TAGS: (&str, Place) = ("tags", Place::tags(2, &TAG_2));
pub(super) static JSON_FORMAT: ObjectShape =
    plain(&[("type", Place::says_if(Json, &["json_object", "json_schema"]))]);
