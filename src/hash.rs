//! Hashes that are the same in every worker, every process and every version. A
//! leaf: names no other module.

/// The hash of no bytes, from which every other begins: FNV-1a of 64 bits,
/// <http://www.isthe.com/chongo/tech/comp/fnv/>.
pub(crate) const EMPTY: u64 = 0xcbf2_9ce4_8422_2325;

/// Returns the FNV-1a hash of what `hash` is of and these bytes after it, so that text which
/// comes in pieces has the hash of the whole.
// Copies of the loop, unrolled wherever something is hashed, would be a kilobyte.
#[inline(never)]
pub(crate) fn continued(hash: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Returns the FNV-1a hash of these bytes. Its upper bits say little of short texts; where
/// all bits matter, there is [`of`].
pub(crate) fn fnv_1a(bytes: &[u8]) -> u64 {
    continued(EMPTY, bytes)
}

/// Returns a hash of these bytes in which every bit is as good as another, so that a few of the
/// bits will do to choose a place by.
pub(crate) fn of(bytes: &[u8]) -> u64 {
    mixed(fnv_1a(bytes))
}

/// Returns a number in which every bit depends on all bits of `hash`: the finalizer of
/// splitmix64. Different numbers stay different.
pub(crate) const fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_their_definitions() {
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(continued(fnv_1a(b"foo"), b"bar"), fnv_1a(b"foobar"));
        // The first output of splitmix64 seeded with 0.
        assert_eq!(mixed(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
    }
}
