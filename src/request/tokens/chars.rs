//! What is known of a character, and what it costs by the two before it and the one after.
//!
//! The hash over three characters is kept from one to the next: it is a sum of one product for
//! each, so a character adds its three at once, in three lanes of a number, and every further
//! character moves them one lane up. What stands in the highest lane is then the sum for the last
//! three.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tables of every byte, codes cut to 16 bits"
)]
#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "a few bits are put beside each other")
)]

use super::class::{ACCENTED, FOREIGN, class, folded};
use super::floor::{REPEATED, floor, floor_of_ascii};
use super::weights::{self, FACTORS_OF_HASH};

/// Bits of a lane. A sum of two products of 16 bits never reaches the next one.
const LANE: u32 = 24;

/// A character as the estimate sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Char {
    /// Its part of the hash over three characters, without case, and with one digit for all.
    hash: u64,
    /// The character, as far as 16 bits go.
    exact: u16,
    pub(super) class: u8,
    /// The least that it can cost, in parts of a token.
    floor: u8,
}

impl Char {
    /// Stands before and after a text, where there is no character.
    pub(super) const NONE: Self = Self { hash: 0, exact: 0, class: 0, floor: 0 };

    /// Returns what is known of a character.
    fn of(char: char) -> Self {
        let hash = hash_of(narrow(folded(char)));
        Self { hash, exact: narrow(char as u32), class: class(char), floor: floor(char) }
    }

    /// Returns what is known of a byte of ASCII.
    #[inline]
    pub(super) fn of_ascii(byte: u8) -> Self {
        let (hash, class) = (HASHES[usize::from(byte % 128)], class(char::from(byte)));
        Self { hash, exact: byte.into(), class, floor: floor_of_ascii(byte) }
    }

    /// Returns whether it is an accented letter, or one that Russian lacks.
    pub(super) const fn is_odd(self) -> bool {
        (self.class == ACCENTED) | (self.class == FOREIGN)
    }

    /// Returns the least that it costs after another, in parts of a token.
    pub(super) fn floor_after(self, before: Self) -> u8 {
        // What has no floor of its own has none in rows either.
        let is_repeated = (self.floor > 0) & (self.exact == before.exact);
        if is_repeated { self.floor.max(REPEATED) } else { self.floor }
    }

    /// Returns whether it is ASCII, or none, and without a floor.
    pub(super) const fn is_plain(self) -> bool {
        self.exact < 128 && self.floor == 0
    }
}

/// The characters beyond ASCII that have come last, one for each of a few places: those of an
/// alphabet come again and again, and it takes long to say what they are.
#[derive(Debug)]
pub(super) struct Recent([(char, Char); 64]);

impl Recent {
    pub(super) const fn new() -> Self {
        Self([('\0', Char::NONE); 64])
    }

    /// Returns what is known of a character.
    #[inline]
    pub(super) fn char(&mut self, char: char) -> Char {
        if char.is_ascii() {
            return Char::of_ascii(char as u8);
        }
        let place = &mut self.0[char as usize % 64];
        if place.0 != char {
            *place = (char, Char::of(char));
        }
        place.1
    }
}

/// The last two characters of a text. What the last one costs depends on what follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// The sums of the hash over three characters, up to the last one.
    pub(super) hash: u64,
    pub(super) before: Char,
    pub(super) this: Char,
}

impl Window {
    /// The start of a text.
    pub(super) const START: Self = Self { hash: 0, before: Char::NONE, this: Char::NONE };

    /// Moves on by a character.
    #[inline]
    pub(super) const fn shift(&mut self, next: Char) {
        self.hash = moved(self.hash, next.hash);
        (self.before, self.this) = (self.this, next);
    }

    /// Returns what the last character costs if the next one is of that class, in 1/64 tokens.
    #[inline]
    pub(super) fn weight(&self, next: u8) -> i64 {
        let (before, this) = (self.before, self.this);
        let class = [before.class.into(), this.class.into(), next.into()];
        let by_chars = weights::of_triple(place(self.hash)) + weights::of_class(class);
        if before.exact | this.exact < 128 {
            return by_chars + weights::of_ascii_pair(self.ascii_pair());
        }
        let alone = if this.exact < 128 { 0 } else { weights::of_char(this.exact) };
        by_chars + weights::of_pair(before.exact, this.exact) + alone
    }

    /// Returns both in 7 bits each, where they are plain.
    #[inline]
    pub(super) const fn ascii_pair(&self) -> usize {
        (self.before.exact as usize) << 7 | self.this.exact as usize
    }

    /// Returns their classes in three bits each, where they are plain.
    #[inline]
    pub(super) const fn ascii_classes(&self) -> usize {
        (self.before.class as usize) << 3 | self.this.class as usize
    }

    /// Returns whether ASCII may follow that is costed as such.
    pub(super) const fn is_plain(&self) -> bool {
        self.before.is_plain() && self.this.is_plain()
    }
}

/// Returns a code in 16 bits. Those that need more become the upper half of these; some are
/// then alike, which costs the estimate little.
const fn narrow(code: u32) -> u16 {
    if code > 0xffff { code as u16 | 0x8000 } else { code as u16 }
}

/// Returns the products of a character, as the last of three, the second and the first.
const fn hash_of(folded: u16) -> u64 {
    let [last, second, first] = FACTORS_OF_HASH;
    (folded.wrapping_mul(last) as u64) << (2 * LANE)
        | (folded.wrapping_mul(second) as u64) << LANE
        | folded.wrapping_mul(first) as u64
}

/// Returns the sums of a hash after one character more.
#[inline]
pub(super) const fn moved(sums: u64, hash: u64) -> u64 {
    (sums << LANE).wrapping_add(hash)
}

/// Returns where in the table of three characters the last three stand.
#[inline]
pub(super) const fn place(sums: u64) -> usize {
    (sums >> 49) as usize
}

/// The products of each byte of ASCII.
pub(super) static HASHES: [u64; 128] = {
    let mut hashes = [0; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        hashes[byte as usize] = hash_of(narrow(folded(byte as char)));
        byte += 1;
    }
    hashes
};
