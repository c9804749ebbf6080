//! Reads marks of what is to be cached (<https://platform.claude.com/docs/en/build-with-claude/prompt-caching>).

use super::super::conversation::{BlockContent, CacheMark, ContentBlock};
use super::super::known::KnownObject;
use super::super::loss::Losses;

/// Reads the cache mark of an object. The mark changes no answer, so anything unknown in it is left out.
#[inline(never)]
pub(super) fn cache_mark<'a>(
    object: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) -> Option<CacheMark<'a>> {
    let mark = object.get("cache_control")?;
    let mut is_known = mark.says("type", "ephemeral");
    let mut ttl = None;
    for (key, value) in mark.members() {
        if key.is("ttl") && value.text().is_some() {
            ttl = value.text();
        } else {
            is_known &= key.is("type");
        }
    }
    if !is_known {
        losses.drop("cache_control", "has members or values that have no counterpart");
    }
    mark.is_object().then_some(CacheMark { ttl })
}

/// Returns a block of that content, with the cache mark of the object that it is read from.
#[inline(never)]
pub(super) fn marked<'a>(
    content: BlockContent<'a>,
    object: &KnownObject<'_, '_, 'a>,
    losses: &mut Losses,
) -> ContentBlock<'a> {
    ContentBlock { content, cache: cache_mark(object, losses) }
}
