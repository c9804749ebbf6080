//! Tags and params of a body, within fixed bounds.
//!
//! Decides which source of tags counts. Everything beyond the bounds is dropped,
//! never an error: labels come from clients.

use std::collections::BTreeMap;

use crate::request::control::is_tag;

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
    params: BTreeMap<String, String>,
}

impl BodyLabels {
    /// Forgets the tags of a source; a repeated key replaces them.
    pub(super) fn clear_tags(&mut self, rank: u8) {
        if let Some(tags) = self.tags.get_mut(usize::from(rank)) {
            tags.clear();
        }
    }

    /// Forgets what `metadata` said.
    pub(super) fn clear_metadata(&mut self) {
        self.params.clear();
        self.clear_tags(0);
        self.clear_tags(1);
    }

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

    /// Takes a param. Where there is no value that can be one, drops the param of that key: the
    /// last of equal keys counts.
    pub(super) fn param(&mut self, key: &str, value: Option<&str>) {
        match value.filter(|value| value.len() <= PARAM_BYTES) {
            Some(value) if self.params.contains_key(key) || self.params.len() < PARAMS => {
                self.params.insert(key.to_owned(), value.to_owned());
            }
            _ => {
                self.params.remove(key);
            }
        }
    }

    /// Returns the tags of the first source that has any, and the params.
    pub(super) fn into_parts(self) -> (Vec<String>, BTreeMap<String, String>) {
        let tags = self.tags.into_iter().find(|tags| !tags.is_empty()).unwrap_or_default();
        (tags, self.params)
    }
}
