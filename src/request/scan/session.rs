//! What a body tells of the session it belongs to.
//!
//! The beginning of a conversation is told apart by what does not change as it goes
//! on: the first KiB of each text outside of messages (instructions, prompts) and in the
//! messages before the first answer. An answer is a message or text of an assistant or a
//! tool. Each text has a hash and a [`Tally`](super::tally::Tally) their sum, so that the
//! order of keys does not matter. Text beside the prompt, as in members that no table
//! names, tells nothing.

use crate::hash;
use crate::request::session::Sessions;

/// How much of each text counts, in bytes.
const BEGINNING: usize = 1024;
/// Longest value of a key that tells a session; a longer one tells none.
pub(super) const KEY_BYTES: usize = 1024;

/// The text that is being read, as far as it tells the beginning of a conversation. Only a
/// hash of it is kept.
#[derive(Debug)]
pub(super) struct Beginning {
    hash: u64,
    /// Bytes that still count.
    left: usize,
}

impl Beginning {
    /// Returns no text.
    pub(super) const fn new() -> Self {
        Self { hash: hash::EMPTY, left: 0 }
    }

    /// A text begins; `counts` says whether it is one that tells the session: one of the prompt,
    /// before any answer.
    pub(super) fn restart(&mut self, counts: bool) {
        self.hash = hash::EMPTY;
        self.left = if counts { BEGINNING } else { 0 };
    }

    /// Returns whether more of it counts.
    pub(super) const fn is_wanted(&self) -> bool {
        self.left > 0
    }

    /// Takes the next piece of the text.
    pub(super) fn feed(&mut self, text: &[u8]) {
        let text = text.get(..self.left).unwrap_or(text);
        self.left = self.left.saturating_sub(text.len());
        self.hash = hash::continued(self.hash, text);
    }

    /// Returns what the text adds to a tally; 0 for a text that was empty or does not count.
    pub(super) fn said(&self) -> u64 {
        if self.hash == hash::EMPTY { 0 } else { hash::mixed(self.hash) }
    }
}

/// Returns all that a body tells: what its members told, its `metadata.user_id`, and what the
/// beginnings of its texts come to (`said`, 0 where there is none).
pub(super) fn told(members: Sessions, metadata_user: Option<&String>, said: u64) -> Sessions {
    Sessions {
        metadata_user: metadata_user.and_then(|user| of(user)),
        prompt_prefix: (said != 0).then_some(said),
        ..members
    }
}

/// Returns the hash of a value that tells a session; an empty one tells none.
pub(super) fn of(value: &str) -> Option<u64> {
    (!value.is_empty()).then(|| hash::of(value.as_bytes()))
}
