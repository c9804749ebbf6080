//! Finds out which call of a tool a piece of an answer belongs to.
//!
//! OpenAI numbers the calls of an answer. Other servers leave the number out, or give all calls the same number.
//! Google's server does the latter, and sends each call as a whole.

use super::super::text::JsonText;
use crate::hash;

/// The most calls of an answer. OpenAI allows 128 tools.
const MOST_CALLS: usize = 1024;

/// A call of which something has come.
#[derive(Debug)]
struct SeenCall {
    /// Its number, as the provider gives it.
    number: u64,
    /// The hash of its id.
    id: Option<u64>,
    has_name: bool,
}

/// The calls of an answer.
#[derive(Debug, Default)]
pub(super) struct SeenCalls(Vec<SeenCall>);

impl SeenCalls {
    /// Returns the index of the call that a piece belongs to, counted from 0 in the order in which they
    /// began; `None` where there are too many.
    ///
    /// A piece belongs to the call with the same id, or else to the newest call with the same number. A piece that
    /// has a name begins a new call if its id is new, or if the provider gives neither id nor number. `position` is
    /// the place of the piece among those that came together. It is used if the number is missing.
    pub(super) fn index(
        &mut self,
        (number, position): (Option<u64>, u64),
        id: Option<&JsonText<'_>>,
        has_name: bool,
    ) -> Option<u32> {
        let id = id.filter(|id| !id.is_empty()).map(|id| hash::of(id.plain().as_bytes()));
        let same_id = |call: &SeenCall| id.is_some() && call.id == id;
        let numbered = number.unwrap_or(position);
        let found = self.0.iter().position(same_id).or_else(|| {
            let at = self.0.iter().rposition(|call| call.number == numbered)?;
            let call = self.0.get(at)?;
            let is_other = match (&call.id, &id) {
                (Some(_), Some(_)) => true,
                _ => number.is_none() && call.has_name,
            };
            (!(has_name && is_other)).then_some(at)
        });
        let at = match found {
            Some(at) => at,
            None if self.0.len() >= MOST_CALLS => return None,
            None => {
                self.0.push(SeenCall { number: numbered, id: None, has_name: false });
                self.0.len().saturating_sub(1)
            }
        };
        if let Some(call) = self.0.get_mut(at) {
            call.has_name |= has_name;
            call.id = call.id.or(id);
        }
        u32::try_from(at).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the indices of pieces: number, position, id, and whether there is a name.
    fn indices(pieces: &[(Option<u64>, u64, &str, bool)]) -> Vec<u32> {
        let mut calls = SeenCalls::default();
        let index = |&(number, position, id, has_name): &(_, _, _, _)| {
            calls.index((number, position), Some(&JsonText::of(id)), has_name).unwrap()
        };
        pieces.iter().map(index).collect()
    }

    #[test]
    fn pieces_find_their_call() {
        // As OpenAI sends them, and interleaved.
        let numbered = [
            (Some(0), 0, "a", true),
            (Some(0), 0, "", false),
            (Some(1), 0, "b", true),
            (Some(0), 0, "", false),
            (Some(1), 0, "", false),
        ];
        assert_eq!(indices(&numbered), [0, 0, 1, 0, 1]);
        // The id and the name come late, and again.
        let late = [(Some(0), 0, "", false), (Some(0), 0, "a", true), (Some(0), 0, "a", true)];
        assert_eq!(indices(&late), [0, 0, 0]);
        // All have the same number.
        let same = [(Some(0), 0, "a", true), (Some(0), 0, "b", true), (Some(0), 0, "", false)];
        assert_eq!(indices(&same), [0, 1, 1]);
        // An id that is made anew for each piece is no other call.
        let anew = [(Some(0), 0, "a", true), (Some(0), 0, "b", false)];
        assert_eq!(indices(&anew), [0, 0]);
        // No number, but ids.
        let ids = [(None, 0, "a", true), (None, 1, "b", true), (None, 0, "a", false)];
        assert_eq!(indices(&ids), [0, 1, 0]);
        // Neither: whole calls, together and one after another; and pieces.
        let whole = [(None, 0, "", true), (None, 1, "", true), (None, 0, "", true)];
        assert_eq!(indices(&whole), [0, 1, 2]);
        let pieces = [(None, 0, "", true), (None, 1, "", true), (None, 1, "", false)];
        assert_eq!(indices(&pieces), [0, 1, 1]);
    }

    #[test]
    fn calls_are_bounded() {
        let mut calls = SeenCalls::default();
        for number in 0..MOST_CALLS as u64 {
            assert!(calls.index((Some(number), 0), None, true).is_some());
        }
        assert_eq!(calls.index((Some(MOST_CALLS as u64), 0), None, true), None);
        assert_eq!(calls.index((Some(3), 0), None, false), Some(3));
    }
}
