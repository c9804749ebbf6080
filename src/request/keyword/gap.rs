//! The gaps between the words of keywords: what stands before and after their spaces.
//!
//! Most white space in a text stands between characters that no keyword has around a space. So
//! most texts with line ends can be searched as they are written.

use super::blank::{self, Before, Blank};

/// The bytes of ASCII that stand next to a space in some keyword, a bit for each.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    before: u128,
    after: u128,
}

impl Gaps {
    /// Returns the gaps of keywords, which are in lower case.
    pub(super) fn of(words: &[String]) -> Self {
        let mut found = Self::default();
        for word in words.iter().map(String::as_bytes) {
            for (at, _) in word.iter().enumerate().filter(|(_, byte)| **byte == b' ') {
                let before = at.checked_sub(1).and_then(|at| word.get(at));
                let after = at.checked_add(1).and_then(|at| word.get(at));
                // Where a keyword has nothing, the text may have anything.
                found.before |= before.map_or(u128::MAX, |byte| bit(*byte));
                found.after |= after.map_or(u128::MAX, |byte| bit(*byte));
            }
        }
        found
    }

    /// Returns whether a run of white space that is not read as it is written may be a space of a
    /// keyword, or invisible characters may be in one.
    pub(super) fn may_be_in(&self, text: &str, before: Before) -> bool {
        let (mut rest, mut before) = (text, before);
        while let Some((at, bytes, blank)) = blank::next(rest, before, true) {
            let (head, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let tail = tail.get(bytes..).unwrap_or_default().trim_ascii_start();
            // Nothing stands before a blank at the start of a piece: then it may be any gap.
            let first = head.trim_ascii_end().bytes().next_back();
            if blank == Blank::Invisible
                || has(self.before, first) && has(self.after, tail.bytes().next())
            {
                return true;
            }
            (rest, before) = (tail, Before::Shown);
        }
        false
    }
}

/// Returns the bit of a byte of ASCII in lower case; none for others.
fn bit(byte: u8) -> u128 {
    1_u128.checked_shl(byte.to_ascii_lowercase().into()).unwrap_or(0)
}

/// Returns whether a byte is one of these. One that is not known may be, and one that is not ASCII
/// may belong to white space, to what is invisible, or to a letter whose lower case is ASCII.
fn has(bytes: u128, byte: Option<u8>) -> bool {
    byte.is_none_or(|byte| !byte.is_ascii() || bytes & bit(byte) != 0)
}
