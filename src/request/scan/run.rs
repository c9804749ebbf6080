//! Where the plain part of a JSON string ends.
//!
//! The innermost loop of the scan and the only one that sees every byte of an
//! uninteresting string. Knows nothing of UTF-8: bytes above 0x7f are plain.

/// Bytes looked at together: two vectors.
const BLOCK: usize = 32;

/// The plain beginning of some bytes, up to the first that is special: a quote, a backslash or a
/// control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlainRun {
    /// Bytes that are neither a quote, a backslash nor a control character.
    pub(super) len: usize,
    /// Whether all of them are ASCII; may be false where they are.
    pub(super) is_ascii: bool,
}

/// Returns the plain beginning of these bytes: of `say \"no\"` in a string, the first four.
#[inline(always)]
pub(super) fn plain(bytes: &[u8]) -> PlainRun {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    let (clean, mut is_ascii) = clean(blocks);
    let last = match blocks.get(clean) {
        Some(block) => first_special(block),
        None => {
            let last = first_special(tail);
            is_ascii &= tail.iter().take(last).all(u8::is_ascii);
            last
        }
    };
    PlainRun { len: clean.saturating_mul(BLOCK).saturating_add(last), is_ascii }
}

/// Returns the length of the plain beginning of these bytes.
#[inline(never)]
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    plain(bytes).len
}

/// Returns how many blocks hold no special byte before one does, and whether those and that
/// one are ASCII.
///
/// What is found is kept side by side and looked at once for a block: to make one bit of
/// a vector takes longer than the rest. Without an early exit inside the block the
/// compiler makes a few vector instructions of it.
#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
fn clean(blocks: &[[u8; BLOCK]]) -> (usize, bool) {
    const LANES: usize = 16;
    let is_ascii = |all: [u8; LANES]| u128::from_ne_bytes(all) & (u128::MAX / 255 * 128) == 0;
    let mut all = [0_u8; LANES];
    for (at, block) in blocks.iter().enumerate() {
        let mut found = [0_u8; LANES];
        let (parts, _) = block.as_chunks::<LANES>();
        for part in parts {
            for ((found, all), byte) in found.iter_mut().zip(&mut all).zip(part) {
                // All bits of a byte that is special, none of others.
                *found |= u8::from(is_special(*byte)).wrapping_neg();
                *all |= byte;
            }
        }
        if u128::from_ne_bytes(found) != 0 {
            return (at, is_ascii(all));
        }
    }
    (blocks.len(), is_ascii(all))
}

/// The same; for this target the compiler has to be told.
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
fn clean(blocks: &[[u8; BLOCK]]) -> (usize, bool) {
    use core::arch::wasm32::{i8x16_bitmask, u8x16_splat, u64x2, v128, v128_any_true, v128_or};
    let pair = |low: &[u8; 8], high: &[u8; 8]| -> v128 {
        u64x2(u64::from_le_bytes(*low), u64::from_le_bytes(*high))
    };
    let mut all = u8x16_splat(0);
    for (at, block) in blocks.iter().enumerate() {
        let (words, _) = block.as_chunks::<8>();
        let [a, b, c, d] = words else { return (at, false) };
        let (first, second) = (pair(a, b), pair(c, d));
        all = v128_or(all, v128_or(first, second));
        if v128_any_true(v128_or(special(first), special(second))) {
            return (at, i8x16_bitmask(all) == 0);
        }
    }
    (blocks.len(), i8x16_bitmask(all) == 0)
}

/// Returns all bits of every byte that is special, and none of the others.
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
pub(super) fn special(bytes: core::arch::wasm32::v128) -> core::arch::wasm32::v128 {
    use core::arch::wasm32::{u8x16_eq, u8x16_lt, u8x16_splat, v128_or};
    let quote = u8x16_eq(bytes, u8x16_splat(b'"'));
    let backslash = u8x16_eq(bytes, u8x16_splat(b'\\'));
    v128_or(v128_or(quote, backslash), u8x16_lt(bytes, u8x16_splat(0x20)))
}

/// Returns the index of the first special byte, or the length where there is none. Looks at
/// eight bytes at a time, for what is too short for vectors.
pub(super) fn first_special(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let found = special_bits(u64::from_le_bytes(*word));
        if found != 0 {
            return at.saturating_add(found.trailing_zeros() as usize / 8);
        }
        at = at.saturating_add(8);
    }
    let in_tail = tail.iter().position(|&byte| is_special(byte)).unwrap_or(tail.len());
    at.saturating_add(in_tail)
}

/// Returns the high bit of every special byte. Only the lowest one that is set can be trusted:
/// those above may be wrong, by the borrow of a subtraction (<https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord>).
const fn special_bits(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    const fn below(word: u64, bound: u64) -> u64 {
        word.wrapping_sub(ONES.wrapping_mul(bound)) & !word & HIGH
    }
    let quote = word ^ ONES.wrapping_mul(b'"' as u64);
    let backslash = word ^ ONES.wrapping_mul(b'\\' as u64);
    below(word, 0x20) | below(quote, 1) | below(backslash, 1)
}

/// Returns whether a byte ends a run.
const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_ends_the_run_wherever_it_stands() {
        for len in 0..100 {
            let mut bytes = vec![b'a'; len];
            assert_eq!(plain(&bytes), PlainRun { len, is_ascii: true });
            for at in 0..len {
                for special in [b'"', b'\\', 0, 0x1f] {
                    bytes[at] = special;
                    assert_eq!(plain(&bytes), PlainRun { len: at, is_ascii: true });
                }
                bytes[at] = 0x80 | b'"';
                // What follows the run may be looked at too.
                assert_eq!(plain(&bytes).len, len);
                assert!(!plain(&bytes).is_ascii);
                bytes[at] = b'a';
            }
        }
    }

    #[test]
    fn specials_next_to_each_other_are_told_apart() {
        for first in 0..=255_u8 {
            for second in [0, b'"', b'"' - 1, b'"' + 1, b'\\', 0x1f, 0x20, 0x80, 0xff] {
                let mut bytes = [b'x'; 16];
                bytes[3] = first;
                bytes[4] = second;
                let wanted = bytes.iter().position(|byte| is_special(*byte)).unwrap_or(16);
                assert_eq!(plain(&bytes).len, wanted, "{first} {second}");
            }
        }
    }

    #[test]
    fn bytes_next_to_the_special_ones_are_plain() {
        let all: Vec<u8> = (0x20..=0xff).filter(|b| *b != b'"' && *b != b'\\').collect();
        assert_eq!(plain(&all).len, all.len());
    }
}
