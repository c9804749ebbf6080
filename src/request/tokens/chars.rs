//! Characters side by side, so that what is alike for all of them is done in vectors.
//!
//! A row holds two characters that were costed before, those at hand, and at its end two that
//! wait for what follows them.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "arrays whose places are bounded by their length, codes cut to 16 bits"
)]
#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "places in arrays of a few hundred")
)]

use super::class::{DIGIT, LOWER, MARK, NEWLINE, SPACE, UPPER, class, folded};
use super::floor::{floor, floor_of_ascii};

/// Characters at both ends that only surround others.
pub(super) const EDGE: usize = 2;
/// Characters of a row, with both edges.
const FULL: usize = 256 + 2 * EDGE;
/// The same, with room for the end of a text after them: two places without a character, which the
/// last characters are surrounded by.
pub(super) const ROOM: usize = FULL + EDGE;

/// As many bytes are looked at together.
const TOGETHER: usize = 16;

/// The row of characters that is at hand, in four columns.
#[derive(Debug)]
pub(super) struct Chars {
    /// The characters, as far as 16 bits go.
    pub(super) exact: [u16; ROOM],
    /// The same without case, and with one digit for all digits.
    pub(super) folded: [u16; ROOM],
    /// Their classes.
    pub(super) class: [u8; ROOM],
    /// The least that they can cost, in parts of a token; 0 in all places that are not filled.
    pub(super) floor: [u8; ROOM],
    /// How many places are filled, the two of the edge at the beginning included.
    len: usize,
    /// Whether all of them are ASCII, and no control characters, so that nothing has a floor.
    pub(super) is_ascii: bool,
}

impl Chars {
    /// Returns an empty row, at the start of a text.
    pub(super) const fn new() -> Self {
        Self {
            exact: [0; ROOM],
            folded: [0; ROOM],
            class: [0; ROOM],
            floor: [0; ROOM],
            len: EDGE,
            is_ascii: true,
        }
    }

    /// Returns whether there is no more room, so that what is there has to be costed.
    pub(super) const fn is_full(&self) -> bool {
        self.len >= FULL
    }

    /// Returns whether nothing was taken in since the start or the end of a text.
    pub(super) const fn is_new(&self) -> bool {
        self.len <= EDGE
    }

    /// Takes in as many characters as there is room for, and returns the rest of the text.
    pub(super) fn fill<'t>(&mut self, text: &'t str) -> &'t str {
        let mut rest = text;
        while self.len < FULL {
            match rest.as_bytes().first_chunk() {
                // Nearly all text is ASCII, which is taken in many bytes at a time.
                Some(bytes) if self.len + TOGETHER <= FULL && has_no_floor(bytes) => {
                    self.ascii(bytes);
                    rest = rest.get(TOGETHER..).unwrap_or_default();
                }
                _ => {
                    let mut chars = rest.chars();
                    let Some(char) = chars.next() else { break };
                    self.push(char);
                    for char in chars.by_ref().take((FULL - self.len).min(TOGETHER)) {
                        self.push(char);
                    }
                    rest = chars.as_str();
                }
            }
        }
        rest
    }

    /// Takes in one character.
    #[inline]
    fn push(&mut self, char: char) {
        let (exact, class, floor) = match ASCII.get(char as usize) {
            Some(class) => (char as u16, *class, floor_of_ascii(char as u8)),
            None => (narrow(char as u32), class(char), floor(char)),
        };
        self.floor[self.len] = floor;
        self.exact[self.len] = exact;
        self.folded[self.len] = narrow(folded(char));
        self.class[self.len] = class;
        self.len += 1;
        self.is_ascii &= char.is_ascii() & (floor == 0);
    }

    /// Takes in many characters of ASCII. Without branches, so that the compiler makes vector
    /// instructions of it.
    fn ascii(&mut self, bytes: &[u8; TOGETHER]) {
        let at = self.len..self.len + TOGETHER;
        let exact = &mut self.exact[at.clone()];
        let folded = &mut self.folded[at.clone()];
        let class = &mut self.class[at];
        for (((byte, exact), folded), class) in bytes.iter().zip(exact).zip(folded).zip(class) {
            let byte = *byte;
            let is_upper = byte.wrapping_sub(b'A') < 26;
            let is_lower = byte.wrapping_sub(b'a') < 26;
            let is_digit = byte.wrapping_sub(b'0') < 10;
            let is_newline = (byte == b'\n') | (byte == b'\r');
            let is_space = (byte == b' ') | (byte == b'\t') | (byte == 0xb) | (byte == 0xc);
            let mut kind = MARK;
            kind = if is_lower { LOWER } else { kind };
            kind = if is_upper { UPPER } else { kind };
            kind = if is_digit { DIGIT } else { kind };
            kind = if is_newline { NEWLINE } else { kind };
            kind = if is_space { SPACE } else { kind };
            let low = if is_upper { byte | 0x20 } else { byte };
            *class = kind;
            *exact = u16::from(byte);
            *folded = u16::from(if is_digit { b'0' } else { low });
        }
        self.len += TOGETHER;
    }

    /// Ends the text: what waits at the end has nothing after it, and can be costed.
    pub(super) fn end(&mut self) {
        for at in self.len..(self.len + EDGE).min(ROOM) {
            (self.exact[at], self.folded[at], self.class[at]) = (0, 0, 0);
        }
        self.len = (self.len + EDGE).min(ROOM);
    }

    /// Returns the first place that is not to be costed yet, because what follows it matters.
    pub(super) const fn ready(&self) -> usize {
        self.len.saturating_sub(EDGE)
    }

    /// Forgets what was costed, but for the two characters before what was not.
    pub(super) fn shift(&mut self) {
        let from = self.ready().saturating_sub(EDGE);
        self.exact.copy_within(from..self.len, 0);
        self.folded.copy_within(from..self.len, 0);
        self.class.copy_within(from..self.len, 0);
        if !self.is_ascii {
            self.floor.copy_within(from..self.len, 0);
            self.floor[self.len - from..].fill(0);
        }
        self.len -= from;
        let known = self.exact.iter().zip(&self.floor).take(2 * EDGE);
        self.is_ascii = known.fold(true, |all, (char, floor)| all & (*char < 128) & (*floor == 0));
    }

    /// Forgets everything, for the next text.
    pub(super) fn clear(&mut self) {
        for at in 0..EDGE {
            (self.exact[at], self.folded[at], self.class[at]) = (0, 0, 0);
        }
        if !self.is_ascii {
            self.floor.fill(0);
        }
        self.len = EDGE;
        self.is_ascii = true;
    }
}

/// Returns a code in 16 bits. Those that need more become the upper half of these; some are
/// then alike, which costs the estimate little.
const fn narrow(code: u32) -> u16 {
    if code > 0xffff { code as u16 | 0x8000 } else { code as u16 }
}

/// Returns whether bytes are characters of ASCII that have no floor: visible ones, spaces, tabs and
/// line ends. Nearly all are visible, so that is checked first.
#[inline]
fn has_no_floor(bytes: &[u8; TOGETHER]) -> bool {
    const EACH: u128 = u128::from_ne_bytes([1; TOGETHER]);
    let all = u128::from_le_bytes(*bytes);
    // The highest bit of a byte is set where it is another, below or above those that can be seen.
    let others = all | all.wrapping_sub(EACH * 0x20) | all.wrapping_add(EACH);
    others & (EACH * 0x80) == 0
        || bytes.is_ascii() && bytes.iter().fold(0, |all, byte| all | floor_of_ascii(*byte)) == 0
}

/// The classes of ASCII.
static ASCII: [u8; 128] = {
    let mut classes = [0; 128];
    let mut code = 0_u8;
    while code < 128 {
        classes[code as usize] = class(code as char);
        code += 1;
    }
    classes
};
