//! Reads a request to `POST /v1/messages`, or to `count_tokens`, which has the same shape
//! (<https://platform.claude.com/docs/en/api/messages/create>).
//!
//! It decides which members of the request itself have no counterpart in any other API, and whether leaving one out
//! changes what is asked. Other modules read turns, tools and settings of the answer.

use super::super::conversation::{CacheMark, Conversation};
use super::super::known::{KnownObject, NO_COUNTERPART, Spot};
use super::super::loss::Losses;
use super::super::tape::Node;
use super::read_cache::cache_mark;
use super::{read_settings, read_tools, read_turns};

/// Members that only change how the answer is made, each with the value that changes nothing.
const DROPPED: &[(&str, &str)] = &[
    ("anthropic_beta", ""),
    ("betas", ""),
    ("billing_policy", ""),
    ("diagnostics", ""),
    ("fallback_credit_token", ""),
    ("fallbacks", ""),
    ("service_tier", "auto"),
    ("speed", "standard"),
    ("user_profile_id", ""),
    ("workspace_id", ""),
];

/// Members that are refused. They add something to the conversation that only Anthropic has, remove something
/// from it, or say where the request may be processed.
const REFUSED: &[&str] = &["container", "mcp_servers", "thread", "compaction", "inference_geo"];

/// All members of a request that are known.
const MEMBERS: &[&str] = &[
    "messages",
    "system",
    "tools",
    "tool_choice",
    "context_management",
    "cache_control",
    "metadata",
    // The deployment says which model is asked, and its API which version of the shape.
    "model",
    "anthropic_version",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "stream",
    "thinking",
    "output_config",
    "output_format",
    "anthropic_beta",
    "betas",
    "billing_policy",
    "diagnostics",
    "fallback_credit_token",
    "fallbacks",
    "inference_geo",
    "service_tier",
    "speed",
    "user_profile_id",
    "workspace_id",
    "container",
    "mcp_servers",
    "thread",
    "compaction",
];

/// Reads a request.
#[inline(never)]
pub(in super::super) fn read_request<'a>(
    body: Node<'_, 'a>,
    losses: &mut Losses,
) -> Conversation<'a> {
    let body = &KnownObject::of(body, Spot::Body, MEMBERS, losses);
    let mut read = Conversation { stream_usage: true, ..Conversation::default() };
    read_turns::prompt(&mut read, body, losses);
    read_tools::tools(&mut read, body, losses);
    read_edits(body, losses);
    read_metadata(&mut read, body, losses);
    read_settings::settings(&mut read, body, losses);
    mark_last(&mut read, cache_mark(body, losses));
    body.drop_unless(DROPPED, losses);
    for name in REFUSED {
        if body.get(name).is_some_and(|value| !asks_nothing(value)) {
            body.refuse(name, NO_COUNTERPART, losses);
        }
    }
    read
}

/// Returns whether a member with that value asks for nothing: an empty list, or any place of inference
/// (<https://platform.claude.com/docs/en/build-with-claude/data-residency>).
fn asks_nothing(value: Node<'_, '_>) -> bool {
    value.is("global") || (value.is_list() && value.elements().next().is_none())
}

/// Reads `metadata`, of which only the user's id is documented.
fn read_metadata<'a>(
    read: &mut Conversation<'a>,
    body: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) {
    let Some(metadata) = body.get("metadata") else { return };
    let other = &mut |_: &str, _: Node<'_, 'a>, losses: &mut Losses| {
        body.drop("metadata", "has more than a user_id", losses);
    };
    let metadata = KnownObject::or(metadata, body.at("metadata"), &["user_id"], losses, other);
    read.user = metadata.said("user_id", losses);
}

/// Decides about `context_management`. It removes parts of the conversation, and without it the model would get them.
/// Only edits that remove past thinking may be dropped, because no other API accepts that thinking anyway.
/// <https://platform.claude.com/docs/en/build-with-claude/context-editing>
fn read_edits(body: &KnownObject<'_, '_, '_>, losses: &mut Losses) {
    let Some(management) = body.object("context_management", &["edits"], losses) else { return };
    let list = management.at("edits");
    for (number, edit) in management.elements("edits", losses) {
        let kind = edit.text_of("type");
        if kind.is_some_and(|kind| kind.plain().starts_with("clear_thinking_")) {
            body.drop("context_management", NO_COUNTERPART, losses);
        } else {
            list.element(number).refuse(NO_COUNTERPART, losses);
        }
    }
}

/// Marks the last block of the prompt to be cached. A mark on the whole request means the same.
/// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>
fn mark_last<'a>(read: &mut Conversation<'a>, mark: Option<CacheMark<'a>>) {
    let last = read.turns.iter_mut().rev().find_map(|turn| turn.blocks.last_mut());
    let last = last.or_else(|| read.system.last_mut()).map(|block| &mut block.cache);
    let last = last.or_else(|| read.tools.last_mut().map(|tool| &mut tool.cache));
    if let (Some(cache), Some(mark)) = (last, mark) {
        cache.get_or_insert(mark);
    }
}
