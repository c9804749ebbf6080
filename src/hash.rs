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

/// Returns the SipHash-2-4 of these bytes under a key: who does not know the key cannot find two
/// texts with one hash. <https://www.aumasson.jp/siphash/siphash.pdf>
#[inline(never)]
pub(crate) fn keyed([k0, k1]: [u64; 2], bytes: &[u8]) -> u64 {
    let mut state = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut take = |word: u64| {
        let [v0, v1, v2, v3] = state;
        let [v0, v1, v2, v3] = sip_round(sip_round([v0, v1, v2, v3 ^ word]));
        state = [v0 ^ word, v1, v2, v3];
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| take(u64::from_le_bytes(*word)));
    // The last word holds what is left, and in its highest byte the length.
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    take(u64::from_le_bytes(last) | ((bytes.len() as u64) << 56));
    let [v0, v1, v2, v3] = state;
    let [v0, v1, v2, v3] = (0..4).fold([v0, v1, v2 ^ 0xff, v3], |state, _| sip_round(state));
    v0 ^ v1 ^ v2 ^ v3
}

/// Returns the state of SipHash after one more round.
const fn sip_round([mut v0, mut v1, mut v2, mut v3]: [u64; 4]) -> [u64; 4] {
    v0 = v0.wrapping_add(v1);
    v1 = v1.rotate_left(13) ^ v0;
    v0 = v0.rotate_left(32);
    v2 = v2.wrapping_add(v3);
    v3 = v3.rotate_left(16) ^ v2;
    v0 = v0.wrapping_add(v3);
    v3 = v3.rotate_left(21) ^ v0;
    v2 = v2.wrapping_add(v1);
    v1 = v1.rotate_left(17) ^ v2;
    v2 = v2.rotate_left(32);
    [v0, v1, v2, v3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(deprecated, reason = "the one SipHash-2-4 of the standard library")]
    fn the_keyed_hash_is_siphash_2_4() {
        use std::hash::{Hasher, SipHasher};
        // The example of the paper.
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(keyed(key, &bytes[..15]), 0xa129_ca61_49be_45e5);
        for length in 0..=bytes.len() {
            let mut hasher = SipHasher::new_with_keys(key[0], key[1]);
            hasher.write(&bytes[..length]);
            assert_eq!(keyed(key, &bytes[..length]), hasher.finish(), "{length}");
        }
    }

    #[test]
    fn hashes_are_those_of_their_definitions() {
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(continued(fnv_1a(b"foo"), b"bar"), fnv_1a(b"foobar"));
        // The first output of splitmix64 seeded with 0.
        assert_eq!(mixed(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
    }
}
