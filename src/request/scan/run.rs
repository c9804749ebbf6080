//! Where the plain part of a JSON string ends.
//!
//! The innermost loop of the scan and the only one that sees every byte of an
//! uninteresting string. Knows nothing of UTF-8: bytes above 0x7f are plain.

/// Bytes of a vector.
const LANES: usize = 16;
/// Bytes looked at together.
const BLOCK: usize = 2 * LANES;

/// The plain beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// Bytes that are neither a quote, a backslash nor a control character.
    pub(super) len: usize,
    /// Whether all of them are ASCII; may be false where they are.
    pub(super) is_ascii: bool,
}

/// The plain beginning of these bytes.
pub(super) fn plain(bytes: &[u8]) -> Run {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    let mut len = 0_usize;
    let mut all = [0; LANES];
    for block in blocks {
        if has_special(block, &mut all) {
            let is_ascii = is_ascii(all);
            return Run { len: len.saturating_add(first_special(block)), is_ascii };
        }
        len = len.saturating_add(BLOCK);
    }
    let last = first_special(tail);
    let is_ascii = is_ascii(all) && tail.iter().take(last).all(u8::is_ascii);
    Run { len: len.saturating_add(last), is_ascii }
}

/// Whether a special byte is in the block, whose bytes are added to `all`.
///
/// What is found is kept in lanes and looked at once: to make one bit of a vector
/// within the loop takes longer than the loop.
#[inline]
fn has_special(block: &[u8; BLOCK], all: &mut [u8; LANES]) -> bool {
    let mut found = [0_u8; LANES];
    let (parts, _) = block.as_chunks::<LANES>();
    for part in parts {
        for ((found, all), byte) in found.iter_mut().zip(all.iter_mut()).zip(part) {
            *found |= u8::from(is_special(*byte)).wrapping_neg();
            *all |= byte;
        }
    }
    u128::from_ne_bytes(found) != 0
}

const fn is_ascii(all: [u8; LANES]) -> bool {
    u128::from_ne_bytes(all) & (u128::MAX / 255 * 128) == 0
}

/// Index of the first special byte, or the length.
fn first_special(bytes: &[u8]) -> usize {
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

/// The high bit of every special byte. Bits above the lowest one may be wrong, by the
/// borrow of a subtraction (<https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord>).
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
            assert_eq!(plain(&bytes), Run { len, is_ascii: true });
            for at in 0..len {
                for special in [b'"', b'\\', 0, 0x1f] {
                    bytes[at] = special;
                    assert_eq!(plain(&bytes), Run { len: at, is_ascii: true });
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
