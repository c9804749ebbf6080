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
const ASCII_PAIR: usize = 1 << 14;
const PAIR: usize = 1 << 13;
const CHAR: usize = 1 << 12;
const CLASS: usize = 1 << 12;
/// Tables over runs, in 1/256 tokens: a run, characters beyond the 16th of one, and
/// what everything in a run is multiplied with.
const RUN: usize = 1 << 12;
const KINDS: usize = 32 * 8;

const BYTES: &[u8] = include_bytes!("weights.bin");

const AT_ASCII_PAIR: usize = TRIPLE;
const AT_PAIR: usize = AT_ASCII_PAIR + ASCII_PAIR;
const AT_CHAR: usize = AT_PAIR + PAIR;
const AT_CLASS: usize = AT_CHAR + CHAR;
const AT_RUN: usize = AT_CLASS + CLASS;
const AT_BEYOND: usize = AT_RUN + 2 * RUN;
const AT_FACTOR: usize = AT_BEYOND + 2 * KINDS;
const _: () = assert!(BYTES.len() == AT_FACTOR + 2 * KINDS, "weights.bin is of another shape");

/// What the hash over three values multiplies each with, the last one first.
pub(super) const FACTORS_OF_HASH: [u16; 3] = [0x9e37, 0x85eb, 0xc2b3];

/// Returns a sum of products, whose upper bits are a hash of the three.
#[inline]
const fn spread([a, b, c]: [u16; 3]) -> u16 {
    let [of_a, of_b, of_c] = FACTORS_OF_HASH;
    a.wrapping_mul(of_a).wrapping_add(b.wrapping_mul(of_b)).wrapping_add(c.wrapping_mul(of_c))
}

/// Returns what a character costs by the two before it, in 1/64 tokens, from its place in the table.
#[inline]
pub(super) fn of_triple(place: usize) -> i64 {
    i64::from(TRIPLES[place % TRIPLE])
}

/// Returns what a character costs by the one before it, where both are ASCII: the lower 14 bits of
/// a number, the one before it in the upper half of these.
#[inline]
pub(super) fn of_ascii_pair(pair: usize) -> i64 {
    i64::from(ASCII_PAIRS[pair % ASCII_PAIR])
}

/// Returns what a character costs by the one before it, where one of them is not ASCII.
#[inline]
pub(super) fn of_pair(before: u16, char: u16) -> i64 {
    i64::from(PAIRS[usize::from(spread([before, char, 0]) >> 3) % PAIR])
}

/// Returns what a character costs by itself that is not ASCII.
#[inline]
pub(super) fn of_char(char: u16) -> i64 {
    i64::from(CHARS[usize::from(spread([char, 0, 0]) >> 4) % CHAR])
}

/// Returns what a character costs by its class, the second of these, and those around it.
#[inline]
pub(super) const fn of_class(around: [u16; 3]) -> i64 {
    CLASSES[(spread(around) >> 4) as usize % CLASS] as i64
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
static ASCII_PAIRS: [i8; ASCII_PAIR] = bytes(AT_ASCII_PAIR);
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

/// Returns what a run of ASCII costs after which no odd letters have come lately, within its
/// bounds. The borders before and after it have the kind of the run that ends there in their three
/// highest bits, and in the three lowest ones what that is to the next one.
#[inline]
pub(super) fn of_plain_run(chars: i64, len: u32, capitals: u32, from: u8, to: u8) -> i64 {
    let (kind, stands) = (to >> 5, from & 7);
    let shape = capitals.min(2) as u8;
    bounded(of_run(chars, Form { kind, shape, stands, level: 0, len }), kind, len, 0)
}

/// So many bytes has a character of a kind at least.
static WIDTHS: [u8; 32] = [
    1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2,
];

/// Returns the cost of a run between what it costs at least and at most, in 1/1024 tokens.
///
/// A token holds no more than 16 characters of words and marks that change, and no more
/// than 64 of a long run of the same; and it is at least a byte.
#[inline]
pub(super) fn bounded(cost: i64, kind: u8, len: u32, odd: u32) -> i64 {
    let width = i64::from(WIDTHS[usize::from(kind % 32)]);
    let len = i64::from(len);
    cost.max(least(len)).min((len * width + i64::from(odd)) * 1024)
}

/// Returns what a run of a length costs at least.
#[inline]
const fn least(len: i64) -> i64 {
    if len > 8 { len * (1024 / 64) } else { len * (1024 / 16) }
}
