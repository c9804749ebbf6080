//! Where the admin token is in other text: as it is, percent-encoded, or within base64.

use aho_corasick::automaton::Automaton;
use aho_corasick::{Anchored, StartKind, dfa::DFA};

use crate::text::percent_decoded;

/// The alphabet of base64, and of its variant for URLs.
const ALPHABETS: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

/// The ways in which the token can stand in a text: as it is, and as base64 makes it after any other
/// bytes. It is never shown.
pub(super) struct Traces(DFA);

impl Traces {
    /// Returns the traces of a token; `None` where the token is too long to be searched for.
    pub(super) fn of(token: &[u8]) -> Option<Self> {
        let mut all = vec![token.to_vec()];
        for alphabet in ALPHABETS {
            // Three bytes become four digits, so what the token becomes depends on how many bytes
            // stand before it, modulo three.
            let encoded = (0..3).map(|before| encoded_after(before, token, alphabet));
            for trace in encoded {
                if !all.contains(&trace) {
                    all.push(trace);
                }
            }
        }
        // The same kind of automaton as for keywords, so that the module has its code once.
        DFA::builder().start_kind(StartKind::Unanchored).prefilter(false).build(all).ok().map(Self)
    }

    /// Returns whether a text has the token in it.
    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        if self.are_as_they_are_in(text) {
            return true;
        }
        // Nearly no header has a percent sign.
        text.contains(&b'%')
            && str::from_utf8(text)
                .is_ok_and(|text| self.are_as_they_are_in(&percent_decoded(text)))
    }

    /// Returns whether one of them is in a text that is not decoded.
    fn are_as_they_are_in(&self, text: &[u8]) -> bool {
        let Ok(mut state) = self.0.start_state(Anchored::No) else { return false };
        text.iter().any(|byte| {
            state = self.0.next_state(Anchored::No, state, *byte);
            self.0.is_match(state)
        })
    }
}

/// Returns the digits that a token becomes in base64 after that many other bytes, without those
/// that depend on the bytes around it.
fn encoded_after(before: usize, token: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    // The bit at a place of the whole text; `None` for those of other bytes. A digit that has one
    // of those is left out, since anything may stand there.
    let bit = |at: usize| {
        let byte = token.get((at / 8).checked_sub(before)?)?;
        Some(byte >> (7_usize.saturating_sub(at % 8)) & 1)
    };
    let digits = (before.saturating_add(token.len())).saturating_mul(8).div_ceil(6);
    let digit = |at: usize| {
        let first = at.saturating_mul(6);
        let mut value = 0_usize;
        for place in first..first.saturating_add(6) {
            value = (value << 1) | usize::from(bit(place)?);
        }
        alphabet.get(value).copied()
    };
    (0..digits).filter_map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &[u8] = b"0123456789abcdef?>~";

    #[test]
    fn the_token_is_found_however_it_is_written() {
        let traces = Traces::of(TOKEN).unwrap();
        for text in [
            "0123456789abcdef?>~",
            "Bearer 0123456789abcdef?>~",
            "a=1; session=0123456789abcdef?>~; b=2",
            "%30123456789abcdef%3F%3e~",
            // With nothing, `a`, `ab` and `abc` before it, and something after it.
            "Basic MDEyMzQ1Njc4OWFiY2RlZj8+fg==",
            "Basic YTAxMjM0NTY3ODlhYmNkZWY/Pn46",
            "Basic YWIwMTIzNDU2Nzg5YWJjZGVmPz5+OnB3",
            "Basic YWJjMDEyMzQ1Njc4OWFiY2RlZj8+fnh5eg==",
            "k8s.bearer.YTAxMjM0NTY3ODlhYmNkZWY_Pn46",
        ] {
            assert!(traces.are_in(text.as_bytes()), "{text}");
        }
        for text in ["", "0123456789abcdef", "Bearer 1123456789abcdef?>~", "MDEyMzQ1Njc4OWFiY2Rl"] {
            assert!(!traces.are_in(text.as_bytes()), "{text}");
        }
        assert!(!traces.are_in(b"\xff\xfe%"));
    }
}
