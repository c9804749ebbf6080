//! Writes names that OpenAI limits: of tools, calls and users. A name that does not fit is replaced by one that is
//! made of it, always the same one.

use super::super::names::{NameRule, ToolNames};
use super::super::text::JsonText;
use crate::hash;
use crate::json::Json;

/// Names that OpenAI accepts, of functions and of schemas.
/// <https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create>
const NAMES: NameRule = NameRule { longest: 64, has_dots: false, begins_with_letter: false };

/// The longest id of a call that OpenAI accepts, in bytes. Some of its models take longer ones.
const LONGEST_ID: usize = 40;

/// The longest name of a user that OpenAI accepts, in bytes. Claude Code's are twice as long.
const LONGEST_USER: usize = 64;

/// Returns whether OpenAI accepts the name.
#[must_use]
pub(super) fn is_name(name: &str) -> bool {
    ToolNames::default().fit(name, NAMES).is_none()
}

/// Writes the name of a tool. The client gets its own name back.
pub(super) fn write_name(json: &mut Json, name: &JsonText<'_>, names: &mut ToolNames) {
    names.write(name, NAMES, json);
}

/// Returns the id of a call.
#[must_use]
pub(super) fn short_id(id: &JsonText<'_>) -> String {
    short(&id.plain(), "call", LONGEST_ID)
}

/// Writes the id of a call.
pub(super) fn write_id(json: &mut Json, id: &JsonText<'_>) {
    json.text(&short_id(id));
}

/// Writes who asks.
pub(super) fn write_user(json: &mut Json, user: &JsonText<'_>) {
    json.text(&short(&user.plain(), "user", LONGEST_USER));
}

/// Returns the name; if it is too long, one of that kind that is made of it.
#[inline(never)]
fn short(name: &str, kind: &str, longest: usize) -> String {
    if name.len() > longest {
        return format!("{kind}_{:016x}", hash::of(name.as_bytes()));
    }
    name.to_owned()
}

/// Writes Google's signature of a call, escaped already, as a member of it.
pub(super) fn write_signature(json: &mut Json, signature: &str) {
    json.key("extra_content").object(|json| {
        json.key("google").object(|json| json.key("thought_signature").escaped(signature));
    });
}
