//! Where a delimiter stands: in one pass over any bytes, and fast over those that
//! have nothing of it.
//!
//! The search is that of Knuth, Morris and Pratt, which never goes back in the bytes: a
//! client chooses both the boundary and the body, and could make a simpler search take
//! their product.

/// A delimiter to be found: `--` and the boundary, with what is needed to go on after a part of
/// it has matched.
#[derive(Debug)]
pub(super) struct Finder {
    delimiter: Vec<u8>,
    /// By the number of bytes that matched: how many still do if the next one does not.
    shorter: Vec<usize>,
}

/// Bytes looked at together; a multiple of every vector width in use.
const BLOCK: usize = 32;

impl Finder {
    /// Returns what finds `--` and that boundary.
    pub(super) fn new(boundary: &str) -> Self {
        let delimiter = [b"--", boundary.as_bytes()].concat();
        let mut finder = Self { delimiter, shorter: vec![0, 0] };
        let mut matched = 0;
        // The delimiter is searched for in itself: where a part of it stands again, a search
        // that fails there can go on with that part.
        for at in 1..finder.delimiter.len() {
            let byte = finder.delimiter.get(at).copied().unwrap_or_default();
            matched = finder.step(matched, byte);
            finder.shorter.push(matched);
        }
        finder
    }

    /// Returns what is searched for.
    pub(super) fn delimiter(&self) -> &[u8] {
        &self.delimiter
    }

    /// Returns where the delimiter begins first.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        let mut at = dashes(bytes, 0);
        let mut matched = 0;
        while let Some(byte) = bytes.get(at) {
            matched = self.step(matched, *byte);
            at = at.saturating_add(1);
            if matched == self.delimiter.len() {
                return Some(at.saturating_sub(matched));
            }
            // Nothing of it stands here, so all up to the next dashes can be passed over.
            if matched == 0 {
                at = dashes(bytes, at);
            }
        }
        None
    }

    /// Returns how many bytes match up to and with this one, after so many did before it. If the
    /// next byte does not match, a shorter beginning of the delimiter may.
    fn step(&self, mut matched: usize, byte: u8) -> usize {
        while matched > 0 && self.delimiter.get(matched) != Some(&byte) {
            matched = self.shorter.get(matched).copied().unwrap_or(0);
        }
        if self.delimiter.get(matched) == Some(&byte) { matched.saturating_add(1) } else { 0 }
    }
}

/// Returns where two dashes stand next, or a last one; the length where there are none.
fn dashes(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let (blocks, _) = rest.as_chunks::<BLOCK>();
    // Without an early exit the compiler turns the loop into a few vector compares.
    let has_dash = |block: &[u8; BLOCK]| block.iter().fold(false, |found, b| found | (*b == b'-'));
    let mut at: usize = 0;
    for block in blocks {
        if has_dash(block) {
            let next = rest.get(at..at.saturating_add(BLOCK).saturating_add(1));
            let pairs = next.unwrap_or(rest.get(at..).unwrap_or_default()).windows(2);
            if let Some(found) = pairs.into_iter().position(|pair| pair == b"--") {
                return from.saturating_add(at).saturating_add(found);
            }
        }
        at = at.saturating_add(BLOCK);
    }
    let tail = rest.get(at..).unwrap_or_default();
    let found = tail.iter().position(|byte| *byte == b'-').unwrap_or(tail.len());
    from.saturating_add(at).saturating_add(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where it begins, found the simplest way.
    fn naive(bytes: &[u8], delimiter: &[u8]) -> Option<usize> {
        bytes.windows(delimiter.len()).position(|window| window == delimiter)
    }

    #[test]
    fn delimiters_are_found_wherever_they_stand() {
        for boundary in ["B", "-", "--", "-a-", "aab", "-a--a", "a--a--b", "-----------------"] {
            let finder = Finder::new(boundary);
            for length in 0..110 {
                for filler in ["x", "-", "-a", "--a", "a--a-", "--aa"] {
                    let mut bytes: Vec<u8> = filler.bytes().cycle().take(length).collect();
                    assert_eq!(finder.find(&bytes), naive(&bytes, finder.delimiter()));
                    bytes.extend_from_slice(finder.delimiter());
                    bytes.extend_from_slice(b"-x");
                    let wanted = naive(&bytes, finder.delimiter());
                    assert_eq!(finder.find(&bytes), wanted, "{boundary} after {length} {filler}");
                }
            }
        }
    }
}
