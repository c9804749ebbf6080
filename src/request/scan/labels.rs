//! Tags and params of a body, within fixed bounds.
//!
//! Decides which source of tags counts. Everything beyond the bounds is dropped,
//! never an error: labels come from clients.

use std::collections::BTreeMap;

use crate::request::control::is_tag;
use crate::sort::map_of;

/// Greatest number of tags of one source.
const TAGS: usize = 64;
/// Longest key or value of a param in bytes.
pub(super) const PARAM_BYTES: usize = 512;
/// Greatest number of params.
const PARAMS: usize = 64;
/// Longest list of tags in bytes.
pub(super) const TAG_LIST_BYTES: usize = 4096;

/// Tags by source, and params. The source that wins is known only at the end, since keys
/// come in any order.
#[derive(Debug, Default)]
pub(super) struct BodyLabels {
    /// In order of precedence: `metadata.tag`, `metadata.tags`, `tags`.
    tags: [Vec<String>; 3],
    /// By key, those without a value too: a key that stands twice is refused, whatever its values
    /// are.
    params: BTreeMap<String, Option<String>>,
}

impl BodyLabels {
    /// Takes tags that are separated by commas.
    pub(super) fn tag_list(&mut self, rank: u8, list: &str) {
        for tag in list.split(',') {
            self.tag(rank, tag.trim_matches(' '));
        }
    }

    /// Takes one tag, unless it cannot be one, is known, or is one too many.
    pub(super) fn tag(&mut self, rank: u8, tag: &str) {
        let Some(tags) = self.tags.get_mut(usize::from(rank)) else { return };
        if is_tag(tag) && tags.len() < TAGS && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }

    /// Takes a param, whose value is `None` where it has none that can be one. Returns whether
    /// the key is the first of its name.
    pub(super) fn param(&mut self, key: &str, value: Option<&str>) -> bool {
        let is_new = !self.params.contains_key(key);
        // One that has no room is not kept, so that its repetition is not seen: nothing reads it.
        if is_new && self.params.len() < PARAMS {
            let value = value.filter(|value| value.len() <= PARAM_BYTES);
            self.params.insert(key.to_owned(), value.map(str::to_owned));
        }
        is_new
    }

    /// Returns the tags of the first source that has any, and the params.
    pub(super) fn into_parts(self) -> (Vec<String>, BTreeMap<String, String>) {
        let tags = self.tags.into_iter().find(|tags| !tags.is_empty()).unwrap_or_default();
        let params = self.params.into_iter().filter_map(|(key, value)| Some((key, value?)));
        (tags, map_of(params))
    }
}
