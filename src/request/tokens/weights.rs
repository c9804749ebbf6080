//! The fitted weights, as `scripts/fit_tokens.py` writes them.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "in small tables that are made when this is compiled"
)]
#![cfg_attr(
    not(test),
    expect(
        clippy::arithmetic_side_effects,
        reason = "indices of tables bounded by their layout, sums of a few weights"
    )
)]

/// Tables over hashes of characters: with the one before and the one after, with
/// two before, with one before, alone; and over classes. In 1/64 tokens.
const NEXT: usize = 1 << 15;
const BACK: usize = 1 << 14;
const PAIR: usize = 1 << 13;
const CHAR: usize = 1 << 12;
const CLASS: usize = 1 << 12;
/// Tables over runs, in 1/256 tokens: a run, characters beyond the 16th of one, and
/// what everything in a run is multiplied with.
const RUN: usize = 1 << 12;
const KINDS: usize = 32 * 8;

const BYTES: &[u8] = include_bytes!("weights.bin");

const AT_BACK: usize = NEXT;
const AT_PAIR: usize = AT_BACK + BACK;
const AT_CHAR: usize = AT_PAIR + PAIR;
const AT_CLASS: usize = AT_CHAR + CHAR;
const AT_RUN: usize = AT_CLASS + CLASS;
const AT_BEYOND: usize = AT_RUN + 2 * RUN;
const AT_FACTOR: usize = AT_BEYOND + 2 * KINDS;
const _: () = assert!(BYTES.len() == AT_FACTOR + 2 * KINDS, "weights.bin is of another shape");

/// The upper bits of a product of all parts.
#[inline]
const fn mixed(bits: u32, parts: [u32; 3]) -> usize {
    let [a, b, c] = parts;
    let sum = a
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add(b.wrapping_mul(0x85eb_ca77))
        .wrapping_add(c.wrapping_mul(0xc2b2_ae3d));
    let sum = (sum ^ (sum >> 15)).wrapping_mul(0x2c1b_3c6d);
    (sum >> (32 - bits)) as usize
}

#[inline]
fn small(at: usize) -> i32 {
    BYTES.get(at).map_or(0, |byte| i32::from(byte.cast_signed()))
}

fn large(at: usize) -> i64 {
    let bytes = BYTES.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| i64::from(i16::from_le_bytes(*bytes)))
}

/// What a character costs by those around it: two before, one before, itself, one
/// after, all folded.
#[inline]
pub(super) fn of_letters([before2, before, char, after]: [u32; 4]) -> i32 {
    small(mixed(15, [before, char, after]))
        + small(AT_BACK + mixed(14, [char, before, before2]))
        + small(AT_PAIR + mixed(13, [before, char, 0]))
}

/// What a character costs as it is written.
#[inline]
pub(super) fn of_exact(char: u32) -> i32 {
    match CHARS.get(char as usize) {
        Some(weight) => i32::from(*weight),
        None => small(AT_CHAR + mixed(12, [char, 0, 0])),
    }
}

/// What a character costs by the classes of the one before, itself and the one after.
#[inline]
pub(super) fn of_classes([before, class, after]: [u8; 3]) -> i32 {
    if (before | class | after) < 8 {
        let at = usize::from(before) * 64 + usize::from(class) * 8 + usize::from(after);
        return CLASSES.get(at).map_or(0, |weight| i32::from(*weight));
    }
    let both = u32::from(class).wrapping_add(u32::from(before).wrapping_mul(32));
    small(AT_CLASS + mixed(12, [both, after as u32, 0]))
}

/// The weights of ASCII characters, without a hash.
static CHARS: [i8; 128] = {
    let mut weights = [0; 128];
    let mut char = 0;
    while char < 128 {
        weights[char] = BYTES[AT_CHAR + mixed(12, [char as u32, 0, 0])].cast_signed();
        char += 1;
    }
    weights
};

/// The weights of the classes that ASCII has, without a hash.
static CLASSES: [i8; 512] = {
    let mut weights = [0; 512];
    let mut at = 0;
    while at < 512 {
        let both = (at / 8 % 8 + at / 64 * 32) as u32;
        weights[at] = BYTES[AT_CLASS + mixed(12, [both, (at % 8) as u32, 0])].cast_signed();
        at += 1;
    }
    weights
};

/// A run of a kind and shape and of that length, by what stands before it.
pub(super) fn of_run(kind: u32, shape: u32, len: u32, before: u32, level: u32) -> i64 {
    let packed = kind.wrapping_add(shape.wrapping_mul(32));
    let rest = before.wrapping_add(level.wrapping_mul(8));
    let run = mixed(12, [packed, len.min(16), rest]);
    let run = large(AT_RUN + 2 * run);
    if len <= 16 {
        return run;
    }
    run + large(AT_BEYOND + 2 * group(kind, level)) * i64::from(len - 16)
}

/// What the cost of such a run is multiplied with, in 1/256.
pub(super) fn factor(kind: u32, level: u32) -> i64 {
    large(AT_FACTOR + 2 * group(kind, level))
}

const fn group(kind: u32, level: u32) -> usize {
    (kind as usize % 32) * 8 + level as usize % 8
}
