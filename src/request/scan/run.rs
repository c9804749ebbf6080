//! Where the plain part of a JSON string ends.
//!
//! The innermost loop of the scan and the only one that sees every byte of an
//! uninteresting string. Knows nothing of UTF-8: bytes above 0x7f are plain.

/// Bytes looked at together; a multiple of every vector width in use.
const BLOCK: usize = 32;

/// Number of leading bytes that are neither a quote, a backslash nor a control character.
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    let mut clean = 0_usize;
    for block in blocks {
        if has_special(block) {
            return clean.saturating_add(first_special(block));
        }
        clean = clean.saturating_add(BLOCK);
    }
    clean.saturating_add(first_special(tail))
}

// Without an early exit the compiler turns the loop into a few vector compares.
fn has_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |found, &byte| found | is_special(byte))
}

fn first_special(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| is_special(byte)).unwrap_or(bytes.len())
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
            assert_eq!(plain_len(&bytes), len);
            for at in 0..len {
                for special in [b'"', b'\\', 0, 0x1f] {
                    bytes[at] = special;
                    assert_eq!(plain_len(&bytes), at);
                }
                bytes[at] = 0x80 | b'"';
            }
        }
    }

    #[test]
    fn bytes_next_to_the_special_ones_are_plain() {
        let plain: Vec<u8> = (0x20..=0xff).filter(|b| *b != b'"' && *b != b'\\').collect();
        assert_eq!(plain_len(&plain), plain.len());
    }
}
