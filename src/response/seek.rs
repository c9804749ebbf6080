//! Finds the next byte of a document that matters.
//!
//! This is the one loop that sees every byte of an answer, so it is written for speed.

/// Bytes that are searched for, beside quotes and control characters.
#[derive(Debug)]
pub(super) struct ByteSet {
    /// Bits that do not matter, so that two bytes can stand for four.
    folded: u8,
    /// Two bytes with those bits set; they may be equal.
    bytes: [u8; 2],
}

/// What ends a run of plain bytes in a string, beside the quote.
pub(super) const IN_TEXT: ByteSet = ByteSet { folded: 0, bytes: [b'\\', b'\\'] };
/// What makes the structure: all four brackets, since square and curly ones differ in one bit,
/// which is folded.
pub(super) const STRUCTURE: ByteSet = ByteSet { folded: 0x20, bytes: [b'{', b'}'] };

/// Returns the index of the first byte that is in `wanted`, a quote or a control character;
/// the length where there is none.
///
/// It looks at eight bytes at a time: it loads eight as one number
/// and finds equal ones by arithmetic on all at once. A byte is equal to another if their
/// XOR is 0, which is below 1. For example, in `abc"` only the fourth byte of
/// `word ^ quote` is 0, so only that has its high bit set in the result.
pub(super) fn find(bytes: &[u8], wanted: &ByteSet) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The high bit of every byte that is below a bound. Above the lowest such byte there
    // may be wrong bits, from the borrow of the subtraction; only the lowest is used.
    const fn below(word: u64, bound: u64) -> u64 {
        word.wrapping_sub(ONES.wrapping_mul(bound)) & !word & HIGH
    }
    let all = |byte: u8| ONES.wrapping_mul(u64::from(byte));
    let [folded, first, second] = [wanted.folded, wanted.bytes[0], wanted.bytes[1]].map(all);
    let quote = all(b'"');
    let (words, tail) = bytes.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        // Little endian, so that the first byte is in the lowest bits.
        let word = u64::from_le_bytes(*word);
        let plain = word | folded;
        let found = below(word, 0x20)
            | below(word ^ quote, 1)
            | below(plain ^ first, 1)
            | below(plain ^ second, 1);
        if found != 0 {
            return at.saturating_add(found.trailing_zeros() as usize / 8);
        }
        at = at.saturating_add(8);
    }
    // At most seven bytes are left, one by one.
    let is =
        |byte: &u8| matches!(byte, b'"' | ..0x20) || wanted.bytes.contains(&(byte | wanted.folded));
    at.saturating_add(tail.iter().position(is).unwrap_or(tail.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wanted_byte_is_found_wherever_it_stands_and_no_other() {
        for (wanted, others) in [(&IN_TEXT, &b"\\"[..]), (&STRUCTURE, b"[]{}")] {
            for byte in 0..=u8::MAX {
                let is_wanted = byte < 0x20 || byte == b'"' || others.contains(&byte);
                for at in 0..20 {
                    for beside in [b'a', 0x80, 0xff, b'!', b'|'] {
                        let mut bytes = [beside; 20];
                        bytes[at] = byte;
                        let expected = if is_wanted { at } else { 20 };
                        assert_eq!(find(&bytes, wanted), expected, "{byte} at {at}");
                        assert_eq!(find(&bytes[..at], wanted), at);
                    }
                }
            }
        }
    }
}
