//! The fitted weights, as `scripts/fit_tokens.py` writes them.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "arrays whose places are bounded by their length, hashes of a few bits"
)]
#![cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "indices of tables bounded by their layout, sums of a few weights"
    )
)]

use super::class::LOWER;

/// Tables over characters, in 1/64 tokens: each with the two before it, with the one
/// before it (those of ASCII first, then by a hash), alone beyond ASCII, and the classes
/// of it and its neighbours.
const TRIPLE: usize = 1 << 15;
const PAIR: usize = (1 << 14) + (1 << 13);
const CHAR: usize = 1 << 12;
const CLASS: usize = 1 << 12;
/// Tables over runs, in 1/256 tokens: a run, characters beyond the 16th of one, and
/// what everything in a run is multiplied with.
const RUN: usize = 1 << 12;
const KINDS: usize = 32 * 8;

const BYTES: &[u8] = include_bytes!("weights.bin");

const AT_PAIR: usize = TRIPLE;
const AT_CHAR: usize = AT_PAIR + PAIR;
const AT_CLASS: usize = AT_CHAR + CHAR;
const AT_RUN: usize = AT_CLASS + CLASS;
const AT_BEYOND: usize = AT_RUN + 2 * RUN;
const AT_FACTOR: usize = AT_BEYOND + 2 * KINDS;
const _: () = assert!(BYTES.len() == AT_FACTOR + 2 * KINDS, "weights.bin is of another shape");

/// Where the weights of a row of characters stand in the tables: an index into each table
/// for each place of the row. Found for the whole row at once, which vectors can do; only the
/// looking up is done one by one.
#[derive(Debug)]
pub(super) struct WeightPlaces<const LEN: usize> {
    /// Into [`TRIPLES`].
    pub(super) triple: [u16; LEN],
    /// Into [`PAIRS`].
    pub(super) pair: [u16; LEN],
    /// Into [`CHARS`]; for ASCII [`CHAR`], where nothing stands.
    pub(super) char: [u16; LEN],
    /// Into [`CLASSES`].
    pub(super) class: [u16; LEN],
}

/// Returns a sum of products, whose upper bits are a hash of the three.
#[inline]
const fn spread([a, b, c]: [u16; 3]) -> u16 {
    a.wrapping_mul(0x9e37).wrapping_add(b.wrapping_mul(0x85eb)).wrapping_add(c.wrapping_mul(0xc2b3))
}

/// Returns all values that have a neighbour on either side, each with the two neighbours.
#[inline]
pub(super) fn threes<T: Copy>(values: &[T]) -> impl Iterator<Item = [T; 3]> {
    let (second, third) =
        (values.get(1..).unwrap_or_default(), values.get(2..).unwrap_or_default());
    values.iter().zip(second).zip(third).map(|((a, b), c)| [*a, *b, *c])
}

impl<const LEN: usize> WeightPlaces<LEN> {
    /// Returns places of no characters.
    pub(super) const fn new() -> Self {
        Self { triple: [0; LEN], pair: [0; LEN], char: [0; LEN], class: [0; LEN] }
    }

    /// Finds the places of all characters but two at either end: by the two before each and
    /// itself, folded; the one before and itself; itself; and the classes of its neighbours
    /// and itself.
    pub(super) fn find(&mut self, exact: &[u16], folded: &[u16], class: &[u8], is_ascii: bool) {
        for (place, [before2, before, char]) in self.triple[2..].iter_mut().zip(threes(folded)) {
            *place = spread([char, before, before2]) >> 1;
        }
        for (place, [before, this, after]) in self.class[1..].iter_mut().zip(threes(class)) {
            *place = spread([before.into(), this.into(), after.into()]) >> 4;
        }
        let pairs = self.pair[2..].iter_mut().zip(threes(exact));
        if is_ascii {
            for (place, [_, before, char]) in pairs {
                *place = before.wrapping_mul(128).wrapping_add(char);
            }
            return;
        }
        for (place, [_, before, char]) in pairs {
            let direct = before.wrapping_mul(128).wrapping_add(char);
            let hashed = (1 << 14) + (spread([before, char, 0]) >> 3);
            // Chosen by a mask, which vectors can.
            let mask = u16::from((before | char) < 128).wrapping_neg();
            *place = direct & mask | hashed & !mask;
        }
        for (place, char) in self.char.iter_mut().zip(exact) {
            let mask = u16::from(*char < 128).wrapping_neg();
            *place = CHAR as u16 & mask | (spread([*char, 0, 0]) >> 4) & !mask;
        }
    }

    /// Returns what a character of ASCII costs by those around it, in 1/64 tokens.
    #[inline]
    pub(super) fn of_ascii(&self, place: usize) -> i32 {
        at(&TRIPLES, self.triple[place])
            + at(&PAIRS, self.pair[place])
            + at(&CLASSES, self.class[place])
    }

    /// Returns what any character costs by itself and those around it, in 1/64 tokens.
    #[inline]
    pub(super) fn of_char(&self, place: usize) -> i32 {
        self.of_ascii(place) + at(&CHARS, self.char[place])
    }
}

/// Returns the weight at a place, or 0 where none stands.
#[inline]
fn at(table: &[i8], place: u16) -> i32 {
    table.get(usize::from(place)).map_or(0, |weight| i32::from(*weight))
}

/// Returns a table of one byte each, from that place of the file on.
const fn bytes<const LEN: usize>(at: usize) -> [i8; LEN] {
    let mut bytes = [0; LEN];
    let mut place = 0;
    while place < LEN {
        bytes[place] = BYTES[at + place].cast_signed();
        place += 1;
    }
    bytes
}

/// Returns a table of two bytes each.
const fn words<const LEN: usize>(at: usize) -> [i16; LEN] {
    let mut words = [0; LEN];
    let mut place = 0;
    while place < LEN {
        let at = at + 2 * place;
        words[place] = i16::from_le_bytes([BYTES[at], BYTES[at + 1]]);
        place += 1;
    }
    words
}

static TRIPLES: [i8; TRIPLE] = bytes(0);
static PAIRS: [i8; PAIR] = bytes(AT_PAIR);
static CHARS: [i8; CHAR] = bytes(AT_CHAR);
static CLASSES: [i8; CLASS] = bytes(AT_CLASS);
static RUNS: [i16; RUN] = words(AT_RUN);
static BEYOND: [i16; KINDS] = words(AT_BEYOND);
static FACTORS: [i16; KINDS] = words(AT_FACTOR);

/// What the cost of a run depends on, beside that of its characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Less than 32.
    pub(super) kind: u8,
    /// Less than 4.
    pub(super) shape: u8,
    /// What stands before it; less than 8.
    pub(super) stands: u8,
    /// Less than 8.
    pub(super) level: u8,
    pub(super) len: u32,
}

/// Returns what a run costs, in 1/1024 tokens, whose characters cost `chars` 1/64 tokens.
#[inline]
pub(super) fn of_run(chars: i64, form: Form) -> i64 {
    let Form { kind, shape, stands, level, len } = form;
    let group = usize::from(kind % 32) * 8 + usize::from(level % 8);
    let (low, high) = (u32::from(shape % 4) * 8 + u32::from(stands % 8), len.min(16));
    let packed = (group as u32) << 10 | high << 5 | low;
    let run = RUNS[(packed.wrapping_mul(0x9e37_79b1) >> 20) as usize];
    let cost = chars * 4 + i64::from(run);
    let factor = i64::from(FACTORS[group]);
    if len > 16 {
        let beyond = i64::from(len - 16);
        let cost = ((cost + i64::from(BEYOND[group]) * beyond) * factor) >> 6;
        // What a word has beyond its 16th letter is a token for eight letters at least.
        return if kind == LOWER { cost.max(beyond * (1024 / 8)) } else { cost };
    }
    (cost * factor) >> 6
}
